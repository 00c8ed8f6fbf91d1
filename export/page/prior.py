"""The prior of a bare decoder's z: normal, uniform or on a sphere, read and named as in the viewer.

The viewer's own module is `desktop.latent.prior`, which nothing here may import; a test compares the two.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
TEXT = re.compile(rf"\s*(\w+)\s*(?::\s*({NUMBER})\s*(?:,\s*({NUMBER})\s*)?)?")
# Keys of a graph's metadata that hold a prior, and patterns of its text.
KEYS = re.compile(r"(^|[^a-z])(prior|noise|(z|latent|noise)[ _.-]?(distribution|prior))$", re.IGNORECASE)
WORDS = (
    (re.compile(r"uniform|(^|[^a-z])u\(|(^|[^a-z])rand($|[^a-z])", re.IGNORECASE), "uniform"),
    (re.compile(r"sphere|spherical", re.IGNORECASE), "sphere"),
    (re.compile(r"normal|gauss|(^|[^a-z])n\(|(^|[^a-z])randn", re.IGNORECASE), "normal"),
)
PLAIN_NUMBER = r"([-−]?\d+(?:\.\d*)?)"
RANGE = re.compile(rf"[\[(,:=\s]\s*{PLAIN_NUMBER}\s*(?:,|;|\.\.|\bto\b)\s*{PLAIN_NUMBER}")
MOST_LETTERS = 200
MOST_SCALE = 1e6
DEVIATIONS = 3.0


@dataclass(frozen=True)
class Prior:
    """A distribution of z in any number of dimensions.

    Raises ValueError for a scale that is not positive, or a centre that this kind does not have.

    Attributes:
        kind: "normal", "uniform" or "sphere".
        scale: a normal prior's standard deviation, half the width of a uniform one, a sphere's radius.
        center: the mean's value in every coordinate; it is 0 except for a uniform prior.
    """

    kind: str = "normal"
    scale: float = 1.0
    center: float = 0.0

    def __post_init__(self) -> None:
        if not 1 / MOST_SCALE <= self.scale <= MOST_SCALE:
            raise ValueError(f"found a prior of scale {self.scale:g}, expected 1e-6 to 1e6")
        if not abs(self.center) <= (MOST_SCALE if self.kind == "uniform" else 0):
            raise ValueError(f"found a {self.kind} prior around {self.center:g}, expected one around 0")

    def __str__(self) -> str:
        """In words, such as "uniform in [−1, 1]"."""
        if self.kind == "uniform":
            low, high = (f"{self.center + side:g}" for side in (-self.scale, self.scale))
            return f"uniform in [{low}, {high}]".replace("-", "\N{MINUS SIGN}")
        if self.kind == "sphere":
            return "on the unit sphere" if self.scale == 1 else f"on the sphere of radius {self.scale:g}"
        return "normal" if self.scale == 1 else f"normal, standard deviation {self.scale:g}"

    @property
    def half_width(self) -> float:
        """Half the range of a coordinate: to the end of the prior, or 3 standard deviations."""
        return self.scale * (DEVIATIONS if self.kind == "normal" else 1)

    def sample(self, draw: np.random.Generator, count: int, latent_dim: int) -> NDArray[np.float32]:
        """Samples z [count, d]."""
        if self.kind == "uniform":
            unit = draw.random((count, latent_dim), np.float32)
            return np.asarray(self.center + self.scale * (2 * unit - 1), np.float32)
        z = draw.standard_normal((count, latent_dim), np.float32)
        if self.kind == "sphere":
            z /= np.linalg.norm(z, axis=1, keepdims=True)
        return np.asarray(z * np.float32(self.scale), np.float32)

    def as_json(self) -> dict[str, Any]:
        """The prior as JSON for the page's script."""
        return {"kind": self.kind, "scale": self.scale, "center": self.center}


NORMAL = Prior()


def parse_prior(text: str) -> Prior:
    """Parse the value of `--prior`, such as "normal:2", "uniform:0,1" or "sphere". Raises ValueError."""
    found = TEXT.fullmatch(text)
    kind = found[1].lower() if found is not None else ""
    if found is None or kind not in ("normal", "uniform", "sphere"):
        raise ValueError("found no such prior")
    numbers = [_number(number) for number in found.groups()[1:] if number is not None]
    if numbers and (len(numbers) == 2) is not (kind == "uniform"):
        raise ValueError("found other numbers than those of this prior")
    if len(numbers) == 2:
        return _between(*numbers)
    return Prior(kind, *numbers)


def prior_in(text: str) -> Prior | None:
    """The prior that a text names, such as "U(0, 1)" or "z_uniform"; None if it names none."""
    short = text[:MOST_LETTERS]
    kind = next((kind for pattern, kind in WORDS if pattern.search(short)), None)
    numbers = RANGE.search(short) if kind == "uniform" else None
    if numbers is not None:
        try:
            return _between(*map(_number, numbers.groups()))
        except ValueError:
            pass
    return None if kind is None else Prior(kind)


def prior_of(metadata: Mapping[str, str], z_input: str) -> tuple[Prior, str]:
    """The prior that a graph's texts name, and the source: "metadata", "name", or "" for none."""
    for key, text in metadata.items():
        said = prior_in(text) if KEYS.search(key) else None
        if said is not None:
            return said, "metadata"
    named = prior_in(z_input)
    return (NORMAL, "") if named is None else (named, "name")


def _between(low: float, high: float) -> Prior:
    if not math.isfinite(low + high):
        raise ValueError("found a range that does not end")
    return Prior("uniform", (high - low) / 2, (low + high) / 2)


def _number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))

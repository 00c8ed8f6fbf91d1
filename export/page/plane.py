"""The plane that a page begins with: where it lies in z, and how much of it is seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from export.bundle import Bundle
from export.page.reading import Reading, is_finite
from export.page.trace import session

# In more dimensions, z = 0 with two coordinates moved is nowhere near a sample of the prior.
MOST_AXES = 8
HALF_WIDTH = 3.0


@dataclass(frozen=True)
class Frame:
    """The plane z = origin + a·u + b·v, and its part that is seen first.

    Attributes:
        axes: the two coordinates that it is parallel to; None if it is oblique.
        origin: float32 [d].
        u: float32 [d], of length 1.
        v: float32 [d], of length 1, orthogonal to `u`.
        view: least a, least b, greatest a, greatest b.
        start: where the cursor is at first.
        on_samples: whether it goes through three samples of the prior.
        home: the part that counts as all of it, as `view` is; None for `view` itself.
    """

    axes: tuple[int, int] | None
    origin: NDArray[np.float32]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    view: tuple[float, float, float, float]
    start: tuple[float, float] = (0.0, 0.0)
    on_samples: bool = False
    home: tuple[float, float, float, float] | None = None

    def z(self, a: float, b: float) -> NDArray[np.float32]:
        """z at a place of the plane."""
        place: NDArray[np.float32] = (self.origin + a * self.u + b * self.v).astype(np.float32)
        return place

    def as_json(self) -> dict[str, Any]:
        """For the page's script."""
        return self.plane_json() | self.view_json()

    def plane_json(self) -> dict[str, Any]:
        """Where the plane lies, and its home; u, v and the origin only where they are needed."""
        facts: dict[str, Any] = {}
        if self.axes is not None:
            facts["axes"] = list(self.axes)
        else:
            facts |= {"u": rounded(self.u), "v": rounded(self.v)}
        if self.axes is None or self.origin.any():
            facts["origin"] = rounded(self.origin)
        if self.on_samples:
            facts["onSamples"] = True
        if self.home is not None:
            facts["home"] = rounded(self.home)
        return facts

    def view_json(self) -> dict[str, Any]:
        """What is seen of it, and where the cursor is."""
        return {"view": rounded(self.view), "start": rounded(self.start)}


def rounded(numbers: ArrayLike) -> list[float]:
    """Numbers with as many digits as float32 has."""
    return [float(f"{number:.7g}") for number in np.asarray(numbers, np.float64).tolist()]


def frame_of(reading: Reading, bundle: Bundle | None) -> Frame:
    """The plane: two coordinates where there are few, else through three samples of the prior.

    With test images, it is the two coordinates that vary most among them.
    """
    d = reading.latent_dim
    posterior = bundle.read_posterior() if bundle is not None else None
    if posterior is not None or d <= MOST_AXES:
        first, second = (0, min(1, d - 1))
        view = (-HALF_WIDTH, -HALF_WIDTH, HALF_WIDTH, HALF_WIDTH)
        if posterior is not None:
            order = np.argsort(-posterior.mean.std(0), kind="stable")[:2] if d > 2 else np.arange(min(d, 2))
            first, second = int(order.min()), int(order.max())
            low, high = np.percentile(posterior.mean[:, [first, second]], (0.5, 99.5), axis=0)
            low, high = np.minimum(low, -2.5), np.maximum(high, 2.5)
            view = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        if d == 1:
            view = (view[0], -1.0, view[2], 1.0)
        origin = np.zeros(d, np.float32)
        unit = np.eye(d, dtype=np.float32)
        v = unit[second] if d > 1 else np.zeros(1, np.float32)
        # Some decoders normalise z, and give no numbers at 0.
        finite = is_finite(session(reading.source), reading, origin)
        start = (0.0, 0.0) if finite else (0.5, 0.5)
        return Frame((first, second), origin, unit[first], v, view, start)
    return _through_samples(reading)


def _through_samples(reading: Reading) -> Frame:
    """The plane through three samples; others are drawn where the decoder gives no numbers in the middle."""
    runtime = session(reading.source)
    for seed in range(8):
        a, b, c = np.random.default_rng(seed).standard_normal((3, reading.latent_dim))
        origin = (a + b + c) / 3
        u = (b - a) / np.linalg.norm(b - a)
        v = (c - a) - ((c - a) @ u) * u
        v /= np.linalg.norm(v)
        if is_finite(runtime, reading, origin.astype(np.float32)):
            break
    corners = np.array([[(p - origin) @ u, (p - origin) @ v] for p in (a, b, c)])
    half = float(np.abs(corners).max()) * 1.25
    return Frame(
        None,
        origin.astype(np.float32),
        u.astype(np.float32),
        v.astype(np.float32),
        (-half, -half, half, half),
        on_samples=True,
    )

"""Guesses a decoder's prior from its metadata and from the name of its latent input. No ONNX Runtime.

Pictures do not reveal the prior: a generator that was trained with uniform z gives good but different
pictures at normal z, too. So if no text names the prior, it is assumed to be normal, which counts as a guess.
"""

import re

from desktop.base.minus import with_hyphen
from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.reading.overrides import Overrides, prior_of
from desktop.vetting.onnx_file import ModelFile

# Keys of `metadata_props` whose values name a prior.
KEYS = re.compile(r"(^|[^a-z])(prior|noise|(z|latent|noise)[ _.-]?(distribution|prior))$", re.IGNORECASE)
WORDS = (
    (re.compile(r"uniform|(^|[^a-z])u\(|(^|[^a-z])rand($|[^a-z])", re.IGNORECASE), PriorKind.UNIFORM),
    (re.compile(r"sphere|spherical", re.IGNORECASE), PriorKind.SPHERE),
    (re.compile(r"normal|gauss|(^|[^a-z])n\(|(^|[^a-z])randn", re.IGNORECASE), PriorKind.NORMAL),
)
NUMBER = r"([-−]?\d+(?:\.\d*)?)"
RANGE = re.compile(rf"[\[(,:=\s]\s*{NUMBER}\s*(?:,|;|\.\.|\bto\b)\s*{NUMBER}")
MAX_TEXT_CHARS = 200


def guess_prior(file: ModelFile, z_input: str, overrides: Overrides, guesses: set[str]) -> Prior:
    """The prior that a person set or that the file's texts name; otherwise normal.

    Metadata are certain; the input's name is a guess, which is added to `guesses`. Raises ModelError for an
    override that is not a prior.
    """
    chosen = prior_of(overrides)
    if chosen is not None:
        return chosen
    for key, text in file.metadata.items():
        said = prior_in(text) if KEYS.search(key) else None
        if said is not None:
            return said
    guesses.add("prior")
    return prior_in(z_input) or NORMAL


def prior_in(text: str) -> Prior | None:
    """The prior that a text names, such as "U(0, 1)" or "z_uniform"; None if it names none."""
    short = text[:MAX_TEXT_CHARS]
    kind = next((kind for pattern, kind in WORDS if pattern.search(short)), None)
    if kind is not PriorKind.UNIFORM:
        return None if kind is None else Prior(kind)
    numbers = RANGE.search(short)
    if numbers is None:
        return Prior(kind)
    low, high = (float(with_hyphen(number)) for number in numbers.groups())
    try:
        return Prior(kind, (high - low) / 2, (low + high) / 2)
    except ValueError:
        return Prior(kind)

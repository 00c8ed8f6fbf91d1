"""The parts of a reading that people set, as texts by option name, and how they are understood."""

from collections.abc import Mapping
from pathlib import Path

from desktop.base.errors import ModelError
from desktop.reading.reading import Layout, Spread, ValueRange

# Option to what it sets; the names of the command line, the dialog and what is saved.
OPTIONS = {
    "encoder": "the encoder's file, or none",
    "z-input": "the input that z goes to",
    "latent-dim": "the number of latent dimensions, where the model leaves it open",
    "z-shape": "the sizes of z behind the batch axis, where the model leaves them open",
    "batch": "how many pictures the model decodes at once, where it cannot take any number",
    "output": "the output that is the picture",
    "layout": "how a picture's numbers lie in memory",
    "image-shape": "channels, height and width",
    "range": "what the output's numbers are",
    "x-input": "the encoder's input that the picture goes to",
    "encoder-layout": "how the picture's numbers lie in the encoder's input",
    "encoder-range": "what numbers the encoder takes",
    "mean-output": "the encoder's output that is the mean",
    "spread-output": "the encoder's output that is the spread",
    "spread": "what the spread is",
    "patience": "seconds that the first trial of a model may take",
}
SET = "set "  # "set NAME": the value of another input
RANGES = {
    "unit": ValueRange.UNIT,
    "signed": ValueRange.SIGNED,
    "logits": ValueRange.LOGITS,
    "bytes": ValueRange.BYTES,
}
LAYOUTS = {layout.value: layout for layout in Layout}
SPREADS = {
    "logvar": Spread.LOGVAR,
    "variance": Spread.VARIANCE,
    "std": Spread.STD,
    "logstd": Spread.LOGSTD,
    "none": Spread.NONE,
}
NO_ENCODER = "none"
MAX_PATIENCE_S = 600.0

Wanted = Mapping[str, str]


def check_names(wanted: Wanted) -> None:
    """Raise ModelError for an option that there is not."""
    for name in wanted:
        if name not in OPTIONS and not name.startswith(SET):
            raise ModelError(f"found the option {name!r}, expected one of {', '.join(OPTIONS)}")


def one_of(wanted: Wanted, option: str, choices: Mapping[str, object]) -> str | None:
    """The wanted choice, or None. Raises ModelError for one that there is not."""
    text = wanted.get(option)
    if text is None or text in choices:
        return text
    near = {choice.lower(): choice for choice in choices}.get(text.lower())
    if near is not None:
        return near
    raise ModelError(f"--{option}: found {text!r}, expected {_in_words(choices)}")


def whole_number(wanted: Wanted, option: str, most: int) -> int | None:
    """The wanted number from 1 to `most`, or None. Raises ModelError for anything else."""
    text = wanted.get(option)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise ModelError(f"--{option}: found {text!r}, expected a whole number from 1 to {most}")
    return int(text)


def image_shape(wanted: Wanted) -> tuple[int, int, int] | None:
    """The wanted channels, height and width, or None. Raises ModelError for anything else."""
    text = wanted.get("image-shape")
    if text is None:
        return None
    words = text.replace("x", ",").replace("×", ",").split(",")
    sizes = [int(word) if word.strip().isascii() and word.strip().isdigit() else 0 for word in words]
    if len(sizes) == 2:
        sizes = [1, *sizes]
    if len(sizes) != 3 or sizes[0] not in (1, 3, 4) or not all(1 <= size <= 1 << 14 for size in sizes):
        raise ModelError(
            f"--image-shape: found {text!r}, expected channels (1, 3 or 4), height, width, such as 1,28,28"
        )
    return sizes[0], sizes[1], sizes[2]


def z_shape(wanted: Wanted) -> tuple[int, ...] | None:
    """The wanted sizes of z behind the batch axis, or None. Raises ModelError for anything else."""
    text = wanted.get("z-shape")
    if text is None:
        return None
    words = [word.strip() for word in text.replace("x", ",").replace("×", ",").split(",")]
    if not all(word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= 1 << 16 for word in words):
        raise ModelError(f"--z-shape: found {text!r}, expected sizes such as 4,8,8")
    return tuple(map(int, words))


def number(text: str, option: str) -> float:
    """A number as people type it. Raises ModelError for anything else."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e30:
        raise ModelError(f"--{option}: found {text!r}, expected a number")
    return value


def patience_s(wanted: Wanted, default: float) -> float:
    """How long a trial may take. Raises ModelError for what is no number of seconds."""
    if "patience" not in wanted:
        return default
    seconds = number(wanted["patience"], "patience")
    if not 0 < seconds <= MAX_PATIENCE_S:
        raise ModelError(
            f"--patience: found {wanted['patience']!r}, expected seconds from 0 to {MAX_PATIENCE_S:g}"
        )
    return seconds


def encoder_path(wanted: Wanted) -> Path | None:
    """The wanted encoder's file, or None."""
    return Path(wanted["encoder"]) if wanted.get("encoder", NO_ENCODER) != NO_ENCODER else None


def _in_words(choices: Mapping[str, object]) -> str:
    names = list(choices)
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "none: there is none"

"""Overrides: the parts of a reading that a person set, as texts by option name, and their parsing."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from desktop.base.errors import ModelError
from desktop.latent.prior import Prior, parse_prior
from desktop.reading.reading import Layout, Reading, Spread, ValueRange

# The options, each with the part that it sets. The command line, the dialog and the saved overrides use the
# same names.
OPTIONS = {
    "encoder": "the encoder's file, or none for no encoder",
    "z-input": "the input that takes z",
    "latent-dim": "the number of latent dimensions, if the file does not say it",
    "z-shape": "the sizes of z without the batch, such as 4,8,8, if the file does not say them",
    "batch": "how many z the model takes at once, if that number is fixed",
    "output": "the output that is the picture",
    "layout": "the order of a picture's numbers in memory",
    "image-shape": "the picture's channels, height and width",
    "range": "the value range of the picture: unit is 0 to 1, signed −1 to 1, bytes 0 to 255",
    "prior": "the distribution of z, such as normal, normal:2, uniform:-1,1 or sphere",
    "x-input": "the encoder's input that takes the picture",
    "encoder-layout": "the order of the picture's numbers in the encoder's input",
    "encoder-range": "the value range of the encoder's input",
    "mean-output": "the encoder's output that is the mean of q(z|x)",
    "spread-output": "the encoder's output that is the spread of q(z|x), such as a log variance",
    "spread": "what this output is: the log variance, variance, standard deviation or its log",
    "patience": "how many seconds the program may try the model before it gives up",
}
# The names of the parts in error messages.
NAMES = {
    "encoder": "the encoder",
    "z-input": "the input of z",
    "latent-dim": "the number of latent dimensions",
    "z-shape": "the sizes of z",
    "batch": "the number of pictures at once",
    "output": "the output that is the picture",
    "layout": "the layout",
    "image-shape": "the image shape",
    "range": "the value range",
    "prior": "the prior",
    "x-input": "the encoder's input",
    "encoder-layout": "the encoder's layout",
    "encoder-range": "the encoder's value range",
    "mean-output": "the output of the mean",
    "spread-output": "the output of the spread",
    "spread": "the spread",
    "patience": "the time that a trial may take",
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
MAX_PATIENCE_S = 3600.0

Overrides = Mapping[str, str]


def as_options(reading: Reading) -> dict[str, str]:
    """The options that give a decoder's current reading, except for the sizes of z and the batch."""
    ranges = {kind: name for name, kind in RANGES.items()}
    return {
        "z-input": reading.z_input,
        "output": reading.output,
        "layout": reading.layout.value,
        "image-shape": ",".join(map(str, reading.image_shape)),
        "range": ranges[reading.value_range],
        "prior": reading.prior.text,
    }


def refusal(option: str, found: object, expected: str) -> ModelError:
    """The error for an override that does not fit, such as "found 'x' for the layout, expected …"."""
    name = NAMES.get(option, option.removeprefix(SET))
    return ModelError(f"found {found} for {name}, expected {expected}", option=option)


def check_names(overrides: Overrides) -> None:
    """Raise ModelError if an override has an unknown name."""
    for name in overrides:
        if name not in OPTIONS and not name.startswith(SET):
            raise ModelError(f"found an override {name!r}, expected one of {', '.join(OPTIONS)}")


def one_of(overrides: Overrides, option: str, choices: Mapping[str, object]) -> str | None:
    """The choice that a person set, or None. Raises ModelError if it is not one of the choices."""
    text = overrides.get(option)
    if text is None or text in choices:
        return text
    by_lower = {choice.lower(): choice for choice in choices}
    if text.lower() in by_lower:
        return by_lower[text.lower()]
    near = [by_lower[lower] for lower in get_close_matches(text.lower(), by_lower, 1)]
    raise refusal(
        option, repr(text), _in_words(choices) + "".join(f"; did you mean {name}?" for name in near)
    )


def whole_number(overrides: Overrides, option: str, most: int) -> int | None:
    """The whole number from 1 to `most` that a person set, or None. Raises ModelError for other texts."""
    text = overrides.get(option)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise refusal(option, repr(text), f"a whole number from 1 to {most}")
    return int(text)


def image_shape_of(overrides: Overrides) -> tuple[int, int, int] | None:
    """The channels, height and width that a person set, or None. Raises ModelError for other texts."""
    text = overrides.get("image-shape")
    if text is None:
        return None
    words = text.replace("x", ",").replace("×", ",").split(",")
    sizes = [int(word) if word.strip().isascii() and word.strip().isdigit() else 0 for word in words]
    if len(sizes) == 2:
        sizes = [1, *sizes]
    if len(sizes) != 3 or sizes[0] not in (1, 3, 4) or not all(1 <= size <= 1 << 14 for size in sizes):
        raise refusal("image-shape", repr(text), "channels (1, 3 or 4), height and width, such as 1,28,28")
    return sizes[0], sizes[1], sizes[2]


def z_shape_of(overrides: Overrides) -> tuple[int, ...] | None:
    """The sizes of z after the batch axis that a person set, or None. Raises ModelError for other texts."""
    text = overrides.get("z-shape")
    if text is None:
        return None
    words = [word.strip() for word in text.replace("x", ",").replace("×", ",").split(",")]
    if not all(word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= 1 << 16 for word in words):
        raise refusal("z-shape", repr(text), "sizes such as 4,8,8")
    return tuple(map(int, words))


def prior_of(overrides: Overrides) -> Prior | None:
    """The prior that a person set, or None. Raises ModelError for other texts."""
    if "prior" not in overrides:
        return None
    try:
        return parse_prior(overrides["prior"])
    except ValueError as error:
        expected = "normal, uniform or sphere, such as normal:2, uniform:-1,1 or sphere"
        raise refusal("prior", repr(overrides["prior"]), expected) from error


def number_of(overrides: Overrides, option: str) -> float:
    """The number that a person set. Raises ModelError for other texts."""
    try:
        value = float(overrides[option])
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e30:
        raise refusal(option, repr(overrides[option]), "a number")
    return value


def patience_s_of(overrides: Overrides) -> float | None:
    """The seconds that a trial may take, or None. Raises ModelError for other texts."""
    if "patience" not in overrides:
        return None
    seconds = number_of(overrides, "patience")
    if not 0 < seconds <= MAX_PATIENCE_S:
        raise refusal(
            "patience", repr(overrides["patience"]), f"more than 0 and at most {MAX_PATIENCE_S:g} seconds"
        )
    return seconds


def encoder_path_of(overrides: Overrides) -> Path | None:
    """The encoder's file that a person chose, or None."""
    return Path(overrides["encoder"]) if overrides.get("encoder", NO_ENCODER) != NO_ENCODER else None


def _in_words(choices: Mapping[str, object]) -> str:
    names = list(choices)
    return (
        " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        if names
        else "none, because there are none"
    )

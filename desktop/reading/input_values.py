"""The values of a model's further inputs, such as a class: which fit, and what a reading is with others."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from desktop.base.minus import with_minus
from desktop.base.words import NAME_CHARS, one_line
from desktop.reading.reading import EncoderReading, Mix, OtherInput, Reading

R = TypeVar("R", Reading, EncoderReading)
MOST_PLAIN = 1e15  # from here on whole numbers have an exponent, too


@dataclass(frozen=True)
class InputValue:
    """The value of an input: a number, or the index of the class that is 1.

    Between two points of a path it may be a `mix` of classes, each with its weight; then `value` is the
    heaviest of them.
    """

    name: str
    value: float
    mix: Mix = ()

    def __str__(self) -> str:
        return f"{self.name_in_words} {self.number}"

    @property
    def name_in_words(self) -> str:
        """The name, which a stranger chose, as people read it."""
        return one_line(self.name, NAME_CHARS)

    @property
    def number(self) -> str:
        """The value as people read it."""
        if self.mix:
            return " + ".join(f"{100 * weight:.0f} % {number:.0f}" for number, weight in self.mix)
        return with_minus(str(int(self.value)) if _is_short(self.value) else f"{self.value:g}")

    @property
    def text(self) -> str:
        """The value with all its digits, as an override and a command line have it; of a mix its heaviest."""
        return str(int(self.value)) if _is_short(self.value) else repr(float(self.value))


InputValues = tuple[InputValue, ...]


def inputs_of(reading: Reading, encoder_reading: EncoderReading | None) -> tuple[OtherInput, ...]:
    """The further inputs of a decoder and its encoder; one that both have gets one value."""
    others = (*reading.other_inputs, *(() if encoder_reading is None else encoder_reading.other_inputs))
    return tuple({other.name: other for other in reversed(others)}[name] for name in _names(others))


def values_of(inputs: Iterable[OtherInput]) -> InputValues:
    """The values that inputs have."""
    return tuple(InputValue(other.name, other.value, other.mix) for other in inputs)


def taken(inputs: Sequence[OtherInput], wanted: InputValues) -> InputValues:
    """The values of all inputs, in their order: as wanted where that fits, or else as they are."""
    by_name = {each.name: each for each in wanted}
    values = []
    for other, now in zip(inputs, values_of(inputs), strict=True):
        found = by_name.get(other.name, now)
        is_heaviest = not found.mix or found.value == max(found.mix, key=lambda part: part[1])[0]
        values.append(found if is_heaviest and other.fits(found.value) and other.fits_mix(found.mix) else now)
    return tuple(values)


def with_values(reading: R, values: InputValues) -> R:
    """A reading with other values of its further inputs; those that it does not have are left out."""
    by_name = {each.name: each for each in values}
    now = values_of(reading.other_inputs)
    wanted = tuple(by_name.get(each.name, each) for each in now)
    if wanted == now:
        return reading
    others = tuple(
        replace(other, value=each.value, mix=each.mix)
        for other, each in zip(reading.other_inputs, wanted, strict=True)
    )
    return replace(reading, other_inputs=others)


def without(values: InputValues, names: Iterable[str]) -> InputValues:
    """The values but those of some inputs."""
    left_out = frozenset(names)
    return tuple(each for each in values if each.name not in left_out)


def differences(were: InputValues, now: InputValues) -> list[str]:
    """What is no longer as it was, such as "label was 7, is now 3"."""
    by_name = {each.name: each for each in now}
    words = []
    for each in were:
        found = by_name.get(each.name)
        if found is None:
            words.append(f"{each} is no input of this model")
        elif (found.value, found.mix) != (each.value, each.mix):
            words.append(f"{each.name_in_words} was {each.number}, is now {found.number}")
    return words


def differing_words(points: Sequence[InputValues]) -> tuple[str, ...]:
    """The values of several points as words, those alone in which the points differ."""
    values = Counter(each for point in points for each in point)
    return tuple(in_words(tuple(each for each in point if values[each] < len(points))) for point in points)


def in_words(values: InputValues) -> str:
    """The values as words, such as "label 7, truncation 0.5"."""
    return ", ".join(map(str, values))


def _is_short(value: float) -> bool:
    """Whether a value is a whole number that is written without an exponent."""
    return abs(value) < MOST_PLAIN and value == int(value)


def _names(others: Iterable[OtherInput]) -> list[str]:
    return list(dict.fromkeys(other.name for other in others))

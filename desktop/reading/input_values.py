"""The values of a model's further inputs, such as a class: which fit, and readings with other values."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from desktop.base.minus import with_minus
from desktop.base.words import NAME_CHARS, one_line
from desktop.reading.reading import EncoderReading, Mix, OtherInput, Reading

R = TypeVar("R", Reading, EncoderReading)
MOST_PLAIN = 1e15  # whole numbers from here on are written with an exponent, too


@dataclass(frozen=True)
class InputValue:
    """The value of an input: a number, or the index of a class in a one-hot input.

    Between two points of a path, it may be a `mix` of classes with weights; `value` is then the class with
    the largest weight.
    """

    name: str
    value: float
    mix: Mix = ()

    def __str__(self) -> str:
        return f"{self.name_in_words} {self.number}"

    @property
    def name_in_words(self) -> str:
        """The name, which comes from an untrusted file, safe for display."""
        return one_line(self.name, NAME_CHARS)

    @property
    def number(self) -> str:
        """The value as a short text for people."""
        if self.mix:
            return " + ".join(f"{100 * weight:.0f} % {number:.0f}" for number, weight in self.mix)
        return with_minus(str(int(self.value)) if _is_short(self.value) else f"{self.value:g}")

    @property
    def text(self) -> str:
        """The value with all digits, for an override or a command line; for a mix, the heaviest class."""
        return str(int(self.value)) if _is_short(self.value) else repr(float(self.value))


InputValues = tuple[InputValue, ...]


def inputs_of(reading: Reading, encoder_reading: EncoderReading | None) -> tuple[OtherInput, ...]:
    """The further inputs of a decoder and its encoder; an input of both is listed once, as the decoder's."""
    others = (*reading.other_inputs, *(() if encoder_reading is None else encoder_reading.other_inputs))
    return tuple({other.name: other for other in reversed(others)}[name] for name in _names(others))


def values_of(inputs: Iterable[OtherInput]) -> InputValues:
    """The current values of inputs."""
    return tuple(InputValue(other.name, other.value, other.mix) for other in inputs)


def taken(inputs: Sequence[OtherInput], wanted: InputValues) -> InputValues:
    """The values of all inputs in order: the wanted value if it fits, otherwise the current one.

    An input that cannot be a mix, such as the class of another model, takes the heaviest class of one.
    """
    by_name = {each.name: each for each in wanted}
    values = []
    for other, now in zip(inputs, values_of(inputs), strict=True):
        found = by_name.get(other.name, now)
        is_heaviest = not found.mix or found.value == max(found.mix, key=lambda part: part[1])[0]
        if not other.can_be_mixed:
            found = replace(found, mix=())
        values.append(found if is_heaviest and other.fits(found.value) and other.fits_mix(found.mix) else now)
    return tuple(values)


def with_values(reading: R, values: InputValues) -> R:
    """A reading with new values for its further inputs; values of unknown inputs are ignored."""
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
    """The values without those of the named inputs."""
    left_out = frozenset(names)
    return tuple(each for each in values if each.name not in left_out)


def differences(were: InputValues, now: InputValues) -> list[str]:
    """Texts about values that have changed, such as "label was 7, is now 3"."""
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
    """For each of several points, a text with the values that are not the same at all points."""
    values = Counter(each for point in points for each in point)
    return tuple(in_words(tuple(each for each in point if values[each] < len(points))) for point in points)


def in_words(values: InputValues) -> str:
    """The values as a text, such as "label 7, truncation 0.5"."""
    return ", ".join(map(str, values))


def _is_short(value: float) -> bool:
    """Whether a value is a whole number that is written without an exponent."""
    return abs(value) < MOST_PLAIN and value == int(value)


def _names(others: Iterable[OtherInput]) -> list[str]:
    return list(dict.fromkeys(other.name for other in others))

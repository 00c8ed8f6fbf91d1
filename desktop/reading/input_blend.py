"""Blends the values of further inputs between the points of a path. Pure mathematics."""

from collections.abc import Sequence

from desktop.reading.input_values import InputValue, InputValues, taken
from desktop.reading.reading import Mix, OtherInput

NEAR = 1e-6  # a smaller share counts as 0, and a smaller weight is left out


def blended(points: Sequence[InputValues], t: float, inputs: Sequence[OtherInput]) -> InputValues:
    """The values of `inputs` at t along a path whose corners have the values of `points`.

    t counts legs, like a curve's parameter: whole numbers are corners. Within a leg, real inputs are
    interpolated linearly between the corners' values, and a one-hot class becomes a mix of the two classes;
    whole numbers and booleans switch halfway.
    """
    leg = min(max(int(t), 0), len(points) - 2)
    return between(points[leg], points[leg + 1], t - leg, inputs)


def between(start: InputValues, end: InputValues, share: float, inputs: Sequence[OtherInput]) -> InputValues:
    """The values of `inputs` at a share of the way from `start` to `end`."""
    first, last = taken(inputs, start), taken(inputs, end)
    if first == last or share <= NEAR:
        return first
    if share >= 1 - NEAR:
        return last
    return tuple(_between(*values, share) for values in zip(inputs, first, last, strict=True))


def are_same(points: Sequence[InputValues]) -> bool:
    """Whether all points have the same values."""
    return len(set(points)) < 2


def _between(other: OtherInput, start: InputValue, end: InputValue, share: float) -> InputValue:
    if start == end:
        return start
    if not other.is_real:
        return start if share < 0.5 else end
    if not other.one_hot:
        return InputValue(other.name, (1 - share) * start.value + share * end.value)
    weights: dict[float, float] = {}
    for value, part in ((start, 1 - share), (end, share)):
        for number, weight in value.mix or ((value.value, 1.0),):
            weights[number] = weights.get(number, 0.0) + part * weight
    return _mixed(other.name, tuple(sorted(weights.items())))


def _mixed(name: str, mix: Mix) -> InputValue:
    """The value for a mix of classes; a single class if the weights of the others are negligible."""
    heaviest = max(mix, key=lambda part: part[1])[0]
    kept = tuple((number, weight) for number, weight in mix if weight >= NEAR)
    return InputValue(name, heaviest, kept if len(kept) > 1 else ())

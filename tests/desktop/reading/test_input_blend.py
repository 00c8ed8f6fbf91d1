"""Inputs between two points of a path: numbers and one-hot classes blend, whole numbers switch halfway."""

import pytest

from desktop.reading.input_blend import are_same, between, blended
from desktop.reading.input_values import InputValue, differing_words, in_words, taken
from desktop.reading.reading import OtherInput

CLASS = OtherInput("class", "float32", (None, 10), 0, one_hot=True, most=9)
INPUTS = (
    CLASS,
    OtherInput("truncation", "float32", (), 1.0),
    OtherInput("label", "int64", (None,), 0, most=3),
    OtherInput("flag", "bool", (), 0, most=1),
)


def values(kind, truncation, label, flag):
    numbers = (kind, truncation, label, flag)
    return tuple(InputValue(other.name, value) for other, value in zip(INPUTS, numbers, strict=True))


START, END = values(3, 0.5, 1, 0), values(7, 1.0, 2, 1)


@pytest.mark.parametrize(
    ("share", "switched"), [(0.25, (1, 0)), (0.49, (1, 0)), (0.5, (2, 1)), (0.75, (2, 1))]
)
def test_real_numbers_blend_and_whole_ones_switch_halfway(share, switched):
    """A class becomes a mix of both; its number is the class with the larger weight."""
    kind, truncation, *whole = between(START, END, share, INPUTS)
    assert dict(kind.mix) == pytest.approx({3: 1 - share, 7: share})
    assert kind.value == (3 if share <= 0.5 else 7)
    assert truncation == InputValue("truncation", pytest.approx(0.5 + share / 2))
    assert tuple(each.value for each in whole) == switched
    assert CLASS.fits_mix(kind.mix)


def test_at_a_point_the_values_are_exactly_its_own():
    """At both ends of a leg and at corners of a path, up to rounding, nothing is mixed."""
    for t, expected in ((0, START), (1, END), (1 - 1e-9, END), (1 + 1e-9, END), (2, START), (2.5, START)):
        assert blended((START, END, START), t, INPUTS) == expected
    assert blended((START, START), 0.3, INPUTS) == START


def test_three_classes_can_be_mixed():
    """A mix may itself be blended with a third class; the weights add up to 1."""
    middle = between(START, END, 0.25, INPUTS)
    (kind, *_) = between(middle, values(1, 1.0, 0, 0), 0.5, INPUTS)
    assert dict(kind.mix) == pytest.approx({1: 0.5, 3: 0.375, 7: 0.125})
    (kind, *_) = between(middle, START, 0.5, INPUTS)
    assert dict(kind.mix) == pytest.approx({3: 0.875, 7: 0.125})


def test_a_model_takes_only_the_values_that_fit():
    """Inputs without a value at a point keep the model's; values for another model's inputs are ignored."""
    (kind, *_) = between((InputValue("class", 12), InputValue("other", 1)), END, 0.5, INPUTS)
    assert dict(kind.mix) == {0: 0.5, 7: 0.5}
    assert not CLASS.fits_mix(((3, 0.5), (7, 0.6)))
    assert not CLASS.fits_mix(((3, 0.5), (10, 0.5)))
    assert not CLASS.fits_mix(((3, 1.5), (7, -0.5)))
    assert not CLASS.fits_mix(((3, 0.5), (3, 0.5)))
    assert not INPUTS[2].fits_mix(((0, 0.5), (1, 0.5)))
    assert taken((CLASS,), (InputValue("class", 3, ((3, 0.25), (7, 0.75))),)) == (InputValue("class", 0),)


def test_a_model_that_cannot_mix_classes_takes_the_heaviest():
    """So a second model on Compare, whose class is a whole number, switches when the first is halfway."""
    for share, expected in ((0.25, 3), (0.75, 7)):
        (kind, *_) = between(START, END, share, INPUTS)
        (number,) = taken((OtherInput("class", "int64", (None,), 1, most=9),), (kind,))
        assert number == InputValue("class", expected)
    few = OtherInput("class", "int64", (None,), 1, most=5)
    assert taken((few,), (kind,)) == (InputValue("class", 1),)


def test_people_read_what_differs():
    """Each point has a text with the values that not all points share; a mix has all its parts."""
    assert differing_words((START, values(7, 0.5, 1, 0))) == ("class 3", "class 7")
    assert in_words(between(START, END, 0.25, INPUTS)[:2]) == "class 75 % 3 + 25 % 7, truncation 0.625"
    assert are_same((START, START))
    assert not are_same((START, END))

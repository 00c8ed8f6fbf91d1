"""Values of further inputs: which values fit, and readings with other values."""

import pytest

from desktop.models.open_source import open_source
from desktop.reading.input_values import InputValue, differences, in_words, taken, values_of, with_values
from tests.desktop.foreign_models import conditional

SEVEN = (InputValue("label", 7), InputValue("strength", 1))


@pytest.fixture
def source(tmp_path):
    """A decoder with four classes, which also takes a strength."""
    return open_source(conditional(tmp_path / "model.onnx"), use_saved=False)


def test_a_graph_says_how_many_classes_there_are(source):
    """The table that the class is an index into has one row per class; a plain number has no limit."""
    assert [(other.name, other.most) for other in source.further_inputs] == [("label", 3), ("strength", None)]


def test_what_does_not_fit_stays_as_it_is(source):
    """A class beyond the last, half a class, and an unknown input do not fit; a strength is any number."""
    wanted = (InputValue("strength", -0.5), InputValue("label", 4), InputValue("other", 1))
    assert taken(source.further_inputs, wanted) == (InputValue("label", 0), InputValue("strength", -0.5))
    assert taken(source.further_inputs, (InputValue("label", 1.5),)) == values_of(source.further_inputs)
    assert taken(source.further_inputs, (InputValue("label", 3),))[0].value == 3


def test_a_source_with_other_values_can_be_opened_so_again(source):
    """The overrides have the values; with the same values, the source is the same object."""
    other = source.with_inputs((InputValue("label", 2), InputValue("strength", 0.25)))
    assert other.overrides == {"set label": "2", "set strength": "0.25"}
    assert open_source(source.path, other.overrides).further_inputs == other.further_inputs
    assert source.with_inputs(values_of(source.further_inputs)) is source
    assert with_values(source.reading, ()) is source.reading


def test_what_is_no_longer_as_it_was_is_said():
    """The texts are parts of a message; values that are the same are not mentioned."""
    now = (InputValue("label", 3), InputValue("strength", 1))
    assert differences(SEVEN, now) == ["label was 7, is now 3"]
    assert differences(SEVEN, SEVEN) == []
    assert differences(SEVEN, ()) == [
        "label 7 is no input of this model",
        "strength 1 is no input of this model",
    ]
    assert in_words(now) == "label 3, strength 1"


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        (1234567, "1234567", "1234567"),
        (2.0**31 - 1, "2147483647", "2147483647"),
        (-0.0, "0", "0"),
        (-0.1234567890123, "−0.123457", "-0.1234567890123"),
        (1e20, "1e+20", "1e+20"),
    ],
)
def test_a_value_keeps_its_digits(value, shown, text):
    """A whole number is shown with all digits, and an override gives the same number again."""
    found = InputValue("label", value)
    assert (found.number, found.text) == (shown, text)
    assert float(found.text) == value


def test_a_class_of_many_digits_can_be_opened_again(tmp_path):
    """The override of a large class number is a whole number, too."""
    source = open_source(conditional(tmp_path / "model.onnx", table=False), use_saved=False)
    other = source.with_inputs((InputValue("label", 2.0**31 - 1),))
    assert other.overrides == {"set label": "2147483647"}

"""Values are read by their annotations, nothing is converted, and an error says where it is."""

import json
from dataclasses import dataclass
from enum import Enum, StrEnum

import pytest

from desktop.base.structure import strict_converter, structure


class Color(StrEnum):
    """A choice that is also a str."""

    RED = "Red, as the window calls it"
    BLUE = "Blue"


class Size(Enum):
    """A choice with a single member."""

    SMALL = 1


@dataclass(frozen=True)
class Point:
    """A part with a required field."""

    at: tuple[float, float]
    name: str = "none"


@dataclass(frozen=True)
class Drawing:
    """A field of each kind that is read."""

    points: tuple[Point, ...] = ()
    colors: frozenset[Color] = frozenset()
    size: Size = Size.SMALL
    count: int = 1
    closed: bool = False
    epoch: int | None = None


CONVERTER = strict_converter()
DRAWING = Drawing((Point((1.0, -0.5), "a"), Point((0.0, 1e38))), frozenset(Color), Size.SMALL, 3, True, 0)


def read(data):
    return structure(CONVERTER, data, Drawing, "drawing")


def test_a_value_comes_back_equal():
    """Values of every kind are equal after they were written as JSON and read."""
    assert read(json.loads(json.dumps(CONVERTER.unstructure(DRAWING)))) == DRAWING


def test_choices_are_written_by_name_and_sets_in_order():
    """Member names are written, not values, even if the choice is a str."""
    written = CONVERTER.unstructure(DRAWING)
    assert written["colors"] == ["blue", "red"]
    assert written["size"] == "small"


def test_what_is_not_known_is_left_out_and_what_is_missing_has_its_default():
    """Keys and choices of a newer version are dropped; fields that an older one lacks get defaults."""
    assert read({"colors": ["red", "green"], "size": "huge", "sound": 7}) == Drawing(
        colors=frozenset({Color.RED})
    )
    assert read({}) == Drawing()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "drawing: found a list of 0, expected an object"),
        ({"count": "3"}, "drawing.count: found '3', expected a whole number up to 9007199254740992"),
        ({"count": True}, "drawing.count: found True, expected a whole number up to 9007199254740992"),
        ({"count": 3.0}, "drawing.count: found 3.0, expected a whole number up to 9007199254740992"),
        ({"closed": 1}, "drawing.closed: found 1, expected true or false"),
        ({"size": 1}, "drawing.size: found 1, expected one of small"),
        ({"colors": [1]}, "drawing.colors[0]: found 1, expected one of red, blue"),
        ({"points": "ab"}, "drawing.points: found 'ab', expected a list"),
        ({"points": [{}]}, "drawing.points[0]: found no at, expected it"),
        ({"points": [{"at": [0]}]}, "drawing.points[0].at: found 1 values, expected 2"),
        ({"points": [{"at": [0, "1"]}]}, "drawing.points[0].at[1]: found '1', expected a finite number"),
        (
            {"points": [{"at": [0, float("nan")]}]},
            "drawing.points[0].at[1]: found nan, expected a finite number",
        ),
        ({"points": [{"at": [0, 1], "name": 7}]}, "drawing.points[0].name: found 7, expected a text"),
    ],
)
def test_nothing_is_converted_and_an_error_says_where(data, words):
    """The error gives the path to the value, what was found and what was expected."""
    with pytest.raises(ValueError) as raised:
        read(data)
    assert str(raised.value) == words

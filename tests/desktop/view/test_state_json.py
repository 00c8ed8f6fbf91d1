"""A whole state survives being written; a text that is no valid state is refused with a message."""

import dataclasses
import json
import re
import types
import typing
from dataclasses import replace
from enum import Enum

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.latent.plane import Plane, Viewport, axis_plane, plane_through
from desktop.latent.prior import NORMAL
from desktop.reading.input_values import InputValue
from desktop.view.first_view import first_view
from desktop.view.state import Layer, PictureMode, ViewState, start_state
from desktop.view.state_json import state_from_dict, state_to_dict

GEOMETRY = {
    "z": (0.1, -2.5, 1 / 3),
    "plane": plane_through((0.1, -2.5, 1 / 3), (1.0, 0.2, 0.3), (0.0, 1.0, 0.7)),
    "path": ((0.5, 1.0, 2.0), (-1e-9, 3e7, 0.0)),
    "path_inputs": ((InputValue("label", 3, ((3.0, 0.75), (7.0, 0.25))),), (InputValue("label", 7),)),
}


def another(kind, default):
    """A value of an annotated type that is not `default`."""
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind) or kind
    if origin in (typing.Union, types.UnionType):
        return another(next(a for a in arguments if a is not types.NoneType), default)
    if origin is tuple:
        kinds = arguments[:1] * 2 if arguments[-1] is Ellipsis else arguments
        old = default if isinstance(default, tuple) and len(default) == len(kinds) else [None] * len(kinds)
        return tuple(another(kind, before) for kind, before in zip(kinds, old, strict=True))
    if origin is frozenset:
        one = another(arguments[0], None)
        return frozenset({another(arguments[0], one) if default == {one} else one})
    if origin is bool:
        return not default
    if origin in (int, float):
        return origin((default or 0) + 3)
    if origin is str:
        return f"{default or ''}ä“\n"
    if issubclass(origin, Enum):
        return next(choice for choice in origin if choice is not default)
    if dataclasses.is_dataclass(origin):
        kinds = typing.get_type_hints(origin)
        return origin(**{name: another(kind, getattr(default, name, None)) for name, kind in kinds.items()})
    raise AssertionError(f"{kind}: teach desktop/state_text.py and this test about it")


def full_state():
    """A state whose fields all differ from a new state's."""
    kinds = typing.get_type_hints(ViewState)
    start = start_state(3)
    others = {
        field.name: another(kinds[field.name], getattr(start, field.name))
        for field in dataclasses.fields(ViewState)
        if field.name not in GEOMETRY
    }
    return dataclasses.replace(start, **others | GEOMETRY)


def through_json(state):
    return json.loads(json.dumps(state_to_dict(state), allow_nan=False))


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(ViewState)])
def test_every_field_comes_back(field):
    """It includes future fields: a field that is not written, or whose type is unknown, fails this test."""
    state = full_state()
    assert getattr(state, field) != getattr(start_state(3), field)
    assert getattr(state_from_dict(through_json(state)), field) == getattr(state, field)


@pytest.mark.parametrize("dims", [1, 2, 3, 512])
def test_a_state_comes_back_equal(dims):
    """States of any number of dimensions are equal to the last bit."""
    assert state_from_dict(through_json(start_state(dims)), dims) == start_state(dims)
    assert state_from_dict(through_json(full_state())) == full_state()


def test_inputs_of_a_path_are_written_only_if_they_differ_from_the_view_s():
    """Otherwise the file is the same as before points had inputs; there is one for each point, or none."""
    seven, three = ((InputValue("label", label),) for label in (7.0, 3.0))
    state = replace(start_state(2), path=(Vector((0.0, 1.0)), Vector((1.0, 0.0))), inputs=seven)
    alike = replace(state, path_inputs=(seven, seven))
    assert state_to_dict(alike) == state_to_dict(state)
    assert "path_inputs" not in state_to_dict(alike)
    read = state_from_dict(through_json(alike))
    assert read == alike
    assert replace(read, inputs=three).inputs_on_path == (seven, seven)  # the program is started with others
    differing = replace(state, path_inputs=(seven, three))
    assert state_from_dict(through_json(differing)) == differing
    written = through_json(replace(state, path_inputs=(three, three)))
    with pytest.raises(ValueError, match=r"state.path_inputs: found 1, expected one for each of 2 points"):
        state_from_dict(written | {"path_inputs": written["path_inputs"][:1]})


@pytest.mark.parametrize("dims", [1025, 100_000])
def test_long_vectors_are_written_as_base64(dims):
    """The state is equal to the last bit, and the text is no longer than its bytes make it."""
    state = replace(first_view(dims, NORMAL, 3), path=(Vector(np.arange(dims) / 3),))
    text = json.dumps(state_to_dict(state))
    assert len(text) < 1.34 * sum(numbers.nbytes for numbers in state.vectors) + 2000
    assert state_from_dict(json.loads(text), dims) == state


def test_long_lists_of_older_versions_are_read():
    """Older versions wrote every number as text, and no words for the axes."""
    state = first_view(2000, NORMAL, 1)
    state = replace(state, plane=replace(state.plane, words=("", "")))
    written = through_json(state)
    written["z"], written["plane"] = list(state.z), {k: list(getattr(state.plane, k)) for k in "uv"}
    written["plane"]["origin"] = list(state.plane.origin)
    assert state_from_dict(written, 2000) == state


@pytest.mark.parametrize(
    ("z", "words"),
    [
        ({"float32": "AAAA"}, "state.z: found damaged base64"),
        ({"float32": "A!"}, "state.z: found damaged base64"),
        ({"float32": "AADAfwAAAAA="}, "state.z: found a number that is not finite"),
        ({"float16": "AAAA"}, "state.z: found an object of 1, expected a list of numbers"),
        ({"float32": ""}, "state.z: found no numbers"),
        ({}, "state.z: found an object of 0, expected a list of numbers"),
    ],
)
def test_base64_that_holds_no_vector_is_refused(z, words):
    """The text may come from anyone."""
    with pytest.raises(ValueError, match=re.escape(words)):
        state_from_dict({"z": z})


def test_choices_are_written_by_name():
    """The window's texts for them may change, and older files still open."""
    written = through_json(
        ViewState(picture_mode=PictureMode.SAMPLE, layers=frozenset({Layer.BACKDROP, Layer.POINTS}))
    )
    assert written["picture_mode"] == "sample"
    assert written["layers"] == ["backdrop", "points"]


def test_what_a_newer_version_wrote_is_left_out():
    """Fields, layers and choices that this version does not have are dropped; the rest is read."""
    written = through_json(full_state())
    written["hologram"] = {"depth": 4}
    written["viewport"]["tilt"] = 0.5
    written["picture_mode"] = "painted"
    written["layers"] = ["points", "fog"]
    state = state_from_dict(written)
    assert state.picture_mode is PictureMode.PROBABILITIES
    assert state.layers == {Layer.POINTS}
    assert state.viewport == full_state().viewport


def test_what_an_older_version_did_not_write_is_as_in_a_new_state():
    """Even a state of z alone is read, and its plane goes through z."""
    state = state_from_dict({"z": [1, 2, 3]})
    assert state == start_state(3).moved_to((1.0, 2.0, 3.0))
    assert state_from_dict({}) == start_state(2)
    assert state_from_dict({}, 7) == start_state(7)
    written = through_json(start_state(3).with_layer(Layer.BOOKMARKS, on=False))
    assert Layer.BOOKMARKS not in state_from_dict(written).layers
    del written["plane"]["words"]  # before bookmarks were marked on the plane
    assert state_from_dict(written) == start_state(3)
    assert state_from_dict({"viewport": {"span": 2}}).viewport == Viewport((0.0, 0.0), 2.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"z": [float("nan"), 0, 0]}, "state.z[0]: found nan, expected a finite number"),
        ({"z": [0, float("inf"), 0]}, "state.z[1]: found inf, expected a finite number"),
        ({"z": [0, 1e39, 0]}, "state.z[1]: found 1e+39, expected a finite number"),
        ({"z": [0, 10**400, 0]}, "state.z[1]: found a huge number, expected a finite number"),
        ({"z": [0, True, 0]}, "state.z[1]: found True, expected a finite number"),
        ({"z": [0, None, 0]}, "state.z[1]: found nothing, expected a finite number"),
        ({"z": "0, 0"}, "state.z: found '0, 0', expected a list"),
        ({"z": []}, "state.z: found no numbers, expected at least one"),
        ({"z": [0, 0]}, "state.path[0]: found 3 numbers, expected 2 as in state.z"),
        ({"path": [[0, 0, 0], [0]]}, "state.path[1]: found 1 numbers, expected 3 as in state.z"),
        ({"path": {}}, "state.path: found an object of 0, expected a list"),
        ({"path_closed": 1}, "state.path_closed: found 1, expected true or false"),
        (
            {"picture_mode": 3},
            "state.picture_mode: found 3, expected one of probabilities, thresholded, sample",
        ),
        (
            {"hidden_labels": [1.5]},
            f"state.hidden_labels[0]: found 1.5, expected a whole number up to {2**53}",
        ),
        ({"hidden_labels": [2**60]}, f"state.hidden_labels[0]: found {2**60}, expected a whole number up to"),
        ({"viewport": {"center": [1], "span": 1}}, "state.viewport.center: found 1 values, expected 2"),
        ({"viewport": {"span": 0}}, "state.viewport.span: found 0.0, expected a positive number"),
        ({"seed": -1}, "state.seed: found -1, expected a whole number from 0"),
        ({"prior": {"scale": 0}}, "state.prior: found a prior of scale 0, expected 1e-6 to 1e6"),
        ({"prior": {"center": 1}}, "state.prior: found a normal prior around 1, expected one around 0"),
        ({"viewport": []}, "state.viewport: found a list of 0, expected an object"),
        ({"plane": {"origin": [0, 0, 0], "u": [1, 0, 0]}}, "state.plane: found no v, expected it"),
        (
            {"plane": {"origin": [0, 0, 0], "u": [1, 0, 0], "v": [1, 0, 0]}},
            "state.plane: found u and v that are not orthonormal, expected directions of length 1",
        ),
        (
            {"plane": {"origin": [0, 0, 0], "u": [3e38, 0, 0], "v": [0, 1, 0]}},
            "state.plane: found u and v that are not orthonormal, expected directions of length 1",
        ),
        ({"plane": {"origin": [0], "u": [1], "v": [0]}}, "state.plane.origin: found 1 numbers, expected 3"),
    ],
)
def test_what_cannot_be_is_refused_in_words(changes, words):
    """The ValueError says where the value is, what was found and what was expected."""
    with pytest.raises(ValueError, match="state") as raised:
        state_from_dict(through_json(full_state()) | changes)
    assert str(raised.value).startswith(words)


@pytest.mark.parametrize("data", [None, [], "z", 7, True])
def test_what_is_no_object_is_no_state(data):
    """It holds for every other kind of JSON value."""
    with pytest.raises(ValueError, match=r"^state: found .*, expected an object$"):
        state_from_dict(data)


def test_a_state_of_another_model_is_refused():
    """A state whose z has another length raises ValueError."""
    with pytest.raises(ValueError, match=r"^state.z: found 3 numbers, expected the model's 2$"):
        state_from_dict(through_json(full_state()), 2)


def test_the_cursor_is_on_the_plane_whatever_the_text_says():
    """A plane that misses the cursor is moved to it, unless the distance is only rounding."""
    away = state_from_dict(through_json(dataclasses.replace(start_state(3), z=(0.0, 0.0, 5.0))))
    assert away.z == (0.0, 0.0, 5.0)
    assert away.plane == axis_plane((0.0, 0.0, 5.0))
    near = dataclasses.replace(start_state(3), z=(0.0, 0.0, 1e-7))
    assert state_from_dict(through_json(near)) == near


def test_a_view_is_never_wider_or_narrower_than_the_program_can_show():
    """A span beyond the limits, which another version may allow, becomes the nearest one within them."""
    assert state_from_dict({"viewport": {"span": 1e30}}).viewport.span < 1e30
    assert state_from_dict({"viewport": {"span": 1e-300}}).viewport.span > 1e-300


def test_a_plane_of_one_dimension_has_one_direction():
    """The second direction is zero."""
    plane = Plane((0.0,), (1.0,), (0.0,))
    assert state_from_dict({"z": [2], "plane": {"origin": [0], "u": [1], "v": [0]}}).plane == plane

"""Turns a ViewState into JSON values and back; the JSON may come from a stranger. No Qt.

`desktop.base.structure` checks the fields by their types; this module checks that they fit each other.

A vector is a list of numbers with all digits. A vector of more than MOST_LISTED numbers is an object with one
entry, {"float32": "…"} or {"float64": "…"}: the bytes of its little-endian array as base64. That is a fifth
of the text and is read a hundred times as fast. Lists of any length can be read, as older versions wrote
them.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from desktop.base.structure import MAX_NUMBER, shown, strict_converter, structure
from desktop.base.vector import Vector
from desktop.latent.plane import MAX_SPAN, MIN_SPAN, Plane
from desktop.reading.input_values import InputValue
from desktop.view.state import Layer, ViewState, start_state

# Directions are written with all digits, so this program never writes a larger deviation.
MAX_SKEW = 1e-4
MAX_LEG_S = 86_400
MAX_INPUTS, MAX_NAME_CHARS = 256, 1000
MOST_LISTED = 1024
DTYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "float64": np.dtype("<f8")}


def _written(numbers: Vector) -> list[float] | dict[str, str]:
    if len(numbers) <= MOST_LISTED:
        return list(numbers)
    name = numbers.array.dtype.name
    data = numbers.array.astype(DTYPES[name], copy=False).tobytes()
    return {name: base64.b64encode(data).decode("ascii")}


def _read(data: object, _: object) -> Vector:
    if not isinstance(data, Mapping):
        return Vector(CONVERTER.structure(data, tuple[float, ...]))
    ((name, text),) = data.items() if len(data) == 1 else (("", ""),)
    if name not in DTYPES or not isinstance(text, str):
        raise ValueError(f"found {shown(data)}, expected a list of numbers, or float32 or float64 as base64")
    try:
        array = np.frombuffer(base64.b64decode(text, validate=True), DTYPES[name])
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"found damaged base64 ({error}), expected {name} numbers") from error
    if not (np.abs(array) <= MAX_NUMBER).all():
        raise ValueError("found a number that is not finite, expected finite numbers")
    return Vector(array.astype(name, copy=False))


def _input_written(each: InputValue) -> dict[str, Any]:
    written: dict[str, Any] = {"name": each.name, "value": each.value}
    return written | ({"mix": [list(part) for part in each.mix]} if each.mix else {})


CONVERTER = strict_converter()
CONVERTER.register_unstructure_hook(InputValue, _input_written)
CONVERTER.register_unstructure_hook(Vector, _written)
CONVERTER.register_structure_hook(Vector, _read)


def state_to_dict(state: ViewState) -> dict[str, Any]:
    """Return the state as JSON values; `state_from_dict` gives an equal state.

    The inputs of the path's points are written only if a point's inputs differ from the view's.
    """
    written: dict[str, Any] = CONVERTER.unstructure(state)
    if not state.has_own_path_inputs:
        del written["path_inputs"]
    return written


def state_from_dict(data: object, latent_dim: int | None = None) -> ViewState:
    """Return the state that `data`, values from JSON, describes.

    Raises ValueError for a wrong type, a number that is not finite or too large, z of another length than
    `latent_dim` (if given), or directions that span no plane. The message says what was found, and where.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"state: found {shown(data)}, expected an object")
    # Missing fields are those of a new view with the same number of dimensions.
    dims = latent_dim or 2
    if "z" in data:
        dims = len(structure(CONVERTER, data["z"], Vector, "state.z"))
        if not dims:
            raise ValueError("state.z: found no numbers, expected at least one")
    missing = {"z", "plane"} - set(data)
    written = CONVERTER.unstructure(start_state(dims if missing else 1))
    state = structure(CONVERTER, written | dict(data), ViewState, "state")
    if "layers" in data and isinstance(data.get("plane"), Mapping) and "words" not in data["plane"]:
        state = state.with_layer(
            Layer.BOOKMARKS, on=True
        )  # the version that wrote this state always hid them
    if state.inputs and not state.path_inputs:  # they stay, even if other inputs are given at the start
        state = replace(state, path_inputs=state.inputs_on_path)
    _check(state, latent_dim)
    view = state.viewport
    state = replace(state, viewport=replace(view, span=min(MAX_SPAN, max(MIN_SPAN, view.span))))
    z = state.z.array
    beside = z - state.plane.embed(state.plane.project(z))
    if np.abs(beside).max() > MAX_SKEW * (1 + np.abs(z).max()):
        state = state.moved_to(state.z)  # the cursor must be on the plane
    return state


def _check(state: ViewState, latent_dim: int | None) -> None:
    """Raise ValueError if the parts do not fit each other."""
    dims = len(state.z)
    if latent_dim is not None and dims != latent_dim:
        raise ValueError(f"state.z: found {dims} numbers, expected the model's {latent_dim}")
    points = {f"state.path[{index}]": point for index, point in enumerate(state.path)}
    plane = state.plane
    for where, numbers in (
        points | {f"state.plane.{k}": getattr(plane, k) for k in ("origin", "u", "v")}
    ).items():
        if len(numbers) != dims:
            raise ValueError(f"{where}: found {len(numbers)} numbers, expected {dims} as in state.z")
    if not _spans(plane):
        raise ValueError(
            "state.plane: found u and v that are not orthonormal, expected directions of length 1"
        )
    if state.selected and min(state.selected) < 0:
        raise ValueError(f"state.selected: found {min(state.selected)}, expected numbers from 0")
    if any(not 0 <= time <= MAX_LEG_S for time in state.path_times):
        raise ValueError(f"state.path_times: found {state.path_times}, expected seconds up to {MAX_LEG_S:,}")
    if state.seed < 0:
        raise ValueError(f"state.seed: found {state.seed}, expected a whole number from 0")
    for values in (state.inputs, *state.path_inputs):
        if len(values) > MAX_INPUTS or any(len(each.name) > MAX_NAME_CHARS for each in values):
            raise ValueError(
                f"state: found more than {MAX_INPUTS} inputs, or a very long name, expected neither"
            )
    if len(state.path_inputs) not in (0, len(state.path)):
        found, expected = len(state.path_inputs), len(state.path)
        raise ValueError(f"state.path_inputs: found {found}, expected one for each of {expected} points")
    if not state.viewport.span > 0:
        raise ValueError(f"state.viewport.span: found {state.viewport.span}, expected a positive number")


def _spans(plane: Plane) -> bool:
    u, v = plane.u.array.astype(np.float64), plane.v.array.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = float(u @ u), float(v @ v), abs(float(u @ v))
    expected = (1.0, 1.0 if len(u) > 1 else 0.0, 0.0)
    return all(abs(found - right) < MAX_SKEW for found, right in zip(lengths, expected, strict=True))

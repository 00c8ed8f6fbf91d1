"""A ViewState as values that JSON holds, and back from a text that may be anyone's. No Qt.

Every field of the state is written by its type: numbers, texts, tuples, sets, choices by their names in lower
case, and frozen dataclasses of these. Reading takes what older and newer versions wrote: what it does not
know is left out, what is missing takes its default. What cannot be is refused.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any

import numpy as np

from desktop.latent.plane import MAX_SPAN, MAX_Z, MIN_SPAN, Plane
from desktop.view.state import ViewState, start_state

MAX_INTEGER = 2**53
MAX_SHOWN = 60
# Directions are written with all their digits; what is further off was not written by this program.
MAX_SKEW = 1e-4


def state_to_dict(state: ViewState) -> dict[str, Any]:
    """The state as JSON's types; `state_from_dict` gives an equal one."""
    written = _encode(state)
    assert isinstance(written, dict)
    return written


def state_from_dict(data: object, latent_dim: int | None = None) -> ViewState:
    """The state that `data`, as JSON gives it, describes.

    Raises ValueError that says what was found and where: a wrong type, a number that is not finite or too
    large, z of another length than `latent_dim` (where it is given), directions that span no plane.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"state: found {_shown(data)}, expected an object")
    kinds = typing.get_type_hints(ViewState)
    start = start_state(latent_dim or 2)
    if "z" in data:
        z = _decode(kinds["z"], data["z"], "state.z")
        if not z:
            raise ValueError("state.z: found no numbers, expected at least one")
        start = start_state(len(z))
    state: ViewState = _decode_fields(ViewState, data, "state", start)
    _check(state, latent_dim)
    view = state.viewport
    state = replace(state, viewport=replace(view, span=min(MAX_SPAN, max(MIN_SPAN, view.span))))
    beside = np.asarray(state.z) - state.plane.embed(state.plane.project(state.z))
    if np.abs(beside).max() > MAX_SKEW * (1 + max(map(abs, state.z))):
        state = state.moved_to(state.z)  # the cursor is on the plane, whatever the text says
    return state


def _check(state: ViewState, latent_dim: int | None) -> None:
    """Raise ValueError where the parts do not fit each other."""
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
    if not state.viewport.span > 0:
        raise ValueError(f"state.viewport.span: found {state.viewport.span}, expected a positive number")


def _spans(plane: Plane) -> bool:
    u, v = np.asarray(plane.u), np.asarray(plane.v)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = float(u @ u), float(v @ v), abs(float(u @ v))
    expected = (1.0, 1.0 if len(u) > 1 else 0.0, 0.0)
    return all(abs(found - right) < MAX_SKEW for found, right in zip(lengths, expected, strict=True))


def _encode(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name.lower()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(_encode(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"found a {type(value).__name__} in the state, expected what state_text can write")


class _UnknownChoiceError(Exception):
    """A choice that this version does not have."""


def _decode(kind: Any, data: object, where: str) -> Any:
    """`data` as a value of the annotated type `kind`. Raises ValueError, or _UnknownChoiceError."""
    arguments = typing.get_args(kind)
    match typing.get_origin(kind) or kind:
        case typing.Union | types.UnionType:
            others = [argument for argument in arguments if argument is not types.NoneType]
            if data is None and len(others) < len(arguments):
                return None
            if len(others) == 1:
                return _decode(others[0], data, where)
        case builtin if builtin is tuple:
            items = _list(data, where)
            if arguments[-1:] == (Ellipsis,):
                return tuple(_decode_known(arguments[0], items, where))
            if len(items) != len(arguments):
                raise ValueError(f"{where}: found {len(items)} values, expected {len(arguments)}")
            pairs = enumerate(zip(arguments, items, strict=True))
            return tuple(_decode(kind, item, f"{where}[{index}]") for index, (kind, item) in pairs)
        case builtin if builtin is frozenset:
            return frozenset(_decode_known(arguments[0], _list(data, where), where))
        case builtin if builtin in (bool, str):
            if type(data) is not builtin:
                raise ValueError(
                    f"{where}: found {_shown(data)}, expected {'true or false' if kind is bool else 'a text'}"
                )
            return data
        case builtin if builtin in (int, float):
            return _number(builtin, data, where)
        case choices if isinstance(choices, type) and issubclass(choices, Enum):
            names = {choice.name.lower(): choice for choice in choices}
            if not isinstance(data, str):
                raise ValueError(f"{where}: found {_shown(data)}, expected one of {', '.join(names)}")
            if data not in names:
                raise _UnknownChoiceError
            return names[data]
        case parts if dataclasses.is_dataclass(parts) and isinstance(parts, type):
            if not isinstance(data, Mapping):
                raise ValueError(f"{where}: found {_shown(data)}, expected an object")
            return _decode_fields(parts, data, where, None)
    raise TypeError(f"{where}: found the type {kind}, expected one that state_text can read")


def _decode_fields(parts: type, data: Mapping[str, object], where: str, start: object) -> Any:
    """A dataclass from an object; what is missing is as in `start`, or has the field's own default."""
    kinds = typing.get_type_hints(parts)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(parts):
        if field.name in data:
            try:
                values[field.name] = _decode(kinds[field.name], data[field.name], f"{where}.{field.name}")
                continue
            except _UnknownChoiceError:
                pass
        if start is not None:
            values[field.name] = getattr(start, field.name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{where}: found no {field.name}, expected it")
    return parts(**values)


def _decode_known(kind: Any, items: list[object], where: str) -> list[Any]:
    """Every item; choices that this version does not have are left out."""
    values = []
    for index, item in enumerate(items):
        try:
            values.append(_decode(kind, item, f"{where}[{index}]"))
        except _UnknownChoiceError:
            continue
    return values


def _list(data: object, where: str) -> list[object]:
    if not isinstance(data, list):
        raise ValueError(f"{where}: found {_shown(data)}, expected a list")
    return data


def _number(kind: type, data: object, where: str) -> int | float:
    """An int, or for float any number that is finite and no larger than float32 can hold."""
    if kind is int:
        if type(data) is not int or abs(data) > MAX_INTEGER:
            raise ValueError(f"{where}: found {_shown(data)}, expected a whole number up to {MAX_INTEGER}")
        return data
    if isinstance(data, bool) or not isinstance(data, (int, float)) or not abs(data) <= MAX_Z:
        raise ValueError(f"{where}: found {_shown(data)}, expected a finite number")
    return float(data)


def _shown(data: object) -> str:
    """What was found, in few words."""
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if data is None:
        return "nothing"
    if isinstance(data, (list, Mapping)):
        return f"{'a list' if isinstance(data, list) else 'an object'} of {len(data)}"
    words = repr(data) if not isinstance(data, int) or abs(data) < 10**MAX_SHOWN else "a huge number"
    return words if len(words) <= MAX_SHOWN else f"{words[:MAX_SHOWN]}…"

"""Turns JSON values, which may come from anyone, into values of annotated types and back. Uses cattrs.

Nothing is converted: neither "3" nor true is a number. Numbers must be finite and fit into float32. Choices
(enums) are written as their member names in lower case, so that their texts in the window may change. Keys
and choices that this version does not know, because a newer one wrote them, are left out; fields that an
older version did not write get their defaults.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from typing import Any, TypeVar

import numpy as np
from cattrs import BaseValidationError, Converter
from cattrs.cols import homogenous_tuple_structure_factory, is_frozenset
from cattrs.errors import ClassValidationError, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn

MAX_NUMBER = float(np.finfo(np.float32).max)
MAX_INTEGER = 2**53
MAX_SHOWN = 60

T = TypeVar("T")
Hook = Callable[[object, Any], Any]


def structure(converter: Converter, data: object, kind: type[T], where: str = "") -> T:
    """Return `data`, values from JSON, as an object of type `kind`. Errors call the data `where`.

    Raises ValueError with one line that says where the error is, what was found and what was expected, such
    as "state.z[1]: found nan, expected a finite number".
    """
    try:
        return converter.structure(data, kind)
    except (BaseValidationError, ValueError) as error:
        raise ValueError(_in_words(error, where)) from error


def strict_converter() -> Converter:
    """Return a converter that follows this module's rules; more hooks can be added to it."""
    converter = Converter(unstruct_collection_overrides={tuple: list, frozenset: sorted})
    converter.register_structure_hook(bool, _exact)
    converter.register_structure_hook(str, _exact)
    converter.register_structure_hook(int, _whole_number)
    converter.register_structure_hook(float, _number)
    for kind in (Enum, StrEnum):  # a StrEnum is also a str, and would be read as one
        converter.register_structure_hook(kind, _choice)
        converter.register_unstructure_hook(kind, lambda choice: choice.name.lower())
    converter.register_structure_hook_factory(_is_tuple, _tuple_hook)
    converter.register_structure_hook_factory(is_frozenset, _frozenset_hook)
    converter.register_structure_hook_factory(dataclasses.is_dataclass, _dataclass_hook)
    return converter


def shown(data: object) -> str:
    """Describe a value in a few words, for errors."""
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if data is None:
        return "nothing"
    if isinstance(data, (list, Mapping)):
        return f"{'a list' if isinstance(data, list) else 'an object'} of {len(data)}"
    words = repr(data) if not isinstance(data, int) or abs(data) < 10**MAX_SHOWN else "a huge number"
    return words if len(words) <= MAX_SHOWN else f"{words[:MAX_SHOWN]}…"


def _in_words(error: Exception, where: str) -> str:
    """Describe the first of the errors that cattrs collected, with the path to its value."""
    missing = ""
    while isinstance(error, (ClassValidationError, IterableValidationError)):
        with_notes, without = error.group_exceptions()
        if not with_notes:
            error = without[0]
            continue
        error, note = with_notes[0]
        if isinstance(note, IterableValidationNote):
            where = f"{where}[{note.index}]"
        elif isinstance(error, KeyError):
            missing = note.name
        else:
            where = f"{where}.{note.name}" if where else note.name
    words = f"found no {missing}, expected it" if missing else str(error)
    return f"{where}: {words}" if where else words


def _exact(data: object, kind: type) -> Any:
    if type(data) is not kind:
        raise ValueError(f"found {shown(data)}, expected {'true or false' if kind is bool else 'a text'}")
    return data


def _whole_number(data: object, _: type) -> int:
    if type(data) is not int or abs(data) > MAX_INTEGER:
        raise ValueError(f"found {shown(data)}, expected a whole number up to {MAX_INTEGER}")
    return data


def _number(data: object, _: type) -> float:
    if isinstance(data, bool) or not isinstance(data, (int, float)) or not abs(data) <= MAX_NUMBER:
        raise ValueError(f"found {shown(data)}, expected a finite number")
    return float(data)


def _is_choice(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_tuple(kind: Any) -> bool:
    return typing.get_origin(kind) is tuple


def _tuple_of(item: Any) -> Any:
    return types.GenericAlias(tuple, (item, ...))


def _names(kind: type[Enum]) -> dict[str, Enum]:
    return {choice.name.lower(): choice for choice in kind}


def _is_unknown(data: object, kind: Any) -> bool:
    """Whether `data` may be a choice that a newer version added."""
    return _is_choice(kind) and isinstance(data, str) and data not in _names(kind)


def _choice(data: object, kind: type[Enum]) -> Enum:
    names = _names(kind)
    if not isinstance(data, str) or data not in names:
        raise ValueError(f"found {shown(data)}, expected one of {', '.join(names)}")
    return names[data]


def _list(data: object) -> list[Any]:
    if not isinstance(data, list):
        raise ValueError(f"found {shown(data)}, expected a list")
    return data


def _tuple_hook(kind: Any, converter: Converter) -> Hook:
    """Make a hook for tuples of any or a fixed length whose items have one type; others are not supported."""
    item, *others = typing.get_args(kind)
    length = None if others == [...] else 1 + len(others)
    assert length is None or set(others) <= {item}, f"{kind}: tuples of several types are not supported"
    structure_items = homogenous_tuple_structure_factory(_tuple_of(item), converter)

    def take(data: object, _: Any) -> Any:
        items = _list(data)
        if length is not None and len(items) != length:
            raise ValueError(f"found {len(items)} values, expected {length}")
        return structure_items(items, kind)

    return take


def _frozenset_hook(kind: Any, converter: Converter) -> Hook:
    (item,) = typing.get_args(kind)

    def take(data: object, _: Any) -> Any:
        known = [one for one in _list(data) if not _is_unknown(one, item)]
        return frozenset(converter.structure(known, _tuple_of(item)))

    return take


def _dataclass_hook(kind: Any, converter: Converter) -> Hook:
    structure_fields = make_dict_structure_fn(kind, converter)
    kinds = typing.get_type_hints(kind)

    def take(data: object, _: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValueError(f"found {shown(data)}, expected an object")
        known = {name: value for name, value in data.items() if not _is_unknown(value, kinds.get(name))}
        return structure_fields(known, kind)

    return take

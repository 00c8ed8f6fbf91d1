"""Makes a model's skeleton: the same protobuf with the large weights cut out of the bytes.

So a decoder of a gigabyte is inspected as a graph of some kilobytes, and only ONNX Runtime reads the weights.
A tensor whose numbers were cut out is marked by an entry in its `external_data`, see `cut_bytes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import onnx

from desktop.base.errors import ModelError
from desktop.vetting.unpacked_size import DAMAGED, DELIMITED, FIXED_32, FIXED_64, VARINT, read_varint

LARGE_BYTES = 4096  # smaller constants, such as shapes, stay, because inspection needs their values
CUT_KEY = "latent_plane.cut_bytes"
RAW_DATA, EXTERNAL_DATA = 9, 13  # fields of onnx.TensorProto


@dataclass
class _Kind:
    """A type of message: the types of its message fields by number, and whether it is a tensor."""

    messages: dict[int, "_Kind"] = field(default_factory=dict)
    is_tensor: bool = False


def skeleton(data: Any) -> bytes:
    """Return `data` (bytes or a map of a file) without the payloads of large tensors.

    `data` must have passed `unpacked_size.check_wire`. Raises ModelError for a damaged message.
    """
    try:
        return _without_payloads(memoryview(data), _MODEL)
    except IndexError as error:
        raise ModelError(f"found {len(data):,} {DAMAGED}") from error


def cut_bytes(tensor: onnx.TensorProto) -> int | None:
    """The number of bytes that were cut out of a tensor; None if none were."""
    return next((int(entry.value) for entry in tensor.external_data if entry.key == CUT_KEY), None)


def _without_payloads(data: memoryview, kind: _Kind) -> bytes:
    parts: list[bytes | memoryview] = []
    for number, start, payload, end in _delimited(data, parts):
        content = data[payload:end]
        if kind.is_tensor and number == RAW_DATA and end - payload > LARGE_BYTES:
            parts.append(_entry(end - payload))
        elif kind.is_tensor and number == EXTERNAL_DATA and CUT_KEY.encode() in bytes(content[:256]):
            continue  # a file must not claim this: only `_entry` writes such entries
        elif number in kind.messages and end - payload > LARGE_BYTES:
            inner = _without_payloads(content, kind.messages[number])
            parts.extend((data[start : start + _varint_size(data, start)], _varint(len(inner)), inner))
        else:
            parts.append(data[start:end])
    return b"".join(parts)


def _delimited(data: memoryview, parts: list[bytes | memoryview]) -> Iterator[tuple[int, int, int, int]]:
    """Yield each length-delimited field: its number, its start, and its payload's start and end.

    All other fields are added to `parts` unchanged.
    """
    place, end = 0, len(data)
    while place < end:
        start = place
        tag, place = read_varint(data, place)
        wire = tag & 7
        if wire == DELIMITED:
            size, place = read_varint(data, place)
            if place + size > end:
                raise ModelError(f"found {end:,} {DAMAGED}")
            yield tag >> 3, start, place, place + size
            place += size
            continue
        if wire == VARINT:
            _, place = read_varint(data, place)
        elif wire in (FIXED_32, FIXED_64):
            place += 4 if wire == FIXED_32 else 8
        else:
            raise ModelError(f"found {end:,} {DAMAGED}")
        parts.append(data[start:place])


def _entry(size_bytes: int) -> bytes:
    """The `external_data` entry of a tensor whose numbers were cut out."""
    key, value = CUT_KEY.encode(), str(size_bytes).encode()
    content = b"\x0a" + _varint(len(key)) + key + b"\x12" + _varint(len(value)) + value
    return _varint(EXTERNAL_DATA << 3 | DELIMITED) + _varint(len(content)) + content


def _varint_size(data: memoryview, place: int) -> int:
    return read_varint(data, place)[1] - place


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _kinds(descriptor: Any, known: dict[str, _Kind]) -> _Kind:
    kind = known.get(descriptor.full_name)
    if kind is None:
        is_tensor = descriptor.full_name == onnx.TensorProto.DESCRIPTOR.full_name
        kind = known[descriptor.full_name] = _Kind(is_tensor=is_tensor)
        for part in descriptor.fields:
            if part.message_type is not None:
                kind.messages[part.number] = _kinds(part.message_type, known)
    return kind


_MODEL = _kinds(onnx.ModelProto.DESCRIPTOR, {})

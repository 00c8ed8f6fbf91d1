"""Limits the memory that a model's protobuf would take once parsed, judging only by its bytes.

Two bytes of a file can become a message of a hundred bytes in memory: a file of 120 MB took 9 GB. So the
fields are counted before they are parsed, following the structure of `onnx.ModelProto`.
"""

from dataclasses import dataclass, field
from typing import Any

import onnx

from desktop.base.errors import ModelError

# A decoder has a few thousand fields. Models that store numbers one by one, such as forests, have more.
MAX_FIELDS = 6_000_000
MAX_UNPACKED_BYTES = 256 << 20  # without byte strings, which take as much memory as in the file
MAX_DEPTH = 100  # the parser's own limit
# A message takes about 150 bytes in memory, but counts as more, because inspecting it takes time, too.
MESSAGE_BYTES, STRING_BYTES, NUMBER_BYTES = 512, 32, 8
VARINT, FIXED_64, DELIMITED, FIXED_32 = 0, 1, 2, 5
DAMAGED = (
    "bytes that are not an ONNX model or only part of one, expected a whole model; fetch or export it again"
)
TOO_MANY = (
    f"found more than {MAX_FIELDS:,} parts, or {MAX_UNPACKED_BYTES >> 20} MiB of them, expected fewer; "
    "choose a smaller model"
)


@dataclass
class _Kind:
    """A type of message: which length-delimited fields are messages or packed numbers, by field number."""

    messages: dict[int, "_Kind"] = field(default_factory=dict)
    packed_varints: set[int] = field(default_factory=set)


Buffer = bytes | memoryview


def check_wire(data: Buffer) -> None:
    """Raise ModelError if the model would take too much memory once parsed, or is not a valid protobuf."""
    left_bytes, left_fields = MAX_UNPACKED_BYTES, MAX_FIELDS
    kind, place, end = _MODEL, 0, len(data)
    outside: list[tuple[_Kind, int]] = []
    try:
        while True:
            if left_fields < 0 or left_bytes < 0:
                raise ModelError(TOO_MANY)
            if place >= end:
                if place > end:
                    raise ModelError(f"found {len(data):,} {DAMAGED}")
                if not outside:
                    return
                kind, end = outside.pop()
                continue
            left_fields -= 1
            left_bytes -= NUMBER_BYTES
            tag = data[place]
            place += 1
            if tag > 127:
                tag, place = read_varint(data, place - 1)
            wire = tag & 7
            if wire == VARINT:
                while data[place] > 127:
                    place += 1
                place += 1
            elif wire == DELIMITED:
                size = data[place]
                place += 1
                if size > 127:
                    size, place = read_varint(data, place - 1)
                inner = kind.messages.get(tag >> 3)
                if inner is not None:
                    left_bytes -= MESSAGE_BYTES
                    if len(outside) >= MAX_DEPTH or place + size > end:
                        raise ModelError(f"found {len(data):,} {DAMAGED}")
                    outside.append((kind, end))
                    kind, end = inner, place + size
                    continue
                left_bytes -= NUMBER_BYTES * size if tag >> 3 in kind.packed_varints else STRING_BYTES
                place += size
            elif wire in (FIXED_32, FIXED_64):
                place += 4 if wire == FIXED_32 else 8
            else:
                raise ModelError(f"found {len(data):,} {DAMAGED}")
    except IndexError as error:  # a number that continues after the last byte
        raise ModelError(f"found {len(data):,} {DAMAGED}") from error


def read_varint(data: Buffer, place: int) -> tuple[int, int]:
    """The number that begins at index `place`, and the index after it."""
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise ModelError(f"found {len(data):,} {DAMAGED}")


def _kinds(descriptor: Any, known: dict[str, _Kind]) -> _Kind:
    kind = known.get(descriptor.full_name)
    if kind is None:
        kind = known[descriptor.full_name] = _Kind()
        for part in descriptor.fields:
            if part.message_type is not None:
                kind.messages[part.number] = _kinds(part.message_type, known)
            elif part.type not in (part.TYPE_STRING, part.TYPE_BYTES, part.TYPE_FLOAT, part.TYPE_DOUBLE):
                kind.packed_varints.add(part.number)
    return kind


_MODEL = _kinds(onnx.ModelProto.DESCRIPTOR, {})

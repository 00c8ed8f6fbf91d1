"""How much a protobuf of a model would grow when it is unpacked, found out from its bytes alone.

Two bytes of a file can be a message of a hundred in memory: 120 MB of them took 9 GB. So fields are counted
before anything unpacks them, along the structure that `onnx.ModelProto` describes.
"""

from dataclasses import dataclass, field
from typing import Any

import onnx

from desktop.base.errors import ModelError

# A decoder has some thousand fields; what numbers are stored one by one, as those of forests, makes more.
MAX_FIELDS = 6_000_000
MAX_UNPACKED_BYTES = 256 << 20  # beside what lies in the file as it is
MAX_DEPTH = 100  # as deep as the parser goes
# A message takes some 150 bytes; that each has to be looked at costs more than that.
MESSAGE_BYTES, STRING_BYTES, NUMBER_BYTES = 512, 32, 8
VARINT, FIXED_64, DELIMITED, FIXED_32 = 0, 1, 2, 5
DAMAGED = "bytes that are no ONNX model or a part of one, expected a whole model; fetch or export it again"
TOO_MANY = (
    f"found more than {MAX_FIELDS:,} parts, or {MAX_UNPACKED_BYTES >> 20} MiB of them, expected fewer; "
    "choose a smaller model"
)


@dataclass
class _Kind:
    """What a message's length-delimited fields hold, by their number."""

    messages: dict[int, "_Kind"] = field(default_factory=dict)
    packed_varints: set[int] = field(default_factory=set)


def check_wire(data: bytes) -> None:
    """Raise ModelError for what would unpack to too much, or is no message of this kind."""
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
                tag, place = _varint(data, place - 1)
            wire = tag & 7
            if wire == VARINT:
                while data[place] > 127:
                    place += 1
                place += 1
            elif wire == DELIMITED:
                size = data[place]
                place += 1
                if size > 127:
                    size, place = _varint(data, place - 1)
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
    except IndexError as error:  # a number that goes on behind the last byte
        raise ModelError(f"found {len(data):,} {DAMAGED}") from error


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """The number at a place, and the place behind it."""
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

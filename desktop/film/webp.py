"""Writes a lossless animated WebP with exactly as many frames as are given. No Qt.

The container is written here, because libwebp's animation encoder merges equal frames in a row; pillow
encodes each frame as a still picture. The format is RFC 9649, section 2.7.
"""

import io
import struct
from typing import BinaryIO

import numpy as np
from PIL import Image

from desktop.base.arrays import Bytes
from desktop.film.changed_box import changed_box
from desktop.film.formats import AnimationError
from desktop.images.note import webp_note

ANIMATION, EXIF, ALPHA = 0x02, 0x08, 0x10
DO_NOT_BLEND = 0x02
# libwebp's effort from 0 to 6; higher values take several times as long and save a few per cent.
METHOD = 1
# The file's header has 32 bits for the size. The difference is reserved for the text at the end.
MAX_FILE_BYTES = (1 << 32) - (1 << 24)


class WebpWriter:
    """Writes frames uint8 [H, W], [H, W, 3] or [H, W, 4] to a binary file that can seek.

    Args:
        file: the file to write to.
        size_px: width and height.
        duration_ms: the duration of a frame.
        alpha: whether frames have four channels.
        comment: text stored in the file, as Exif's ImageDescription.
    """

    def __init__(
        self, file: BinaryIO, size_px: tuple[int, int], duration_ms: int, alpha: bool, comment: str = ""
    ) -> None:
        self._file, self._duration_ms, self._comment = file, duration_ms, comment
        self._last: Bytes | None = None
        flags = ANIMATION | (ALPHA if alpha else 0) | (EXIF if comment else 0)
        file.write(b"RIFF\0\0\0\0WEBP")
        width, height = size_px
        file.write(_chunk(b"VP8X", struct.pack("<I", flags) + _u24(width - 1) + _u24(height - 1)))
        file.write(_chunk(b"ANIM", struct.pack("<IH", 0, 0)))  # transparent background, loop forever

    def add(self, frame: Bytes) -> None:
        """Write one more frame: only the part that differs from the previous frame."""
        left, top, right, bottom = changed_box(self._last, frame, even=True)
        self._last = frame
        part = np.ascontiguousarray(frame[top:bottom, left:right])
        still = io.BytesIO()
        Image.fromarray(part).save(still, "WEBP", lossless=True, quality=25, method=METHOD, exact=True)
        place = b"".join(map(_u24, (left // 2, top // 2, right - left - 1, bottom - top - 1)))
        head = place + _u24(self._duration_ms) + bytes([DO_NOT_BLEND])
        self._file.write(_chunk(b"ANMF", head + _bitstream(still.getvalue())))
        if self._file.tell() > MAX_FILE_BYTES:
            raise AnimationError(
                "WebP: found frames of more than 4 GiB, expected less; choose fewer frames or a smaller size"
            )

    def close(self) -> None:
        """End the file: write the text, and enter the file size in the header."""
        if self._comment:
            exif: bytes = webp_note(self._comment)["exif"]
            self._file.write(_chunk(b"EXIF", exif.removeprefix(b"Exif\0\0")))
        size_bytes = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", size_bytes - 8))
        self._file.seek(size_bytes)


def _bitstream(still: bytes) -> bytes:
    """Return the chunk of a still picture that holds its pixels."""
    start = 12
    while still[start : start + 4] != b"VP8L":
        start += 8 + (struct.unpack_from("<I", still, start + 4)[0] + 1 & ~1)
    return still[start : start + 8 + (struct.unpack_from("<I", still, start + 4)[0] + 1 & ~1)]


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _u24(value: int) -> bytes:
    return struct.pack("<I", value)[:3]

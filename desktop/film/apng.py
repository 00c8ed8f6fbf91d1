"""Writes an animated PNG with exactly as many frames as are given. No Qt.

The file is written without pillow, whose writer merges equal frames in a row. The format is PNG, third
edition (W3C 2025).
"""

import struct
import zlib
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from desktop.base.arrays import Bytes
from desktop.film.changed_box import changed_box
from desktop.images.note import KEYWORD

COLOR_TYPES = {1: 0, 3: 2, 4: 6}
# zlib's level: enlarged pixels repeat so much that more effort gains little.
LEVEL = 4


class ApngWriter:
    """Writes frames uint8 [H, W], [H, W, 3] or [H, W, 4] to a binary file.

    Args:
        file: the file to write to.
        size_px: width and height.
        channels: 1, 3 or 4.
        count: the number of frames that will be added.
        frame_s: seconds per frame.
        comment: text stored in the file, under the keyword that `desktop.images.note` reads.
    """

    def __init__(
        self,
        file: BinaryIO,
        size_px: tuple[int, int],
        channels: int,
        count: int,
        frame_s: Fraction,
        comment: str = "",
    ) -> None:
        self._file, self._numbers = file, 0
        self._last: Bytes | None = None
        short = frame_s.limit_denominator(65_535)
        self._delay = struct.pack(">HH", short.numerator, short.denominator)
        file.write(b"\x89PNG\r\n\x1a\n")
        self._write(b"IHDR", struct.pack(">IIBBBBB", *size_px, 8, COLOR_TYPES[channels], 0, 0, 0))
        self._write(b"acTL", struct.pack(">II", count, 0))  # 0: loop forever
        if comment:
            self._write(b"iTXt", KEYWORD.encode() + b"\0\0\0\0\0" + comment.encode())

    def add(self, frame: Bytes) -> None:
        """Write one more frame: only the part that differs from the previous frame."""
        left, top, right, bottom = changed_box(self._last, frame)
        first, self._last = self._last is None, frame
        part = frame[top:bottom, left:right]
        place = struct.pack(">IIII", right - left, bottom - top, left, top)
        self._write(b"fcTL", self._number() + place + self._delay + b"\0\0")
        rows = np.zeros((part.shape[0], 1 + part[0].size), np.uint8)  # each row starts with filter type 0
        rows[:, 1:] = part.reshape(len(part), -1)
        data = zlib.compress(rows.tobytes(), LEVEL)
        self._write(*((b"IDAT", data) if first else (b"fdAT", self._number() + data)))

    def close(self) -> None:
        """End the file."""
        self._write(b"IEND", b"")

    def _number(self) -> bytes:
        self._numbers += 1
        return struct.pack(">I", self._numbers - 1)

    def _write(self, name: bytes, data: bytes) -> None:
        self._file.write(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

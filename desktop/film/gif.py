"""Writes a GIF with one palette and exactly as many frames as are given. No Qt.

The container is written here, because pillow's writer merges equal frames in a row; pillow's LZW coder
compresses the pixels. A frame that equals the previous one is written as a single pixel. The format is GIF89a
(CompuServe 1990).
"""

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.GifImagePlugin import getdata

from desktop.base.arrays import Bytes
from desktop.film.changed_box import changed_box
from desktop.images.pixels import over_gray

COLORS = 256
GRAYS = np.repeat(np.arange(COLORS, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
PACK = np.array([65536, 256, 1], np.int32)  # packs red, green and blue into one number
# How many grays a palette reserves for captions, from the background to the letters.
TEXT_GRAYS = 8


class GifWriter:
    """Writes frames uint8 [H, W], [H, W, 3] or [H, W, 4] to a binary file; transparency becomes black.

    Args:
        file: the file to write to.
        size_px: width and height.
        ticks: hundredths of a second per frame.
        palette: colours of all frames, uint8 [at most 256, 3]; None for gray frames, which keep all levels.
        comment: text stored in the file.
    """

    def __init__(
        self,
        file: BinaryIO,
        size_px: tuple[int, int],
        ticks: int,
        palette: Bytes | None = None,
        comment: str = "",
    ) -> None:
        self._file, self._ticks = file, ticks
        self._last: Bytes | None = None
        self._palette: Image.Image | None = None
        if palette is not None:
            self._palette = Image.new("P", (1, 1))
            self._palette.putpalette(palette.tobytes())
            self._index_of = np.full(1 << 24, -1, np.int16)
            self._index_of[palette @ PACK] = np.arange(len(palette))
        table = np.zeros((COLORS, 3), np.uint8)
        colors = GRAYS if palette is None else palette
        table[: len(colors)] = colors
        file.write(b"GIF89a" + struct.pack("<HHBBB", *size_px, 0xF7, 0, 0) + table.tobytes())
        file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # loop forever
        if comment:
            file.write(b"\x21\xfe" + _blocks(comment.encode()))

    def add(self, frame: Bytes) -> None:
        """Write one more frame: only the part that differs from the previous frame."""
        indices = self._indices(frame)
        left, top, right, bottom = changed_box(self._last, indices)
        self._last = indices
        part = Image.fromarray(np.ascontiguousarray(indices[top:bottom, left:right]))
        self._file.write(b"".join(getdata(part, (left, top), duration=10 * self._ticks, disposal=1)))

    def close(self) -> None:
        """End the file."""
        self._file.write(b"\x3b")

    def _indices(self, frame: Bytes) -> Bytes:
        if self._palette is None:
            return frame if frame.ndim == 2 else over_gray(frame, 0)[..., 0]
        rgb = as_rgb(frame)
        indices = self._index_of[rgb @ PACK]
        if indices.min() >= 0:
            return np.asarray(indices, np.uint8)
        # The exact lookup comes first because pillow confuses nearly equal colours. Dithering is off because
        # its pattern would move from frame to frame.
        colors = Image.fromarray(rgb)
        return np.asarray(colors.quantize(palette=self._palette, dither=Image.Dither.NONE))


def shared_palette(frames: Bytes, with_text: bool = False) -> Bytes:
    """Return one palette uint8 [K, 3], K at most 256, for frames [N, H, W, 3 or 4].

    The palette holds the frames' exact colours if they fit, and otherwise colours that median cut chooses
    from all pixels. With `with_text` it also holds grays from black to white.
    """
    rgb = as_rgb(frames)
    grays = GRAYS[:: (COLORS - 1) // (TEXT_GRAYS - 1)][:TEXT_GRAYS] if with_text else GRAYS[:0]
    packed = np.unique(rgb.reshape(-1, 3) @ PACK)
    room = COLORS - len(grays)
    if len(packed) <= room:
        colors = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
    else:
        sheet = Image.fromarray(rgb.reshape(-1, *rgb.shape[-2:]))
        chosen = sheet.quantize(room, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        colors = np.asarray(chosen.getpalette(), np.uint8).reshape(-1, 3)[:room]
    return np.concatenate([grays, colors])


def as_rgb(frame: Bytes) -> Bytes:
    """Convert uint8 [..., H, W, 3 or 4] to [..., H, W, 3]; transparent pixels become black."""
    return over_gray(frame, 0) if frame.shape[-1] == 4 else frame


def _blocks(data: bytes) -> bytes:
    parts = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\x00"

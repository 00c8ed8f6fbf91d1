"""Frames → a GIF with one palette and exactly as many frames as were given. No Qt.

pillow's own writer takes equal frames in a row together; here its LZW coder does the work and every frame is
written, if only as one pixel. The format: GIF89a, CompuServe 1990.
"""

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image
from PIL.GifImagePlugin import getdata

from desktop.base.arrays import Bytes
from desktop.film.changed_box import changed_box

COLORS = 256
GRAYS = np.repeat(np.arange(COLORS, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
PACK = np.array([65536, 256, 1], np.int32)  # red, green and blue as one number
# Of text over colours: from the ground to the letters.
TEXT_GRAYS = 8


class GifWriter:
    """Writes frames uint8 [H, W], [H, W, 3] or [H, W, 4] to a binary file; alpha is over black.

    Args:
        file: to write to.
        size_px: width and height.
        ticks: hundredths of a second a frame.
        palette: uint8 [at most 256, 3] of all frames; None for gray ones, whose levels are all kept.
        comment: text that travels in the file.
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
        file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # for ever
        if comment:
            file.write(b"\x21\xfe" + _blocks(comment.encode()))

    def add(self, frame: Bytes) -> None:
        """One more frame: the part of it that differs from the one before."""
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
            return frame if frame.ndim == 2 else over_black(frame)[..., 0]
        rgb = as_rgb(frame)
        indices = self._index_of[rgb @ PACK]
        if indices.min() >= 0:
            return np.asarray(indices, np.uint8)
        # pillow takes colours that are nearly equal for one, which is why it is not asked first. No
        # dithering: its grain would crawl from frame to frame.
        colors = Image.fromarray(rgb)
        return np.asarray(colors.quantize(palette=self._palette, dither=Image.Dither.NONE))


def shared_palette(frames: Bytes, with_text: bool = False) -> Bytes:
    """The palette uint8 [K, 3], K at most 256, of frames [N, H, W, 3 or 4].

    It is their very colours if they are few, else the median cut of all their pixels together. With text it
    holds grays from black to white as well.
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
    """Uint8 [..., H, W, 3 or 4] → [..., H, W, 3]; what is transparent shows black."""
    return over_black(frame) if frame.shape[-1] == 4 else frame


def over_black(frame: Bytes) -> Bytes:
    """Uint8 [..., 4] → [..., 3], red, green and blue as much as alpha lets through."""
    alpha = frame[..., 3:].astype(np.uint16)
    return ((frame[..., :3] * alpha + 127) // 255).astype(np.uint8)


def _blocks(data: bytes) -> bytes:
    parts = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\x00"

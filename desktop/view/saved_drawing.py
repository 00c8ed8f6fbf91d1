"""Saves a drawing between starts: its pixels and which of them are known, compressed. No Qt."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Floats

LITTLE_FLOATS = np.dtype("<f4")


@dataclass(frozen=True, eq=False)
class SavedDrawing:
    """A drawing without the picture under it, which follows from the model.

    Attributes:
        pixels: float32 [C, H, W] in [0, 1].
        known: bool [H, W].
    """

    pixels: Floats
    known: NDArray[np.bool_]

    @property
    def nbytes(self) -> int:
        """The memory that it takes; its text, being compressed, has fewer characters."""
        return self.pixels.nbytes + self.known.nbytes


def drawing_to_dict(drawing: SavedDrawing) -> dict[str, str]:
    """Return a drawing as JSON values."""
    return {
        "pixels": _text(drawing.pixels.astype(LITTLE_FLOATS).tobytes()),
        "known": _text(np.packbits(drawing.known).tobytes()),
    }


def drawing_from_dict(found: Mapping[str, Any], image_shape: tuple[int, int, int]) -> SavedDrawing:
    """Return the drawing that `drawing_to_dict` wrote, of this shape [C, H, W].

    Raises ValueError if it is of another shape, or damaged.
    """
    count, (_, height, width) = int(np.prod(image_shape)), image_shape
    pixels = np.frombuffer(_data(found, "pixels", 4 * count), LITTLE_FLOATS).astype(np.float32)
    if not ((pixels >= 0) & (pixels <= 1)).all():
        raise ValueError("found pixels outside 0 to 1, expected shares of the brightest")
    bits = np.frombuffer(_data(found, "known", -(-height * width // 8)), np.uint8)
    known = np.unpackbits(bits, count=height * width).astype(bool)
    return SavedDrawing(pixels.reshape(image_shape), known.reshape(height, width))


def _text(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode("ascii")


def _data(found: Mapping[str, Any], name: str, size: int) -> bytes:
    """Return exactly `size` bytes; the text may come from anyone, and could expand to any size."""
    text = found.get(name)
    if not isinstance(text, str):
        raise ValueError(f"found no {name}, expected base64")
    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"found damaged {name} ({error})") from error
    if len(data) != size:
        raise ValueError(f"found {name} of another size, expected {size:,} bytes")
    return data

"""Reads pictures from anyone: recognises them by content, limits their size, scales them to a model. No Qt.

imageio decodes only PNG, JPEG, BMP, GIF and WebP here; nothing that could be a pickle or a script is tried.
"""

import stat
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from PIL import Image

from desktop.base.arrays import Bytes, Floats
from desktop.reading.tensors import LUMA

MAX_FILE_BYTES = 64 << 20
MAX_PIXELS = 25_000_000
# Pillow warns at sizes that this program writes. Here sizes are checked before pixels are decoded.
Image.MAX_IMAGE_PIXELS = None
ROWS_AT_ONCE = 64  # a large picture is converted to floats in bands of this many rows
# The first bytes of each format, and its file ending.
KINDS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"BM", ".bmp"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
)


class ImageError(Exception):
    """A picture cannot be read; the message says what was found, what was expected and what to do."""


def is_image(path: Path) -> bool:
    """Whether a file starts like one of the formats that can be read."""
    try:
        if not path.is_file():  # a pipe would wait for someone to write
            return False
        with path.open("rb") as file:
            return kind_of(file.read(16)) is not None
    except OSError:
        return False


def read_image(path: Path) -> Bytes:
    """Read the first frame as uint8 [H, W, 4] in the order RGBA.

    Raises ImageError if the file is no such picture, is too large or is damaged, and OSError if it cannot be
    read.
    """
    status = path.stat()
    size_bytes = status.st_size
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path}: found no plain file, expected a picture; choose another")
    if size_bytes > MAX_FILE_BYTES:
        words = f"found {size_bytes:,} bytes, expected at most {MAX_FILE_BYTES:,}; make it smaller"
        raise ImageError(f"{path}: {words}")
    with path.open("rb") as file:
        return decode_image(file.read(MAX_FILE_BYTES), str(path))


def decode_image(data: bytes, where: str) -> Bytes:
    """Decode the first frame as `read_image` does. `where` names the picture in errors. Raises ImageError."""
    kind = kind_of(data)
    if kind is None:
        raise ImageError(f"{where}: found no picture, expected PNG, JPEG, BMP, GIF or WebP; save it as one")
    try:
        # The size is in the header: pixels are decoded only after it is known to be small enough.
        height, width = imageio.improps(data, index=0, plugin="pillow", extension=kind).shape[:2]
        if width * height > MAX_PIXELS:
            size = f"{width:,} × {height:,} pixels"
            raise ImageError(f"{where}: found {size}, expected at most {MAX_PIXELS:,}; make it smaller")
        pixels = imageio.imread(data, index=0, plugin="pillow", extension=kind, mode="RGBA")
    except ImageError:
        raise
    except Exception as error:  # decoders of damaged pictures raise any kind of error
        words = " ".join(str(error).split())[:120] or type(error).__name__
        raise ImageError(f"{where}: found a damaged picture ({words}), expected an intact one") from error
    return np.asarray(pixels, np.uint8)


def fitted(image: Bytes, image_shape: tuple[int, int, int]) -> Floats:
    """Convert an image uint8 [H, W, 4] to x float32 [1, C, H, W] in [0, 1] of a model's shape.

    The picture is scaled by area with its aspect ratio kept, and centred. The space around it and transparent
    pixels become black. It is scaled here rather than by pillow so that a large picture is never held as
    floats in whole.
    """
    channels, height, width = image_shape
    scale = min(height / image.shape[0], width / image.shape[1])
    rows, columns = (max(1, round(size * scale)) for size in image.shape[:2])
    down = _area(image.shape[0], rows)
    low = np.zeros((rows, 3 * image.shape[1]), np.float32)
    for top in range(0, image.shape[0], ROWS_AT_ONCE):
        part = image[top : top + ROWS_AT_ONCE].astype(np.float32)
        color = part[..., :3] * (part[..., 3:] / 255**2)
        low += down[:, top : top + ROWS_AT_ONCE] @ color.reshape(len(part), -1)
    low = low.reshape(rows, image.shape[1], 3).transpose(1, 0, 2).reshape(image.shape[1], -1)
    small = (_area(image.shape[1], columns) @ low).reshape(columns, rows, 3).transpose(1, 0, 2)
    x = np.zeros((height, width, 3), np.float32)
    top, left = (height - rows) // 2, (width - columns) // 2
    x[top : top + rows, left : left + columns] = small
    if channels == 1:
        return (x @ LUMA)[np.newaxis, np.newaxis]
    planes = x.transpose(2, 0, 1)
    if channels == 4:
        planes = np.concatenate([planes, np.ones((1, height, width), np.float32)])
    return np.ascontiguousarray(planes[np.newaxis])


def area_scaled(gray: Floats, rows: int, columns: int) -> Floats:
    """Scale [H, W] to [rows, columns]; each new pixel is the mean of the area that it covers."""
    scaled = _area(gray.shape[0], rows) @ gray.astype(np.float32) @ _area(gray.shape[1], columns).T
    return np.asarray(scaled, np.float32)


def kind_of(data: bytes) -> str | None:
    """Return the file ending for a file's first bytes, such as ".png"; None for unknown formats."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((kind for start, kind in KINDS if data.startswith(start)), None)


def _area(many: int, few: int) -> Floats:
    """Return the matrix [few, many] that averages `many` pixels into `few`, weighted by covered area."""
    edges = np.linspace(0, many, few + 1)
    pixels = np.arange(many)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: Floats = (np.clip(overlap, 0, None) / (many / few)).astype(np.float32)
    return shares

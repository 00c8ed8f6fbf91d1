"""Pictures that people drop: read by their content, capped in size, fitted to what a model takes. No Qt.

imageio decodes PNG, JPEG, BMP, GIF and WebP only; nothing that could be a pickle or a script is tried.
"""

import stat
from pathlib import Path

import imageio.v3 as imageio
import numpy as np

from desktop.base.arrays import Bytes, Floats

MAX_FILE_BYTES = 64 << 20
MAX_PIXELS = 25_000_000
ROWS_AT_ONCE = 64  # of a large picture, as floats
# The first bytes of what is read, and the name of its format.
KINDS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"BM", ".bmp"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


class ImageError(Exception):
    """A picture cannot be read: what was found, what was expected, what to do."""


def is_image(path: Path) -> bool:
    """Whether a file begins as one of the pictures that can be read."""
    try:
        if not path.is_file():  # a pipe would wait for someone to write
            return False
        with path.open("rb") as file:
            return kind_of(file.read(16)) is not None
    except OSError:
        return False


def read_image(path: Path) -> Bytes:
    """The first frame as uint8 [H, W, 4], red first.

    Raises ImageError for whatever is no such picture, is too large or is damaged, OSError when the file
    cannot be read.
    """
    status = path.stat()
    size_bytes = status.st_size
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path}: found no plain file, expected a picture; choose another")
    if size_bytes > MAX_FILE_BYTES:
        words = f"found {size_bytes:,} bytes, expected at most {MAX_FILE_BYTES:,}; make it smaller"
        raise ImageError(f"{path}: {words}")
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES)
    kind = kind_of(data)
    if kind is None:
        raise ImageError(f"{path}: found no picture, expected PNG, JPEG, BMP, GIF or WebP; save it as one")
    try:
        # The size stands at the beginning; nothing is unpacked before it is known to be small enough.
        height, width = imageio.improps(data, index=0, plugin="pillow", extension=kind).shape[:2]
        if width * height > MAX_PIXELS:
            size = f"{width:,} × {height:,} pixels"
            raise ImageError(f"{path}: found {size}, expected at most {MAX_PIXELS:,}; make it smaller")
        pixels = imageio.imread(data, index=0, plugin="pillow", extension=kind, mode="RGBA")
    except ImageError:
        raise
    except Exception as error:  # a damaged picture can raise whatever its decoder likes
        words = " ".join(str(error).split())[:120] or type(error).__name__
        raise ImageError(f"{path}: found a damaged picture ({words}), expected a whole one") from error
    return np.asarray(pixels, np.uint8)


def fitted(image: Bytes, image_shape: tuple[int, int, int]) -> Floats:
    """An image uint8 [H, W, 4] as x float32 [1, C, H, W] in [0, 1] of a model's shape.

    What is transparent becomes black, as what is around it: the picture is scaled by area until it fits, its
    aspect kept.
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
    """[H, W] → [rows, columns], each number the mean of what it covers."""
    scaled = _area(gray.shape[0], rows) @ gray.astype(np.float32) @ _area(gray.shape[1], columns).T
    return np.asarray(scaled, np.float32)


def kind_of(data: bytes) -> str | None:
    """The ending that fits a file's first bytes, such as ".png"; None for what is none of the pictures."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((kind for start, kind in KINDS if data.startswith(start)), None)


def _area(many: int, few: int) -> Floats:
    """The matrix [few, many] that averages `many` pixels into `few`, each by the area that it covers."""
    edges = np.linspace(0, many, few + 1)
    pixels = np.arange(many)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares: Floats = (np.clip(overlap, 0, None) / (many / few)).astype(np.float32)
    return shares

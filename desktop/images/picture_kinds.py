"""Knows pictures by their content, and says what reading one gives or why it cannot be read. No Qt.

Pillow, which reads them, is not imported here: the window knows pictures before it reads any.
"""

from dataclasses import dataclass
from pathlib import Path

from desktop.base.arrays import Bytes

MAX_FILE_BYTES = 64 << 20
KINDS_IN_WORDS = "PNG, JPEG, BMP, GIF, WebP, TIFF or AVIF"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif")
# Formats of cameras that are no pictures to Pillow, so that people are told instead of shown nothing.
FOREIGN_SUFFIXES = (".heic", ".heif")
# The first bytes of each format, and its file ending.
KINDS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"BM", ".bmp"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
)
AVIF_BRANDS, HEIC_BRANDS = (b"avif", b"avis"), (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


class ImageError(Exception):
    """A picture cannot be read; the message says what was found, what was expected and what to do."""


@dataclass(frozen=True)
class ReadPicture:
    """A picture as it was read.

    Attributes:
        pixels: uint8 [H, W, 4] in the order RGBA, upright and in sRGB.
        steps: what was done to the file's pixels, in words.
    """

    pixels: Bytes
    steps: tuple[str, ...] = ()


def is_image(path: Path) -> bool:
    """Whether a file starts like a picture; HEIC counts, because reading it says what to do."""
    try:
        if not path.is_file():  # a pipe would wait for someone to write
            return False
        with path.open("rb") as file:
            return kind_of(file.read(16)) is not None
    except OSError:
        return False


def kind_of(data: bytes) -> str | None:
    """Return the file ending for a file's first bytes, such as ".png"; None for unknown formats."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return ".avif" if brand in AVIF_BRANDS else ".heic" if brand in HEIC_BRANDS else None
    return next((kind for start, kind in KINDS if data.startswith(start)), None)

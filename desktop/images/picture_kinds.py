"""Recognises pictures by their content, and defines the results and errors of reading them. No Qt.

Pillow, which reads pictures, is not imported here: the window recognises pictures before it reads any.
"""

from dataclasses import dataclass
from pathlib import Path

from desktop.base.arrays import Bytes

MAX_FILE_BYTES = 64 << 20
KINDS_IN_WORDS = "PNG, JPEG, BMP, GIF, WebP, TIFF or AVIF"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif")
# Camera formats that Pillow cannot read. They count as pictures, so that an error says this.
FOREIGN_SUFFIXES = (".heic", ".heif")
# The first bytes of each format, and its file extension.
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
        steps: how the file's pixels were changed, in words.
    """

    pixels: Bytes
    steps: tuple[str, ...] = ()


def is_image(path: Path) -> bool:
    """Whether a file starts like a picture; HEIC counts, because the error of reading it says what to do."""
    try:
        if not path.is_file():  # reading a pipe would wait until another process writes
            return False
        with path.open("rb") as file:
            return kind_of(file.read(16)) is not None
    except OSError:
        return False


def kind_of(data: bytes) -> str | None:
    """Return the file extension for a file's first bytes, such as ".png"; None for unknown formats."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return ".avif" if brand in AVIF_BRANDS else ".heic" if brand in HEIC_BRANDS else None
    return next((kind for start, kind in KINDS if data.startswith(start)), None)

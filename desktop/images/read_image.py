"""Reads pictures from anyone: knows them by content, limits their size, makes them sRGB and upright. No Qt.

Only the formats named here are decoded; nothing that could be a pickle or a script is tried.
"""

import io
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin, UnidentifiedImageError, features

from desktop.base.arrays import Bytes
from desktop.images.gray_levels import from_numbers, has_wide_numbers

MAX_FILE_BYTES = 64 << 20
MAX_PIXELS = 25_000_000
# Pillow warns at sizes that this program writes. Here sizes are checked before pixels are decoded.
Image.MAX_IMAGE_PIXELS = None
# Pillow refuses a picture for a text or profile of more than 1 MiB; all texts together have their limit.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
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
# How Pillow calls the formats that are decoded.
FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".avif": "AVIF",
}
REDUCED_JPEG = 4  # a JPEG of up to so many times MAX_PIXELS is decoded at half its width and height
# What Exif's orientation asks for, as in Pillow's own ImageOps.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SAME_COLOR = 8  # of 255: a profile that changes no colour by more is not worth a word


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


def read_image(path: Path) -> ReadPicture:
    """Read the first frame of a picture file.

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


def decode_image(data: bytes, where: str) -> ReadPicture:
    """Decode the first frame as `read_image` does. `where` names the picture in errors. Raises ImageError."""
    kind = kind_of(data)
    if kind is None:
        found = "no picture" if data else "an empty file"
        raise ImageError(f"{where}: found {found}, expected {KINDS_IN_WORDS}; save it as one")
    if kind not in FORMATS or (kind == ".avif" and not features.check("avif")):
        found = kind[1:].upper()
        raise ImageError(f"{where}: found {found}, which cannot be read here; save it as JPEG or PNG")
    try:
        with Image.open(io.BytesIO(data), formats=(FORMATS[kind],)) as image:
            steps = _reduce(image, where)
            return _converted(image, steps)
    except ImageError:
        raise
    except Exception as error:  # decoders of damaged pictures raise any kind of error
        words = " ".join(str(error).split())[:120] or type(error).__name__
        if isinstance(error, UnidentifiedImageError):  # its text names an object in memory
            words = "its header makes no sense"
        raise ImageError(f"{where}: found a damaged picture ({words}), expected an intact one") from error


def kind_of(data: bytes) -> str | None:
    """Return the file ending for a file's first bytes, such as ".png"; None for unknown formats."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return ".avif" if brand in AVIF_BRANDS else ".heic" if brand in HEIC_BRANDS else None
    return next((kind for start, kind in KINDS if data.startswith(start)), None)


def _reduce(image: Image.Image, where: str) -> list[str]:
    """Refuse a picture with too many pixels before any is decoded; a JPEG is decoded in fewer."""
    width, height = image.size
    if not width or not height:
        raise ImageError(
            f"{where}: found {width:,} × {height:,} pixels, expected at least one; save it again"
        )
    if width * height <= MAX_PIXELS:
        return []
    if image.format in ("JPEG", "MPO") and width * height <= REDUCED_JPEG * MAX_PIXELS:
        image.draft(None, (width // 2, height // 2))
        if image.width * image.height <= MAX_PIXELS:
            return ["read at half its size"]
    size = f"{width:,} × {height:,} pixels"
    raise ImageError(f"{where}: found {size}, expected at most {MAX_PIXELS:,}; make it smaller")


def _converted(image: Image.Image, steps: list[str]) -> ReadPicture:
    """Convert the first frame to RGBA in sRGB, upright."""
    if getattr(image, "is_animated", False) and image.format != "MPO":  # a phone's JPEG may hold a second one
        steps.append("taken from the first of several frames")
    image.load()
    if has_wide_numbers(image.mode):
        pixels, how = from_numbers(np.asarray(image))
        rgba = Image.fromarray(pixels).convert("RGBA")
        steps += [how] * bool(how)
    else:
        rgba = image.convert("RGBA")
        color = _in_srgb(image, rgba)
        if color is not None:
            color.putalpha(rgba.getchannel("A"))
            steps += ["converted from its colour profile"] * _differ(color, rgba)
            rgba = color
    # After loading, because Pillow then has turned a TIFF by itself and forgotten its tag.
    turn = UPRIGHT.get(_orientation(image))
    if turn is not None:
        rgba = rgba.transpose(turn)
        steps.append("turned upright by its Exif tag")
    return ReadPicture(np.array(rgba, np.uint8), tuple(steps))


def _in_srgb(image: Image.Image, rgba: Image.Image) -> Image.Image | None:
    """Convert the colours to sRGB by the ICC profile in the file; None without one that fits."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    mode = {"L": "L", "LA": "L", "1": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
    source = image.convert(mode) if mode != "RGB" else rgba.convert("RGB")
    try:
        given, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(source, given, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError):
        return None  # a damaged profile, or one of other channels: the colours are taken as they are


def _differ(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures differ enough to be seen."""
    few = (slice(None, None, 4), slice(None, None, 4))
    a, b = (np.asarray(image)[few].astype(np.int16) for image in (one, other))
    return bool(np.abs(a - b).max() > SAME_COLOR)


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # readers of damaged metadata raise any kind of error
        return 1
    return found if isinstance(found, int) else 1

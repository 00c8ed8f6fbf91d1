"""Reads untrusted pictures: limits their size, and makes them sRGB and upright. No Qt.

Only the formats listed here are decoded; nothing that could be a pickle or a script is opened.
"""

import io
import stat
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin, UnidentifiedImageError, features

from desktop.images.gray_levels import from_numbers, has_wide_numbers
from desktop.images.picture_kinds import KINDS_IN_WORDS, MAX_FILE_BYTES, ImageError, ReadPicture, kind_of

MAX_PIXELS = 25_000_000
# Pillow warns about sizes that this program itself writes. Here sizes are checked before pixels are decoded.
Image.MAX_IMAGE_PIXELS = None
# Pillow refuses a picture for a text or profile of more than 1 MiB; all texts together have their limit.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
# Pillow's names of the formats that are decoded.
FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".avif": "AVIF",
}
REDUCED_JPEG = 4  # a JPEG of up to this many times MAX_PIXELS is decoded at half its width and height
# The transformation for each Exif orientation, as in Pillow's own ImageOps.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SAME_COLOR = 8  # of 255; a profile that changes no colour by more than this is not mentioned


def read_image(path: Path) -> ReadPicture:
    """Read the first frame of a picture file.

    Raises ImageError if the file is not a supported picture, is too large or is damaged, and OSError if it
    cannot be read.
    """
    status = path.stat()
    size_bytes = status.st_size
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(
            f"{path}: found something other than a regular file, expected a picture; choose another"
        )
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
            words = "its header cannot be read"
        raise ImageError(f"{where}: found a damaged picture ({words}), expected an intact one") from error


def _reduce(image: Image.Image, where: str) -> list[str]:
    """Refuse a picture with too many pixels before any is decoded; set a JPEG to be decoded at half size."""
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
    # MPO is a phone's JPEG with further pictures in it.
    if getattr(image, "is_animated", False) and image.format != "MPO":
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
    # After loading, because Pillow rotates a TIFF while loading it, and then removes the tag.
    turn = UPRIGHT.get(_orientation(image))
    if turn is not None:
        rgba = rgba.transpose(turn)
        steps.append("turned upright by its Exif tag")
    return ReadPicture(np.array(rgba, np.uint8), tuple(steps))


def _in_srgb(image: Image.Image, rgba: Image.Image) -> Image.Image | None:
    """Convert the colours to sRGB by the ICC profile in the file; None without a usable profile."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    mode = {"L": "L", "LA": "L", "1": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
    source = image.convert(mode) if mode != "RGB" else rgba.convert("RGB")
    try:
        given, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(source, given, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError):
        return None  # the profile is damaged or has other channels, so the colours stay as they are


def _differ(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures differ visibly."""
    few = (slice(None, None, 4), slice(None, None, 4))
    a, b = (np.asarray(image)[few].astype(np.int16) for image in (one, other))
    return bool(np.abs(a - b).max() > SAME_COLOR)


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # readers of damaged metadata raise any kind of error
        return 1
    return found if isinstance(found, int) else 1

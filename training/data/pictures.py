"""Reads one picture file of any usual kind, and gives it the form of a dataset.

The viewer reads pictures in the same way (`desktop/images/read_image.py`): by content and not by name, turned
upright, in sRGB, the first of several frames. Neither package may import the other; a test compares the two.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageColor, ImageOps, PngImagePlugin, UnidentifiedImageError, features

from training.data.form import Form

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
IN_WORDS = "PNG, JPEG, WebP, BMP, GIF, TIFF or AVIF"
MAX_PIXELS = 80_000_000
# Turns off Pillow's own warning of large pictures: sizes are checked here before pixels are decoded.
Image.MAX_IMAGE_PIXELS = None
# Pillow refuses a PNG with a text or profile of more than 1 MiB; its limit for all texts together is enough.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
# The largest numbers of the bit depths that cameras, scanners and microscopes use.
DEPTHS = (8, 10, 12, 14, 16)
# A JPEG is decoded at no more than about this many times the side that is wanted.
SPARE = 2
# Channels of a grey picture differ by no more than this: JPEGs do not keep grey exactly.
SAME_GREY = 8


class PictureError(Exception):
    """A picture cannot be read; the message says why, without the picture's name."""


def decode(data: bytes, side_px: int | None = None) -> Image.Image:
    """A picture file's first frame: mode L, RGB or RGBA, upright and in sRGB.

    A JPEG much larger than `side_px`, the side that is needed, is decoded at a lower resolution. Raises
    PictureError.
    """
    if not data:
        raise PictureError("found an empty file, expected a picture")
    try:
        # Older versions of Pillow do not know AVIF, and asking them for it is an error.
        is_avif = data[4:8] == b"ftyp" and features.check("avif")
        with Image.open(io.BytesIO(data), formats=("AVIF",) if is_avif else FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(
                    f"found {image.width:,} × {image.height:,} pixels, expected at most {MAX_PIXELS:,}"
                )
            if side_px is not None and image.format in ("JPEG", "MPO"):
                image.draft(None, (SPARE * side_px, SPARE * side_px))
            image.load()
            return _plain(ImageOps.exif_transpose(image))
    except PictureError:
        raise
    except UnidentifiedImageError as error:  # its message names an object in memory, which helps nobody
        raise PictureError(f"found no picture, expected {IN_WORDS}") from error
    except Exception as error:  # a decoder can raise any kind of error for a damaged picture
        words = " ".join(str(error).split())[:120] or type(error).__name__
        raise PictureError(f"found a damaged picture ({words})") from error


def from_array(pixels: NDArray[np.uint8]) -> Image.Image:
    """The picture of an array uint8 [C, H, W] with one or three channels."""
    return Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def is_coloured(image: Image.Image) -> bool:
    """Whether the channels of a picture differ visibly where it is not transparent."""
    if image.mode == "L":
        return False
    pixels = np.asarray(image)
    colours = pixels[..., :3].astype(np.int16)
    spread = colours.max(axis=-1) - colours.min(axis=-1)
    if image.mode == "RGBA":
        spread = spread[pixels[..., 3] > 0]
    return bool(spread.size and spread.max() > SAME_GREY)


def in_form(image: Image.Image, form: Form) -> NDArray[np.uint8]:
    """A result of `decode` or `from_array` in a form with a size and channels: uint8 [C, H, W].

    The numbers are 0 to 255, or 0 and 1 if the form has a threshold.
    """
    assert form.size is not None
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, form.background), image)
    image = image.convert("L" if form.channels == 1 else "RGB")
    width_by_height = form.size[::-1]
    if image.size != width_by_height:
        smooth = Image.Resampling.LANCZOS
        if form.crop == "pad":
            color = ImageColor.getcolor(form.background, image.mode)
            image = ImageOps.pad(image, width_by_height, smooth, color=color)
        else:
            image = ImageOps.fit(image, width_by_height, smooth)
    planes = np.asarray(image).reshape(*form.size, -1).transpose(2, 0, 1)
    return thresholded(planes, form.threshold) if form.threshold else np.ascontiguousarray(planes)


def thresholded(images: NDArray[np.uint8], threshold: float) -> NDArray[np.uint8]:
    """Bytes as 0 and 1: 1 where pixel/255 > threshold."""
    # A table of all bytes is quicker than a division.
    above: NDArray[np.uint8] = (np.arange(256) / 255 > threshold).astype(np.uint8)
    return above[images]


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_bytes_of(np.asarray(image)))
    see_through = image.has_transparency_data
    plain = image.convert("RGBA" if see_through else "L" if image.mode in ("1", "L") else "RGB")
    coloured = _in_srgb(image, plain)
    if coloured is None:
        return plain
    if see_through:
        coloured.putalpha(plain.getchannel("A"))
    return coloured


def _in_srgb(image: Image.Image, plain: Image.Image) -> Image.Image | None:
    """The colours in sRGB by the ICC profile in the file; None without one that fits."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    mode = {"L": "L", "LA": "L", "1": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
    source = image.convert(mode) if mode != "RGB" else plain.convert("RGB")
    try:
        given, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(source, given, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError):
        return None  # a damaged profile, or one for other channels: the colours are taken as they are


def _bytes_of(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """uint8 [H, W] for whole numbers or floats [H, W].

    Floats from 0 to 1, floats from 0 whose largest is 128 to 255, and whole numbers of a usual bit depth keep
    their levels. Other numbers are stretched: the least becomes black and the largest white. Numbers that are
    not finite become black.
    """
    levels: NDArray[Any] = numbers.astype(np.float32 if numbers.dtype.itemsize <= 2 else np.float64)
    levels[~np.isfinite(levels)] = np.nan
    if np.isnan(levels).all():
        return np.zeros(numbers.shape, np.uint8)
    low, high = float(np.nanmin(levels)), float(np.nanmax(levels))
    whole = numbers.dtype.kind in "iu"
    depth = next((bits for bits in DEPTHS if high < 2**bits), None)
    if low >= 0 and high <= 1 and not whole:
        low, high = 0.0, 1.0
    elif low >= 0 and depth is not None and (whole or 128 <= high <= 255):
        low, high = 0.0, 2.0**depth - 1
    shares = np.nan_to_num((levels - low) / max(high - low, 1e-30), nan=0.0)
    result: NDArray[np.uint8] = np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)
    return result

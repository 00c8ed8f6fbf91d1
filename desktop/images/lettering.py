"""The letters that are drawn into pictures of pictures, bright on a dark ground. No Qt."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

GROUND, INK = 16, 240


@cache
def font(size_px: int) -> "FreeTypeFont":
    """The font that comes with pillow."""
    from PIL import ImageFont  # not before something is written

    found = ImageFont.load_default(size_px)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def drawable(text: str) -> str:
    """Replace every letter that the font lacks by a question mark."""
    minus = text.replace("−", "-").replace("×", "x")
    return "".join(letter if _has(letter) else "?" for letter in " ".join(minus.split()))


@cache
def _has(letter: str) -> bool:
    missing = font(13).getmask("\uffff")
    found = font(13).getmask(letter)
    return letter.isspace() or (found.size, bytes(found)) != (missing.size, bytes(missing))

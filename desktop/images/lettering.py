"""The letters in sheets and animations, bright on a dark background. No Qt."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

GROUND, INK = 16, 240


@cache
def font(size_px: int) -> "FreeTypeFont":
    """The font that comes with pillow."""
    from PIL import ImageFont  # imported only when text is drawn

    found = ImageFont.load_default(size_px)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def drawable(text: str) -> str:
    """Replace letters that the font lacks by question marks."""
    minus = text.replace("−", "-").replace("×", "x")
    return "".join(letter if _has(letter) else "?" for letter in " ".join(minus.split()))


@cache
def _has(letter: str) -> bool:
    missing = font(13).getmask("\uffff")
    found = font(13).getmask(letter)
    return letter.isspace() or (found.size, bytes(found)) != (missing.size, bytes(missing))

"""Captions under the frames of an animation, drawn without Qt."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from desktop.base.arrays import Bytes
from desktop.images.lettering import GROUND, INK, drawable, font

TEXT_PX, LINE_PX, MARGIN_PX = 13, 17, 4
SEPARATOR = "   "


class CaptionStrip:
    """Draws a strip of text under each frame; all strips have the same height, so that the picture stays put.

    If the frame is too narrow, a text breaks between its parts, then between words. A word that is wider than
    the frame is cut off.
    """

    def __init__(self, texts: Sequence[Sequence[str]], width_px: int) -> None:
        self._width_px = width_px
        self._lines = [_broken(parts, width_px - 2 * MARGIN_PX) for parts in texts]
        most = max(map(len, self._lines), default=0)
        self.height_px = most * LINE_PX + 2 * MARGIN_PX if most else 0

    def under(self, picture: Bytes, index: int) -> Bytes:
        """Return frame number `index`, uint8 [H, W(, C)], with its text below."""
        if not self.height_px:
            return picture
        strip = self._strip(index)
        if picture.ndim == 3:
            strip = np.repeat(strip[..., np.newaxis], picture.shape[2], axis=2)
            strip[..., 3:] = 255
        return np.concatenate([picture, strip])

    def _strip(self, index: int) -> Bytes:
        image = Image.new("L", (self._width_px, self.height_px), GROUND)
        draw = ImageDraw.Draw(image)
        for row, line in enumerate(self._lines[index]):
            place = (MARGIN_PX, MARGIN_PX + row * LINE_PX + LINE_PX // 2)
            draw.text(place, line, fill=INK, font=font(TEXT_PX), anchor="lm")
        return np.asarray(image)


def caption_number(value: float) -> str:
    """Format a number with two decimals; −0.00 becomes 0.00, because the sign would flicker."""
    return f"{value:z.2f}"


def _broken(parts: Sequence[str], width_px: float) -> list[str]:
    """Break the parts into as few lines as possible."""
    lines: list[str] = []
    for part in filter(None, map(drawable, parts)):
        joined = f"{lines[-1]}{SEPARATOR}{part}" if lines else ""
        if joined and font(TEXT_PX).getlength(joined) <= width_px:
            lines[-1] = joined
            continue
        words = part.split()
        lines.append(_cut(words[0], width_px))
        for word in words[1:]:
            longer = f"{lines[-1]} {word}"
            if font(TEXT_PX).getlength(longer) <= width_px:
                lines[-1] = longer
            else:
                lines.append(_cut(word, width_px))
    return lines


def _cut(word: str, width_px: float) -> str:
    while len(word) > 1 and font(TEXT_PX).getlength(word) > width_px:
        word = word[:-1]
    return word

"""Writes titles of rows and columns at the edges of a sheet of pictures. No Qt."""

import math
from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Bytes
from desktop.base.machine import free_memory_bytes
from desktop.images.lettering import GROUND, INK, drawable, font
from desktop.images.room import RoomError, why_not

# The letters' size is this share of a picture's height, within these limits.
LETTER_SHARE, LEAST_PX, MOST_PX = 0.25, 11, 26


@dataclass(frozen=True)
class Titles:
    """The titles before each row, which may have several lines, and above each column."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]


def titled(sheet: Bytes, titles: Titles) -> Bytes:
    """Return a sheet uint8 [H, W(, C)] with its titles to the left and above; its own pixels stay the same.

    If there is no room for all, only every second, third, … title is written, and only the first lines.
    Raises RoomError if the result is too large.
    """
    from PIL import Image, ImageDraw  # imported only when titles are drawn

    height, width = sheet.shape[:2]
    row_px, column_px = height / len(titles.rows), width / len(titles.columns)
    size = round(min(MOST_PX, max(LEAST_PX, LETTER_SHARE * row_px)))
    letters, line_px, gap_px = font(size), math.ceil(1.25 * size), math.ceil(size / 2)
    rows = [[drawable(line) for line in title.split("\n")] for title in titles.rows]
    rows = [lines[: max(1, int(row_px // line_px))] for lines in rows]
    columns = list(map(drawable, titles.columns))
    widest = max(map(letters.getlength, columns))
    left = math.ceil(max(letters.getlength(line) for lines in rows for line in lines)) + 2 * gap_px
    top = line_px + gap_px
    right = max(0, math.ceil((widest - column_px) / 2))  # the last title may be wider than its column
    shape = (top + height, left + width + right)
    if reason := why_not(shape[1], shape[0], math.prod(shape) * 4, free_memory_bytes()):
        raise RoomError(f"{reason}; leave out the titles or choose a smaller scale")
    image = Image.new("L", shape[::-1], GROUND)
    draw = ImageDraw.Draw(image)
    for index in range(0, len(rows), max(1, math.ceil(line_px / row_px))):
        middle, lines = top + (index + 0.5) * row_px, rows[index]
        for number, line in enumerate(lines):
            y = middle + (number - (len(lines) - 1) / 2) * line_px
            draw.text((left - gap_px, y), line, fill=INK, font=letters, anchor="rm")
    for index in range(0, len(columns), max(1, math.ceil((widest + gap_px) / column_px))):
        place = left + (index + 0.5) * column_px, top - gap_px / 2
        draw.text(place, columns[index], fill=INK, font=letters, anchor="mb")
    found = np.asarray(image)
    if sheet.ndim == 3:
        found = np.repeat(found[..., np.newaxis], sheet.shape[2], axis=2)
        found[..., 3:] = 255
    else:
        found = found.copy()
    found[top:, left : left + width] = sheet
    return found

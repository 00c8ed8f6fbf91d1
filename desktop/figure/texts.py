"""Measures and breaks the texts of a figure. No Qt."""

import re
from functools import cache, lru_cache
from typing import Any

ELLIPSIS = "…"
# The font that comes with Matplotlib.
FAMILY = "DejaVu Sans"
# A number stays with its unit and its error: "99 %", "−143.25 ± 0.56 nats".
KEPT_TOGETHER = re.compile(r"(?<=\d) (?=(%|nats\b|±))|(?<=±) ")
NO_BREAK = "\0"  # stands for a space at which no line ends


def width_px(text: str, size_px: float, is_bold: bool = False) -> float:
    """The width of a text in pixels at scale 1."""
    return _width(drawable(text), size_px, is_bold)


def wrapped(text: str, most_px: float, size_px: float) -> list[str]:
    """Break a text into lines no wider than `most_px`, at spaces; its own line breaks stay.

    No line ends between a number and its unit.
    """
    lines: list[str] = []
    for paragraph in text.strip().splitlines():
        line = ""
        for kept in KEPT_TOGETHER.sub(NO_BREAK, paragraph).split():
            word = kept.replace(NO_BREAK, " ")
            longer = f"{line} {word}" if line else word
            if line and width_px(longer, size_px) > most_px:
                lines.append(line)
                longer = word
            line = shortened(longer, most_px, size_px)
        lines.append(line)
    return lines


def within_lines(text: str, most_px: float, size_px: float, most_lines: int) -> list[str]:
    """Break a text into at most `most_lines` lines; clauses at the end that do not fit are left out."""
    lines = wrapped(text, most_px, size_px)
    clauses = re.split(r"(?<=[;.]) ", text.strip())
    while len(lines) > most_lines and len(clauses) > 1:
        clauses.pop()
        lines = wrapped(f"{' '.join(clauses)} {ELLIPSIS}", most_px, size_px)
    if len(lines) > most_lines:
        lines = lines[:most_lines]
        lines[-1] = shortened(lines[-1] + ELLIPSIS, most_px, size_px)
    return lines


def shortened(text: str, most_px: float, size_px: float, is_bold: bool = False) -> str:
    """The text, or if it is wider than `most_px`, as much of its beginning as fits with an ellipsis."""
    if width_px(text, size_px, is_bold) <= most_px:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width_px(text[:middle].rstrip() + ELLIPSIS, size_px, is_bold) <= most_px:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def drawable(text: str) -> str:
    """Replace letters that the font lacks by question marks."""
    return "".join(letter if _has(letter) else "?" for letter in text)


@lru_cache(maxsize=4096)
def _width(text: str, size_px: float, is_bold: bool) -> float:
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(text, _font(size_px, is_bold), ismath=False)
    return float(width)


@lru_cache(maxsize=64)
def _font(size_px: float, is_bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=FAMILY, size=size_px, weight="bold" if is_bold else "normal")


@cache
def _face() -> Any:
    from matplotlib.font_manager import findfont, get_font

    return get_font(findfont(_font(10, False)))


@lru_cache(maxsize=4096)
def _has(letter: str) -> bool:
    return letter.isspace() or bool(_face().get_char_index(ord(letter)))

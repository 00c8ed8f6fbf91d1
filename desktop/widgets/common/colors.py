"""The colours of the canvas, its marks and the labels."""

from PySide6.QtGui import QColor

from desktop.images.label_colors import LABEL_COLORS

CANVAS = QColor("#0e1116")
SHADE = QColor(14, 17, 22, 205)  # darkens the ground, so that text on it is readable
# Behind the names of groups. Denser than SHADE, to keep all colours readable, even over white pictures.
PLATE = QColor(14, 17, 22, 250)
UNKNOWN = QColor(14, 17, 22, 120)  # over unknown pixels, whatever their colour
CARD = QColor(14, 17, 22)
# Behind transparent pictures. Black and white stand out from both; their mean is `pixels.BEHIND_GRAY`.
CHECKS = (QColor("#6e6e6e"), QColor("#929292"))
AXIS = QColor("#aab4c0")
CURSOR = QColor("#ffffff")
PATH = QColor("#ffd166")
BOOKMARK = QColor("#f4f7fb")
PRIOR = QColor(255, 255, 255, 190)
ENCODED = QColor("#ffffff")
TRUE_POSTERIOR = QColor("#ff7a52")
HATCH = QColor(255, 255, 255, 95)
HATCH_EDGE = QColor(255, 255, 255, 140)

LABELS = tuple(map(QColor, LABEL_COLORS))


def label_color(label: int) -> QColor:
    """Return the colour of a label; the colours repeat after ten."""
    return LABELS[label % len(LABELS)]


def luminance(color: QColor) -> float:
    """Return the relative luminance of a colour, from 0 to 1 (WCAG 2.2)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (color.redF(), color.greenF(), color.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable_on(color: QColor) -> str:
    """Return the text colour, black or white, that is more readable on a colour."""
    return max("#101010", "#ffffff", key=lambda text: contrast(QColor(text), color))

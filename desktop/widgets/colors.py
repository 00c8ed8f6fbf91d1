"""The colours of labels and of the canvas."""

from PySide6.QtGui import QColor

CANVAS = QColor("#0e1116")
SHADE = QColor(14, 17, 22, 205)  # the canvas over something, so that what is on it can be read
AXIS = QColor("#aab4c0")
CURSOR = QColor("#ffffff")
PATH = QColor("#ffd166")

# Ten hues of unlike lightness, so that they also differ for people who see fewer hues; on the plane each
# group carries its label as well.
LABELS = tuple(
    QColor(name)
    for name in (
        "#4e9bff",
        "#ff9f3d",
        "#3fd17a",
        "#ff5d5d",
        "#b88cff",
        "#c98a5e",
        "#ff9be0",
        "#b9c2cc",
        "#e6df45",
        "#36d6e7",
    )
)


def label_color(label: int) -> QColor:
    """The colour of a label; they repeat after ten."""
    return LABELS[label % len(LABELS)]

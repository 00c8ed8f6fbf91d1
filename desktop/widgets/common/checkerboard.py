"""The checkerboard behind pictures with transparent parts."""

from functools import lru_cache

from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QImage, QPainter

from desktop.widgets.common import colors

CHECK_PX = 8


def draw_checks(painter: QPainter, target: QRectF, image: QImage) -> None:
    """Fill `target` with a checkerboard if `image`, which is drawn next, may be transparent."""
    if not image.hasAlphaChannel():
        return
    painter.save()
    painter.setBrushOrigin(target.topLeft())
    painter.fillRect(target, _checks())
    painter.restore()


@lru_cache(maxsize=1)
def _checks() -> QBrush:
    """Return a brush that repeats four squares."""
    squares = QImage(2 * CHECK_PX, 2 * CHECK_PX, QImage.Format.Format_RGB32)
    squares.fill(colors.CHECKS[0])
    painter = QPainter(squares)
    for corner in (0, CHECK_PX):
        painter.fillRect(corner, corner, CHECK_PX, CHECK_PX, colors.CHECKS[1])
    painter.end()
    return QBrush(squares)

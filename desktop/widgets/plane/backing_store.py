"""The plane's backing store: all but the cursor as one pixmap, so that a move of the cursor only copies."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap, QRegion

# Redrawn parts are widened to whole blocks, so that they include the cursor's next positions.
BLOCK_PX = 128

Compose = Callable[[QPainter, QRectF], None]


class BackingStore:
    """A pixmap of a widget's size that is drawn part by part, as parts are needed.

    Args:
        compose: paints everything within a rectangle.
    """

    def __init__(self, compose: Compose) -> None:
        self._compose = compose
        self._pixmap: QPixmap | None = None
        self._valid = QRegion()

    def forget(self, rect: QRect | None = None) -> None:
        """Mark a part, or everything, to be drawn again at the next paint event."""
        self._valid = QRegion() if rect is None else self._valid - QRegion(rect)

    def paint(
        self, painter: QPainter, region: QRegion, size: QSize, ratio: float, is_kept: bool = False
    ) -> None:
        """Paint a part of the widget; `painter` is clipped to it.

        If everything has changed, as when the view moves, it is painted directly, unless it `is_kept`.
        """
        whole = QRect(0, 0, size.width(), size.height())
        if (
            self._pixmap is None
            or self._pixmap.size() != size * ratio
            or self._pixmap.devicePixelRatio() != ratio
        ):
            self._pixmap = QPixmap(size * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self.forget()
        stale = region - self._valid
        if not is_kept and stale.boundingRect() == whole and stale.rectCount() == 1:
            # While the view moves, everything changes with each frame, so a copy would be no use.
            self._compose(painter, QRectF(whole))
            return
        if not stale.isEmpty():
            for part in _parts(stale):
                part &= whole
                inner = QPainter(self._pixmap)
                inner.setClipRect(part)
                self._compose(inner, QRectF(part))
                inner.end()
                self._valid += QRegion(part)
        painter.drawPixmap(0, 0, self._pixmap)


def _parts(region: QRegion) -> list[QRect]:
    """Return rectangles of whole blocks that contain a region and do not touch.

    When the cursor jumps, only its old and new position have changed, not the part in between.
    """
    parts: list[QRect] = []
    for rect in region:  # type: ignore[attr-defined]  # missing from the stubs
        part = _blocks(rect)
        while near := [other for other in parts if other.intersects(part.adjusted(-1, -1, 1, 1))]:
            for other in near:
                parts.remove(other)
                part |= other
        parts.append(part)
    return parts


def _blocks(rect: QRect) -> QRect:
    """Widen a rectangle to whole blocks."""
    left, top = rect.left() // BLOCK_PX * BLOCK_PX, rect.top() // BLOCK_PX * BLOCK_PX
    right, bottom = (
        -(-(rect.right() + 1) // BLOCK_PX) * BLOCK_PX,
        -(-(rect.bottom() + 1) // BLOCK_PX) * BLOCK_PX,
    )
    return QRect(left, top, right - left, bottom - top)

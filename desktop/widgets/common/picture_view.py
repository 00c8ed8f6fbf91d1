"""Shows one picture as large as fits, with its aspect ratio kept."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from desktop.widgets.common import colors
from desktop.widgets.common.checkerboard import draw_checks
from desktop.widgets.common.plain_text import tip_text
from desktop.widgets.common.qimage import scaled_down


class PictureView(QWidget):
    """Shows a QImage; emits the position of a click as fractions of its width and height."""

    clicked = Signal(float, float)
    drag_wanted = Signal()  # the picture is dragged, for example to another program

    def __init__(self, side_px: int, smooth: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._scaled: QImage | None = None
        self._side_px = side_px
        self._smooth = smooth
        self._pressed_at: QPointF | None = None
        self._tip: Callable[[float, float], str] | None = None
        self.setMinimumSize(min(side_px, 140), min(side_px, 140))

    def set_image(self, image: QImage | None) -> None:
        """Show a picture, or none."""
        self._image, self._scaled = image, None
        self.update()

    def set_tip(self, tip: Callable[[float, float], str]) -> None:
        """Set the function that returns the tool tip at a position, in fractions of width and height."""
        self._tip = tip

    def image(self) -> QImage | None:
        """Return the picture that is shown."""
        return self._image

    def sizeHint(self) -> QSize:
        """Return a square with the requested side."""
        return QSize(self._side_px, self._side_px)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture in the middle of the canvas, on a checkerboard if it is transparent."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colors.CANVAS)
        if self._image is not None:
            hint = QPainter.RenderHint.SmoothPixmapTransform
            target = self._target(self._image)
            draw_checks(painter, target, self._image)
            if target.width() < self._image.width():  # scaled once, not at every paint event
                side_px = round(max(target.width(), target.height()) * self.devicePixelRatioF())
                if self._scaled is None or max(self._scaled.width(), self._scaled.height()) != side_px:
                    self._scaled = scaled_down(self._image, side_px)
                painter.setRenderHint(hint, True)
                painter.drawImage(target, self._scaled)
                return
            painter.setRenderHint(hint, self._smooth)
            painter.drawImage(target, self._image)

    def event(self, event: QEvent) -> bool:
        """Show the tool tip of the position under the pointer."""
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.Type.ToolTip or self._tip is None:
            return super().event(event)
        place = self._place(QPointF(event.pos()))
        text = "" if place is None else self._tip(*place)
        QToolTip.showText(event.globalPos(), tip_text(text), self)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Emit the position of a left click in the picture."""
        place = self._place(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()
            self.clicked.emit(*place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Emit `drag_wanted` once, as soon as a press on the picture has become a drag."""
        if self._pressed_at is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        way = (event.position() - self._pressed_at).manhattanLength()
        if way >= QApplication.startDragDistance():
            self._pressed_at = None
            self.drag_wanted.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the press."""
        self._pressed_at = None

    def _place(self, position: QPointF) -> tuple[float, float] | None:
        """Return a position as fractions of the picture's width and height; None outside of it."""
        if self._image is None or not (target := self._target(self._image)).contains(position):
            return None
        offset = position - target.topLeft()
        return offset.x() / target.width(), offset.y() / target.height()

    def _target(self, image: QImage) -> QRectF:
        scale = min(self.width() / image.width(), self.height() / image.height())
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveCenter(QPointF(self.width() / 2, self.height() / 2))
        return target

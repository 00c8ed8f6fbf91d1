"""One picture, as large as fits, with its aspect kept."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.widgets import colors


class PictureView(QWidget):
    """Shows a QImage; says where in it was clicked, as shares of its width and height."""

    clicked = Signal(float, float)

    def __init__(self, side_px: int, smooth: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._side_px = side_px
        self._smooth = smooth
        self.setMinimumSize(min(side_px, 140), min(side_px, 140))

    def set_image(self, image: QImage | None) -> None:
        """Show a picture, or none."""
        self._image = image
        self.update()

    def image(self) -> QImage | None:
        """The picture that is shown."""
        return self._image

    def sizeHint(self) -> QSize:
        """The side that was asked for."""
        return QSize(self._side_px, self._side_px)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture in the middle of the canvas."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colors.CANVAS)
        if self._image is not None:
            hint = QPainter.RenderHint.SmoothPixmapTransform
            painter.setRenderHint(hint, self._smooth)
            painter.drawImage(self._target(self._image), self._image)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A left click in the picture."""
        if self._image is None or event.button() != Qt.MouseButton.LeftButton:
            return
        target = self._target(self._image)
        if target.contains(event.position()):
            offset = event.position() - target.topLeft()
            self.clicked.emit(offset.x() / target.width(), offset.y() / target.height())

    def _target(self, image: QImage) -> QRectF:
        scale = min(self.width() / image.width(), self.height() / image.height())
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveCenter(QPointF(self.width() / 2, self.height() / 2))
        return target

"""Small keys under the layers' check boxes that explain their colours and hatching."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.base.arrays import Bytes
from desktop.images.density_colors import HIGH_SHARE, LOW_SHARE, color_scale
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage

INDENT_PX = 22
BAR_PX = 10
SWATCH_PX = (26, 13)
KEY_POINT_SIZE = 8.0


class DensityKey(QWidget):
    """The colour scale of the density, from a hundredth of the prior's peak to ten times the peak."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        scale: Bytes = color_scale()[None]
        self._image = to_qimage(scale)
        self.setToolTip("The colours show the density relative to the peak of the prior.")
        self.setAccessibleName(f"Density relative to the prior's peak: {LOW_SHARE:g} to {HIGH_SHARE:g}")
        _make_small(self)

    def sizeHint(self) -> QSize:
        """Return room for a bar, a line of numbers, and their unit."""
        return QSize(200, BAR_PX + 2 * self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar on the canvas colour, as on the plane, with numbers below it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        bar = QRectF(INDENT_PX, 0, self.width() - INDENT_PX, BAR_PX)
        painter.fillRect(bar, colors.CANVAS)
        painter.drawImage(bar, self._image)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        numbers = [f"{LOW_SHARE * 10**power:g}" for power in range(4)]
        line = self.fontMetrics().height()
        for place, text in enumerate(numbers):
            width = self.fontMetrics().horizontalAdvance(text)
            middle = bar.left() + bar.width() * place / (len(numbers) - 1)
            left = min(max(bar.left(), middle - width / 2), bar.right() - width)
            painter.drawText(QRectF(left, BAR_PX + 1, width + 4, line), text)
        box = QRectF(bar.left(), BAR_PX + 1 + line, bar.width(), line)
        painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, "× peak of the prior")


class HolesKey(QWidget):
    """A hatched swatch with its meaning."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = "q(z) below 1/10 of the prior, within its 99 %"
        self.setToolTip(
            "Here q(z) is less than a tenth of p(z), inside the contour that contains 99 % of the prior:\n"
            "samples from the prior fall here, but almost no images do."
        )
        self.setAccessibleName(f"Hatched: {self._words}")
        _make_small(self)

    def sizeHint(self) -> QSize:
        """Return room for one line."""
        return QSize(200, max(SWATCH_PX[1], self.fontMetrics().height()) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the swatch as holes are drawn on the plane."""
        painter = QPainter(self)
        swatch = QRectF(INDENT_PX + 0.5, 0.5, *SWATCH_PX)
        painter.fillRect(swatch, colors.CANVAS)
        painter.setPen(QPen(colors.HATCH_EDGE, 1))
        painter.setBrush(QBrush(colors.HATCH, Qt.BrushStyle.BDiagPattern))
        painter.drawRect(swatch)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        text = QRectF(swatch.right() + 6, 0, self.width() - swatch.right() - 6, self.height())
        words = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, words)


def _make_small(widget: QWidget) -> None:
    font = widget.font()
    font.setPointSizeF(KEY_POINT_SIZE)
    widget.setFont(font)
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

"""Small legends under the layers' check boxes, which explain colours and hatching."""

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
LEGEND_POINT_SIZE = 8.0


class DensityLegend(QWidget):
    """The colour scale of the density, from a hundredth of the prior's peak to ten times the peak."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        scale: Bytes = color_scale()[None]
        self._image = to_qimage(scale)
        self._unit = ""
        self.set_map(is_projected=False, is_smoothed=False)
        _make_small(self)

    @property
    def unit(self) -> str:
        """The text below the numbers."""
        return self._unit

    def set_map(self, is_projected: bool, is_smoothed: bool) -> None:
        """Set whether the density is projected from more dimensions, and smoothed."""
        self._unit = "× peak of the prior" + (", projected" if is_projected else "")
        self._unit += "; smoothed" if is_smoothed else ""
        tip = "The colours show the density relative to the peak of the prior."
        if is_projected:
            tip += "\nBoth are projected on the plane, from all latent dimensions."
        if is_smoothed:
            tip += (
                "\nMany posteriors are narrower than can be drawn at this zoom, so their peaks are too low.\n"
                "Zoom in to see them as they are."
            )
        self.setToolTip(tip)
        name = "Smoothed density" if is_smoothed else "Density"
        self.setAccessibleName(f"{name} relative to the prior's peak: {LOW_SHARE:g} to {HIGH_SHARE:g}")
        self.update()

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
        painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, self._unit)


class HolesLegend(QWidget):
    """A hatched swatch with its meaning."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._has_too_few = "", False
        self.set_map(0, has_too_few=False)
        _make_small(self)

    @property
    def words(self) -> str:
        """The text beside the swatch, or in its place."""
        return self._words

    def set_map(self, count: int, has_too_few: bool) -> None:
        """Say what is hatched, or that the images are too few to draw holes."""
        self._has_too_few = has_too_few
        if has_too_few:
            self._words = f"None drawn: {count:,} images are too few"
            self.setToolTip(
                "With so few images and so narrow posteriors, much of the prior would be hatched by chance,\n"
                "however well the posteriors agree with it."
            )
        else:
            self._words = "q(z) below 1/10 of the prior, within its 99 %"
            self.setToolTip(
                "Here q(z) is less than a tenth of p(z), inside the contour that contains 99 % of the\n"
                "prior: samples from the prior fall here, but almost no images do."
            )
        self.setAccessibleName(self._words if has_too_few else f"Hatched: {self._words}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for one line."""
        return QSize(200, max(SWATCH_PX[1], self.fontMetrics().height()) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the swatch as holes are drawn on the plane."""
        painter = QPainter(self)
        left = float(INDENT_PX)
        if not self._has_too_few:
            swatch = QRectF(INDENT_PX + 0.5, 0.5, *SWATCH_PX)
            painter.fillRect(swatch, colors.CANVAS)
            painter.setPen(QPen(colors.HATCH_EDGE, 1))
            painter.setBrush(QBrush(colors.HATCH, Qt.BrushStyle.BDiagPattern))
            painter.drawRect(swatch)
            left = swatch.right() + 6
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        text = QRectF(left, 0, self.width() - left, self.height())
        words = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, words)


def _make_small(widget: QWidget) -> None:
    font = widget.font()
    font.setPointSizeF(LEGEND_POINT_SIZE)
    widget.setFont(font)
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

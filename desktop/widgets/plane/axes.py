"""Draws the plane's axes: ticks and numbers along two edges, and a scale bar."""

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen, QPixmap

from desktop.latent.chart import AxisScale, Chart, Projection
from desktop.latent.plane import ticks
from desktop.latent.prior import PriorKind
from desktop.widgets.common import colors

TICK_POINT_SIZE = 8.5
MARGIN_LEFT_PX, MARGIN_BOTTOM_PX = 44, 22
TICK_EVERY_PX = 90
TICK_PX = 4
SCALE_BAR_PX = 110
# All of the axes stays within these margins of the view.
LEFT_PX, BOTTOM_PX = 160, 60


class Axes:
    """The axes, kept as two strips while the same part of the plane is in view."""

    def __init__(self) -> None:
        self._of: tuple[Projection, float] | None = None
        self._strips: list[tuple[QPointF, QPixmap]] = []

    def paint(self, painter: QPainter, projection: Projection, ratio: float, area: QRectF) -> None:
        """Paint what of the axes meets an area."""
        width, height = projection.size_px
        places = (
            QRectF(0, 0, min(LEFT_PX, width), max(1, height - BOTTOM_PX)),
            QRectF(0, max(0, height - BOTTOM_PX), width, BOTTOM_PX),
        )
        if not any(place.intersects(area) for place in places):
            return
        if self._of != (projection, ratio):  # while the view moves, strips would be used once
            self._of, self._strips = (projection, ratio), []
            draw_axes(painter, projection)
            return
        if not self._strips:
            self._strips = [(place.topLeft(), _strip(projection, place, ratio)) for place in places]
        for corner, strip in self._strips:
            painter.drawPixmap(corner, strip)


def _strip(projection: Projection, place: QRectF, ratio: float) -> QPixmap:
    strip = QPixmap(math.ceil(place.width() * ratio), math.ceil(place.height() * ratio))
    strip.setDevicePixelRatio(ratio)
    strip.fill(Qt.GlobalColor.transparent)
    painter = QPainter(strip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-place.topLeft())
    draw_axes(painter, projection)
    painter.end()
    return strip


def _axis_names(chart: Chart) -> str:
    axes = chart.plane.axes
    right, up = ("a", "b") if axes is None else (f"z{axes[0]}", f"z{axes[1]}")
    if chart.scale is AxisScale.QUANTILES:
        name = "Φ" if chart.prior.kind is PriorKind.NORMAL else "F"
        right, up = f"{name}({right})", f"{name}({up})"
    return f"{right} →" if chart.plane.is_line else f"{up} ↑  {right} →"


def tick_texts(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return at most `most` round numbers from low to high, with enough decimals to tell them apart."""
    values = ticks(low, high, most)
    if len(values) < 2:
        return [(value, f"{value:.6g}") for value in values]
    step = values[1] - values[0]
    if max(map(abs, values)) >= 1e6:
        return [(value, f"{value:.6g}") for value in values]
    decimals = max(0, -math.floor(math.log10(step) + 1e-6))
    return [(value, f"{value + 0.0:.{decimals}f}".replace("-", "−")) for value in values]


def draw_axes(painter: QPainter, projection: Projection) -> None:
    """Draw ticks and numbers along the left and the lower edge, on readable strips, and a scale bar."""
    left, bottom, right, top = projection.edges
    limits = projection.chart.limits
    if limits is not None:
        left, bottom = max(left, limits[0]), max(bottom, limits[1])
        right, top = min(right, limits[2]), min(top, limits[3])
    width, height = map(int, projection.size_px)
    floor = height - MARGIN_BOTTOM_PX
    font = painter.font()
    font.setPointSizeF(TICK_POINT_SIZE)
    font.setBold(False)
    painter.setFont(font)
    texts = _Texts(painter, font)
    upward = (
        tick_texts(bottom, top, max(2, height // TICK_EVERY_PX)) if not projection.chart.plane.is_line else []
    )
    widest = max((texts.width(text) for _, text in upward), default=0)
    margin = max(MARGIN_LEFT_PX, widest + 3 * TICK_PX) if upward else 0
    painter.fillRect(QRectF(0, floor, width, MARGIN_BOTTOM_PX), colors.SHADE)
    painter.fillRect(QRectF(0, 0, margin, floor), colors.SHADE)
    painter.setPen(colors.AXIS)
    names = _axis_names(projection.chart)
    texts.draw(6, height - 6, names)
    names_end_px = 6 + texts.width(names)
    across = tick_texts(left, right, max(2, width // TICK_EVERY_PX))
    least = 1.2 * max((texts.width(text) for _, text in across), default=0)
    end_px: float = names_end_px + 6
    for value, text in across:
        x = float(projection.view_px((value, 0))[0])
        text_x = x - texts.width(text) / 2
        painter.drawLine(QPointF(x, floor), QPointF(x, floor + TICK_PX))
        if text_x > end_px and text_x + least / 1.2 < width:
            texts.draw(text_x, height - 6, text)
            end_px = text_x + least
    for value, text in upward:
        y = float(projection.view_px((0, value))[1])
        if texts.height / 2 < y < floor - texts.height / 2:
            painter.drawLine(QPointF(margin - TICK_PX, y), QPointF(margin, y))
            text_x = margin - 2 * TICK_PX - texts.width(text)
            texts.draw(text_x, y + texts.ascent / 2 - 1, text)
    if projection.chart.scale is AxisScale.LINEAR:
        _draw_scale_bar(painter, projection, floor, texts)


def _draw_scale_bar(painter: QPainter, projection: Projection, floor: int, texts: "_Texts") -> None:
    """Draw a bar that shows the length of a round number in z."""
    units = projection.viewport.units_per_px(projection.size_px)
    longest = SCALE_BAR_PX * units
    power = 10.0 ** math.floor(math.log10(longest))
    length = next(m * power for m in (5, 2, 1) if m * power <= longest * (1 + 1e-9))
    text = f"{length:.6g}".replace("-", "−")
    bar, word = length / units, texts.width(text)
    box = QRectF(0, 0, bar + word + 22, texts.height + 6)
    box.moveBottomRight(QPointF(projection.size_px[0] - 8, floor - 8))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.SHADE)
    painter.drawRoundedRect(box, 5, 5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colors.AXIS, 1))
    x, y = round(box.left() + 8) + 0.5, round(box.center().y()) + 0.5
    painter.drawLine(QPointF(x, y), QPointF(x + bar, y))
    for end in (x, x + bar):
        painter.drawLine(QPointF(end, y - 3), QPointF(end, y + 3))
    texts.draw(x + bar + 6, box.center().y() + texts.ascent / 2 - 1, text)


class _Texts:
    """Draws short texts, and copies those that were drawn before: shaping them takes most of the time."""

    def __init__(self, painter: QPainter, font: QFont) -> None:
        self._painter = painter
        self._font_text = font.toString()
        self._ratio = painter.device().devicePixelRatio()
        metrics = QFontMetrics(font)
        self.ascent, self.height = metrics.ascent(), metrics.height()

    def width(self, text: str) -> int:
        """Return how far a text reaches to the right."""
        return _drawn_text(text, self._font_text, colors.AXIS.rgba(), self._ratio)[1]

    def draw(self, x: float, baseline: float, text: str) -> None:
        """Draw a text on whole device pixels."""
        image, _ = _drawn_text(text, self._font_text, colors.AXIS.rgba(), self._ratio)
        left, top = round((x - 1) * self._ratio), round((baseline - self.ascent) * self._ratio)
        self._painter.drawImage(QPointF(left, top) / self._ratio, image)


@lru_cache(maxsize=1024)
def _drawn_text(text: str, font_text: str, color: int, ratio: float) -> tuple[QImage, int]:
    """Return a text with a margin of a pixel at its sides, and its width without it."""
    font = QFont()
    font.fromString(font_text)
    metrics = QFontMetrics(font)
    width = metrics.horizontalAdvance(text)
    image = QImage(
        math.ceil((width + 2) * ratio),
        math.ceil(metrics.height() * ratio),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(QColor.fromRgba(color))
    painter.drawText(QPointF(1, metrics.ascent()), text)
    painter.end()
    return image, width

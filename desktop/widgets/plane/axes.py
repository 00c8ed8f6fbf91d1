"""Draws the plane's axes: ticks and numbers along two edges, their meaning, and a scale bar."""

import math
from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from desktop.base.minus import with_minus
from desktop.latent.axis_texts import axis_names, axis_words, tick_texts
from desktop.latent.chart import AxisScale, Projection
from desktop.widgets.common import colors
from desktop.widgets.common.plain_text import tip_text

TICK_POINT_SIZE = 8.5
MARGIN_LEFT_PX, MARGIN_BOTTOM_PX = 44, 22
EDGE_PX = 2  # the least distance of texts from the plane's edges
TICK_EVERY_PX = 90
TICK_PX = 4
SCALE_BAR_PX = 110
AWAY_PX, LEAST_WORDS_PX = 8, 80  # the distance of boxes from the strips; the least room for words
A_AND_B = "a and b are coordinates on the plane, in units of z, along two directions at a right angle."


def text_room(width_px: float, height_px: float) -> QRectF:
    """Return the room for texts on a plane of this size: off the axes and the edges."""
    return QRectF(0, 0, width_px, height_px).adjusted(MARGIN_LEFT_PX, EDGE_PX, -EDGE_PX, -MARGIN_BOTTOM_PX)


class Axes:
    """The axes of the part of the plane in view, which are laid out once and painted part by part."""

    def __init__(self) -> None:
        self._of: tuple[Projection, float] | None = None
        self._marks: _Marks | None = None

    def paint(self, painter: QPainter, projection: Projection, ratio: float, area: QRectF) -> None:
        """Paint the part of the axes in an area."""
        if self._marks is None or self._of != (projection, ratio):
            self._of, self._marks = (projection, ratio), _laid_out(projection, painter.font(), ratio)
        self._marks.paint(painter, area)

    @property
    def boxes(self) -> list[QRectF]:
        """The boxes over the plane itself: the meaning of the axes, and the scale bar."""
        return [] if self._marks is None else self._marks.boxes

    @property
    def strips(self) -> list[QRectF]:
        """The strips behind the axes' numbers."""
        return [] if self._marks is None else self._marks.strips

    def tip_at(self, position: QPointF) -> str:
        """Return the tool tip of the axis whose name is at a pixel; empty for none."""
        tips = [] if self._marks is None else self._marks.tips
        return tip_text(next((tip for box, tip in tips if box.contains(position)), ""))


@dataclass
class _Marks:
    """The laid-out axes: strips and boxes behind texts, lines, and texts with their positions."""

    strips: list[QRectF] = field(default_factory=list)
    boxes: list[QRectF] = field(default_factory=list)
    lines: list[QLineF] = field(default_factory=list)
    texts: list[tuple[QPointF, QImage]] = field(default_factory=list)
    tips: list[tuple[QRectF, str]] = field(default_factory=list)

    def paint(self, painter: QPainter, area: QRectF) -> None:
        for strip in self.strips:
            painter.fillRect(strip, colors.SHADE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.SHADE)
        for box in self.boxes:
            painter.drawRoundedRect(box, 5, 5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.AXIS, 1))
        painter.drawLines(self.lines)
        for corner, text in self.texts:
            if area.intersects(QRectF(corner, text.deviceIndependentSize())):
                painter.drawImage(corner, text)


def _laid_out(projection: Projection, font: QFont, ratio: float) -> _Marks:
    """Return ticks and numbers along the left and the lower edge, on readable strips, and a scale bar."""
    left, bottom, right, top = projection.edges
    limits = projection.chart.limits
    if limits is not None:
        left, bottom = max(left, limits[0]), max(bottom, limits[1])
        right, top = min(right, limits[2]), min(top, limits[3])
    width, height = map(int, projection.size_px)
    floor = height - MARGIN_BOTTOM_PX
    font = QFont(font)
    font.setPointSizeF(TICK_POINT_SIZE)
    font.setBold(False)
    marks = _Marks()
    texts = _Texts(marks, font, ratio)
    upward = (
        tick_texts(bottom, top, max(2, height // TICK_EVERY_PX)) if not projection.chart.plane.is_line else []
    )
    widest = max((texts.width(text) for _, text in upward), default=0)
    margin = max(MARGIN_LEFT_PX, widest + 3 * TICK_PX) if upward else 0
    marks.strips += QRectF(0, floor, width, MARGIN_BOTTOM_PX), QRectF(0, 0, margin, floor)
    right_name, up_name = axis_names(projection.chart)
    names = f"{up_name} ↑  {right_name} →" if up_name else f"{right_name} →"
    texts.add(6, height - 6, names)
    names_end_px = 6 + texts.width(names)
    across = tick_texts(left, right, max(2, width // TICK_EVERY_PX))
    least = 1.2 * max((texts.width(text) for _, text in across), default=0)
    end_px: float = names_end_px + 6
    for value, text in across:
        x = float(projection.view_px((value, 0))[0])
        text_x = x - texts.width(text) / 2
        marks.lines.append(QLineF(x, floor, x, floor + TICK_PX))
        if text_x > end_px and text_x + least / 1.2 < width:
            texts.add(text_x, height - 6, text)
            end_px = text_x + least
    for value, text in upward:
        y = float(projection.view_px((0, value))[1])
        if texts.height / 2 < y < floor - texts.height / 2:
            marks.lines.append(QLineF(margin - TICK_PX, y, margin, y))
            text_x = margin - 2 * TICK_PX - texts.width(text)
            texts.add(text_x, y + texts.ascent / 2 - 1, text)
    end_px = width
    if projection.chart.scale is AxisScale.LINEAR:
        end_px = round(_add_scale_bar(marks, projection, floor, texts).left())
    right_words, up_words = axis_words(projection.chart)
    left_px, top_px = margin + AWAY_PX, AWAY_PX
    if right_words != right_name:
        bottom_px = floor - AWAY_PX
        _add_words(marks, texts, f"→ {right_words}", QPointF(left_px, bottom_px), end_px, is_above=True)
        marks.tips.append((QRectF(0, floor, names_end_px, MARGIN_BOTTOM_PX), A_AND_B))
    if up_words != up_name:
        _add_words(marks, texts, f"↑ {up_words}", QPointF(left_px, top_px), width)
    return marks


def _add_words(
    marks: _Marks, texts: "_Texts", words: str, corner: QPointF, end_px: float, is_above: bool = False
) -> None:
    """Add the meaning of an axis, in a box above or below `corner` that ends before `end_px`."""
    room = end_px - AWAY_PX - corner.x() - 2 * AWAY_PX
    if room < LEAST_WORDS_PX:
        return
    shown = texts.elided(words, room)
    box = QRectF(corner.x(), corner.y(), texts.width(shown) + 2 * AWAY_PX, texts.height + 6)
    if is_above:
        box.moveBottom(corner.y())
    marks.boxes.append(box)
    marks.tips.append((box, f"{words}\n{A_AND_B}"))
    texts.add(box.left() + AWAY_PX, box.center().y() + texts.ascent / 2 - 1, shown)


def _add_scale_bar(marks: _Marks, projection: Projection, floor: int, texts: "_Texts") -> QRectF:
    """Add a bar that shows the length of a round number in z, and return its box."""
    units = projection.viewport.units_per_px(projection.size_px)
    longest = SCALE_BAR_PX * units
    power = 10.0 ** math.floor(math.log10(longest))
    length = next(m * power for m in (5, 2, 1) if m * power <= longest * (1 + 1e-9))
    text = _length_text(length)
    bar, word = length / units, texts.width(text)
    box = QRectF(0, 0, bar + word + 22, texts.height + 6)
    box.moveBottomRight(QPointF(projection.size_px[0] - 8, floor - 8))
    marks.boxes.append(box)
    x, y = round(box.left() + 8) + 0.5, round(box.center().y()) + 0.5
    marks.lines.append(QLineF(x, y, x + bar, y))
    marks.lines += [QLineF(end, y - 3, end, y + 3) for end in (x, x + bar)]
    texts.add(x + bar + 6, box.center().y() + texts.ascent / 2 - 1, text)
    return box


def _length_text(length: float) -> str:
    """A round length, with the decimals that the numbers along the edges have."""
    if not 1e-9 <= length < 1e6:
        return with_minus(f"{length:.6g}")
    return f"{length:.{max(0, -math.floor(math.log10(length) + 1e-6))}f}"


class _Texts:
    """Adds short texts to marks. Drawn texts are cached, because drawing text is slow."""

    def __init__(self, marks: _Marks, font: QFont, ratio: float) -> None:
        self._marks = marks
        self._font_text = font.toString()
        self._ratio = ratio
        metrics = QFontMetrics(font)
        self._metrics = metrics
        self.ascent, self.height = metrics.ascent(), metrics.height()

    def elided(self, text: str, room_px: float) -> str:
        """Return a text, shortened at its end with an ellipsis if it does not fit."""
        return self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room_px))

    def width(self, text: str) -> int:
        """Return the width of a text."""
        return _drawn_text(text, self._font_text, colors.AXIS.rgba(), self._ratio)[1]

    def add(self, x: float, baseline: float, text: str) -> None:
        """Add a text on whole device pixels."""
        image, _ = _drawn_text(text, self._font_text, colors.AXIS.rgba(), self._ratio)
        left, top = round((x - 1) * self._ratio), round((baseline - self.ascent) * self._ratio)
        self._marks.texts.append((QPointF(left, top) / self._ratio, image))


@lru_cache(maxsize=1024)
def _drawn_text(text: str, font_text: str, color: int, ratio: float) -> tuple[QImage, int]:
    """Return the picture of a text with a margin of one pixel at both sides, and the width without it."""
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

"""Draws the layers that do not change while the cursor moves, in steps: tiles, points, axes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap

from desktop.base.arrays import Array, Doubles
from desktop.jobs.tiles import Cut, Tile, TileCache
from desktop.latent.chart import AxisScale, Chart, Projection
from desktop.latent.plane import boxes_apart, spread_apart, ticks
from desktop.latent.prior import PriorKind
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage

BACKDROP_OPACITY = 0.62
POINT_OPACITY = 0.8
POINT_PX = 3.4
POINTS_A_STEP = 300
LABEL_DISTANCE_PX, MOST_NAMES = 30.0, 24
LABEL_POINT_SIZE, TICK_POINT_SIZE = 12.5, 8.5
MARGIN_LEFT_PX, MARGIN_BOTTOM_PX = 44, 22
TICK_EVERY_PX = 90
TICK_PX = 4
SCALE_BAR_PX = 110


@dataclass(frozen=True)
class Points:
    """Points (a, b) float64 [N, 2], with labels [N] and their names if there are any."""

    ab: Doubles
    labels: Array | None
    label_names: tuple[str, ...]

    def placed(self, chart: Chart) -> "PlacedPoints":
        """Return the points in a chart's view coordinates, with the middle of each group."""
        view = chart.view(self.ab)
        labels = self.labels if self.labels is not None else np.zeros(len(view), np.uint8)
        groups = {label: view[labels == label] for label in np.unique(labels).tolist()}
        middles = {label: np.median(group, axis=0) for label, group in groups.items()}
        return PlacedPoints(chart, groups, middles, self.label_names if self.labels is not None else None)


@dataclass(frozen=True)
class PlacedPoints:
    """Points by label in view coordinates [N, 2]; `label_names` is None if they have no labels."""

    chart: Chart
    groups: dict[int, Doubles]
    middles: dict[int, Doubles]
    label_names: tuple[str, ...] | None


def draw_tiles(
    painter: QPainter, projection: Projection, cache: TileCache, cut: Cut, only: Sequence[Tile] = ()
) -> Iterator[None]:
    """Draw the best picture available of each tile in view, or `only` of some tiles, one tile per step."""
    limits = projection.chart.limits
    ratio = painter.device().devicePixelRatio()
    if limits is not None:
        painter.setClipRect(_rect(projection, limits, ratio))
    units_per_px = projection.viewport.units_per_px(projection.size_px)
    pyramid = cut.pyramid
    for tile in only or pyramid.meeting(projection.edges, pyramid.level(units_per_px)):
        for place, picture, (left, bottom, right, top) in cache.covering(cut.space, tile):
            target = _rect(projection, pyramid.edges(place), ratio)
            # What lies below must not show: a coarser picture, under a translucent one.
            painter.fillRect(target, colors.CANVAS)
            height, width = picture.shape[:2]
            part = QRectF(left * width, (1 - top) * height, (right - left) * width, (top - bottom) * height)
            painter.setOpacity(BACKDROP_OPACITY)
            painter.drawImage(target, to_qimage(picture), part)
            painter.setOpacity(1)
        yield


def _rect(projection: Projection, edges: tuple[float, float, float, float], ratio: float) -> QRectF:
    """Round edges in view coordinates to whole device pixels, so that neighbours meet without a seam."""
    left, bottom, right, top = edges
    corners = projection.view_px([(left, top), (right, bottom)])
    far = 4 * max(projection.size_px)
    (x0, y0), (x1, y1) = (np.rint(np.clip(corners, -far, far) * ratio) / ratio).tolist()
    return QRectF(x0, y0, x1 - x0, y1 - y0)


def draw_points(
    painter: QPainter, projection: Projection, points: PlacedPoints, hidden: frozenset[int]
) -> Iterator[None]:
    """Draw points, a few hundred per step, and a name in the middle of each group."""
    ratio = painter.device().devicePixelRatio()
    size_px = np.array(projection.size_px)
    shown = [label for label in points.groups if label not in hidden]
    named = points.label_names is not None
    # Ten thousand small pixmaps are drawn twenty times as fast as ten thousand antialiased points.
    for label in shown:
        px = projection.view_px(points.groups[label])
        px = px[((px > -POINT_PX) & (px < size_px + POINT_PX)).all(axis=1)]
        dot = _dot(colors.label_color(label) if named else colors.AXIS, ratio)
        offset = dot.deviceIndependentSize().width() / 2
        places = (np.rint((px - offset) * ratio) / ratio).tolist()
        for start in range(0, len(places), POINTS_A_STEP):
            for x, y in places[start : start + POINTS_A_STEP]:
                painter.drawPixmap(QPointF(x, y), dot)
            yield
    # So many names would cover each other, and the points.
    if points.label_names is None or not 0 < len(shown) <= MOST_NAMES:
        return
    middles = projection.view_px([points.middles[label] for label in shown])
    painter.setFont(_name_font(painter))
    names = [points.label_names[label] if label < len(points.label_names) else str(label) for label in shown]
    boxes = [_name_box(painter, name) for name in names]
    spread = spread_apart(middles, LABEL_DISTANCE_PX)
    spread = boxes_apart(spread, [(box.width() + 2, box.height() + 2) for box in boxes])
    for label, name, box, (x, y) in zip(shown, names, boxes, spread.tolist(), strict=True):
        box.moveCenter(QPointF(x, y))
        painter.setFont(_name_font(painter))  # between two steps other layers are drawn
        _draw_name(painter, box, name, colors.label_color(label))
        yield


def _dot(color: QColor, ratio: float) -> QPixmap:
    """Return an antialiased round point for a device pixel ratio."""
    side = math.ceil((POINT_PX + 2) * ratio)
    dot = QPixmap(side, side)
    dot.setDevicePixelRatio(ratio)
    dot.fill(Qt.GlobalColor.transparent)
    painter = QPainter(dot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(POINT_OPACITY)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    center = side / ratio / 2
    painter.drawEllipse(QPointF(center, center), POINT_PX / 2, POINT_PX / 2)
    painter.end()
    return dot


def _name_font(painter: QPainter) -> QFont:
    font = QFont(painter.font())
    font.setPointSizeF(LABEL_POINT_SIZE)
    font.setBold(True)
    return font


def _name_box(painter: QPainter, text: str) -> QRectF:
    return QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-7, -3, 7, 3)


def _draw_name(painter: QPainter, box: QRectF, text: str, color: QColor) -> None:
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(colors.SHADE)
    painter.drawRoundedRect(box, 7, 7)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.setBrush(Qt.BrushStyle.NoBrush)


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
    metrics = painter.fontMetrics()
    upward = (
        tick_texts(bottom, top, max(2, height // TICK_EVERY_PX)) if not projection.chart.plane.is_line else []
    )
    widest = max((metrics.horizontalAdvance(text) for _, text in upward), default=0)
    margin = max(MARGIN_LEFT_PX, widest + 3 * TICK_PX) if upward else 0
    painter.fillRect(QRectF(0, floor, width, MARGIN_BOTTOM_PX), colors.SHADE)
    painter.fillRect(QRectF(0, 0, margin, floor), colors.SHADE)
    painter.setPen(colors.AXIS)
    names = _axis_names(projection.chart)
    painter.drawText(QPointF(6, height - 6), names)
    names_end_px = 6 + metrics.horizontalAdvance(names)
    across = tick_texts(left, right, max(2, width // TICK_EVERY_PX))
    least = 1.2 * max((metrics.horizontalAdvance(text) for _, text in across), default=0)
    end_px: float = names_end_px + 6
    for value, text in across:
        x = float(projection.view_px((value, 0))[0])
        text_x = x - metrics.horizontalAdvance(text) / 2
        painter.drawLine(QPointF(x, floor), QPointF(x, floor + TICK_PX))
        if text_x > end_px and text_x + least / 1.2 < width:
            painter.drawText(QPointF(text_x, height - 6), text)
            end_px = text_x + least
    for value, text in upward:
        y = float(projection.view_px((0, value))[1])
        if metrics.height() / 2 < y < floor - metrics.height() / 2:
            painter.drawLine(QPointF(margin - TICK_PX, y), QPointF(margin, y))
            text_x = margin - 2 * TICK_PX - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(text_x, y + metrics.ascent() / 2 - 1), text)
    if projection.chart.scale is AxisScale.LINEAR:
        _draw_scale_bar(painter, projection, floor)


def _draw_scale_bar(painter: QPainter, projection: Projection, floor: int) -> None:
    """Draw a bar that shows the length of a round number in z."""
    units = projection.viewport.units_per_px(projection.size_px)
    longest = SCALE_BAR_PX * units
    power = 10.0 ** math.floor(math.log10(longest))
    length = next(m * power for m in (5, 2, 1) if m * power <= longest * (1 + 1e-9))
    text = f"{length:.6g}".replace("-", "−")
    metrics = painter.fontMetrics()
    bar, word = length / units, metrics.horizontalAdvance(text)
    box = QRectF(0, 0, bar + word + 22, metrics.height() + 6)
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
    painter.drawText(QPointF(x + bar + 6, box.center().y() + metrics.ascent() / 2 - 1), text)

"""What stands still on the plane while the cursor moves, drawn into pixmaps: backdrop, points and axes."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from desktop.latent_plane import Viewport, spread_apart, ticks
from desktop.state import Layer, ViewState
from desktop.widgets import colors

Edges = tuple[float, float, float, float]

BACKDROP_OPACITY = 0.62
POINT_OPACITY = 0.8
POINT_PX = 3.4
LABEL_DISTANCE_PX = 30.0
LABEL_POINT_SIZE, TICK_POINT_SIZE = 12.5, 8.5
MARGIN_LEFT_PX, MARGIN_BOTTOM_PX = 44, 22
TICK_EVERY_PX = 90
TICK_PX = 4


@dataclass(frozen=True)
class Points:
    """Points at (a, b) float64 [N, 2], with labels [N] and their names if there are any."""

    ab: NDArray[np.float64]
    labels: NDArray[np.uint8] | None
    label_names: tuple[str, ...]


def backdrop_layer(
    state: ViewState, size: QSize, ratio: float, backdrop: QPixmap | None, edges: Edges
) -> QPixmap:
    """The canvas, and on it the decoded plane between `edges`: left, bottom, right, top."""
    layer = _layer(size, ratio, colors.CANVAS)
    if Layer.BACKDROP in state.layers and backdrop is not None:
        left, bottom, right, top = edges
        corners = state.viewport.to_px((size.width(), size.height()), [(left, top), (right, bottom)])
        (x0, y0), (x1, y1) = corners.tolist()
        painter = QPainter(layer)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setOpacity(BACKDROP_OPACITY)
        painter.drawPixmap(QRectF(x0, y0, x1 - x0, y1 - y0), backdrop, QRectF(backdrop.rect()))
        painter.end()
    return layer


def points_layer(state: ViewState, size: QSize, ratio: float, points: Points) -> QPixmap:
    """Points with a name at each group's middle, and the axes, on nothing."""
    layer = _layer(size, ratio, QColor(Qt.GlobalColor.transparent))
    painter = QPainter(layer)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    size_px = size.width(), size.height()
    if Layer.POINTS in state.layers:
        _draw_points(painter, state, size_px, ratio, points)
    _draw_axes(painter, state.viewport, size_px, state.plane.axes)
    painter.end()
    return layer


def _layer(size: QSize, ratio: float, color: QColor) -> QPixmap:
    layer = QPixmap(size * ratio)
    layer.setDevicePixelRatio(ratio)
    layer.fill(color)
    return layer


def _draw_points(
    painter: QPainter, state: ViewState, size_px: tuple[int, int], ratio: float, points: Points
) -> None:
    px = state.viewport.to_px(size_px, points.ab)
    in_view = ((px > -POINT_PX) & (px < np.array(size_px) + POINT_PX)).all(axis=1)
    labels = points.labels if points.labels is not None else np.zeros(len(px), np.uint8)
    shown = [label for label in np.unique(labels).tolist() if label not in state.hidden_labels]
    # Ten thousand small pixmaps take a twentieth of the time of as many antialiased points.
    for label in shown:
        dot = _dot(colors.label_color(label) if points.labels is not None else colors.AXIS, ratio)
        offset = dot.deviceIndependentSize().width() / 2
        for x, y in np.rint((px[in_view & (labels == label)] - offset) * ratio).tolist():
            painter.drawPixmap(QPointF(x / ratio, y / ratio), dot)
    if points.labels is None:
        return
    middles = [np.median(px[labels == label], axis=0) for label in shown]
    for label, (x, y) in zip(shown, spread_apart(middles, LABEL_DISTANCE_PX).tolist(), strict=True):
        name = points.label_names[label] if label < len(points.label_names) else str(label)
        _draw_name(painter, QPointF(x, y), name, colors.label_color(label))


def _dot(color: QColor, ratio: float) -> QPixmap:
    """A round point, antialiased, for a device pixel ratio."""
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


def _draw_name(painter: QPainter, center: QPointF, text: str, color: QColor) -> None:
    font = painter.font()
    font.setPointSizeF(LABEL_POINT_SIZE)
    font.setBold(True)
    painter.setFont(font)
    box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-7, -3, 7, 3)
    box.moveCenter(center)
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(colors.SHADE)
    painter.drawRoundedRect(box, 7, 7)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _axis_names(axes: tuple[int, int] | None) -> str:
    if axes is None:
        return "b ↑  a →"  # the plane's own coordinates
    horizontal, vertical = axes
    return f"z{vertical} ↑  z{horizontal} →" if horizontal != vertical else f"z{horizontal} →"


def _draw_axes(
    painter: QPainter, viewport: Viewport, size_px: tuple[int, int], axes: tuple[int, int] | None
) -> None:
    """Ticks with numbers along the left and the lower edge, over a strip that keeps them readable."""
    left, bottom, right, top = viewport.edges(size_px)
    width, height = size_px
    floor = height - MARGIN_BOTTOM_PX
    font = painter.font()
    font.setPointSizeF(TICK_POINT_SIZE)
    font.setBold(False)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    painter.fillRect(QRectF(0, floor, width, MARGIN_BOTTOM_PX), colors.SHADE)
    painter.fillRect(QRectF(0, 0, MARGIN_LEFT_PX, floor), colors.SHADE)
    painter.setPen(colors.AXIS)
    names = _axis_names(axes)
    painter.drawText(QPointF(6, height - 6), names)
    names_end_px = 6 + metrics.horizontalAdvance(names)
    for value in ticks(left, right, max(2, width // TICK_EVERY_PX)):
        x = float(viewport.to_px(size_px, (value, 0))[0])
        text = f"{value:.6g}"
        text_x = x - metrics.horizontalAdvance(text) / 2
        if text_x > names_end_px + 6:
            painter.drawLine(QPointF(x, floor), QPointF(x, floor + TICK_PX))
            painter.drawText(QPointF(text_x, height - 6), text)
    for value in ticks(bottom, top, max(2, height // TICK_EVERY_PX)):
        y = float(viewport.to_px(size_px, (0, value))[1])
        text = f"{value:.6g}"
        if y < floor - metrics.height():
            painter.drawLine(QPointF(MARGIN_LEFT_PX - TICK_PX, y), QPointF(MARGIN_LEFT_PX, y))
            text_x = MARGIN_LEFT_PX - 2 * TICK_PX - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(text_x, y + metrics.ascent() / 2 - 1), text)

"""Marks on the plane for the encoder's mean of your image and the mode of its true posterior."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from desktop.base.arrays import Floats
from desktop.base.words import in_nats
from desktop.latent.chart import ToPx
from desktop.latent.normals import ellipse, project_normals
from desktop.latent.plane import Plane
from desktop.widgets.common import colors, terms
from desktop.widgets.plane.axes import EDGE_PX, MARGIN_BOTTOM_PX, MARGIN_LEFT_PX

ENCODER, MODE, GLOW = "encoder's mean", "mode", "true posterior"
DOT_PX, POINT_SIZE = 4.5, 9.5
PADDING_PX, AWAY_PX = 5.0, 12.0
RING_PX, FAR_PX = 26.0, 46.0  # extra distances that keep a text clear of the cursor's ring
# A text is at most this far from its mark, so that they belong together visibly; it may cover a large glow.
REACH_PX = 80.0
LEADER_PX = 20.0  # if a text is farther away, a line leads to its mark
NAMED_PX = 16.0  # a smaller glow has no name
LEAST_LINE_PX = 70.0  # if the line is shorter, the gap is written below the marks


def draw_ellipses(painter: QPainter, to_px: ToPx, plane: Plane, mean: Floats, logvar: Floats) -> None:
    """Draw the ellipses of one and two standard deviations of q(z|x), whose mean and logvar are [d]."""
    normals = project_normals(plane, mean[np.newaxis], logvar[np.newaxis])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for radius, style in ((1, Qt.PenStyle.SolidLine), (2, Qt.PenStyle.DashLine)):
        curve = QPolygonF([QPointF(x, y) for x, y in to_px(ellipse(normals, 0, radius)).tolist()])
        for color, width, pen_style in (
            (colors.CANVAS, 4.0, Qt.PenStyle.SolidLine),
            (colors.ENCODED, 1.8, style),
        ):
            painter.setPen(QPen(color, width, pen_style))
            painter.drawPolyline(curve)


@dataclass(frozen=True)
class MarkText:
    """A text beside a mark: its term, its box and its colour.

    `leader` is a line to the text from its mark, if the text is not beside it.
    """

    term: str
    text: str
    box: QRectF
    color: QColor
    leader: QLineF | None = None

    @property
    def area(self) -> QRectF:
        """The box of the text and its leader."""
        if self.leader is None:
            return self.box
        ends = QRectF(self.leader.p1(), self.leader.p2()).normalized()
        return self.box.united(ends.adjusted(-2, -2, 2, 2))


@dataclass(frozen=True)
class Marks:
    """The encoder's mean, the mode if there is one, and the texts in view.

    `glow` is the box around the true posterior.
    """

    mean: QPointF
    mode: QPointF | None
    texts: tuple[MarkText, ...]
    glow: QRectF | None = None

    @property
    def boxes(self) -> dict[str, list[QRectF]]:
        """The boxes of dots and texts, by the term that each shows."""
        boxes = {terms.MEAN: [_dot(self.mean)]}
        if self.mode is not None:
            boxes[terms.MODE] = [_dot(self.mode)]
        for text in self.texts:
            boxes.setdefault(text.term, []).append(text.box)
        return boxes


def mark_font(font: QFont) -> QFont:
    """Return the font of the marks' texts."""
    font = QFont(font)
    font.setPointSizeF(POINT_SIZE)
    return font


def lay_out_marks(
    font: QFont,
    room: QRectF,
    mean: QPointF,
    mode: QPointF | None = None,
    gap_nats: float | None = None,
    ring: QRectF | None = None,
    glow: QRectF | None = None,
    kept_clear: Sequence[QRectF] = (),
) -> Marks:
    """Return the marks and their texts, none of which leaves `room` or covers the cursor's ring.

    If there is room, the texts do not cover the boxes that are `kept_clear`, such as the scale bar, either.

    `glow` is the box around the true posterior. It is kept clear, too, unless that moves a text far from its
    mark. It has a name if it is large enough and there is room beside it.

    If there is a mode, the gap is written on the line to it. The mean's text is on the side away from the
    mode, so that the two never cover each other. A text that does not fit there, or that would cover a mark,
    goes to another side or farther away. A mark out of view has no text.
    """
    metrics = QFontMetricsF(font)
    around = room.adjusted(-MARGIN_LEFT_PX, -EDGE_PX, EDGE_PX, MARGIN_BOTTOM_PX)
    taken = [_dot(mark) for mark in (mean, mode) if mark is not None]
    taken += [*kept_clear, *([ring] if ring is not None else [])]
    glows = [] if glow is None else [glow]
    texts: list[MarkText] = []

    def add(term: str, text: str, color: QColor, center: QPointF, places: Sequence[QPointF]) -> None:
        if around.contains(center):
            size = metrics.boundingRect(text).size() + QSizeF(2 * PADDING_PX, 4)
            others = [*taken, *(other.box for other in texts)]
            boxes = _moved_into(room, size, places)
            if term != terms.TRUE:
                boxes = [box for box in boxes if _way(center, box).length() <= REACH_PX] or boxes[:1]
            box = min(boxes, key=lambda box: (_covered(box, others), _covered(box, glows)))
            way = _way(center, box)
            is_far = term != terms.TRUE and way.length() > LEADER_PX
            texts.append(MarkText(term, text, box, color, way if is_far else None))

    def beside(text: str, center: QPointF, away: QPointF) -> list[QPointF]:
        half = metrics.horizontalAdvance(text) / 2 + PADDING_PX
        near, far = half + AWAY_PX, half + AWAY_PX + RING_PX
        ways = [(near * away.x(), 0.0), (0.0, 2 * AWAY_PX * away.y()), (0.0, -2 * AWAY_PX * away.y())]
        ways += [(far * away.x(), 0.0), (0.0, FAR_PX * away.y()), (0.0, -FAR_PX * away.y())]
        ways += [(-near * away.x(), 0.0), (-far * away.x(), 0.0)]
        return [*(center + QPointF(x, y) for x, y in ways), *around_glow(text)]

    def around_glow(text: str) -> list[QPointF]:
        """Return positions above, below and beside the glow."""
        if glow is None:
            return []
        middle, half = glow.center(), metrics.horizontalAdvance(text) / 2 + 2 * PADDING_PX
        x, y = middle.x(), middle.y()
        above, below = glow.top() - AWAY_PX, glow.bottom() + AWAY_PX
        sides = [(glow.left() - half, y), (glow.right() + half, y)]  # first the side away from the mean
        places = [(x, above), (x, below), *(sides if mean.x() > x else sides[::-1])]
        # Farther up and down, if the nearer positions are taken. A large glow is far from its box's corners.
        places += [(x, above - 2 * AWAY_PX), (x, below + 2 * AWAY_PX)]
        if max(glow.width(), glow.height()) > REACH_PX:
            return [QPointF(*place) for place in places]
        places += [(at, row) for at in (glow.left() - half, glow.right() + half) for row in (above, below)]
        return [QPointF(*place) for place in places]

    if mode is None:
        add(terms.MEAN, ENCODER, colors.ENCODED, mean, beside(ENCODER, mean, QPointF(-1, 1)))
        return Marks(mean, mode, tuple(texts))
    line = mode - mean
    is_short = abs(line.x()) + abs(line.y()) < LEAST_LINE_PX
    across, along = (-1 if line.x() < 0 else 1), (-1 if line.y() < 0 else 1)
    # The gap takes the room below a short line.
    from_mode = QPointF(-across, -1 if is_short else -along)
    from_mean = QPointF(across, -1 if is_short else along)
    add(terms.MODE, MODE, colors.TRUE_POSTERIOR, mode, beside(MODE, mode, from_mean))
    add(terms.MEAN, ENCODER, colors.ENCODED, mean, beside(ENCODER, mean, from_mode))
    if gap_nats is not None:
        middle = (mean + mode) / 2
        if is_short:
            middle = QPointF(middle.x(), max(mean.y(), mode.y()) + 2 * AWAY_PX)
        ways = [(0.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.0, 2.0), (0.0, -2.0), (-3.0, 0.0), (3.0, 0.0)]
        places = [middle + QPointF(RING_PX * x, RING_PX * y) for x, y in ways]
        text = f"gap {in_nats(gap_nats)}"
        add(terms.GAP, text, colors.ENCODED, middle, [*places, *around_glow(text)])
    if glow is not None and min(glow.width(), glow.height()) >= NAMED_PX:
        others = [*taken, *glows, *(text.box for text in texts)]
        add(terms.TRUE, GLOW, colors.TRUE_POSTERIOR, mode, around_glow(GLOW))
        if len(others) < len(taken) + len(glows) + len(texts) and any(
            texts[-1].box.intersects(each) for each in others
        ):
            texts.pop()  # there is no room for the name
    return Marks(mean, mode, tuple(texts), glow)


def draw_marks(painter: QPainter, marks: Marks) -> None:
    """Draw a line between the marks, if there are two, their dots, and the texts."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(mark_font(painter.font()))
    if marks.mode is not None:
        for color, width in ((colors.CANVAS, 4.0), (colors.ENCODED, 1.6)):
            painter.setPen(QPen(color, width, Qt.PenStyle.DashLine))
            painter.drawLine(marks.mean, marks.mode)
    for center, color in ((marks.mode, colors.TRUE_POSTERIOR), (marks.mean, colors.ENCODED)):
        if center is not None:
            painter.setPen(QPen(colors.CANVAS, 2.0))
            painter.setBrush(color)
            painter.drawEllipse(center, DOT_PX, DOT_PX)
    for text in marks.texts:
        if text.leader is not None:
            for color, width in ((colors.CANVAS, 3.0), (text.color, 1.0)):
                painter.setPen(QPen(color, width))
                painter.drawLine(text.leader)
    for text in marks.texts:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.SHADE)
        painter.drawRoundedRect(text.box, 4, 4)
        painter.setPen(text.color)
        painter.drawText(text.box, Qt.AlignmentFlag.AlignCenter, text.text)


def _dot(center: QPointF) -> QRectF:
    return QRectF(center.x() - DOT_PX, center.y() - DOT_PX, 2 * DOT_PX, 2 * DOT_PX)


def _moved_into(room: QRectF, size: QSizeF, places: Sequence[QPointF]) -> list[QRectF]:
    """Return boxes of this size around these places, moved into `room`."""
    boxes = []
    for place in places:
        box = QRectF(QPointF(0, 0), size)
        box.moveCenter(place)
        box.moveLeft(max(room.left(), min(box.left(), room.right() - box.width())))
        box.moveTop(max(room.top(), min(box.top(), room.bottom() - box.height())))
        boxes.append(box)
    return boxes


def _covered(box: QRectF, others: Sequence[QRectF]) -> int:
    return sum(box.intersects(other) for other in others)


def _way(center: QPointF, box: QRectF) -> QLineF:
    """Return the line from a mark's middle to the nearest point of a box."""
    x = max(box.left(), min(center.x(), box.right()))
    y = max(box.top(), min(center.y(), box.bottom()))
    return QLineF(center, QPointF(x, y))

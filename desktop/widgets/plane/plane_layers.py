"""Draws the layers that do not change while the cursor moves, in steps: tiles and points."""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QImage, QPainter, QPen

from desktop.base.arrays import Array, Doubles
from desktop.images.dots import FAINT_SHARE, dot_coverage, draw_dots
from desktop.jobs.tiles import Cut, Tile, TileCache, common
from desktop.latent.chart import Chart, Projection
from desktop.latent.group_names import (
    Edges,
    GroupName,
    group_names,
    has_boxes_over,
    has_marks_over,
    leaves_room,
)
from desktop.latent.selection import Indices
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import draw_words, to_qimage
from desktop.widgets.plane.axes import text_room

POINT_PX = 3.4
# If there are few points, they are larger and have a dark rim, so that they are visible on light pictures.
FEW_POINTS, FEW_POINT_PX, RIM_PX = 2_000, 5.0, 1.2
ROWS_A_STEP = 256
MOST_NAMES = 24  # more names would cover each other and the points
LABEL_POINT_SIZE, NOTE_POINT_SIZE = 12.5, 9.5
MOST_NAME_PX = 160.0  # a longer name loses its end
LEADER_DOT_PX = 2.5


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
        middles = {label: np.median(view[labels == label], axis=0) for label in np.unique(labels).tolist()}
        return PlacedPoints(
            chart, view, labels, middles, self.label_names if self.labels is not None else None
        )


@dataclass(frozen=True)
class PlacedPoints:
    """Points in view coordinates [N, 2] with their labels [N], and the middle of each label's points.

    `label_names` is None if they have no labels.
    """

    chart: Chart
    view: Doubles
    labels: Array
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
    level = pyramid.level(units_per_px)
    for tile in only or pyramid.meeting(projection.edges, level):
        pieces = list(cache.covering(cut.space, tile))
        seen = common(pyramid.edges(tile), projection.edges)
        if pieces and seen and tile.level < level:  # a coarse tile that comes later must not hide finer ones
            for finer in pyramid.meeting(seen, level):
                pieces += [one for one in cache.covering(cut.space, finer) if one[1] is not pieces[0][1]]
        for place, picture, (left, bottom, right, top) in pieces:
            target = _rect(projection, pyramid.edges(place), ratio)
            # A coarser picture below must not show through the transparent parts of a finer one.
            painter.fillRect(target, colors.CANVAS)
            height, width = picture.shape[:2]
            part = QRectF(left * width, (1 - top) * height, (right - left) * width, (top - bottom) * height)
            painter.drawImage(target, to_qimage(picture), part)
        yield


def _rect(projection: Projection, edges: tuple[float, float, float, float], ratio: float) -> QRectF:
    """Round edges in view coordinates to whole device pixels, so that neighbours meet without a seam."""
    left, bottom, right, top = edges
    corners = projection.view_px([(left, top), (right, bottom)])
    far = 4 * max(projection.size_px)
    (x0, y0), (x1, y1) = (np.rint(np.clip(corners, -far, far) * ratio) / ratio).tolist()
    return QRectF(x0, y0, x1 - x0, y1 - y0)


def draw_points(
    painter: QPainter,
    projection: Projection,
    points: PlacedPoints,
    hidden: frozenset[int],
    opacity: float = 1.0,
    chosen: Indices | None = None,
) -> Iterator[None]:
    """Draw points in steps.

    If some are `chosen`, the others are faint and below them. All points go into an array first, because
    QPainter would take ten times as long for ten thousand.
    """
    ratio = painter.device().devicePixelRatio()
    width, height = (round(side * ratio) for side in projection.size_px)
    shown = [label for label in points.middles if label not in hidden]
    named = points.label_names is not None
    keys = np.array(sorted(points.middles), np.intp)
    palette = np.zeros((len(keys), 3), np.uint8)
    for index, label in enumerate(keys.tolist()):
        color = colors.label_color(label) if named else colors.AXIS
        palette[index] = color.red(), color.green(), color.blue()
    groups = np.searchsorted(keys, points.labels.astype(np.intp)).reshape(-1)
    is_shown = np.isin(keys, shown)[groups]
    are_few = np.count_nonzero(is_shown) <= FEW_POINTS
    coverage = opacity * dot_coverage((FEW_POINT_PX if are_few else POINT_PX) * ratio)
    with_rim = opacity * dot_coverage((FEW_POINT_PX + 2 * RIM_PX) * ratio)
    margin = len(with_rim)  # for dots that are cut off by an edge
    words = np.zeros((height + 2 * margin, width + 2 * margin), np.uint32)
    for rows, share in _by_strength(is_shown, chosen):
        centers = projection.view_px(points.view[rows]) * ratio + margin
        if are_few:
            yield from draw_dots(words, centers, np.zeros_like(palette), groups[rows], share * with_rim)
        yield from draw_dots(words, centers, palette, groups[rows], share * coverage)
    for top in range(0, len(words), ROWS_A_STEP):
        draw_words(painter, words[top : top + ROWS_A_STEP], (-margin, top - margin), ratio)
        yield


def draw_names(painter: QPainter, names: Sequence["PlacedName"], area: QRectF) -> None:
    """Draw the names of groups within an area, and the lines to the middles of their groups."""
    for name in names:
        if name.leader is not None and area.intersects(name.leader):
            name.paint_leader(painter)
    for name in names:
        if area.intersects(name.box):
            name.paint(painter)


class NameLayouts:
    """The layout of the names of groups beside their points, computed once for each zoom.

    Names stay at their points in a pan. When the view rests, `make_way` moves names that are cut off or
    covered.
    """

    def __init__(self) -> None:
        self._placed: PlacedPoints | None = None
        self._key: Hashable = None
        self._names: list[GroupName] = []
        self._found: tuple[Projection, list[PlacedName]] | None = None
        self._whole: tuple[str, ...] = ()
        self._marks: Doubles = np.empty((0, 2))
        # Boxes over the names: their middles in view coordinates, and their sizes in pixels.
        self._boxes: tuple[Doubles, Doubles] = np.empty((0, 2)), np.empty((0, 2))
        # From view coordinates to the pixels of the names: subtract the first, then multiply by the second.
        self._to_px: tuple[Doubles, Doubles] = np.zeros(2), np.ones(2)

    def keep_off(self, marks: Doubles) -> None:
        """Keep names off marks at [K, 2] in view coordinates."""
        self._marks = marks
        start, scale = self._to_px
        if has_marks_over(self._names, (marks - start) * scale):
            self._placed = None

    def make_way(self, projection: Projection, boxes: Sequence[QRectF]) -> bool:
        """Keep names off boxes on a projection, and within its axes; return whether names have to move."""
        before = self._boxes
        places = [(box.center().x(), box.center().y()) for box in boxes]
        sizes = np.array([(box.width(), box.height()) for box in boxes], np.float64).reshape(-1, 2)
        self._boxes = np.array([projection.view(*place) for place in places]).reshape(-1, 2), sizes
        are_gone = len(self._boxes[0]) < len(before[0])
        is_over = has_boxes_over(self._names, self._boxes_px())
        if not (are_gone or is_over or leaves_room(self._names, self._room_px(projection))):
            return False
        self._placed = None
        return True

    def _boxes_px(self) -> Doubles:
        """Return the edges of the boxes [K, 4] in the pixels of the names."""
        (start, scale), (middles, sizes) = self._to_px, self._boxes
        px = (middles - start) * scale
        return np.hstack([px - sizes / 2, px + sizes / 2])

    def _room_px(self, projection: Projection) -> Edges:
        """Return the edges of the room for names, in the pixels of the names."""
        x, y = projection.view_px(self._to_px[0]).tolist()
        room = text_room(*projection.size_px).translated(-x, -y)
        return room.left(), room.top(), room.right(), room.bottom()

    def find(
        self, font: QFont, projection: Projection, points: PlacedPoints, hidden: frozenset[int]
    ) -> list["PlacedName"]:
        """Return the names of the shown groups on a projection."""
        units = projection.viewport.units_per_px(projection.size_px)
        shown = [label for label in points.middles if label not in hidden]
        names = points.label_names
        if names is None or not 0 < len(shown) <= MOST_NAMES:
            return []
        key = units, hidden, font.toString()
        if self._placed is not points or self._key != key:
            self._whole = tuple(names[n] if n < len(names) else str(n) for n in shown)
            texts = [_short(font, text) for text in self._whole]
            middles = np.array([points.middles[label] for label in shown])
            to_px = np.array([1.0, -1.0]) / units

            def size_of(text: str, group: int | None) -> tuple[float, float]:
                picture = _name_picture(font, 1.0, text, colors.AXIS, group is not None)
                size = picture.deviceIndependentSize()
                return size.width(), size.height()

            before = {name.text: name.offset_px for name in self._names}
            are_shown = np.isin(points.labels, shown).reshape(-1)
            px, marks = ((places - middles[0]) * to_px for places in (points.view[are_shown], self._marks))
            self._to_px = middles[0], to_px
            self._names = group_names(
                texts,
                (middles - middles[0]) * to_px,
                px,
                size_of,
                before,
                marks_px=marks,
                room_px=self._room_px(projection),
                boxes_px=self._boxes_px(),
            )
            self._placed, self._key, self._found = points, key, None
        if self._found is not None and self._found[0] == projection:
            return self._found[1]
        start = QPointF(*projection.view_px(points.middles[shown[0]]).tolist())
        found = [
            PlacedName(
                name,
                "\n".join(self._whole[group] for group in name.members),
                colors.AXIS if name.group is None else colors.label_color(shown[name.group]),
                start + QPointF(*name.middle_px),
                font,
            )
            for name in self._names
        ]
        self._found = projection, found
        return found


@dataclass(frozen=True)
class PlacedName:
    """The name of a group, or of several groups, on a projection.

    Attributes:
        name: the text, and its position relative to the middle of the group.
        whole: the whole name of the group, or one line for each of several groups.
        color: the colour of the group.
        middle: the middle of the group, in pixels.
        font: the font of the plane.
    """

    name: GroupName
    whole: str
    color: QColor
    middle: QPointF
    font: QFont
    # Pictures of the text, by the screen's device pixels per pixel.
    _pictures: dict[float, QImage] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def box(self) -> QRectF:
        """The box of the text in pixels."""
        box = QRectF(QPointF(0, 0), QSizeF(*self.name.size_px))
        box.moveCenter(self.middle + QPointF(*self.name.offset_px))
        return box

    @cached_property
    def leader(self) -> QRectF | None:
        """The box of a thin line to the middle of the group; None if the text is at the middle."""
        way = self.name.leader_px
        return None if way is None else _leader_box(way).translated(self.middle)

    def paint_leader(self, painter: QPainter) -> None:
        """Draw the line to the middle of the group."""
        way = self.name.leader_px
        if self.leader is not None and way is not None:
            picture = _leader(way, self.color.rgba(), painter.device().devicePixelRatio())
            _draw_centered(painter, self.leader.center(), picture)

    def paint(self, painter: QPainter) -> None:
        """Draw the text."""
        ratio, is_bold = painter.device().devicePixelRatio(), self.name.group is not None
        if ratio not in self._pictures:
            self._pictures[ratio] = _name_picture(self.font, ratio, self.name.text, self.color, is_bold)
        _draw_centered(painter, self.box.center(), self._pictures[ratio])


def _by_strength(
    is_shown: NDArray[np.bool_], chosen: Indices | None
) -> list[tuple[NDArray[np.bool_], float]]:
    """Return which of the shown points to draw at which share of their opacity, from the bottom up."""
    if chosen is None or not len(chosen):
        return [(is_shown, 1.0)]
    is_chosen = np.zeros_like(is_shown)
    is_chosen[chosen] = True
    return [(is_shown & ~is_chosen, FAINT_SHARE), (is_shown & is_chosen, 1.0)]


def draw_note(painter: QPainter, center: QPointF, text: str) -> None:
    """Draw a line of text in a frame."""
    _draw_centered(painter, center, _framed_note(painter.font(), painter.device().devicePixelRatio(), text))


def _draw_centered(painter: QPainter, center: QPointF, picture: QImage) -> None:
    """Draw a picture aligned to device pixels, so that it is sharp."""
    ratio, size = picture.devicePixelRatio(), picture.deviceIndependentSize()
    corner = center - QPointF(size.width(), size.height()) / 2
    painter.drawImage(QPointF(round(corner.x() * ratio), round(corner.y() * ratio)) / ratio, picture)


def _short(font: QFont, text: str) -> str:
    """Return a name, shortened at its end with an ellipsis if it is too wide."""
    return QFontMetricsF(_bold(font)).elidedText(text, Qt.TextElideMode.ElideRight, MOST_NAME_PX)


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setPointSizeF(LABEL_POINT_SIZE)
    bold.setBold(True)
    return bold


def _name_picture(font: QFont, ratio: float, text: str, color: QColor, is_bold: bool) -> QImage:
    """Return the framed name of a group, or the less bright one of several groups."""
    if is_bold:
        return _framed(text, color.rgba(), _bold(font).toString(), ratio)
    return _framed_note(font, ratio, text)


def _framed_note(font: QFont, ratio: float, text: str) -> QImage:
    """Return a text in a frame that is less bright than a name."""
    plain = QFont(font)
    plain.setPointSizeF(NOTE_POINT_SIZE)
    plain.setBold(False)
    return _framed(text, colors.AXIS.rgba(), plain.toString(), ratio)


def _leader_box(way: tuple[float, float]) -> QRectF:
    """Return the box of a line from (0, 0) to `way`, including the dot at (0, 0)."""
    around = LEADER_DOT_PX + 2
    return QRectF(QPointF(0, 0), QPointF(*way)).normalized().adjusted(-around, -around, around, around)


@lru_cache(maxsize=512)
def _leader(way: tuple[float, float], color_words: int, ratio: float) -> QImage:
    """Return a line with a dot at its start, which is drawn once and then copied."""
    box, color = _leader_box(way), QColor.fromRgba(color_words)
    image = _blank(box.size(), ratio)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-box.topLeft())
    for pen, width in ((colors.CANVAS, 3.0), (color, 1.2)):
        painter.setPen(QPen(pen, width))
        painter.drawLine(QPointF(0, 0), QPointF(*way))
    painter.setPen(QPen(colors.CANVAS, 1.0))
    painter.setBrush(color)
    painter.drawEllipse(QPointF(0, 0), LEADER_DOT_PX, LEADER_DOT_PX)
    painter.end()
    return image


@lru_cache(maxsize=512)
def _framed(text: str, color_words: int, font_text: str, ratio: float) -> QImage:
    """Return a text in a frame, which is drawn once and then copied."""
    font, color = QFont(), QColor.fromRgba(color_words)
    font.fromString(font_text)
    box = QRectF(QFontMetrics(font).boundingRect(text)).adjusted(-8, -4, 8, 4)
    box.moveTopLeft(QPointF(0, 0))
    image = _blank(box.size(), ratio)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(colors.PLATE)
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 7, 7)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return image


def _blank(size: QSizeF, ratio: float) -> QImage:
    width, height = math.ceil(size.width() * ratio), math.ceil(size.height() * ratio)
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image

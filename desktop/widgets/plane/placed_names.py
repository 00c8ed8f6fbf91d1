"""The names of groups at their places on the plane, each with a line to its group if it is not there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from desktop.latent.group_names import GroupName
from desktop.widgets.common import colors
from desktop.widgets.plane.framed_texts import blank, draw_centered, name_picture

LEADER_DOT_PX = 2.5


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
            draw_centered(painter, self.leader.center(), picture)

    def paint(self, painter: QPainter) -> None:
        """Draw the text."""
        ratio, is_bold = painter.device().devicePixelRatio(), self.name.group is not None
        if ratio not in self._pictures:
            self._pictures[ratio] = name_picture(self.font, ratio, self.name.text, self.color, is_bold)
        draw_centered(painter, self.box.center(), self._pictures[ratio])


def draw_names(painter: QPainter, names: Sequence[PlacedName], area: QRectF) -> None:
    """Draw the names of groups within an area, and the lines to the middles of their groups."""
    for name in names:
        if name.leader is not None and area.intersects(name.leader):
            name.paint_leader(painter)
    for name in names:
        if area.intersects(name.box):
            name.paint(painter)


def _leader_box(way: tuple[float, float]) -> QRectF:
    """Return the box of a line from (0, 0) to `way`, including the dot at (0, 0)."""
    around = LEADER_DOT_PX + 2
    return QRectF(QPointF(0, 0), QPointF(*way)).normalized().adjusted(-around, -around, around, around)


@lru_cache(maxsize=512)
def _leader(way: tuple[float, float], color_words: int, ratio: float) -> QImage:
    """Return a line with a dot at its start, which is drawn once and then copied."""
    box, color = _leader_box(way), QColor.fromRgba(color_words)
    image = blank(box.size(), ratio)
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

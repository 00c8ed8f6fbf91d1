"""Lays out the names of groups beside their points, and keeps them off what lies over them."""

from collections.abc import Hashable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont

from desktop.base.arrays import Doubles
from desktop.latent.chart import Projection
from desktop.latent.group_names import (
    Edges,
    GroupName,
    group_names,
    has_boxes_over,
    has_marks_over,
    leaves_room,
)
from desktop.widgets.common import colors
from desktop.widgets.plane.axes import text_room
from desktop.widgets.plane.framed_texts import name_picture, shortened
from desktop.widgets.plane.placed_names import PlacedName
from desktop.widgets.plane.point_layer import PlacedPoints

MOST_NAMES = 24  # more names would cover each other and the points


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
    ) -> list[PlacedName]:
        """Return the names of the shown groups on a projection."""
        units = projection.viewport.units_per_px(projection.size_px)
        shown = [label for label in points.middles if label not in hidden]
        names = points.label_names
        if names is None or not 0 < len(shown) <= MOST_NAMES:
            return []
        key = units, hidden, font.toString()
        if self._placed is not points or self._key != key:
            self._whole = tuple(names[n] if n < len(names) else str(n) for n in shown)
            texts = [shortened(font, text) for text in self._whole]
            middles = np.array([points.middles[label] for label in shown])
            to_px = np.array([1.0, -1.0]) / units

            def size_of(text: str, group: int | None) -> tuple[float, float]:
                picture = name_picture(font, 1.0, text, colors.AXIS, group is not None)
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

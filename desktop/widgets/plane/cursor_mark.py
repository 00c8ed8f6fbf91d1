"""The plane's cursor: a ring, and the decoded picture beside it. Both are drawn once and then copied."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPixmap, QRegion

from desktop.base.arrays import Doubles
from desktop.widgets.common import colors
from desktop.widgets.common.checkerboard import draw_checks
from desktop.widgets.common.qimage import scaled_down
from desktop.widgets.plane.edge_place import arrow_box

RING_PX = 7.0
RING_SIDE_PX = 22  # including its line
PICTURE_PX = 96
SMALL_PLANE_PX, SMALL_PICTURE_PX = 400, 56  # on a plane with a shorter side, the picture is smaller
GAPS_PX = (14, 36, 60)  # from the cursor to the picture; the larger gaps only to avoid covering something
FRAME_PX = 3  # around the picture
# The directions from the cursor in which the picture may lie, in the order in which they are tried.
WAYS = ((1, -1), (-1, -1), (1, 1), (-1, 1), (1, 0), (-1, 0), (0, -1), (0, 1))
# If none of these positions is free, the picture is smaller, and may also lie between them or farther away.
SMALL_GAPS_PX = (*GAPS_PX, 90)
SMALL_WAYS = (
    *WAYS,
    *((x, y) for y in (-0.5, 0.5) for x in (1, -1)),
    *((x, y) for x in (0.5, -0.5) for y in (-1, 1)),
)


class CursorMark:
    """Draws the cursor, and gives the part of the plane that it covers."""

    def __init__(self) -> None:
        self._image: QImage | None = None
        self._fitted = QSizeF()
        self._side_px = PICTURE_PX
        self._frame: tuple[QSizeF, QPixmap] | None = None
        self._ring: QPixmap | None = None
        self._region: tuple[QPointF, QSizeF, QRegion] | None = None
        self._clear: list[QRectF] = []
        self._clear_sides = np.zeros((4, 0))
        self._box: tuple[QPointF, QSizeF, QRectF] | None = None
        self._shows_picture = True

    def keep_clear(self, boxes: Sequence[QRectF]) -> None:
        """Set the boxes that the picture should not cover: names, cards and marks."""
        if list(boxes) == self._clear:
            return
        self._clear = list(boxes)
        sides = [(box.left(), box.top(), box.right(), box.bottom()) for box in boxes]
        self._clear_sides = np.array(sides, np.float64).reshape(-1, 4).T
        self._region = self._box = None

    def show_picture(self, is_shown: bool) -> None:
        """Show the picture beside the ring, or the ring alone."""
        if is_shown != self._shows_picture:
            self._shows_picture, self._region = is_shown, None

    def set_picture(self, image: QImage | None, ratio: float) -> None:
        """Show a picture beside the ring, or none; `ratio` is the screen's device pixels per pixel."""
        # Scaled once, not at every paint event.
        self._image = image if image is None else scaled_down(image, round(PICTURE_PX * ratio))
        self._fit()

    def boxes(self, center: QPointF, size: QSizeF) -> list[QRectF]:
        """Return the boxes that the ring and, if it is shown, the picture cover in a view of this size."""
        self._fit_into(size)
        boxes = [ring_box(center)]
        if self._image is not None and self._shows_picture:
            boxes.append(self._picture_box(center, size).adjusted(-1, -1, 1, 1))
        return boxes

    def region(self, center: QPointF, size: QSizeF) -> QRegion:
        """Return the pixels that the mark covers in a view of this size."""
        if self._region is None or self._region[:2] != (center, size):
            region = QRegion()
            for box in self.boxes(center, size):
                region += QRegion(box.toAlignedRect())
            self._region = center, size, region
        return self._region[2]

    def paint(self, painter: QPainter, center: QPointF, size: QSizeF, ratio: float) -> None:
        """Paint ring and picture, aligned to device pixels so that they are sharp."""
        if self._ring is None or self._ring.devicePixelRatio() != ratio:
            self._ring, self._frame = _ring(ratio), None
        half = RING_SIDE_PX / 2
        painter.drawPixmap(_whole(center - QPointF(half, half), ratio), self._ring)
        self._fit_into(size)
        if self._image is None or not self._shows_picture:
            return
        framed = self._picture_box(center, size)
        fitted = framed.size() - QSizeF(2 * FRAME_PX, 2 * FRAME_PX)
        if self._frame is None or self._frame[0] != fitted:
            self._frame = fitted, _frame(fitted, ratio)
        corner = _whole(framed.topLeft(), ratio)
        box = QRectF(corner + QPointF(FRAME_PX, FRAME_PX), fitted)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        draw_checks(painter, box, self._image)
        painter.drawImage(box, self._image)
        painter.drawPixmap(corner, self._frame[1])

    def _fit_into(self, size: QSizeF) -> None:
        """Make the picture smaller on a small plane."""
        is_small = min(size.width(), size.height()) < SMALL_PLANE_PX
        self._side_px = SMALL_PICTURE_PX if is_small else PICTURE_PX
        self._fit()

    def _fit(self) -> None:
        fitted = QSizeF() if self._image is None else _fitted(self._image, self._side_px)
        if fitted != self._fitted:
            self._fitted, self._frame, self._region, self._box = fitted, None, None, None

    def _picture_box(self, center: QPointF, size: QSizeF) -> QRectF:
        """Return the box of the framed picture beside the cursor, preferably above and to the right.

        The picture stays within the view and covers as little as possible; to that end it may lie farther
        away or be smaller.
        """
        if self._box is not None and self._box[:2] == (center, size):
            return self._box[2]
        places = _places(self._fitted.width(), self._fitted.height(), self._side_px)
        x, y = center.x(), center.y()
        left, top, right, bottom = (places + np.array([x, y, x, y])).T
        is_inside = (left >= 4) & (top >= 4) & (right <= size.width() - 4) & (bottom <= size.height() - 4)
        clear = self._clear_sides
        arrow = arrow_box(x, y, QRectF(QPointF(), size))
        if arrow is not None:
            sides = arrow.left(), arrow.top(), arrow.right(), arrow.bottom()
            clear = np.column_stack((clear, sides))
        clear_left, clear_top, clear_right, clear_bottom = clear[:, :, np.newaxis]
        covered = (clear_right > left) & (clear_left < right) & (clear_bottom > top) & (clear_top < bottom)
        best = int((covered.sum(axis=0) + np.where(is_inside, 0, 1 + clear.shape[1])).argmin())
        # Far out, the difference of two coordinates is not the size any more.
        width, height = places[best, 2:] - places[best, :2]
        corners = left[best], top[best], width, height
        box = QRectF(*map(float, corners))
        self._box = center, size, box
        return box


@lru_cache(maxsize=16)
def _places(width: float, height: float, side_px: float) -> Doubles:
    """Return possible boxes [K, 4] of a framed picture around a cursor at (0, 0), the best first."""
    found = []
    small = SMALL_PICTURE_PX / side_px
    for share, gaps, ways in ((1.0, GAPS_PX, WAYS), (small, SMALL_GAPS_PX, SMALL_WAYS)):
        half_width, half_height = share * width / 2, share * height / 2
        for gap_px in gaps:
            for x, y in ways:
                middle_x, middle_y = x * (gap_px + half_width), y * (gap_px + half_height)
                around_x, around_y = half_width + FRAME_PX, half_height + FRAME_PX
                sides = middle_x - around_x, middle_y - around_y, middle_x + around_x, middle_y + around_y
                found.append(sides)
    return np.array(found)


def ring_box(center: QPointF) -> QRectF:
    """Return the box that a ring around this point covers."""
    around = RING_SIDE_PX / 2 + 1
    return QRectF(center.x() - around, center.y() - around, 2 * around, 2 * around)


def _fitted(image: QImage, side_px: float) -> QSizeF:
    aspect = image.width() / image.height()
    return QSizeF(side_px * min(1.0, aspect), side_px / max(1.0, aspect))


def _whole(place: QPointF, ratio: float) -> QPointF:
    return QPointF(round(place.x() * ratio) / ratio, round(place.y() * ratio) / ratio)


def _blank(width: float, height: float, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def _ring(ratio: float) -> QPixmap:
    pixmap = _blank(RING_SIDE_PX, RING_SIDE_PX, ratio)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for color, width in ((colors.CANVAS, 4.5), (colors.CURSOR, 2.0)):
        painter.setPen(QPen(color, width))
        painter.drawEllipse(QPointF(RING_SIDE_PX / 2, RING_SIDE_PX / 2), RING_PX, RING_PX)
    painter.end()
    return pixmap


def _frame(fitted: QSizeF, ratio: float) -> QPixmap:
    pixmap = _blank(fitted.width() + 2 * FRAME_PX, fitted.height() + 2 * FRAME_PX, ratio)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colors.CURSOR, 1.5))
    painter.drawRoundedRect(QRectF(QPointF(FRAME_PX, FRAME_PX), fitted).adjusted(-1, -1, 1, 1), 3, 3)
    painter.end()
    return pixmap

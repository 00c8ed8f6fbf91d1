"""Draws test images over the plane: the one under the pointer and the pinned ones, with their posteriors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from desktop.base.arrays import Doubles
from desktop.latent.chart import ToPx
from desktop.widgets.common import colors
from desktop.widgets.common.checkerboard import draw_checks

IMAGE_PX = 84.0
PINNED_IMAGE_PX = 52.0
GAPS_PX = (16.0, 48.0)  # from a point to its card; the larger gap only to avoid covering something
PADDING_PX = 6.0
TEXT_POINT_SIZE = 8.5
POINT_RADIUS_PX = 3.2
FAR_PX = 1e5


@dataclass(frozen=True)
class HeldOut:
    """A test image as it is shown on the plane.

    Attributes:
        index: the image's number.
        ab: the plane coordinates of its posterior mean.
        curves: the ellipses of its posterior, (a, b) [K, 2] each, the inner one first; empty if hidden.
        image: the image, or None if there is none or it is hidden.
        lines: the text beside it; the first line is bold.
        color: the colour of its label.
    """

    index: int
    ab: tuple[float, float]
    curves: tuple[Doubles, ...]
    image: QImage | None
    lines: tuple[str, ...]
    color: QColor


@dataclass(frozen=True)
class _Card:
    """A card: its image, its box, the size of its picture, and the fonts and heights of its lines."""

    held_out: HeldOut
    box: QRectF
    picture: QSizeF
    fonts: tuple[QFont, ...]
    heights: tuple[float, ...]


class HeldOutOverlay(QWidget):
    """An overlay of the plane that takes no events and is hidden while there is nothing to show."""

    GESTURES = (
        ("Hover over a point", "Show its image and its approximate posterior"),
        ("Ctrl-click", "Pin or unpin the image there"),
    )

    def __init__(self, plane: QWidget, to_px: ToPx) -> None:
        super().__init__(plane)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Points on the plane")
        self._plane = plane
        self._to_px = to_px
        self.pinned: tuple[HeldOut, ...] = ()
        self.hovered: HeldOut | None = None
        self._cards: list[_Card] = []
        self._drawn: QPixmap | None = None
        self.hide()

    @property
    def cards(self) -> list[QRectF]:
        """The boxes of the cards."""
        return [card.box for card in self._cards]

    def show_images(
        self, pinned: tuple[HeldOut, ...], hovered: HeldOut | None, spared: Sequence[QRectF] = ()
    ) -> None:
        """Show the pinned images and, above them, the one under the pointer, if any.

        Their cards cover as few of the `spared` boxes as possible.
        """
        self.pinned, self.hovered, self._drawn = pinned, hovered, None
        self.setGeometry(self._plane.rect())
        self._cards = []
        for held_out in (*pinned, *filter(None, [hovered])):
            if held_out.image is not None or held_out.lines:
                side_px = IMAGE_PX if held_out is hovered else PINNED_IMAGE_PX
                self._cards.append(self._placed(held_out, side_px, spared))
        self.setVisible(bool(pinned) or hovered is not None)
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the cached drawing, which stays the same while the cursor moves below."""
        ratio = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.size() != self.size() * ratio:
            self._drawn = QPixmap(self.size() * ratio)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(Qt.GlobalColor.transparent)
            self._draw(self._drawn)
        area = QRectF(event.rect())
        painter = QPainter(self)
        painter.drawPixmap(area, self._drawn, QRectF(area.topLeft() * ratio, area.size() * ratio))

    def _draw(self, pixmap: QPixmap) -> None:
        """Draw all ellipses, then all cards."""
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for held_out in (*self.pinned, *filter(None, [self.hovered])):
            self._paint_posterior(painter, held_out)
        for card in self._cards:
            self._paint_card(painter, card)
        painter.end()

    def _paint_posterior(self, painter: QPainter, held_out: HeldOut) -> None:
        center = self._point(held_out)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for curve in held_out.curves:
            px = np.clip(self._to_px(curve), -FAR_PX, FAR_PX).tolist()
            polygon = QPolygonF([QPointF(x, y) for x, y in px])
            for color, width in ((colors.CANVAS, 4.0), (held_out.color, 1.8)):
                painter.setPen(QPen(color, width))
                painter.drawPolyline(polygon)
        painter.setPen(QPen(colors.CANVAS, 1.5))
        painter.setBrush(colors.CURSOR)
        painter.drawEllipse(center, POINT_RADIUS_PX, POINT_RADIUS_PX)

    def _placed(self, held_out: HeldOut, side_px: float, spared: Sequence[QRectF]) -> _Card:
        """Return the card of an image, beside its point and clear of the cards before it."""
        plain, bold = self.font(), self.font()
        plain.setPointSizeF(TEXT_POINT_SIZE)
        bold.setPointSizeF(TEXT_POINT_SIZE + 1)
        bold.setBold(True)
        fonts = (bold, *[plain] * (len(held_out.lines) - 1))
        heights = tuple(QFontMetricsF(font).height() for font in fonts)
        widths = [
            QFontMetricsF(font).horizontalAdvance(line)
            for font, line in zip(fonts, held_out.lines, strict=False)
        ]
        picture = QSizeF(0, 0)
        if held_out.image is not None:
            aspect = held_out.image.width() / held_out.image.height()
            picture = QSizeF(side_px * min(1, aspect), side_px / max(1, aspect))
        width = max([picture.width(), *widths]) + 2 * PADDING_PX
        text_gap = PADDING_PX / 2 if held_out.lines and held_out.image is not None else 0
        height = picture.height() + sum(heights) + text_gap + 2 * PADDING_PX
        box = card_place(self._point(held_out), width, height, QRectF(self.rect()), self.cards, spared)
        return _Card(held_out, box, picture, fonts, heights)

    def _paint_card(self, painter: QPainter, card: _Card) -> None:
        held_out, box = card.held_out, card.box
        # A line connects each card to its point, because cards can be crowded.
        for color, line_width in ((colors.CANVAS, 3.0), (held_out.color, 1.2)):
            painter.setPen(QPen(color, line_width))
            painter.drawLine(self._point(held_out), box.center())
        painter.setPen(QPen(held_out.color, 1.5))
        painter.setBrush(colors.CARD)
        painter.drawRoundedRect(box, 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if held_out.image is not None:
            corner = QPointF(box.center().x() - card.picture.width() / 2, box.top() + PADDING_PX)
            picture = QRectF(corner, card.picture)
            draw_checks(painter, picture, held_out.image)
            painter.drawImage(picture, held_out.image)
        y = box.bottom() - PADDING_PX - sum(card.heights)
        for place, (line, line_height) in enumerate(zip(held_out.lines, card.heights, strict=False)):
            painter.setFont(card.fonts[place])
            painter.setPen(colors.AXIS if place else held_out.color)
            painter.drawText(
                QRectF(box.left(), y, box.width(), line_height), Qt.AlignmentFlag.AlignCenter, line
            )
            y += line_height

    def _point(self, held_out: HeldOut) -> QPointF:
        x, y = np.clip(self._to_px(held_out.ab), -FAR_PX, FAR_PX).tolist()
        return QPointF(x, y)


def card_place(
    point: QPointF,
    width: float,
    height: float,
    room: QRectF,
    taken: Sequence[QRectF] = (),
    spared: Sequence[QRectF] = (),
) -> QRectF:
    """Return the box of a card beside a point, within `room` and clear of `taken` if possible.

    Of such boxes it is the one that covers the fewest of the `spared` boxes. Below and to the right is
    preferred, because the cursor's picture is above.
    """
    inside = room.adjusted(4, 4, -4, -4)
    places = []
    for gap_px in GAPS_PX:
        right, left = point.x() + gap_px, point.x() - gap_px - width
        below, above = point.y() + gap_px, point.y() - gap_px - height
        places += [QRectF(x, y, width, height) for y in (below, above) for x in (right, left)]
    within = [place for place in places if inside.contains(place)] or places[:1]
    free = [place for place in within if not any(place.intersects(other) for other in taken)]
    return min(free or within, key=lambda place: sum(place.intersects(other) for other in spared))

"""A layer of the plane, drawn in short steps with a margin, and moved with the view until it is redrawn."""

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from desktop.latent.chart import Chart, Projection

Draw = Callable[[QPainter, Projection], Iterator[None] | None]

MARGIN_SHARE = 0.25  # the margin around the view, as a share of the view's shorter side
REDRAW_SHARE = 0.5  # a new picture is started when less than this share of the margin is left


class PlaneLayer:
    """Caches what `draw` paints as a pixmap of a part of the plane.

    When the view moves, the old pixmap is shown at its new position. Meanwhile `advance` draws a new one step
    by step, and shows it when it is complete. When the view is zoomed, the old pixmap is scaled. A layer that
    `keeps_size` is drawn again at once instead, because its points and texts do not grow.

    Args:
        draw: paints on a canvas of a projection's size, at once or in steps.
        background: the colour to paint on.
        keeps_size: whether the content has fixed sizes in pixels.
    """

    def __init__(
        self,
        draw: Draw,
        background: QColor | Qt.GlobalColor = Qt.GlobalColor.transparent,
        keeps_size: bool = False,
    ) -> None:
        self._draw = draw
        self._background = background
        self._keeps_size = keeps_size
        self._is_outdated = False
        self._shown: tuple[QPixmap, Projection] | None = None
        self._next: tuple[QPixmap, Projection, QPainter, Iterator[None]] | None = None
        self._stale = True

    def forget(self) -> None:
        """Discard the pixmaps."""
        self._end_next()
        self._shown, self._stale = None, True

    def redraw(self) -> None:
        """Draw again, because the content has changed; show the old drawing until then."""
        self._end_next()
        self._stale = True

    def redraw_at_once(self) -> None:
        """Draw again at the next paint event, because the content moves."""
        self._is_outdated = True
        self.redraw()

    @property
    def pixmap(self) -> tuple[QPixmap, Projection] | None:
        """The pixmap that is shown, and its projection."""
        return self._shown

    def is_due(self, projection: Projection, ratio: float) -> bool:
        """Whether there is something to draw before this part of the plane is complete."""
        return self._next is not None or self._stale or not self._serves(self._shown, projection, ratio)

    def advance(self, projection: Projection, ratio: float, deadline: float) -> bool:
        """Draw this part until `deadline` (`time.perf_counter`); return whether the shown pixmap changed."""
        if not self.is_due(projection, ratio):
            return False
        if self._next is not None and not self._serves(self._next[:2], projection, ratio):
            self._end_next()
        if self._next is None:
            self._next = self._begin(projection, ratio)
            self._stale = False
        pixmap, drawn, painter, steps = self._next
        while True:
            if next(steps, self) is self:
                painter.end()
                self._shown, self._next, self._is_outdated = (pixmap, drawn), None, False
                return True
            if time.perf_counter() >= deadline:
                return False

    def amend(self, draw: Draw, chart: Chart) -> bool:
        """Paint more on the shown pixmap and on the one being drawn, if they belong to `chart`."""
        amended = False
        if self._shown is not None and self._shown[1].chart == chart:
            pixmap, drawn = self._shown
            painter = _painter(pixmap)
            for _ in draw(painter, drawn) or ():
                pass
            painter.end()
            amended = True
        if self._next is not None and self._next[1].chart == chart:
            _, drawn, painter, _ = self._next
            painter.save()
            for _ in draw(painter, drawn) or ():
                pass
            painter.restore()
        return amended

    def complete(self, projection: Projection, ratio: float) -> None:
        """Draw this part completely now."""
        while self.is_due(projection, ratio):
            self.advance(projection, ratio, float("inf"))

    def paint(self, painter: QPainter, projection: Projection, area: QRectF) -> None:
        """Paint the pixmap at its current position, within `area`."""
        if self._shown is None:
            return
        scale = _units(self._shown[1]) / _units(projection)
        if self._is_outdated or (self._keeps_size and abs(scale - 1) >= 1e-9):
            self._shown, self._is_outdated = self._drawn_at_once(projection), False
            scale = 1.0
        pixmap, drawn = self._shown
        ratio = pixmap.devicePixelRatio()
        (left, top) = projection.view_px(drawn.view(0, 0)).tolist()
        if abs(scale - 1) < 1e-9:
            # Whole device pixels keep the picture sharp, and only `area` is copied.
            offset = QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio)
            source = area.translated(-offset)
            painter.drawPixmap(area, pixmap, QRectF(source.topLeft() * ratio, source.size() * ratio))
            return
        size = pixmap.deviceIndependentSize() * scale
        painter.drawPixmap(QRectF(left, top, size.width(), size.height()), pixmap, QRectF(pixmap.rect()))

    def _drawn_at_once(self, projection: Projection) -> tuple[QPixmap, Projection]:
        """Draw the part in view, without the margin that a pan needs."""
        assert self._shown is not None
        pixmap = self._blank(projection, self._shown[0].devicePixelRatio())
        painter = _painter(pixmap)
        for _ in self._draw(painter, projection) or ():
            pass
        painter.end()
        return pixmap, projection

    def _blank(self, projection: Projection, ratio: float) -> QPixmap:
        width, height = projection.size_px
        pixmap = QPixmap(round(width * ratio), round(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._background)
        return pixmap

    def _begin(
        self, projection: Projection, ratio: float
    ) -> tuple[QPixmap, Projection, QPainter, Iterator[None]]:
        width, height = projection.size_px
        margin = round(MARGIN_SHARE * min(width, height))
        drawn = projection.with_margin(margin)
        pixmap = self._blank(drawn, ratio)
        painter = _painter(pixmap)
        return pixmap, drawn, painter, self._draw(painter, drawn) or iter(())

    def _serves(self, drawn: tuple[QPixmap, Projection] | None, projection: Projection, ratio: float) -> bool:
        """Whether a pixmap has the right scale and extends far enough beyond the view."""
        if drawn is None:
            return False
        pixmap, part = drawn
        if part.chart != projection.chart:
            return False
        if pixmap.devicePixelRatio() != ratio or abs(_units(part) / _units(projection) - 1) > 1e-9:
            return False
        room = REDRAW_SHARE * MARGIN_SHARE * min(projection.size_px)
        left, top = part.view_px(projection.view(0, 0)).tolist()
        right, bottom = part.view_px(projection.view(*projection.size_px)).tolist()
        width, height = part.size_px
        return bool(min(left, top, width - right, height - bottom) >= room - 1)

    def _end_next(self) -> None:
        if self._next is not None:
            self._next[2].end()
            self._next = None
            self._stale = True


def _units(projection: Projection) -> float:
    return projection.viewport.units_per_px(projection.size_px)


def _painter(pixmap: QPixmap) -> QPainter:
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    return painter

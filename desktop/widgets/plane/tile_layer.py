"""Draws the decoded tiles of the plane, in steps."""

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from desktop.jobs.tiles import Cut, Tile, TileCache, common
from desktop.latent.chart import Projection
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage


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

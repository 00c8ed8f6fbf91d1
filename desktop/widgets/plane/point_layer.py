"""The points of the plane, coloured by their labels, and how they are drawn, in steps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainter

from desktop.base.arrays import Array, Doubles
from desktop.images.dots import FAINT_SHARE, dot_coverage, draw_dots
from desktop.latent.chart import Chart, Projection
from desktop.latent.selection import Indices
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import draw_words

POINT_PX = 3.4
# If there are few points, they are larger and have a dark rim, so that they are visible on light pictures.
FEW_POINTS, FEW_POINT_PX, RIM_PX = 2_000, 5.0, 1.2
ROWS_A_STEP = 256


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


def _by_strength(
    is_shown: NDArray[np.bool_], chosen: Indices | None
) -> list[tuple[NDArray[np.bool_], float]]:
    """Return which of the shown points to draw at which share of their opacity, from the bottom up."""
    if chosen is None or not len(chosen):
        return [(is_shown, 1.0)]
    is_chosen = np.zeros_like(is_shown)
    is_chosen[chosen] = True
    return [(is_shown & ~is_chosen, FAINT_SHARE), (is_shown & is_chosen, 1.0)]

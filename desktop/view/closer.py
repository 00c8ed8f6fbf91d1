"""Zooms the view in until a posterior is large enough to be seen. No Qt."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from desktop.latent.plane import Viewport
from desktop.view.state import ViewState

LEAST_PX, SEEN_PX = 30.0, 90.0  # a posterior smaller than the first is enlarged to the second
MOST_AWAY = 0.4  # the largest distance of the other mark from the middle, as a share of the span


def closer_to(
    state: ViewState, outline: ArrayLike, other: ArrayLike, size_px: tuple[float, float]
) -> ViewState:
    """Return a state that shows the posterior at its cursor, zoomed in if it is too small to be seen.

    `outline` holds points (a, b) [N, 2] around the posterior, and `other` is a point (a, b) [2] that stays in
    view, such as the encoder's mean beside the mode.
    """
    chart, viewport = state.chart, state.viewport
    extent = float(np.ptp(chart.view(outline), axis=0).max())
    if extent >= LEAST_PX * viewport.units_per_px(size_px):
        return state.with_cursor_in_view()
    center = chart.view(state.cursor_ab)
    away = float(np.abs(chart.view(other) - center).max())
    middle = float(center[0]), float(center[1])
    span = max(extent * min(size_px) / SEEN_PX, away / MOST_AWAY, chart.least_span(middle))
    return replace(state, viewport=Viewport(middle, min(span, viewport.span)))

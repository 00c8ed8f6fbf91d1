"""The decoded plane of a figure."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.figure.backdrop import Backdrop, backdrop_cost, cells_of, decode_backdrop
from desktop.images.pixels import to_bytes
from desktop.latent.chart import AxisScale, Projection
from desktop.view.state import start_state


def decoded(decoder, projection, scale=1):
    """The whole backdrop."""
    return [step for step in decode_backdrop(decoder, projection, scale) if isinstance(step, Backdrop)]


@pytest.mark.parametrize("scale", [AxisScale.LINEAR, AxisScale.QUANTILES])
def test_each_picture_is_that_of_its_own_place(small_decoder, scale):
    """A cell's picture is decoded from the z at the middle of the cell."""
    state = start_state(2).with_scale(scale)
    projection = Projection(state.chart, state.viewport, (300.0, 200.0))
    (found,) = decoded(small_decoder, projection)
    left, bottom, right, top = found.edges
    rows, columns = (side // 12 for side in found.picture.shape)
    for row, column in ((0, 0), (rows - 1, 1), (rows // 2, columns - 1)):
        view = left + (column + 0.5) * (right - left) / columns, top - (row + 0.5) * (top - bottom) / rows
        expected = to_bytes(small_decoder.model.decode(projection.chart.z(view)[np.newaxis]))[0]
        cell = found.picture[12 * row : 12 * row + 12, 12 * column : 12 * column + 12]
        assert np.abs(cell.astype(int) - expected).max() <= 1


def test_it_covers_what_is_in_view(small_decoder):
    """The backdrop reaches at least to the view's edges, and no picture is entirely outside."""
    state = start_state(2)
    projection = Projection(state.chart, state.viewport, (333.0, 217.0))
    cells = cells_of(small_decoder, projection, 2)
    for ours, views, step in zip(cells.edges, projection.edges, (1, 1, -1, -1), strict=True):
        assert 0 <= step * (views - ours) < projection.viewport.units_per_px((333, 217)) * 72
    assert backdrop_cost(small_decoder, projection, 2).pictures == cells.columns * cells.rows


def test_a_view_beyond_quantile_axes_has_none(small_decoder):
    """Nothing is decoded beyond the limits of quantile axes."""
    state = start_state(2).with_scale(AxisScale.QUANTILES)
    away = replace(state.viewport, center=(5.0, 5.0))
    assert decoded(small_decoder, Projection(state.chart, away, (300.0, 200.0))) == []


def test_a_finer_picture_shows_the_same_places(small_decoder):
    """The places of the pictures do not depend on the scale."""
    state = start_state(2)
    projection = Projection(state.chart, state.viewport, (300.0, 200.0))
    coarse, fine = (cells_of(small_decoder, projection, scale) for scale in (1, 4))
    assert (coarse.edges, coarse.columns, coarse.rows) == (fine.edges, fine.columns, fine.rows)

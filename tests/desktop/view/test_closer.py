"""Going to a posterior shows it, however small it is."""

import numpy as np
import pytest

from desktop.latent.plane import Viewport
from desktop.view.closer import LEAST_PX, SEEN_PX, closer_to
from desktop.view.state import ViewState

SIZE_PX = (800, 600)


def outline(width, center=(1.0, -0.5)):
    """The corners of a square around a point."""
    return np.array(center) + np.array([(-0.5, -0.5), (0.5, 0.5)]) * width


def width_px(state, corners):
    """How wide a square is in the view."""
    return np.ptp(state.viewport.to_px(SIZE_PX, corners), axis=0).max()


def test_a_large_posterior_needs_no_zoom():
    """The view stays as it is."""
    state = ViewState().at((1.0, -0.5))
    assert closer_to(state, outline(1.0), (0.5, 0.0), SIZE_PX) is state


def test_a_small_posterior_is_zoomed_in_on():
    """Afterwards it is large enough and in the middle, and the other mark is in view."""
    state = ViewState().at((1.0, -0.5))
    small = outline(0.05)
    assert width_px(state, small) < LEAST_PX
    near = closer_to(state, small, (1.02, -0.5), SIZE_PX)
    assert near.viewport.center == pytest.approx((1.0, -0.5))
    assert width_px(near, small) == pytest.approx(SEEN_PX)
    other = closer_to(state, small, (2.0, -0.5), SIZE_PX)
    left, _, right, _ = other.viewport.edges(SIZE_PX)
    assert left < 2.0 < right
    assert other.viewport.span < state.viewport.span


def test_what_cannot_be_seen_together_leaves_the_zoom():
    """The view is only moved, so that the cursor is in the middle."""
    state = ViewState(viewport=Viewport((0.0, 0.0), 1.0)).at((1.0, -0.5))
    far = closer_to(state, outline(0.001), (9.0, -0.5), SIZE_PX)
    assert far.viewport == Viewport((1.0, -0.5), 1.0)

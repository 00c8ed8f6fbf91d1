"""Fixtures for the tests of the plane."""

from collections.abc import Callable
from typing import Any

import pytest
from numpy.typing import NDArray

from desktop.jobs.tiles import Cut, Tile, TileCache
from desktop.widgets.plane.plane_view import PlaneView
from tests.desktop.widgets.plane.seen_plane import PYRAMID, SIDE_PX, STATE


@pytest.fixture
def view(qtbot: Any) -> PlaneView:
    """A shown plane of 400 × 400 pixels that shows (−2, −2) to (2, 2)."""
    view = PlaneView()
    qtbot.addWidget(view)
    view.resize(SIDE_PX, SIDE_PX)
    view.set_state(STATE)
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def show_picture(view: PlaneView) -> Callable[..., None]:
    """`show_picture(picture)`: the four tiles around the middle, from (−1, −1) to (1, 1), each a picture."""

    def show(picture: NDArray[Any]) -> None:
        cache, cut = TileCache(), Cut(0, STATE.chart, PYRAMID)
        for column in (-1, 0):
            for row in (-1, 0):
                cache.put(0, Tile(0, column, row), picture)
        view.set_backdrop(cache, cut)

    return show


@pytest.fixture
def look(view: PlaneView, pixels: Any) -> Callable[[], NDArray[Any]]:
    """`look()`: a complete picture of the view, uint8 [400, 400, 3]."""
    return lambda: pixels(view.grab().toImage())[..., :3].astype(int)

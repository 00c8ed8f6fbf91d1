"""Titles are written at the edges of a sheet, whose own pixels do not change."""

import numpy as np
import pytest

from desktop.images import titles as module
from desktop.images.lettering import GROUND
from desktop.images.room import RoomError
from desktop.images.titles import Titles, titled

TWO = Titles(("z1\n0.50 nats", "z0"), ("−3.0", "0.0", "3.0"))


@pytest.mark.parametrize("channels", [None, 3, 4])
@pytest.mark.parametrize("cell_px", [9, 28, 112])
def test_the_sheet_lies_beside_its_titles(channels, cell_px):
    """The sheet's pixels are unchanged, and each row has its letters at its own height."""
    shape = (2 * cell_px, 3 * cell_px) if channels is None else (2 * cell_px, 3 * cell_px, channels)
    sheet = np.full(shape, 77, np.uint8)
    found = titled(sheet, TWO)
    gray = found if channels is None else found[..., 0]
    top, left = len(found) - shape[0], int(np.argmax(gray[-1] == 77))
    assert (found[top:, left : left + shape[1]] == sheet).all()
    letters = gray[:, :left] != GROUND
    for row in range(2 if cell_px > 20 else 1):
        assert letters[top + row * cell_px : top + (row + 1) * cell_px].any()
    above = gray[:top] != GROUND
    assert above[:, left : left + cell_px].any()
    assert not letters[:, 0].any(), "nothing is cut off"
    if channels == 4:
        assert (found[:top, :, 3] == 255).all()


def test_the_second_line_gives_way_where_a_row_is_low():
    """The first line, the name of the dimension, stays."""
    low, high = (titled(np.zeros((2 * side, 3 * side), np.uint8), TWO) for side in (16, 28))
    assert low.shape[1] - 48 < high.shape[1] - 84


def test_a_sheet_that_only_fits_alone_is_refused(monkeypatch):
    """The error says to leave out the titles or choose a smaller scale."""
    monkeypatch.setattr(module, "free_memory_bytes", lambda: 1000)
    with pytest.raises(RoomError, match="leave out the titles or choose a smaller scale"):
        titled(np.zeros((56, 84), np.uint8), TWO)

"""Parts that wait to be painted come in pieces, the nearest first, until none is left."""

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QRegion

from desktop.widgets.plane.dirty_region import ACROSS, DirtyRegion

SIZE = QSize(823, 729)
PIECE = QRect(0, 0, -(-823 // ACROSS), -(-729 // ACROSS))


def test_a_whole_widget_comes_in_pieces_that_do_not_overlap():
    """There are ACROSS × ACROSS pieces, which together are the widget."""
    dirty, pieces = DirtyRegion(), []
    dirty.add(QRect(QPoint(0, 0), SIZE))
    while not dirty.is_empty:
        pieces.append(dirty.take(SIZE, QPoint(400, 300)))
    assert len(pieces) == ACROSS**2
    together = QRegion()
    for piece in pieces:
        assert not piece.intersects(together)
        together += piece
    assert together == QRegion(QRect(QPoint(0, 0), SIZE))


@pytest.mark.parametrize("near", [QPoint(5, 5), QPoint(800, 20), QPoint(400, 700)])
def test_the_piece_nearest_to_the_cursor_is_the_first(near):
    """The first piece contains the cursor's position."""
    dirty = DirtyRegion()
    dirty.add(QRect(QPoint(0, 0), SIZE))
    assert dirty.take(SIZE, near).contains(near)


def test_only_what_was_added_comes():
    """A small part comes whole, a part outside of the widget never; then nothing is left."""
    dirty = DirtyRegion()
    dirty.add(QRect(10, 20, 30, 40))
    dirty.add(QRect(2000, 2000, 30, 40))
    assert dirty.take(SIZE, QPoint(700, 700)) == QRegion(QRect(10, 20, 30, 40))
    assert dirty.is_empty
    assert dirty.take(SIZE, QPoint(0, 0)).isEmpty()


def test_everything_can_be_taken_at_once():
    """Afterwards nothing is left."""
    dirty = DirtyRegion()
    dirty.add(PIECE)
    dirty.add(QRect(600, 600, 50, 50))
    assert dirty.take_all() == QRegion(PIECE) + QRegion(QRect(600, 600, 50, 50))
    assert dirty.is_empty

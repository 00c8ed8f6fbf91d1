"""The texts of your image on the plane keep off what is drawn above them."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.jobs.encode import Encoded
from desktop.view.bookmarks import bookmark
from desktop.view.state import Layer
from desktop.widgets.plane.bookmark_marks import BookmarkMarks
from desktop.widgets.plane.encoded_marks import EncodedMarks
from tests.desktop.widgets.plane.seen_plane import STATE, at


@pytest.mark.parametrize("a", [-0.5, 0.5])
def test_texts_keep_off_points_of_the_path(view, look, a):
    """The mean's text goes to its other side if a point of the path would cover it."""
    marks, none = EncodedMarks(view), np.zeros((1, 1, 1), np.float32)
    here = np.zeros(2, np.float32)
    marks.show(Encoded(none, here, here, none, 1.0, 1.0))
    view.set_state(STATE.with_layer(Layer.ENCODED, on=True))
    look()
    (text,) = marks.shown.texts
    free = text.box
    view.set_state(replace(view.state, path=(Vector((a, 0.0)), Vector((a, 1.5)))))
    look()
    (text,) = marks.shown.texts
    assert not text.box.contains(at(a, 0.0))
    assert (text.box != free) == free.contains(at(a, 0.0))


@pytest.mark.parametrize("a", [-0.5, 0.5])
def test_texts_keep_off_bookmarks(view, look, a):
    """A bookmark's flag is not drawn over the mean's text, and the text returns when the flag has gone."""
    marks, none = EncodedMarks(view), np.zeros((1, 1, 1), np.float32)
    flags = BookmarkMarks(view, lambda: True)
    here = np.zeros(2, np.float32)
    marks.show(Encoded(none, here, here, none, 1.0, 1.0))
    view.set_state(STATE.with_layer(Layer.ENCODED, on=True).with_layer(Layer.BOOKMARKS, on=True))
    look()
    (text,) = marks.shown.texts
    free = text.box
    flags.show((bookmark(view.state.moved_to(Vector((a, 0.0))), ()),))
    look()
    (text,) = marks.shown.texts
    assert not text.box.contains(at(a, 0.0))
    assert (text.box != free) == free.contains(at(a, 0.0))
    flags.show(())
    look()
    assert marks.shown.texts[0].box == free

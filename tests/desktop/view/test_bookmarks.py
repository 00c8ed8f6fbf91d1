"""Bookmarks: what they keep, how they are written, and the path through them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.latent.plane import Viewport, axis_plane
from desktop.reading.input_values import InputValue
from desktop.view.bookmarks import (
    Bookmark,
    as_path,
    bookmark,
    bookmark_to_dict,
    bookmarks_from_list,
    moved,
    places_on,
    renamed,
    with_picture,
)
from desktop.view.first_view import first_view, home_view, is_on_samples, random_view, sample_seed
from desktop.view.history import in_words
from desktop.view.saved_views import read_views, save_views
from desktop.view.state import Layer, ViewState, start_state

HERE = replace(
    start_state(3).moved_to(Vector((0.1, 1 / 3, -2.0))).with_axes(2, 0),
    viewport=Viewport((0.5, 0.25), 0.01),
    epoch=4,
    layers=frozenset({Layer.PRIOR}),
    selected=(1, 2),
)
SHA256 = "a" * 64


def test_a_place_is_seen_again_and_nothing_else_changes():
    """Cursor, plane, viewport, epoch and layers come back; path and selection stay as they are."""
    mark = bookmark(HERE, ())
    now = replace(start_state(3), path=(HERE.z,), selected=(5,))
    seen = mark.seen_from(now)
    for name in ("z", "plane", "scale", "viewport", "epoch", "layers"):
        assert getattr(seen, name) == getattr(HERE, name)
    for name in ("path", "selected"):
        assert getattr(seen, name) == getattr(now, name)
    assert mark.is_at(HERE)
    assert not mark.is_at(replace(HERE, epoch=3))


def test_a_plane_through_samples_is_one_again_after_other_seeds():
    """Home shows the samples that span the plane, and a caption names their seed, also after saving."""
    there = first_view(16, seed=2)
    now = random_view(random_view(there, False), False)
    assert now.seed == 4
    mark = bookmark(there, ())
    for kept in (mark, *bookmarks_from_list([bookmark_to_dict(mark)], 16)):
        seen = kept.seen_from(now)
        assert is_on_samples(seen, has_posterior=False)
        assert home_view(seen, False) == home_view(there, False)
        assert sample_seed(seen) == 2
        assert in_words(now, seen) == "changing the plane"
    assert in_words(now, random_view(now, False)) == "drawing a random z"


def test_a_place_of_an_earlier_version_leaves_the_layers_and_the_seed():
    """It has no layers and no seed, and is written again without them."""
    data = bookmark_to_dict(bookmark(HERE, ()))
    del data["view"]["layers"], data["view"]["seed"]
    (mark,) = bookmarks_from_list([data])
    now = replace(start_state(3), seed=7)
    assert mark.seen_from(now).layers == now.layers
    assert mark.seen_from(now).seed == 7
    assert bookmark_to_dict(mark) == data


def test_a_place_keeps_the_class():
    """Going there sets the class; pictures of other classes do not count. Older bookmarks have none."""
    seven, three = ((InputValue("label", label),) for label in (7, 3))
    mark = bookmark(replace(HERE, inputs=seven), ())
    assert mark.seen_from(replace(HERE, inputs=three)).inputs == seven
    assert not mark.is_at(replace(HERE, inputs=three))
    assert bookmarks_from_list(json.loads(json.dumps([bookmark_to_dict(mark)])), 3) == (mark,)
    assert with_picture((mark,), HERE.z, 4, three, "three")[0].picture == ""
    assert with_picture((mark,), HERE.z, 4, seven, "seven")[0].picture == "seven"
    path = as_path(replace(HERE, inputs=three), (mark, bookmark(HERE, ())), 2.0)
    assert path.path_inputs == (seven, three), "an older one has the class of now"
    assert as_path(HERE, (bookmark(HERE, ()),), 2.0).path_inputs == ()


def test_places_have_names_of_their_own_and_an_order():
    """A new name is unique; names are one line; a bookmark can be moved up and down."""
    marks = (bookmark(HERE, ()),)
    marks = (*marks, bookmark(HERE, marks))
    marks = renamed(marks, 0, " a\nseven ")
    assert [mark.name for mark in marks] == ["a\\nseven", "Place 2"]
    assert renamed(marks, 0, "  ") == marks
    marks = (*marks, bookmark(HERE, marks))
    assert [mark.name for mark in marks][2] == "Place 1"
    assert [mark.name for mark in moved(marks, 0, 2)] == ["Place 2", "Place 1", "a\\nseven"]
    assert moved(moved(marks, 2, 0), 0, 2) == marks


def test_places_become_a_path_with_times():
    """Each leg takes the given time; a closed path has one leg more."""
    marks = [bookmark(HERE.moved_to(Vector((x, 0.0, 0.0))), ()) for x in (0.0, 1.0, 2.0)]
    state = as_path(start_state(3), marks, 1.5)
    assert state.path == tuple(mark.view.z for mark in marks)
    assert state.path_times == (1.5, 1.5)
    assert as_path(replace(start_state(3), path_closed=True), marks, 1.5).path_times == (1.5,) * 3


def test_a_place_comes_back_as_it_was_written():
    """It is equal to the last bit; a bookmark of another model is refused with a message."""
    mark = bookmark(HERE, (), "AAAA")
    written = json.loads(json.dumps([bookmark_to_dict(mark)]))
    assert bookmarks_from_list(written, 3) == (mark,)
    for data, words in (
        (written[0], "expected a list"),
        ([1], "expected an object"),
        ([{"name": 3}], "expected both"),
        ([{"name": "a"}], "expected an object"),
    ):
        with pytest.raises(ValueError, match=words):
            bookmarks_from_list(data, 3)
    with pytest.raises(ValueError, match="expected the model's 2"):
        bookmarks_from_list(written, 2)


@pytest.mark.parametrize("dims", [3, 40_000])
def test_places_are_saved_with_their_model(dims, tmp_path):
    """That includes long z, which are saved in the separate file of the model's view."""
    marks = (bookmark(start_state(dims), (), "AAAA"),)
    marks = (*marks, bookmark(start_state(dims).moved_to(Vector(np.full(dims, 0.5))), marks))
    views = read_views().with_model(SHA256, tmp_path / "m", start_state(dims), bookmarks=marks)
    assert views.bookmarks_of(SHA256, dims) == marks
    save_views(views, read_views())
    found = read_views()
    assert found.bookmarks_of(SHA256, dims) == marks
    assert found.state_of(SHA256, dims) == start_state(dims)
    assert found.bookmarks_of(SHA256, dims + 1) == ()
    assert found.bookmarks_of("b" * 64) == ()
    assert isinstance(found.state_of(SHA256), ViewState)


def test_those_on_a_plane_are_found_with_their_places():
    """They may be of any epoch; bookmarks off the plane or of another number of dimensions are left out."""
    plane = axis_plane((0.0, 0.0, 0.5), 0, 1)
    places = [(1.0, 2.0, 0.5), (1.0, 2.0, 0.6), (3.0, 4.0), (-7.0, 0.25, 0.5)]
    marks = [Bookmark(str(n), ViewState(z=z, epoch=n)) for n, z in enumerate(places)]
    indices, ab = places_on(plane, marks)
    assert indices == (0, 3)
    assert ab.tolist() == [[1.0, 2.0], [-7.0, 0.25]]
    assert places_on(plane, [])[1].shape == (0, 2)

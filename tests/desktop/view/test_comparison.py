"""The second model of a comparison follows the first one's view, and is saved as one text."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop.latent.chart import AxisScale
from desktop.latent.plane import Viewport, axis_plane
from desktop.latent.prior import Prior, PriorKind
from desktop.view.comparison import Other, followed, other_from_text
from desktop.view.state import Layer, ViewState, start_state

SEEN = Viewport((0.5, 0.25), 0.5)


@pytest.fixture
def first():
    """A state whose fields all differ from the start."""
    return ViewState(
        z=(1.0, -2.0, 0.5),
        plane=axis_plane((1.0, -2.0, 0.5), 1, 2),
        scale=AxisScale.QUANTILES,
        viewport=SEEN,
        layers=frozenset({Layer.PRIOR}),
        hidden_labels=frozenset({3}),
        path=((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        epoch=7,
        lens=False,
    )


def test_with_as_many_dimensions_all_that_is_looked_at_is_the_same(first):
    """B gets cursor, plane, axes, viewport, layers and path; it keeps its own epoch and prior."""
    uniform = Prior(PriorKind.UNIFORM)
    second = followed(ViewState(z=(9.0,) * 3, epoch=2, prior=uniform), first, has_same_labels=True)
    for name in ("z", "plane", "scale", "viewport", "layers", "hidden_labels", "path", "lens"):
        assert getattr(second, name) == getattr(first, name), name
    assert (second.epoch, second.prior) == (2, uniform)


def test_with_other_dimensions_the_place_on_the_plane_is_the_same(first):
    """B keeps its plane; its cursor has the same (a, b), and the same part is in view."""
    own = start_state(5).with_axes(4, 0)
    second = followed(own, first, has_same_labels=True)
    assert second.plane == own.plane
    assert second.cursor_ab == pytest.approx(first.cursor_ab)
    assert (second.z[4], second.z[0]) == tuple(first.cursor_ab)
    assert (second.viewport, second.path) == (SEEN, ())


def test_a_line_takes_what_it_can(first):
    """One latent dimension has no second coordinate."""
    second = followed(start_state(1), first, has_same_labels=True)
    assert list(second.z) == [first.cursor_ab[0]]


def test_labels_of_other_names_are_not_hidden(first):
    """In B, number 3 is another label."""
    assert followed(start_state(3), first, has_same_labels=False).hidden_labels == frozenset()


def test_what_is_pinned_and_selected_is_that_of_the_same_images(first):
    """If the test images differ, number 3 is another image."""
    marked = replace(first, pinned=(3,), selected=(3, 5), only_selected=True)
    same = followed(start_state(3), marked, has_same_labels=True, has_same_points=True)
    assert (same.pinned, same.selected, same.only_selected) == ((3,), (3, 5), True)
    others = followed(same, marked, has_same_labels=True, has_same_points=False)
    assert (others.pinned, others.selected, others.only_selected) == ((), (), False)


def test_following_twice_changes_nothing(first):
    """So nothing is decoded again for the same view."""
    for latent_dim in (1, 2, 3, 5):
        once = followed(start_state(latent_dim), first, has_same_labels=True)
        assert followed(once, first, has_same_labels=True) == once


@pytest.mark.parametrize("other", [Other(Path("/a: b/ü.latent")), Other(Path("/m"), 0), Other(Path("m"), 12)])
def test_the_second_model_is_one_text(other):
    """The text holds any path, and the epoch."""
    assert other_from_text(other.text) == other


@pytest.mark.parametrize(
    "text", ["", ":", "no colon", "3:", "x:/m", "-1:/m", "1e3:/m", ":/m\0", "9" * 10 + ":/m"]
)
def test_other_texts_are_no_model(text):
    """A text from a file that was damaged or changed by hand gives no model."""
    assert other_from_text(text) is None


def test_states_of_arrays_are_taken(first):
    """The numbers of z may be given as any sequence."""
    assert followed(ViewState(z=np.zeros(3)), first, has_same_labels=True).z == first.z

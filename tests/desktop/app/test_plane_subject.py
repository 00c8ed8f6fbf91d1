"""Whose state changes by what people do on a plane, and what the models of two planes share."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.app.comparison import Comparison
from desktop.app.plane_subject import PlaneSubject, same_points
from desktop.base.vector import Vector
from desktop.view.comparison import Other
from tests.waiting import SOON_MS


@pytest.fixture
def labelled(labelled_posterior):
    """The posterior with an image for each mean."""
    images = np.random.default_rng(0).integers(0, 2, (60, 1, 12, 12), np.uint8)
    return replace(labelled_posterior, images=images)


def test_the_same_images_are_the_same_points(make_explorer, make_bundle, labelled):
    """Wherever two encoders put them; one other image, or another label, makes them others."""
    first = make_explorer(make_bundle(posterior=labelled))
    assert same_points(first, make_explorer(make_bundle(posterior=replace(labelled, mean=-labelled.mean))))
    images, labels = labelled.images.copy(), labelled.labels.copy()
    images[59], labels[0] = 1 - images[59], 2
    assert not same_points(first, make_explorer(make_bundle(posterior=replace(labelled, images=images))))
    assert not same_points(first, make_explorer(make_bundle(posterior=replace(labelled, labels=labels))))
    assert not same_points(first, make_explorer(make_bundle()))


def test_going_to_a_point_of_another_space(make_explorer, make_bundle, qtbot):
    """The plane of the other model goes through it, and the cursors of both are at the same place."""
    first = make_explorer(make_bundle())
    comparison = Comparison(first, first)
    comparison.set_shown(True)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(latent_dim=3)))
    subject = PlaneSubject(comparison.second, first)
    assert not subject.has_same_z
    subject.go_to(Vector((0.5, -1.0, 2.0)))
    assert comparison.second.state.z == (0.5, -1.0, 2.0)
    assert first.state.z == pytest.approx(comparison.second.state.cursor_ab)

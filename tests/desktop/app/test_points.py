"""The points are test images, or own pictures or z instead, with words that fit."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.app.points import MOST_NUMBERED, Points
from desktop.models.opened import Opened
from desktop.models.own_posterior import OwnPosterior
from desktop.models.point_words import TEST_IMAGES


@pytest.fixture
def open_labelled(make_bundle, make_model, labelled_posterior):
    """`open_labelled(labels)`: an open bundle of 60 labelled test images, with names for their labels."""

    def make(labels=()):
        model = make_model(make_bundle(posterior=labelled_posterior, labels=labels))
        return Opened(model, labelled_posterior)

    return make


@pytest.fixture
def own():
    """Three own pictures in two dimensions."""
    mean = np.eye(3, 2, dtype=np.float32)
    return OwnPosterior(mean, mean, title="holiday", label_names=("sea", "two\nlines"))


def test_without_a_model_there_are_none():
    """There are no points and no label names, but the words are those of test images."""
    points = Points()
    assert points.posterior is points.encoded is points.test_means is None
    assert not points.exist
    assert not points.are_z
    assert (points.text, points.label_names, points.words) == ("", (), TEST_IMAGES)


def test_test_images_are_those_of_the_model_that_decodes(open_labelled):
    """Another epoch's encoder puts them elsewhere."""
    whole = open_labelled(("a", "b", "c"))
    now = replace(whole, posterior=replace(whole.posterior, mean=whole.posterior.mean + 1))
    points = Points(whole, now)
    assert points.posterior is points.encoded is now.posterior
    assert points.test_means is now.posterior.mean
    assert points.exist
    assert points.text == "60 test images"
    assert points.label_names == ("a", "b", "c")


def test_own_pictures_take_the_place_of_test_images(open_labelled, own):
    """They do so from the start, although they have no places until the current model has encoded them."""
    whole = open_labelled(("a", "b", "c"))
    waiting = Points(whole, whole, own)
    assert waiting.posterior is waiting.encoded is None
    assert waiting.exist
    assert waiting.text == ""
    assert waiting.label_names == ("sea", r"two\nlines")
    points = replace(waiting, own_now=replace(own, mean=own.mean + 1))
    assert points.posterior is points.encoded is points.own_now
    assert points.test_means is whole.posterior.mean
    assert points.encoded_words == points.words != TEST_IMAGES
    assert points.text == "3 pictures of holiday"


def test_own_z_have_no_spread_and_leave_it_to_the_test_images(open_labelled, own):
    """Densities and rates are those of the test images."""
    own, whole = replace(own, is_z=True), open_labelled()
    points = Points(whole, whole, own, own)
    assert points.are_z
    assert points.posterior is own
    assert points.encoded is whole.posterior
    assert points.encoded_words is TEST_IMAGES
    assert points.text == "3 points of holiday"


def test_points_without_labels_are_not_called_by_label(open_labelled, own):
    """The layer's name speaks of labels only if the points that are shown have some."""
    whole = open_labelled()
    bare = replace(whole, posterior=replace(whole.posterior, labels=None))
    assert Points(whole, whole).words.as_layer == "Test images by label"
    assert Points(bare, bare).words.as_layer == "Test images"
    assert Points(bare, bare, own).words.as_layer == "Your pictures (holiday) by label"
    assert Points(whole, whole, replace(own, label_names=())).words.as_layer == "Your pictures (holiday)"


def test_labels_without_names_are_called_by_their_numbers(open_labelled):
    """Hundreds of labels get no names."""
    whole = open_labelled()
    assert Points(whole, whole).label_names == ("0", "1", "2")
    many = replace(whole, posterior=replace(whole.posterior, labels=np.array([0, MOST_NUMBERED], np.uint16)))
    assert Points(many, many).label_names == ()
    none = replace(whole, posterior=replace(whole.posterior, labels=None))
    assert Points(none, none).label_names == ()

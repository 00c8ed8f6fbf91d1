"""The words for the points fit into headings, menus and sentences."""

from dataclasses import replace

import numpy as np

from desktop.models.own_posterior import OwnPosterior
from desktop.models.point_words import TEST_IMAGES, words_of


def test_test_images_have_no_source():
    """Without own pictures the points are test images."""
    assert words_of(None) is TEST_IMAGES
    assert TEST_IMAGES.heading("by label") == "Test images by label"
    assert TEST_IMAGES.heading_of_one("under the pointer") == "Test image under the pointer"
    assert TEST_IMAGES.nearest == "the nearest test image"
    assert TEST_IMAGES.source == ""


def test_the_layer_of_points_without_labels_does_not_speak_of_labels():
    """Its name is that of the points alone, with the folder of own pictures."""
    assert TEST_IMAGES.as_layer == "Test images by label"
    assert replace(TEST_IMAGES, are_labelled=False).as_layer == "Test images"
    assert replace(TEST_IMAGES, title="a", are_labelled=False).as_layer == "Test images (a)"


def test_own_pictures_are_yours_and_name_their_folder():
    """A long name is shortened only in headings."""
    mean = np.zeros((1, 2), np.float32)
    words = words_of(OwnPosterior(mean, mean, title="holiday in the mountains"))
    assert words.heading("by label") == "Your pictures (holiday in the moun…) by label"
    assert words.heading_of_one("under the pointer") == "Your picture under the pointer"
    assert words.nearest == "your nearest picture"
    assert words.source == "\nThey come from holiday in the mountains."

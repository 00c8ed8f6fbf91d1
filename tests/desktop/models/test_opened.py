"""Opening a bundle or a model gives a model that has decoded, or raises in the worker's step."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.models.opened import open_model, same_images
from export.bundle import BundleError


def test_opening_gives_a_model_that_has_decoded_and_its_posterior(bundle_path):
    """One step checks the bundle, loads the graphs and reads the held-out means."""
    (opened,) = open_model(bundle_path, None, "cpu")
    try:
        assert opened.model.device.kind == "cpu"
        assert opened.posterior.mean.shape == (len(opened.posterior.labels), 2)
    finally:
        opened.model.close()


def test_a_bundle_without_posterior_opens_without(make_bundle):
    """Missing held-out images are not an error."""
    (opened,) = open_model(make_bundle(), None, "cpu")
    opened.model.close()
    assert opened.posterior is None


def test_images_are_the_same_whatever_an_encoder_makes_of_them(labelled_posterior):
    """With other means the images are still the same; with other labels, or fewer of them, they are not."""
    one = labelled_posterior
    assert same_images(one, replace(one, mean=one.mean + 1, labels=one.labels.copy()))
    assert same_images(None, None)
    assert not same_images(one, None)
    assert not same_images(one, replace(one, labels=None))
    assert not same_images(one, replace(one, labels=one.labels[::-1]))
    assert not same_images(one, replace(one, images=np.zeros((60, 1, 2, 2), np.uint8)))
    fewer = replace(one, mean=one.mean[:9], logvar=one.logvar[:9], labels=one.labels[:9])
    assert not same_images(one, fewer)


def test_opening_nothing_raises_in_its_step(tmp_path):
    """Creating the generator checks nothing; the error is raised in the worker, which can report it."""
    opening = open_model(tmp_path / "no", None, "cpu")
    with pytest.raises(BundleError, match="found nothing there"):
        next(opening)

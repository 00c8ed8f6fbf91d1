"""The jobs for your own image fit the open model; a job is None if the model cannot do it."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.app.own_picture import (
    encode_steps,
    fit_steps,
    has_true_posterior,
    likelihood_table,
    network_input,
)
from desktop.images.drawing import blank
from desktop.latent.likelihood import Family


@pytest.fixture
def gray():
    """A grey picture of twelve by twelve pixels, which the bundles' models take."""
    drawing = blank((1, 12, 12))
    return replace(drawing, pixels=np.linspace(0, 1, 144, dtype=np.float32).reshape(1, 12, 12))


def test_without_a_model_there_is_nothing_to_do(make_explorer, gray):
    """There is no job, and no error."""
    explorer = make_explorer()
    assert fit_steps(explorer, np.zeros((5, 5, 4), np.uint8)) is None
    assert encode_steps(explorer, gray) is None
    assert likelihood_table(explorer, 32) is None
    assert explorer.likelihood is None


def test_a_picture_is_fitted_to_the_models_shape(explorer):
    """The picture's own shape does not matter."""
    (fitted,) = fit_steps(explorer, np.zeros((30, 50, 4), np.uint8))
    assert fitted.pixels.shape == explorer.image_shape


def test_without_an_encoder_nothing_is_encoded(explorer, gray):
    """The small bundle has a decoder alone."""
    assert not explorer.has_encoder
    assert encode_steps(explorer, gray) is None


def test_what_bernoulli_models_take_is_black_and_white(explorer, gray):
    """Their training data was binary, too."""
    assert explorer.likelihood.family is Family.BERNOULLI
    assert set(np.unique(network_input(explorer, gray))) == {0, 1}


def test_the_true_posterior_needs_two_dimensions(explorer, make_explorer, make_bundle):
    """The table decodes with the open model."""
    assert has_true_posterior(explorer)
    table = likelihood_table(explorer, 32)
    list(table.build())
    assert table.share == 1
    other = make_explorer(make_bundle(name="three", latent_dim=3))
    assert not has_true_posterior(other)
    assert likelihood_table(other, 32) is None


def test_a_slow_decoder_has_no_true_posterior(request, make_explorer, make_bundle):
    """Its tens of thousands of pictures would take hours, and nothing else would be decoded meanwhile."""
    request.getfixturevalue("all_are_slow")
    slow = make_explorer(make_bundle())
    assert slow.model.is_slow
    assert not has_true_posterior(slow)
    assert likelihood_table(slow, 8) is None

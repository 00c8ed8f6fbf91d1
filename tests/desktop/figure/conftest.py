"""Fixtures of the tests of figures: a model with test images, and its view."""

from contextlib import closing

import numpy as np
import pytest

from desktop.figure.figure import Subject
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.view.state import start_state
from export.bundle import Posterior


@pytest.fixture
def posterior():
    """Sixty test images of three labels in the middle of the plane."""
    draw = np.random.default_rng(0)
    mean = draw.normal(0, 0.8, (60, 2)).astype(np.float32)
    logvar = np.full((60, 2), -3, np.float32)
    images = (draw.random((60, 1, 12, 12)) > 0.5).astype(np.uint8)
    return Posterior(mean=mean, logvar=logvar, labels=np.arange(60, dtype=np.uint8) % 3, images=images)


@pytest.fixture
def subject(posterior):
    """The view of a newly opened model with these test images."""
    return Subject(start_state(2), posterior, posterior, ("cat", "dog", "emu"))


@pytest.fixture
def small_decoder(make_bundle):
    """The decoder of a small bundle."""
    with closing(Model(open_source(make_bundle()), "cpu")) as model, closing(DecodedPictures()) as kept:
        yield KeptDecoder(model, kept)

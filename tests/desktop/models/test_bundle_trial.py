"""A bundle with a slow decoder opens with the picture of its trial, like any slow decoder."""

import numpy as np
import pytest

from desktop.models import bundle_trial
from desktop.models.model import Model
from desktop.models.open_source import open_epoch, open_source
from desktop.models.opened import open_model
from desktop.vetting.opening import Opening, OpeningStoppedError


@pytest.fixture(autouse=True)
def slow(all_are_slow):
    """All decoders count as slow, and no graph was tried before."""


def test_the_first_picture_is_that_of_the_priors_mean(make_bundle, plain_decoder):
    """A bundle's view starts there; the picture is not decoded again, not even after reopening."""
    path = make_bundle()
    for _ in range(2):
        (opened,) = open_model(path, None, "cpu")
        model = opened.model
        assert model.is_slow
        assert model._loaded is None
        assert model.first.z == (0.0, 0.0)
        np.testing.assert_allclose(model.first.picture, plain_decoder(path)([(0, 0)])[0], atol=1e-6)
        assert model.picture_s == model.first.seconds
        model.close()


def test_each_epoch_has_its_own(make_film):
    """The picture of the last epoch is never taken for that of another."""
    film = make_film(1)
    whole = open_source(film.path)
    pictures = [open_epoch(whole, epoch).first.picture for epoch in (0, 1)]
    for epoch, picture in enumerate(pictures):
        np.testing.assert_allclose(picture, film.decode(epoch, np.zeros((1, 2), np.float32))[0], atol=1e-6)


def test_not_all_first_pictures_are_held(make_bundle, monkeypatch):
    """If there are more bundles, the first is tried again; all of them still count as slow."""
    monkeypatch.setattr(bundle_trial, "MOST_FIRST_PICTURES", 2)
    for seed in (0, 1, 2, 0):
        model = Model(open_source(make_bundle(seed=seed)), "cpu")
        assert model.is_slow
        model.close()
        assert len(bundle_trial._tried) <= 2


def test_opening_a_bundle_can_be_stopped(make_bundle):
    """After a stop, no trial starts."""
    opening = Opening()
    opening.stop()
    with pytest.raises(OpeningStoppedError):
        open_source(make_bundle(), None, opening)
    assert bundle_trial._tried == {}

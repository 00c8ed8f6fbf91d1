"""Opening a bundle or a model gives one that has decoded, or raises in the worker's step."""

import pytest

from desktop.models.opened import open_model
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


def test_opening_nothing_raises_in_its_step(tmp_path):
    """Creating the generator checks nothing; the error is raised in the worker, which can report it."""
    opening = open_model(tmp_path / "no", None, "cpu")
    with pytest.raises(BundleError, match="found nothing there"):
        next(opening)

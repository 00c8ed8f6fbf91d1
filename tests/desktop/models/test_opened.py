"""Opening a bundle or a model gives one that has decoded, or an error in the worker's step."""

import pytest

from desktop.models.opened import open_model
from export.bundle import BundleError


def test_opening_gives_a_model_that_has_decoded_and_its_posterior(bundle_path):
    """One step: the bundle checked, the graphs loaded, the held-out means read."""
    (opened,) = open_model(bundle_path, None, "cpu")
    try:
        assert opened.model.device.kind == "cpu"
        assert opened.posterior.mean.shape == (len(opened.posterior.labels), 2)
    finally:
        opened.model.close()


def test_a_bundle_without_posterior_opens_without(make_bundle):
    """No held-out images is no error."""
    (opened,) = open_model(make_bundle(), None, "cpu")
    opened.model.close()
    assert opened.posterior is None


def test_opening_nothing_raises_in_its_step(tmp_path):
    """The generator itself is made without looking; the error comes where the worker can tell it."""
    opening = open_model(tmp_path / "no", None, "cpu")
    with pytest.raises(BundleError, match="found nothing there"):
        next(opening)

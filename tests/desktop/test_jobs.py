"""What the worker does is cut into short steps, and the last one holds the result."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop import jobs
from desktop.pictures import tile, to_bytes
from export.bundle import BundleError


def test_opening_gives_a_model_that_has_decoded_and_its_posterior(bundle_path):
    """One step: the bundle checked, the graphs loaded, the held-out means read."""
    (opened,) = jobs.open_model(bundle_path, None, "cpu")
    try:
        assert opened.model.device.kind == "cpu"
        assert opened.posterior.mean.shape == (len(opened.posterior.labels), 2)
    finally:
        opened.model.close()


def test_a_bundle_without_posterior_opens_without(make_bundle):
    """No held-out images is no error."""
    (opened,) = jobs.open_model(make_bundle(), None, "cpu")
    opened.model.close()
    assert opened.posterior is None


def test_opening_nothing_raises_in_its_step(tmp_path):
    """The generator itself is made without looking; the error comes where the worker can tell it."""
    opening = jobs.open_model(tmp_path / "no", None, "cpu")
    with pytest.raises(BundleError, match="found nothing there"):
        next(opening)


def test_one_picture_says_which_z_it_shows(bundle_path, make_model, plain_decoder):
    """The picture carries its z, its probabilities and the time it took."""
    z = (0.5, -1.5)
    (decoded,) = jobs.decode_picture(make_model(bundle_path), z)
    assert decoded.z == z
    assert decoded.decode_ms > 0
    assert decoded.probabilities == pytest.approx(plain_decoder(bundle_path)([z])[0], abs=1e-6)


def test_a_sheet_is_all_pictures_in_order(make_bundle, make_model, plain_decoder, same_picture):
    """More pictures than a step decodes are joined in their order, with nothing yielded before the last."""
    path = make_bundle()
    z = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    *before, sheet = jobs.decode_sheet(make_model(path), z, 10)
    assert before == [None] * 3
    assert same_picture(sheet, tile(to_bytes(plain_decoder(path)(z)), 10))


def test_a_saved_picture_is_enlarged(tmp_path: Path):
    """The PNG holds every pixel as a block."""
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert list(jobs.save_png(tmp_path / "a.png", picture, 4)) == [tmp_path / "a.png"]
    assert (imageio.imread(tmp_path / "a.png") == picture.repeat(4, axis=0).repeat(4, axis=1)).all()

"""What the worker does is cut into short steps, and the last one holds the result."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop import jobs
from desktop.latent_plane import axis_plane, cell_grid
from desktop.pictures import tile, to_bytes
from export.bundle import BundleError

EDGES = (-3.0, -2.0, 3.0, 2.0)


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


def test_a_backdrop_comes_coarse_and_then_fine(bundle_path, make_model, plain_decoder, same_picture):
    """Two pictures of the same edges, the second of more cells, each decoded at its cells' centres."""
    plane, decode = axis_plane((0.0, 0.0)), plain_decoder(bundle_path)
    steps = list(jobs.decode_backdrop(make_model(bundle_path), plane, EDGES, (300, 200)))
    coarse, fine = (step for step in steps if step is not None)
    for backdrop, (columns, rows) in ((coarse, (4, 3)), (fine, (11, 7))):
        assert backdrop.edges == EDGES
        expected = to_bytes(decode(cell_grid(plane, EDGES, columns, rows)))
        assert same_picture(backdrop.picture, tile(expected, columns))


def test_no_step_of_a_backdrop_decodes_more_than_twenty(bundle_path, make_model):
    """A picture under the pointer waits for one step at most, so a step is short, at any size."""
    model, asked = make_model(bundle_path), []
    decode = model.decode
    model.decode = lambda z: (asked.append(len(z)), decode(z))[1]
    steps = jobs.decode_backdrop(model, axis_plane((0.0, 0.0)), EDGES, (1200, 900))
    for _ in steps:
        assert len(asked) <= 1
        assert all(count <= jobs.STEP_PICTURES for count in asked)
        asked.clear()


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 12), (1, 400, 300)])
def test_a_backdrop_has_any_shape_of_picture(make_bundle, make_model, shape):
    """Tiny, coloured and larger than the view: the fine one covers the view with whole pictures."""
    model = make_model(make_bundle(image_shape=shape))
    steps = list(jobs.decode_backdrop(model, axis_plane((0.0, 0.0)), EDGES, (200, 100)))
    height, width = steps[-1].picture.shape[:2]
    assert height % shape[1] == 0
    assert width % shape[2] == 0
    assert steps[-1].picture.ndim == (2 if shape[0] == 1 else 3)


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

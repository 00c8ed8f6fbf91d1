"""Numbers are called probabilities only if they are probabilities."""

import json

import numpy as np
import pytest

from desktop.images.picture_modes import are_probabilities, drawn, modes_of
from desktop.models.open_source import open_source
from desktop.view.state import PictureMode
from tests.desktop.foreign_models import decoder


def test_a_bundle_says_so_by_its_likelihood(bundle_path, make_bundle):
    """Bernoulli pixels have probabilities."""
    assert are_probabilities(open_source(bundle_path))
    assert open_source(bundle_path).bundle.likelihood == "bernoulli"
    path = make_bundle()
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps(manifest | {"likelihood": "gaussian"}))
    assert not are_probabilities(open_source(path))


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"last": "Sigmoid"}, True),
        ({"last": "", "scale": 5.0}, True),  # logits
        ({"last": "Sigmoid", "image_shape": (3, 8, 8)}, False),
        ({"last": "Tanh"}, False),
        ({"last": "Clip"}, False),
        ({"last": "Sigmoid", "bytes_out": True}, False),
    ],
)
def test_a_bare_decoder_gives_them_by_a_sigmoid_or_as_logits(tmp_path, how, expected):
    """The decoder must have one channel, because colour data are hardly ever binary."""
    assert are_probabilities(open_source(decoder(tmp_path / "m.onnx", **how))) is expected


@pytest.mark.parametrize("likelihood", ["continuous-bernoulli", "gaussian", "logistic"])
def test_a_grey_bundle_gives_pictures_and_samples(make_bundle, make_model, likelihood):
    """Grey pictures have no thresholded mode. A sample has the picture's mean and noise at each pixel."""
    model = make_model(make_bundle(image_shape=(3, 24, 24), likelihood=likelihood, levels=256))
    assert modes_of(model.source) == {PictureMode.PROBABILITIES, PictureMode.SAMPLE}
    z = np.float32([[0.5, -0.3]])
    parameters, numbers = model.decode_parameters(z), model.decode(z)[0]
    sample = drawn(numbers, PictureMode.SAMPLE, model.source.likelihood, parameters)
    assert sample.shape == numbers.shape
    assert (sample != numbers).mean() > 0.8
    expected = model.source.likelihood.pictures(parameters)
    assert sample.mean() == pytest.approx(expected.mean(), abs=0.02)


def test_grey_levels_are_not_thresholded(make_bundle):
    """A Bernoulli likelihood of grey levels is a cross-entropy; samples of it are still black and white."""
    source = open_source(make_bundle(levels=256))
    assert modes_of(source) == {PictureMode.PROBABILITIES, PictureMode.SAMPLE}
    numbers = np.array([[[0.0, 1.0]]], np.float32)
    assert drawn(numbers, PictureMode.SAMPLE, source.likelihood).tolist() == [[[0, 1]]]


def test_a_mode_draws_numbers():
    """A mode draws them as they are, thresholded at a half, or as a sample with a fixed seed."""
    numbers = np.array([[[0.2, 0.8], [0.0, 1.0]]], np.float32)
    assert drawn(numbers, PictureMode.PROBABILITIES) is numbers
    assert drawn(numbers, PictureMode.THRESHOLDED).tolist() == [[[0, 1], [0, 1]]]
    sample = drawn(numbers, PictureMode.SAMPLE)
    assert set(np.unique(sample)) <= {0, 1}
    assert sample[0, 1].tolist() == [0, 1]
    assert np.array_equal(sample, drawn(numbers, PictureMode.SAMPLE))

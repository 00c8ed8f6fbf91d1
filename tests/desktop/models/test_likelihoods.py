"""A bundle of each likelihood gives pictures, and the parameters that ELBOs need."""

import numpy as np
import onnxruntime as ort
import pytest

from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.encode import encode
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheets import held_out_scores
from desktop.latent.elbo import rate_nats
from desktop.models.open_source import open_source
from export.bundle import DECODER_FILE, Posterior
from tests.desktop.small_bundles import encoder_graph

SHAPE = (3, 32, 32)
GREY = ("continuous-bernoulli", "gaussian", "logistic")


@pytest.fixture(params=GREY)
def model(request, make_bundle, make_model):
    """A model of colour pictures with an encoder."""
    path = make_bundle(
        image_shape=SHAPE, likelihood=request.param, levels=256, encoder=encoder_graph(SHAPE, 0)
    )
    return make_model(path)


def test_the_parameters_are_the_graphs_outputs(model):
    """Computed in chunks and threads, they equal those of one plain run; the picture is the first output."""
    z = np.random.default_rng(0).normal(size=(33, 2)).astype(np.float32)
    graph = model.source.bundle.read(DECODER_FILE)
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    expected = dict(zip(names, session.run(names, {"z": z}), strict=True))
    found = model.decode_parameters(z)
    location = expected["logits"] if "logits" in expected else expected["mean"]
    assert found.location == pytest.approx(location, abs=1e-6)
    assert model.decode(z) == pytest.approx(expected["picture"], abs=1e-6)
    if "log_scale" in expected:
        assert found.log_scale == pytest.approx(expected["log_scale"])
    else:
        assert found.log_scale is None


def test_an_images_bound_is_that_of_its_likelihood(model):
    """The distortion is −log p(x|z) over the nodes, and close to that of draws from the posterior."""
    likelihood = model.source.likelihood
    x = (np.random.default_rng(1).integers(0, 256, SHAPE) / 255).astype(np.float32)
    (encoded,) = encode(model, x)
    noise = np.random.default_rng(2).standard_normal((400, 2)).astype(np.float32)
    z = encoded.mean + np.exp(0.5 * encoded.logvar) * noise
    nats = -likelihood.nats(x[None], model.decode_parameters(z))
    assert encoded.distortion_nats == pytest.approx(nats.mean(), abs=5 * nats.std() / 20)


def test_test_images_are_scored_by_it(model):
    """The ELBO is −(rate + distortion), in bits per dimension only where levels have probabilities."""
    draw = np.random.default_rng(0)
    mean = draw.normal(size=(12, 2)).astype(np.float32)
    images = np.rint(255 * model.decode(mean)).astype(np.uint8)
    posterior = Posterior(mean, np.full((12, 2), -9, np.float32), images, None, 256)
    kept = DecodedPictures()
    scores = list(held_out_scores(KeptDecoder(model, kept), posterior))[-1]
    kept.close()
    assert scores.rate == pytest.approx(rate_nats(mean, posterior.logvar).sum(1))
    x = images / np.float32(255)
    at_mean = -model.source.likelihood.nats(x, model.decode_parameters(mean))
    assert scores.distortion.mean() == pytest.approx(at_mean.mean(), rel=0.1, abs=30)
    if model.source.bundle.likelihood == "logistic":
        assert scores.bits == pytest.approx(-scores.elbo / (3072 * np.log(2)))
        assert "bits per dimension" in scores.in_words(0)
    else:
        assert scores.bits is None


def test_version_1_with_another_word_has_no_likelihood(make_bundle):
    """Its decoder gives pictures alone, so there is nothing to compute."""
    path = make_bundle()
    manifest = path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"likelihood": "bernoulli"', '"likelihood": "gaussian"'))
    assert open_source(path).likelihood is None


@pytest.mark.parametrize("likelihood", GREY)
def test_a_lone_decoder_is_read_by_its_picture(tmp_path, make_bundle, likelihood):
    """Without its bundle the first output is the picture, whatever else the graph gives."""
    (tmp_path / "decoder.onnx").write_bytes(
        (make_bundle(image_shape=SHAPE, likelihood=likelihood, levels=256) / DECODER_FILE).read_bytes()
    )
    reading = open_source(tmp_path / "decoder.onnx").reading
    assert (reading.output, reading.image_shape) == ("picture", SHAPE)

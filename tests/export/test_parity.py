"""export/parity.py: agreement passes, and every kind of disagreement is reported with both values."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from export.graphs import export_decoder, export_encoder, with_weights
from export.own_likelihoods import OfProbabilities
from export.parity import (
    BATCHES,
    CHUNK,
    ELBO_TOLERANCE_NATS,
    Parity,
    ParityError,
    check_decoder,
    check_elbo,
    check_encoder,
    session,
)
from training.held_out import evaluate
from training.model import VAE, ConvVAE

FILTERS, LATENT_DIM = (4, 8), 2
NUMBER = r"(-?[\d.]+(?:e-\d+)?)"
IMAGE_COUNT = CHUNK + 30


@pytest.fixture(scope="module")
def model():
    """A small model. No two of its parameters are equal, as after training."""
    model = ConvVAE(filters=FILTERS, latent_dim=LATENT_DIM).eval()
    generator = torch.Generator().manual_seed(0)
    model.reset_parameters(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01 * torch.randn(parameter.shape, generator=generator)
    return model


@pytest.fixture(scope="module")
def graphs(model):
    """The two graphs of the small model."""
    return {
        "decoder.onnx": export_decoder(model.decoder, LATENT_DIM),
        "encoder.onnx": export_encoder(model.encoder, (1, 28, 28)),
    }


@pytest.fixture(scope="module")
def images(small_mnist):
    """Held-out images, more than fit in one chunk."""
    return small_mnist.test_images[:IMAGE_COUNT]


def shifted(graphs, model: ConvVAE, name: str, index: int, by: float):
    """A session of the graph with one number of one initializer changed."""
    state = {key: value.clone() for key, value in model.state_dict().items()}
    state[name].view(-1)[index] += by
    return session(with_weights(graphs[f"{name.split('.')[0]}.onnx"], state).SerializeToString())


def sound(graphs, name: str):
    """A session of the graph as it was exported."""
    return session(graphs[name].SerializeToString())


@pytest.mark.slow
def test_the_right_decoder_passes(graphs, model):
    """The exported decoder passes in every batch size, and the difference found is within 1e-5."""
    parity = Parity()
    check_decoder(parity, sound(graphs, "decoder.onnx"), model, LATENT_DIM)
    assert parity.parts["probabilities"] <= 1e-5
    assert parity.decoded_inputs == sum(BATCHES)


@pytest.mark.parametrize(("most", "compared"), [(None, IMAGE_COUNT), (3, 3), (0, 0)])
def test_the_right_encoder_passes(graphs, model, images, most, compared):
    """The exported encoder passes, and its mean and log-variance of every image are returned."""
    parity = Parity()
    mean, logvar = check_encoder(parity, sound(graphs, "encoder.onnx"), model, images, most)
    assert max(parity.mean, parity.logvar) <= 1e-4
    assert parity.encoded_inputs == sum(BATCHES) + compared
    with torch.inference_mode():
        expected = model.encoder(torch.from_numpy(images).float())
    np.testing.assert_allclose(mean, expected[0], atol=1e-4)
    np.testing.assert_allclose(logvar, expected[1], atol=1e-4)


def test_the_right_elbo_passes(graphs, model, images):
    """Both ELBOs agree, and differ from training's ELBO by no more than the noise."""
    parity = Parity()
    mean, logvar = check_encoder(parity, sound(graphs, "encoder.onnx"), model, images)
    check_elbo(parity, sound(graphs, "decoder.onnx"), model, images, mean, logvar)
    found = parity.elbo_nats
    assert abs(found["onnx_runtime"] - found["torch"]) <= ELBO_TOLERANCE_NATS
    assert found["torch"] == pytest.approx(evaluate(model, torch.from_numpy(images)).elbo_nats, rel=0.01)


def test_a_difference_below_the_tolerance_passes_and_is_told(graphs, model):
    """A difference under the tolerance passes, and the figure kept is the largest one found."""
    parity = Parity()
    check_decoder(parity, shifted(graphs, model, "decoder.conv3.bias", 0, 2e-5), model, LATENT_DIM)
    assert 4e-6 < parity.parts["probabilities"] <= 1e-5
    largest = parity.parts["probabilities"]
    check_decoder(parity, sound(graphs, "decoder.onnx"), model, LATENT_DIM)
    assert parity.parts["probabilities"] == largest


def miss(name: str, tolerance: str, error: Exception) -> tuple[float, float]:
    """Both values of an error, after checking its wording."""
    match = re.fullmatch(
        rf"{name}\[(?:\d+, )+\d+\] in a batch of \d+: found {NUMBER} with ONNX Runtime, "
        rf"{NUMBER} with PyTorch, expected them within {tolerance}; no bundle was written",
        str(error),
    )
    assert match, str(error)
    return float(match[1]), float(match[2])


def test_other_probabilities_are_a_miss(graphs, model):
    """A shifted bias of the decoder is reported with tensor, index, both values and the tolerance."""
    with pytest.raises(ParityError) as error:
        check_decoder(Parity(), shifted(graphs, model, "decoder.conv3.bias", 0, 0.5), model, LATENT_DIM)
    found, expected = miss("probabilities", "1e-05", error.value)
    assert found - expected == pytest.approx(0.12, abs=0.02)


@pytest.mark.parametrize(("index", "name"), [(1, "mean"), (2, "logvar")])
def test_another_posterior_is_a_miss(graphs, model, images, index, name):
    """A shifted bias of the encoder is reported as mean or logvar, with both values and the tolerance."""
    with pytest.raises(ParityError) as error:
        check_encoder(Parity(), shifted(graphs, model, "encoder.dense.bias", index, 0.25), model, images)
    found, expected = miss(name, "0.0001", error.value)
    assert found - expected == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "index", "tensor"),
    [("decoder.conv3.bias", 0, "probabilities"), ("encoder.dense.bias", 3, "logvar")],
)
def test_no_number_is_a_miss(graphs, model, images, name, index, tensor):
    """NaN on either side counts as a difference."""
    broken = shifted(graphs, model, name, index, float("nan"))
    with pytest.raises(
        ParityError, match=rf"^{tensor}\[.*found nan with ONNX Runtime, .*no bundle was written$"
    ):
        if name.startswith("decoder"):
            check_decoder(Parity(), broken, model, LATENT_DIM)
        else:
            check_encoder(Parity(), broken, model, images)


def test_another_elbo_is_a_miss(graphs, model, images):
    """A decoder that is slightly off at every pixel is caught by the ELBO and reported with both values."""
    mean, logvar = check_encoder(Parity(), sound(graphs, "encoder.onnx"), model, images)
    parity = Parity()
    with pytest.raises(ParityError) as error:
        check_elbo(parity, shifted(graphs, model, "decoder.conv3.bias", 0, 0.01), model, images, mean, logvar)
    match = re.fullmatch(
        rf"ELBO of {IMAGE_COUNT} images: found {NUMBER} nats with ONNX Runtime, {NUMBER} with PyTorch, "
        r"expected them within 0\.01; no bundle was written",
        str(error.value),
    )
    assert match, str(error.value)
    assert 0.01 < abs(float(match[1]) - float(match[2])) < 10
    assert parity.elbo_nats == {}


def test_another_posterior_is_another_elbo(graphs, model, images):
    """Means that are not the encoder's are caught by the ELBO too."""
    mean, logvar = check_encoder(Parity(), sound(graphs, "encoder.onnx"), model, images)
    with pytest.raises(ParityError, match=rf"^ELBO of {IMAGE_COUNT} images: "):
        check_elbo(Parity(), sound(graphs, "decoder.onnx"), model, images, mean + 1, logvar)


def test_another_shape_is_a_miss(graphs, images):
    """A graph whose output has another shape is reported with both shapes."""
    wider = ConvVAE(filters=FILTERS, latent_dim=3).eval()
    with pytest.raises(ParityError) as error:
        check_encoder(Parity(), sound(graphs, "encoder.onnx"), wider, images)
    assert str(error.value) == (
        "mean: found shape (1, 2) with ONNX Runtime, (1, 3) with PyTorch; no bundle was written"
    )


def test_certain_pixels_cost_a_finite_amount(graphs, model, images):
    """If a probability rounds to 1 or 0, the graph's ELBO stays finite and close to PyTorch's."""
    certain = ConvVAE(filters=FILTERS, latent_dim=LATENT_DIM).eval()
    certain.load_state_dict(model.state_dict())
    with torch.no_grad():
        certain.decoder.conv3.bias.fill_(-16.5)
    decoder = session(with_weights(graphs["decoder.onnx"], certain.state_dict()).SerializeToString())
    blank = np.zeros_like(images)
    mean, logvar = check_encoder(Parity(), sound(graphs, "encoder.onnx"), certain, blank)
    parity = Parity()
    check_elbo(parity, decoder, certain, blank, mean, logvar)
    assert -0.1 < parity.elbo_nats["onnx_runtime"] < 0


@pytest.mark.parametrize(("logit", "nats_by_file"), [(40, 17.3), (16, 16)])
def test_a_model_may_be_surer_than_its_probabilities_can_say(graphs, model, images, logit, nats_by_file):
    """A wrong pixel costs 40 nats in PyTorch and 17.3 by a file; at 16 nats, rounding errors do not count.

    The comparison passes, and both figures are reported.
    """
    sure = ConvVAE(filters=FILTERS, latent_dim=LATENT_DIM).eval()
    sure.load_state_dict(model.state_dict())
    for sign in (-1, 1):
        with torch.no_grad():
            sure.decoder.conv3.bias.fill_(sign * logit)
        decoder = session(with_weights(graphs["decoder.onnx"], sure.state_dict()).SerializeToString())
        wrong = np.full_like(images, sign < 0)
        mean, logvar = check_encoder(Parity(), sound(graphs, "encoder.onnx"), sure, wrong)
        parity = Parity()
        check_elbo(parity, decoder, sure, wrong, mean, logvar)
        by_file, by_torch = (-parity.elbo_nats[name] / 784 for name in ("onnx_runtime", "torch"))
        assert by_file == pytest.approx(nats_by_file, abs=0.5)
        assert by_torch == pytest.approx(logit, abs=0.5)
        # If PyTorch is less sure than the file, the model is another one.
        with torch.no_grad():
            sure.decoder.conv3.bias.fill_(sign * 11)
        with pytest.raises(ParityError, match=r"^ELBO of .* nats with ONNX Runtime, .* with PyTorch"):
            check_elbo(parity, decoder, sure, wrong, mean, logvar)


def test_sure_probabilities_of_an_own_decoder_are_compared_as_far(graphs, model, images):
    """A decoder that gives probabilities itself may round them differently from ONNX Runtime."""

    class Probabilities(nn.Module):
        def __init__(self, decoder):
            super().__init__()
            self.decoder = decoder

        def forward(self, z):
            return self.decoder(z).double().sigmoid().float()

    sure = ConvVAE(filters=FILTERS, latent_dim=LATENT_DIM).eval()
    sure.load_state_dict(model.state_dict())
    with torch.no_grad():
        sure.decoder.conv3.bias.fill_(16)
    decoder = session(with_weights(graphs["decoder.onnx"], sure.state_dict()).SerializeToString())
    own = VAE(sure.encoder, Probabilities(sure.decoder), OfProbabilities(), 2).eval()
    wrong = np.zeros_like(images)
    mean, logvar = check_encoder(Parity(), sound(graphs, "encoder.onnx"), own, wrong)
    parity = Parity()
    check_elbo(parity, decoder, own, wrong, mean, logvar)
    difference = parity.elbo_nats["onnx_runtime"] - parity.elbo_nats["torch"]
    assert abs(difference) > ELBO_TOLERANCE_NATS

"""training/model.py: the published network's function, and the shapes of other sizes."""

from statistics import NormalDist

import numpy as np
import pytest
import torch

from tests.training.keras_reference import carry_over, reference
from training.data.mnist import mnist
from training.elbo import distortion_nats, gaussian_rate_nats
from training.held_out import evaluate
from training.model import ConvVAE

CASES = 64


@pytest.fixture(scope="module")
def keras():
    """The weights and results of the Keras model."""
    return reference()


@pytest.fixture(scope="module")
def model(keras):
    """The network with the Keras model's weights."""
    return carry_over(keras).to(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def test_images():
    """The 10,000 held-out images, uint8 [N, 1, 28, 28]."""
    return torch.from_numpy(mnist().test_images)


def keras_images(keras) -> torch.Tensor:
    """The reference's images, float32 [64, 1, 28, 28]."""
    bits = np.unpackbits(keras["case/x_packed"]).reshape(CASES, 1, 28, 28)
    return torch.from_numpy(bits).float()


def keras_logits(keras) -> torch.Tensor:
    """The reference's logits, float32 [64, 1, 28, 28]."""
    return torch.from_numpy(keras["case/logits"]).permute(0, 3, 1, 2)


def largest_difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest absolute difference of two tensors of one shape."""
    assert found.shape == expected.shape
    return (found - expected).abs().max().item()


def test_the_reference_images_are_the_first_held_out_ones(keras, test_images):
    """Keras and this project threshold MNIST alike: the reference images are the first 64 held-out ones."""
    assert torch.equal(keras_images(keras), test_images[:CASES].float())


@torch.inference_mode()
def test_the_encoder_is_the_published_function(keras, model):
    """With Keras's weights, mean and log-variance agree with Keras's to 1e-4."""
    mean, logvar = model.encoder(keras_images(keras))
    assert largest_difference(mean, torch.from_numpy(keras["case/mean"])) <= 1e-4
    assert largest_difference(logvar, torch.from_numpy(keras["case/logvar"])) <= 1e-4


@torch.inference_mode()
def test_the_decoder_is_the_published_function(keras, model):
    """With Keras's weights, the logits agree with Keras's to 1e-4."""
    logits = model.decoder(torch.from_numpy(keras["case/z"]))
    assert largest_difference(logits, keras_logits(keras)) <= 1e-4


@torch.inference_mode()
def test_the_comparison_with_keras_can_fail(keras):
    """If the kernels are not flipped, the same weights give other logits."""
    not_flipped = carry_over(keras, mirrored=False)
    logits = not_flipped.decoder(torch.from_numpy(keras["case/z"]))
    assert largest_difference(logits, keras_logits(keras)) > 1


@pytest.mark.slow
@torch.inference_mode()
def test_test_reconstruction_and_rate_are_the_published_ones(keras, model, test_images):
    """Over 10,000 images the reconstruction at the mean and the rate agree with Keras's to 0.01 nats."""
    reconstruction = rate = 0.0
    for batch in test_images.float().split(100):
        mean, logvar = model.encoder(batch)
        reconstruction += distortion_nats(model.decoder(mean), batch).double().sum().item()
        rate += gaussian_rate_nats(mean, logvar).double().sum().item()
    assert reconstruction / 10_000 == pytest.approx(
        keras["case/test_reconstruction_at_mean_nats"].item(), abs=0.01
    )
    assert rate / 10_000 == pytest.approx(keras["case/test_kl_nats"].item(), abs=0.01)


@pytest.mark.slow
def test_test_elbo_is_the_published_one(keras, model, test_images):
    """The test ELBO of `evaluate` agrees with Keras's Monte Carlo estimate to 0.1 nats."""
    metrics = evaluate(model, test_images)
    assert metrics.elbo_nats == pytest.approx(keras["case/test_elbo_mc20_nats"].item(), abs=0.1)


def test_it_has_the_tutorials_number_of_parameters():
    """The network with its defaults has 69,989 parameters."""
    assert sum(parameter.numel() for parameter in ConvVAE().parameters()) == 69_989


@pytest.mark.parametrize(
    ("image_shape", "filters", "latent_dim"),
    [
        ((1, 28, 28), (32, 64), 2),
        ((3, 32, 32), (8, 4), 5),
        ((1, 8, 8), (1, 1), 1),
        ((2, 12, 20), (3, 5), 7),
        ((1, 28, 28), (512, 512), 2),
    ],
)
@torch.inference_mode()
def test_every_size_gives_its_shapes(image_shape, filters, latent_dim):
    """Other image shapes, filters and latent dimensions give outputs of the matching shapes."""
    model = ConvVAE(image_shape, filters, latent_dim)
    mean, logvar = model.encoder(torch.zeros(3, *image_shape))
    assert mean.shape == logvar.shape == (3, latent_dim)
    assert model.decoder(mean).shape == (3, *image_shape)
    assert model.encoder.conv1.out_channels == model.decoder.conv2.out_channels == filters[0]
    assert model.encoder.conv2.out_channels == model.decoder.conv1.out_channels == filters[1]


@pytest.mark.parametrize("image_shape", [(1, 7, 28), (1, 4, 28), (1, 28, 0)])
def test_an_unsupported_size_is_refused(image_shape):
    """If height or width is too small for the convolutions, the error says which size is needed."""
    _, height, width = image_shape
    with pytest.raises(
        ValueError,
        match=f"^found images of {height} × {width}, expected at least 8 × 8 for 2 filters; "
        "choose a larger --size or fewer --filters$",
    ):
        ConvVAE(image_shape)


def test_weights_start_glorot_uniform_and_biases_at_zero():
    """As in Keras, every weight starts uniform within Glorot's bound, and every bias at zero."""
    model = ConvVAE()
    model.reset_parameters(torch.Generator().manual_seed(0))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert parameter.abs().max() == 0, name
            continue
        outputs, inputs = parameter.shape[:2]
        field = parameter[0, 0].numel()
        bound = (6 / ((inputs + outputs) * field)) ** 0.5
        assert parameter.abs().max() <= bound, name
        assert parameter.std().item() == pytest.approx(bound / 3**0.5, rel=0.1), name


@pytest.mark.parametrize("latent_dim", [2, 5])
def test_a_spread_start_turns_units_on_all_over_the_prior(latent_dim):
    """Units have weights of length 1, and the distances of their hinges from z = 0 follow N(0, 1)."""
    model = ConvVAE(latent_dim=latent_dim)
    model.reset_parameters(torch.Generator().manual_seed(0))
    assert model.decoder.dense.bias.abs().max() == 0
    model.spread_over_prior(torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.decoder.dense.weight.norm(dim=1), torch.ones(1568))
    distances = np.sort(model.decoder.dense.bias.detach().numpy())
    expected = [NormalDist().inv_cdf((n + 0.5) / 1568) for n in range(1568)]
    # The extremes of a sample vary too much to compare.
    np.testing.assert_allclose(distances[50:-50], expected[50:-50], atol=0.15)


def test_a_spread_start_has_narrow_posteriors_and_nothing_else_changes():
    """A spread start sets the encoder's log-variance biases to −2 and the decoder's first layer, no more."""
    spread, plain = ConvVAE(), ConvVAE()
    for model in (spread, plain):
        model.reset_parameters(torch.Generator().manual_seed(0))
    spread.spread_over_prior(torch.Generator().manual_seed(0))
    assert spread.encoder.dense.bias.tolist() == [0, 0, -2, -2]
    before = plain.state_dict()
    changed = {name for name, value in spread.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"decoder.dense.weight", "decoder.dense.bias", "encoder.dense.bias"}


def test_the_seed_decides_the_weights():
    """The same seed gives the same weights, another seed different ones."""
    first, again, other = (ConvVAE() for _ in range(3))
    for model, seed in ((first, 1), (again, 1), (other, 2)):
        generator = torch.Generator().manual_seed(seed)
        model.reset_parameters(generator)
        model.spread_over_prior(generator)
    for name in ("conv1.weight", "dense.weight", "dense.bias"):
        assert torch.equal(first.decoder.get_parameter(name), again.decoder.get_parameter(name))
        assert not torch.equal(first.decoder.get_parameter(name), other.decoder.get_parameter(name))

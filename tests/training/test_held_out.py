"""training/held_out.py: the bound on held-out images, its errors, and that evaluating changes nothing."""

import copy
import dataclasses
import math

import numpy as np
import pytest
import torch

from training.config import RECIPES
from training.elbo import distortion_nats, gaussian_rate_nats, reparameterize
from training.held_out import EVALUATION_BATCH, EVALUATION_SEED, evaluate, posteriors
from training.loop import Trainer
from training.model import ConvVAE

CPU = torch.device("cpu")
SMALL = dataclasses.replace(RECIPES["default"], filters=(4, 4), batch_size=64, epochs=2)


@pytest.fixture(scope="module")
def model(small_mnist):
    """A small network after one epoch on 512 images."""
    trainer = Trainer(SMALL, small_mnist.train_images, CPU)
    trainer.train_epoch(lambda _: None)
    return trainer.model


@pytest.fixture(scope="module")
def images(small_mnist):
    """Held-out images for one full batch and part of another."""
    return torch.from_numpy(small_mnist.test_images[: EVALUATION_BATCH + 17])


def test_a_model_of_zeros_has_a_known_elbo(small_mnist):
    """With zero weights the rate is 0, the distortion 784 ln 2 without spread, the ELBO minus their sum."""
    model = ConvVAE(filters=(2, 2))
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    metrics = evaluate(model, torch.from_numpy(small_mnist.test_images))
    assert metrics.rate_nats == 0
    assert metrics.distortion_nats == pytest.approx(784 * math.log(2), rel=1e-6)
    assert metrics.elbo_nats == -(metrics.rate_nats + metrics.distortion_nats)
    assert metrics.elbo_error_nats == pytest.approx(0, abs=1e-5)


@torch.inference_mode()
def test_one_draw_is_one_pass_from_the_fixed_seed(model, images):
    """With one draw, `evaluate` equals the bound written out here, with noise from the fixed seed."""
    noise = torch.Generator().manual_seed(EVALUATION_SEED)
    rate = distortion = 0.0
    for x in images.float().split(EVALUATION_BATCH):
        mean, logvar = model.encoder(x)
        z = reparameterize(mean, logvar, torch.randn(mean.shape, generator=noise))
        rate += gaussian_rate_nats(mean, logvar).double().sum().item() / len(images)
        distortion += distortion_nats(model.decoder(z), x).double().sum().item() / len(images)
    metrics = evaluate(model, images)
    assert metrics.rate_nats == pytest.approx(rate, rel=1e-6)
    assert metrics.distortion_nats == pytest.approx(distortion, rel=1e-6)


@torch.inference_mode()
def test_the_error_of_one_draw_is_numpys_over_the_images(model, images):
    """With one draw an image, the error is NumPy's standard deviation of the images' ELBOs over √N."""
    noise = torch.Generator().manual_seed(EVALUATION_SEED)
    elbos = []
    for x in images.float().split(EVALUATION_BATCH):
        mean, logvar = model.encoder(x)
        z = reparameterize(mean, logvar, torch.randn(mean.shape, generator=noise))
        logits, x, mean, logvar = (part.numpy().astype(float) for part in (model.decoder(z), x, mean, logvar))
        fit = (x * logits - np.logaddexp(0, logits)).sum((1, 2, 3))
        elbos.append(fit - 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar).sum(1))
    found, every = evaluate(model, images), np.concatenate(elbos)
    assert found.elbo_nats == pytest.approx(every.mean(), rel=1e-6)
    assert found.elbo_error_nats == pytest.approx(np.std(every, ddof=1) / np.sqrt(len(images)), rel=1e-5)


def test_evaluate_is_deterministic(model, images):
    """The same model and images give the same metrics, whatever the global generator's state."""
    first = evaluate(model, images)
    torch.manual_seed(5)
    assert evaluate(model, images) == first
    assert first.rate_nats > 0


def test_more_draws_change_only_the_distortion(model, images):
    """The rate is exact, so any number of draws gives the same; the distortion changes within its noise."""
    one, many = evaluate(model, images), evaluate(model, images, draws=8)
    assert many.rate_nats == one.rate_nats
    assert many.rate_error_nats == one.rate_error_nats
    assert many.distortion_nats != one.distortion_nats
    assert many.distortion_nats == pytest.approx(one.distortion_nats, abs=2)
    assert many.elbo_nats == -(many.rate_nats + many.distortion_nats)


def test_the_errors_are_over_the_images(model, images):
    """The standard error of the ELBO is the standard deviation of the images' ELBOs over √N."""
    single = torch.tensor([evaluate(model, image, draws=50).elbo_nats for image in images[:40].split(1)])
    found = evaluate(model, images[:40], draws=50)
    assert found.elbo_nats == pytest.approx(single.mean().item(), abs=0.5)
    assert found.elbo_error_nats == pytest.approx(single.std().item() / 40**0.5, rel=0.02)
    assert math.isnan(evaluate(model, images[:1]).elbo_error_nats)


def test_it_counts_the_images_that_are_finished(model, images):
    """Progress is reported as numbers of images that add up to all of them."""
    counts: list[int] = []
    evaluate(model, images, on_images=counts.append)
    assert counts == [EVALUATION_BATCH, 17]


@torch.inference_mode()
def test_posteriors_are_the_encoders(model, images):
    """The means and log-variances are those that the encoder gives in a single batch."""
    mean, logvar = posteriors(model, images)
    expected_mean, expected_logvar = model.encoder(images.float())
    torch.testing.assert_close(mean, expected_mean, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logvar, expected_logvar, atol=1e-5, rtol=1e-5)


def test_images_that_do_not_fit_on_the_device_go_there_in_batches(model, images):
    """They may stay on the CPU while the model is elsewhere; the numbers stay with the model."""
    there = copy.deepcopy(model).to("meta")  # a device that computes nothing but shapes
    mean, logvar = posteriors(there, images)
    assert (mean.device.type, logvar.device.type) == ("meta", "meta")
    assert mean.shape == posteriors(model, images)[0].shape


def test_evaluate_leaves_the_model_and_the_generators_alone(small_mnist):
    """Evaluating between epochs changes neither the weights nor the next random draws."""
    trainer = Trainer(SMALL, small_mnist.train_images, CPU)
    undisturbed = Trainer(SMALL, small_mnist.train_images, CPU)
    global_state = torch.get_rng_state()
    for _ in range(2):
        evaluate(trainer.model, torch.from_numpy(small_mnist.test_images[:100]))
        trainer.train_epoch(lambda _: None)
        undisturbed.train_epoch(lambda _: None)
    pairs = zip(trainer.model.parameters(), undisturbed.model.parameters(), strict=True)
    assert all(torch.equal(first, second) for first, second in pairs)
    assert torch.equal(torch.get_rng_state(), global_state)

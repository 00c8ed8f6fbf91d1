"""training/loop.py: the same bits for the same seed, every image once, and a bound that can be trusted."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from training.config import RECIPES
from training.loop import EVALUATION_BATCH, Trainer, evaluate
from training.model import ConvVAE

CPU = torch.device("cpu")
SMALL = dataclasses.replace(RECIPES["default"], filters=(4, 4), batch_size=64, epochs=2)
TUTORIAL = dataclasses.replace(RECIPES["tutorial"], filters=(4, 4), epochs=2)


class Watched(Trainer):
    """A trainer that also writes down the images of each step."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.batches: list[torch.Tensor] = []

    def loss_nats(self, x: torch.Tensor) -> torch.Tensor:
        """The loss, after noting the images."""
        self.batches.append(x.clone())
        return super().loss_nats(x)


def trained(config, images: np.ndarray, epochs: int = 1) -> ConvVAE:
    """A model after some epochs."""
    trainer = Trainer(config, images, CPU)
    for _ in range(epochs):
        trainer.train_epoch(lambda _: None)
    return trainer.model


def same_weights(first: ConvVAE, second: ConvVAE) -> bool:
    """Whether all parameters agree in every bit."""
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def numbered_images(count: int) -> np.ndarray:
    """Images that hold their own number: image n has the bits of n in its first 16 pixels."""
    images = np.zeros((count, 1, 28, 28), np.uint8)
    images[:, 0, 0, :16] = np.arange(count)[:, np.newaxis] >> np.arange(16) & 1
    images[:, 0, 27] = 1
    return images


def numbers_of(batch: torch.Tensor) -> list[int]:
    """The numbers of such images."""
    return (batch[:, 0, 0, :16].numpy() @ (1 << np.arange(16))).astype(int).tolist()


@pytest.mark.parametrize("config", [SMALL, TUTORIAL], ids=["default", "tutorial"])
def test_the_same_seed_gives_the_same_bits(config, small_mnist):
    """On the CPU two fits with the same seed have the same weights, bit for bit, whatever else draws."""
    images = small_mnist.train_images
    first = trained(config, images)
    torch.manual_seed(99)
    assert same_weights(first, trained(config, images))


@pytest.mark.parametrize("config", [SMALL, TUTORIAL], ids=["default", "tutorial"])
def test_another_seed_gives_other_bits(config, small_mnist):
    """Another seed gives other weights."""
    images = small_mnist.train_images
    other = dataclasses.replace(config, seed=1)
    assert not same_weights(trained(config, images), trained(other, images))


def test_every_image_comes_once_an_epoch():
    """In every epoch each image comes once, the last and smaller batch included."""
    count = 300
    config = dataclasses.replace(SMALL, start_at_log_odds=False)
    trainer = Watched(config, numbered_images(count), CPU)
    sizes: list[int] = []
    trainer.train_epoch(sizes.append)
    first = [number for batch in trainer.batches for number in numbers_of(batch)]
    assert sizes == [64, 64, 64, 64, 44]
    assert sorted(first) == list(range(count))
    trainer.batches.clear()
    trainer.train_epoch(sizes.append)
    second = [number for batch in trainer.batches for number in numbers_of(batch)]
    assert sorted(second) == list(range(count))
    assert second != first
    assert first != sorted(first)


def test_the_order_comes_from_the_seed():
    """The same seed gives the same order of images, another seed another one."""
    orders = []
    for seed in (0, 0, 1):
        config = dataclasses.replace(SMALL, start_at_log_odds=False, seed=seed)
        trainer = Watched(config, numbered_images(100), CPU)
        trainer.train_epoch(lambda _: None)
        orders.append([number for batch in trainer.batches for number in numbers_of(batch)])
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


@pytest.mark.parametrize("config", [SMALL, TUTORIAL], ids=["default", "tutorial"])
def test_the_elbo_rises(config, small_mnist):
    """Two epochs of training raise the ELBO of the training images by more than three nats."""
    config = dataclasses.replace(config, filters=(16, 32))
    images = torch.from_numpy(small_mnist.train_images)
    before = evaluate(Trainer(config, small_mnist.train_images, CPU).model, images)
    after = evaluate(trained(config, small_mnist.train_images, epochs=2), images)
    assert after.elbo_nats > before.elbo_nats + 3


def test_the_optimizer_follows_the_schedule(small_mnist):
    """At the end of the last epoch the step size is the schedule's last one."""
    trainer = Trainer(SMALL, small_mnist.train_images, CPU)
    for _ in range(SMALL.epochs):
        trainer.train_epoch(lambda _: None)
    steps = SMALL.epochs * 8
    assert trainer.step == steps
    (group,) = trainer.optimizer.param_groups
    assert group["lr"] == pytest.approx(SMALL.learning_rate / (steps - 2))
    assert group["betas"] == (0.9, 0.99)


def test_the_loss_is_minus_the_elbo_for_both_rates(small_mnist):
    """Over many draws the loss with the sampled rate has the mean of the loss with the exact rate."""
    x = torch.from_numpy(small_mnist.train_images[:1]).float().expand(4000, -1, -1, -1)
    with torch.no_grad():
        losses = [
            Trainer(dataclasses.replace(SMALL, rate=rate), small_mnist.train_images, CPU).loss_nats(x).item()
            for rate in ("analytic", "sampled")
        ]
    # Both see the same noise, so that only the rate's own spread, of about 1 nat, is between them.
    assert losses[0] == pytest.approx(losses[1], abs=5 * 1.0 / 4000**0.5)
    assert losses[0] != losses[1]


def test_the_output_starts_at_the_training_images_log_odds(small_mnist):
    """With that option the output's bias starts at log(p / (1 − p)) of the pixels, else at zero."""
    p = small_mnist.train_images.mean()
    started = Trainer(SMALL, small_mnist.train_images, CPU).model.decoder.conv3.bias
    assert started.item() == pytest.approx(math.log(p / (1 - p)))
    assert Trainer(TUTORIAL, small_mnist.train_images, CPU).model.decoder.conv3.bias.item() == 0


def test_evaluate_knows_the_model_that_knows_nothing(small_mnist):
    """With all weights zero: rate 0, distortion 784 ln 2, and the ELBO is minus their sum."""
    model = ConvVAE(filters=(2, 2))
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    metrics = evaluate(model, torch.from_numpy(small_mnist.test_images))
    assert metrics.rate_nats == 0
    assert metrics.distortion_nats == pytest.approx(784 * math.log(2), rel=1e-6)
    assert metrics.elbo_nats == -(metrics.rate_nats + metrics.distortion_nats)


def test_evaluate_is_deterministic(small_mnist):
    """The same model and images give the same metrics, whatever the global generator's state."""
    model = trained(SMALL, small_mnist.train_images)
    images = torch.from_numpy(small_mnist.test_images[: EVALUATION_BATCH + 17])
    first = evaluate(model, images)
    torch.manual_seed(5)
    assert evaluate(model, images) == first
    assert first.rate_nats > 0


def test_evaluate_leaves_the_model_and_the_generators_alone(small_mnist):
    """Evaluating between epochs changes neither the weights nor what is drawn next."""
    trainer = Trainer(SMALL, small_mnist.train_images, CPU)
    undisturbed = Trainer(SMALL, small_mnist.train_images, CPU)
    global_state = torch.get_rng_state()
    for _ in range(2):
        evaluate(trainer.model, torch.from_numpy(small_mnist.test_images[:100]))
        trainer.train_epoch(lambda _: None)
        undisturbed.train_epoch(lambda _: None)
    assert same_weights(trainer.model, undisturbed.model)
    assert torch.equal(torch.get_rng_state(), global_state)

"""training/loop.py: the same bits for the same seed, every image once per epoch, and the right loss."""

import contextlib
import copy
import dataclasses
import math
import re
import tracemalloc

import numpy as np
import pytest
import torch

from training.config import RECIPES, learning_rate_at, warp_share_at
from training.draws import draw_epoch
from training.held_out import evaluate
from training.loop import NotFiniteError, Objective, Trainer
from training.model import ConvVAE
from training.warps import warped

CPU = torch.device("cpu")
SMALL = dataclasses.replace(RECIPES["default"], filters=(4, 4), batch_size=64, epochs=2)
TUTORIAL = dataclasses.replace(RECIPES["tutorial"], filters=(4, 4), epochs=2)


def batches_of(trainer: Trainer) -> list[torch.Tensor]:
    """A list to which the images of each following step are added."""
    batches: list[torch.Tensor] = []
    trainer.objective.register_forward_pre_hook(lambda _, inputs: batches.append(inputs[0].clone()))
    return batches


def trained(config, images: np.ndarray, epochs: int = 1) -> ConvVAE:
    """The model after `epochs` epochs of training."""
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
    """The numbers that images of `numbered_images` hold."""
    return (batch[:, 0, 0, :16].numpy() @ (1 << np.arange(16))).astype(int).tolist()


@pytest.mark.parametrize("config", [SMALL, TUTORIAL], ids=["default", "tutorial"])
def test_the_same_seed_gives_the_same_bits(config, small_mnist):
    """On the CPU two fits with one seed have the same weights in every bit, whatever the global seed."""
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


def test_every_image_comes_once_per_epoch():
    """In every epoch each image comes once, including those of the smaller last batch."""
    count = 300
    config = dataclasses.replace(SMALL, start_at_log_odds=False)
    trainer = Trainer(config, numbered_images(count), CPU)
    batches = batches_of(trainer)
    sizes: list[int] = []
    trainer.train_epoch(sizes.append)
    first = [number for batch in batches for number in numbers_of(batch)]
    assert sizes == [64, 64, 64, 64, 44]
    assert sorted(first) == list(range(count))
    batches.clear()
    trainer.train_epoch(sizes.append)
    second = [number for batch in batches for number in numbers_of(batch)]
    assert sorted(second) == list(range(count))
    assert second != first
    assert first != sorted(first)


def test_the_order_comes_from_the_seed():
    """The same seed gives the same order of images, another seed a different one."""
    orders = []
    for seed in (0, 0, 1):
        config = dataclasses.replace(SMALL, start_at_log_odds=False, seed=seed)
        trainer = Trainer(config, numbered_images(100), CPU)
        batches = batches_of(trainer)
        trainer.train_epoch(lambda _: None)
        orders.append([number for batch in batches for number in numbers_of(batch)])
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
    """After the last epoch the step sizes of decoder and encoder are the last ones of the schedule."""
    config = dataclasses.replace(SMALL, hold_fraction=0.0, encoder_step_share=0.5)
    trainer = Trainer(config, small_mnist.train_images, CPU)
    for _ in range(SMALL.epochs):
        trainer.train_epoch(lambda _: None)
    steps = SMALL.epochs * 8
    assert trainer.step == steps
    last = SMALL.learning_rate / (steps - 1)  # one step rises
    assert trainer.learning_rate == pytest.approx(last)
    assert [group["lr"].item() for group in trainer.optimizer.param_groups] == pytest.approx([last, last / 2])
    assert [group["betas"] for group in trainer.optimizer.param_groups] == [(0.8, 0.98)] * 2


def test_the_loss_is_minus_the_elbo_for_both_rates(small_mnist):
    """Over many draws the mean loss with the sampled rate equals the one with the analytic rate."""
    x = torch.from_numpy(small_mnist.train_images[:1]).float().expand(4000, -1, -1, -1)
    noise = torch.randn(4000, SMALL.latent_dim, generator=torch.Generator().manual_seed(1))
    trainer = Trainer(SMALL, small_mnist.train_images, CPU)
    with torch.no_grad():
        losses = [
            sum(Objective(trainer.model, dataclasses.replace(SMALL, rate=rate))(x, noise)).mean().item()
            for rate in ("analytic", "sampled")
        ]
    # Both use the same noise, so that they differ only by the spread of the sampled rate, about 1 nat.
    assert losses[0] == pytest.approx(losses[1], abs=5 * 1.0 / 4000**0.5)
    assert losses[0] != losses[1]


def test_the_losses_of_the_first_step_are_the_objective_on_the_drawn_batch(small_mnist):
    """The first step's loss is the mean of the objective over the first images and noise of draw_epoch."""
    images = small_mnist.train_images
    trainer = Trainer(SMALL, images, CPU)
    order, noise = draw_epoch(SMALL.seed, 0, len(images), SMALL.latent_dim)
    with torch.no_grad():
        terms = trainer.objective(torch.from_numpy(images)[order[:64]].float(), noise[:64])
        expected = sum(terms).mean().item()
    trainer.train_epoch(lambda _: None)
    assert trainer.losses_nats[0].item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("epochs", "weight"), [(1.0, 1 / 8), (0.0, 1.0)])
def test_the_rate_has_the_weight_of_the_schedule(small_mnist, epochs, weight):
    """The first step's gradient is of distortion + weight · rate; the reported loss has the full rate."""
    images = small_mnist.train_images
    trainer = Trainer(dataclasses.replace(SMALL, rate_warmup_epochs=epochs), images, CPU)
    twin = Objective(copy.deepcopy(trainer.model).train(), SMALL)
    order, noise = draw_epoch(SMALL.seed, 0, len(images), SMALL.latent_dim)
    distortion, rate = twin(torch.from_numpy(images)[order[:64]].float(), noise[:64])
    (distortion + weight * rate).mean().backward()
    moments = []

    def look(_: int) -> None:
        if trainer.step == 1:
            moments.extend(trainer.optimizer.state[p]["exp_avg"].clone() for p in trainer.model.parameters())

    trainer.train_epoch(look)
    for moment, parameter in zip(moments, twin.model.parameters(), strict=True):
        torch.testing.assert_close(moment, (1 - SMALL.adam_beta1) * parameter.grad, rtol=1e-4, atol=1e-6)
    assert trainer.losses_nats[0].item() == pytest.approx((distortion + rate).mean().item(), rel=1e-6)


def test_the_encoder_takes_its_share_of_the_step(small_mnist):
    """With a share of 1/8 the first step moves the encoder's weights 1/8 as far, the decoder's the same."""
    images = small_mnist.train_images[:64]
    moved = []
    for share in (1.0, 0.125):
        trainer = Trainer(dataclasses.replace(SMALL, encoder_step_share=share), images, CPU)
        before = [parameter.detach().clone() for parameter in trainer.model.parameters()]
        trainer.train_epoch(lambda _: None)
        parts = zip(trainer.model.named_parameters(), before, strict=True)
        moved.append({name: (now.detach() - then).abs().max().item() for (name, now), then in parts})
    for name, full in moved[0].items():
        factor = 0.125 if name.startswith("encoder") else 1.0
        assert moved[1][name] == pytest.approx(factor * full, rel=1e-3), name


def test_the_fitted_model_is_the_running_average(small_mnist):
    """`fitted` is the running average of the weights; those of step t enter it with (γ + 1) / (t + γ)."""
    trainer = Trainer(dataclasses.replace(SMALL, average_power=3.0), small_mnist.train_images, CPU)
    expected: list[torch.Tensor] = []

    def follow(_: int) -> None:
        now = [parameter.detach().clone() for parameter in trainer.model.parameters()]
        weight = 4.0 / (trainer.step + 3.0)
        old = expected or now
        expected[:] = [weight * new + (1 - weight) * mean for new, mean in zip(now, old, strict=True)]

    trainer.train_epoch(follow)
    for parameter, mean in zip(trainer.fitted.parameters(), expected, strict=True):
        assert torch.allclose(parameter, mean, atol=1e-6)
    assert not same_weights(trainer.fitted, trainer.model)


def test_without_an_average_the_fitted_model_has_the_last_weights(small_mnist):
    """With γ = 0 `fitted` is the model itself."""
    trainer = Trainer(TUTORIAL, small_mnist.train_images, CPU)
    assert trainer.fitted is trainer.model


def test_the_share_of_the_images_is_distorted(small_mnist):
    """Every epoch trains on `warped` images with its share; the original images stay unchanged."""
    images = small_mnist.train_images
    config = dataclasses.replace(SMALL, epochs=4, warp_share=0.75, warp_from_epoch=2)
    trainer = Trainer(config, images, CPU)
    shares, learned = [], []
    trainer.objective.register_forward_pre_hook(lambda _, inputs: learned.append(inputs[0]))
    for epoch in range(4):
        learned.clear()
        trainer.train_epoch(lambda _: None)
        expected = warped(torch.from_numpy(images), warp_share_at(config, epoch), config.seed, epoch)
        order, _ = draw_epoch(config.seed, epoch, len(images), config.latent_dim)
        assert torch.equal(torch.cat(learned), expected[order].float())
        shares.append((expected.numpy() != images).any(axis=(1, 2, 3)).mean())
    assert shares[:2] == [0, 0]
    assert min(shares[2:]) > 0.3
    assert np.array_equal(trainer.images.numpy(), images)


def test_a_state_is_a_copy(small_mnist):
    """Further training does not change a state that `state` returned."""
    trainer = Trainer(SMALL, small_mnist.train_images, CPU)
    trainer.train_epoch(lambda _: None)
    state = trainer.state()
    weights = state["model"]["decoder.conv3.weight"].clone()
    moments = state["optimizer"][0]["exp_avg"].clone()
    trainer.train_epoch(lambda _: None)
    assert torch.equal(state["model"]["decoder.conv3.weight"], weights)
    assert torch.equal(state["optimizer"][0]["exp_avg"], moments)
    assert not torch.equal(trainer.model.decoder.conv3.weight, weights)
    assert state["step"] == 8


def test_a_loss_that_is_not_finite_stops_the_epoch_and_names_the_step(small_mnist):
    """The first step with such a loss ends the epoch, and `state` raises instead of returning its state."""
    # After the first step every weight is about 1e29, so that the second loss overflows.
    config = dataclasses.replace(SMALL, learning_rate=1e30, schedule="constant")
    trainer = Trainer(config, small_mnist.train_images, CPU)
    sizes: list[int] = []
    with pytest.raises(NotFiniteError) as error:
        trainer.train_epoch(sizes.append)
    assert error.value.step == 2
    assert re.fullmatch("step 2: found a loss of (nan|inf), expected a finite number", str(error.value))
    assert sizes == [64]
    with pytest.raises(NotFiniteError, match=r"^step 2: "):
        trainer.state()


def test_the_recent_elbo_is_the_mean_of_the_last_fifty_steps(small_mnist):
    """The running ELBO is minus the mean of the epoch's last fifty losses, or of all if there are fewer."""
    config = dataclasses.replace(SMALL, batch_size=8)
    trainer = Trainer(config, small_mnist.train_images, CPU)
    running: list[float] = []
    trainer.train_epoch(lambda _: running.append(trainer.recent_elbo_nats()))
    losses = trainer.losses_nats
    assert len(running) == 64
    assert running[2] == pytest.approx(-losses[:3].mean().item())
    assert running[59] == pytest.approx(-losses[10:60].mean().item())


def test_bfloat16_trains_and_keeps_float32_weights(small_mnist):
    """With bfloat16 networks the ELBO rises about as in float32; weights and losses stay float32."""
    images = small_mnist.train_images
    config = dataclasses.replace(SMALL, filters=(16, 32))
    means, outputs = {}, []
    for precision in ("float32", "bfloat16"):
        trainer = Trainer(dataclasses.replace(config, precision=precision), images, CPU)
        outputs.clear()
        trainer.model.decoder.register_forward_hook(lambda *given: outputs.append(given[2].dtype))
        trainer.train_epoch(lambda _: None)
        first = trainer.losses_nats.mean().item()
        trainer.train_epoch(lambda _: None)
        means[precision] = first
        assert trainer.losses_nats.mean().item() < first - 3
        assert set(outputs) == {getattr(torch, precision)}
        assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}
        assert trainer.optimizer.state_dict()["state"][0]["exp_avg"].dtype == torch.float32
        assert trainer.losses_nats.dtype == torch.float32
    assert means["bfloat16"] == pytest.approx(means["float32"], rel=0.02)
    assert means["bfloat16"] != means["float32"]


class PretendedGraph:
    """A StepGraph that takes every step itself, as on the CPU nothing can be recorded."""

    def __init__(self, take_step):
        self.take_step = take_step

    def prepare(self, before_step):
        """Three steps, as before a recording."""
        for _ in range(3):
            before_step()
            self()

    def __call__(self):
        """One step."""
        self.take_step()


@pytest.mark.parametrize("first_steps", [0, 3])
def test_preparing_a_recording_changes_nothing(small_mnist, first_steps):
    """At the start, and after a checkpoint, the fit is the same to the bit with and without preparing."""
    given = None
    if first_steps:
        first = Trainer(SMALL, small_mnist.train_images, CPU)
        with contextlib.suppress(StopIteration):
            first.train_epoch(lambda _: next(iter([] if first.step == first_steps else [1])))
        given = first.state()
    trainers = []
    for is_prepared in (True, False):
        trainer = Trainer(SMALL, small_mnist.train_images, CPU)
        if given is not None:
            trainer.restore(copy.deepcopy(given))
        trainer.step_graph = PretendedGraph(trainer._take_whole_step)
        if is_prepared:
            assert trainer.prepare() > 0
        trainer.train_epoch(lambda _: None)
        trainers.append(trainer)
    assert torch.equal(trainers[0].losses_nats, trainers[1].losses_nats)
    assert same_weights(trainers[0].fitted, trainers[1].fitted)


def test_on_the_cpu_no_step_is_recorded(small_mnist):
    """On the CPU the trainer has no CUDA graph."""
    trainer = Trainer(SMALL, small_mnist.train_images, CPU)
    assert trainer.step_graph is None
    assert trainer.prepare() == 0


def test_the_output_starts_at_the_training_images_log_odds(small_mnist):
    """With `start_at_log_odds` the output's bias starts at log(p / (1 − p)), otherwise at zero."""
    p = small_mnist.train_images.mean()
    started = Trainer(SMALL, small_mnist.train_images, CPU).model.decoder.conv3.bias
    assert started.item() == pytest.approx(math.log(p / (1 - p)))
    assert Trainer(TUTORIAL, small_mnist.train_images, CPU).model.decoder.conv3.bias.item() == 0


def test_a_fit_starts_spread_if_its_recipe_says_so(small_mnist):
    """With `start_spread` the first decoder layer has biases and posteriors are narrow, else all are 0."""
    started = Trainer(SMALL, small_mnist.train_images, CPU)
    assert started.model.decoder.dense.bias.std().item() == pytest.approx(1, rel=0.2)
    assert started.model.encoder.dense.bias.tolist() == [0, 0, -2, -2]
    assert same_weights(started.model, started.fitted)
    plain = Trainer(TUTORIAL, small_mnist.train_images, CPU).model
    assert not plain.decoder.dense.bias.any()
    assert not plain.encoder.dense.bias.any()


@pytest.mark.parametrize("recipe", ["default", "best", "tutorial"])
def test_the_steps_sizes_are_the_schedules(small_mnist, recipe):
    """Each step is taken at the schedule's learning rate for it, in every bit of float32."""
    config = dataclasses.replace(RECIPES[recipe], filters=(2, 2), batch_size=64, epochs=3)
    trainer = Trainer(config, small_mnist.train_images, CPU)
    taken = []
    for epoch in range(3):
        trainer.train_epoch(lambda _: taken.append(trainer.learning_rate.item()))
        assert trainer.learning_rates_of(epoch).tolist() == taken[-trainer.steps_per_epoch :]
    rates = [learning_rate_at(config, step, trainer.steps_per_epoch) for step in range(trainer.step_count)]
    assert taken == torch.tensor(rates).tolist()


def test_a_plan_of_millions_of_epochs_costs_nothing(small_mnist):
    """Before its first step a fit planned for two million epochs has taken no more memory than one of two."""
    peaks = []
    for epochs in (2, 2, 2_000_000):
        tracemalloc.start()
        Trainer(dataclasses.replace(SMALL, epochs=epochs), small_mnist.train_images, CPU)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 2 * peaks[1]

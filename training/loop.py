"""The training loop: takes the steps of a fit and keeps its state."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.adam import Adam
from training.augmentation import augmented
from training.config import (
    FitConfig,
    average_weight_at,
    learning_rate_at,
    rate_weight_at,
    warp_share_at,
)
from training.draws import draw_epoch
from training.elbo import gaussian_rate_nats, reparameterize, sampled_rate_nats
from training.epoch_tables import EpochTables
from training.image_access import fits, read_ahead, sample
from training.model import VAE, network_input
from training.networks import network_of
from training.ranks import ALONE, Ranks
from training.step_graph import StepGraph
from training.warps import warped

RECENT_STEPS = 50


class NotFiniteError(Exception):
    """A loss is infinite or not a number.

    Attributes:
        step: step of the fit, from 1.
        loss_nats: the loss of that step.
    """

    def __init__(self, step: int, loss_nats: float) -> None:
        super().__init__(f"step {step}: found a loss of {loss_nats}, expected a finite number")
        self.step = step
        self.loss_nats = loss_nats


class Objective(nn.Module):
    """A model together with the two terms of its loss."""

    def __init__(self, model: VAE, config: FitConfig) -> None:
        super().__init__()
        self.model = model
        self.config = config

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Distortion and rate of each image with one posterior sample; −ELBO is their sum.

        x [N, C, H, W], noise [N, d] → float32 [N] each.
        """
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            mean, logvar = self.model.encoder(x)
        mean, logvar = mean.float(), logvar.float()
        z = reparameterize(mean, logvar, noise)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            output = self.model.decoder(z)
        rate = (
            gaussian_rate_nats(mean, logvar)
            if self.config.rate == "analytic"
            else sampled_rate_nats(z, mean, logvar)
        )
        return self.model.likelihood.distortion_nats(output.float(), x), rate


class Trainer:
    """A model, its optimizer and its training images, all on one device.

    The images stay on the device as bytes, or in their file if they are many (`training.image_access`). On a
    GPU nothing inside an epoch waits for the device, and a step is one CUDA graph. With several ranks each
    has its own Trainer, and takes its share of every batch.

    Args:
        config: what to fit.
        train_images: uint8 [N, C, H, W], values 0 to `config.levels` − 1.
        device: where to compute.
        ranks: this process among those that fit together.
    """

    def __init__(
        self, config: FitConfig, train_images: NDArray[np.uint8], device: torch.device, ranks: Ranks = ALONE
    ) -> None:
        self.config = config
        self.device = device
        self.ranks = ranks
        self.model = _initial_model(config, sample(train_images))
        self.model.to(device)
        # mypy: PyTorch does not declare this overload.
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # The model that is evaluated and saved: the running average of the weights, if there is one.
        self.fitted = copy.deepcopy(self.model) if config.average_power else self.model
        self.objective: nn.Module = Objective(self.model, config)
        # All ranks start from the first rank's weights: another processor may round differently.
        ranks.give_first_([*self.model.parameters(), *self.fitted.parameters()])
        self._changes_images = config.changes_images
        # Images that stay in their file; None if they are on the device.
        self._in_file = None if fits(train_images, device) else train_images
        self.images = torch.from_numpy(train_images)
        if self._in_file is None:
            self.images = self.images.to(device)
            # The images of this epoch, as training sees them: distorted, mirrored or shifted. A recorded step
            # reads this memory.
            self._epoch_images = self.images.clone() if self._changes_images else self.images
        else:
            # The images of this step.
            self._epoch_images = self.images.new_zeros(
                (config.batch_size, *config.image_shape), device=device
            )
        on_cuda = device.type == "cuda"
        self.optimizer = Adam(
            [
                {"params": [*part.parameters()], "lr": torch.tensor(config.learning_rate, device=device)}
                for part in (self.model.decoder, self.model.encoder)
            ],
            betas=(config.adam_beta1, config.adam_beta2),
            eps=config.adam_epsilon,
            fused=device.type in ("cpu", "cuda"),
            capturable=on_cuda,
        )
        self.steps_per_epoch = -(-len(train_images) // config.batch_size)
        self.step_count = config.epochs * self.steps_per_epoch
        self.step = 0
        self._tables = EpochTables(len(train_images), config.batch_size, config.latent_dim, device)
        self._rows = torch.arange(config.batch_size, device=device)
        self._step_shares = 1.0, config.encoder_step_share
        self.losses_nats = torch.zeros(self.steps_per_epoch, device=device)
        self._recent_nats = torch.zeros((), pin_memory=on_cuda)
        self.step_graph = StepGraph(self._take_whole_step, ranks.are_several) if on_cuda else None

    def prepare(self) -> float:
        """Record a step as a CUDA graph before the fit begins; return the seconds that it took.

        The state that recording changed is restored. Without CUDA, or if a batch is larger than the dataset,
        nothing is recorded. Every rank calls this before its first step.
        """
        start = time.perf_counter()
        if self.step_graph is None or self.config.batch_size > len(self.images):
            return 0.0
        state = self.optimizer.state
        changed: list[Tensor] = [*self.model.parameters(), *self.fitted.parameters(), self.losses_nats]
        before = [value.detach().clone() for value in changed]
        kept = {name: {key: value.clone() for key, value in state[name].items()} for name in state}
        self.model.train()
        self.step_graph.prepare(self._tables.place.zero_)
        with torch.no_grad():
            for value, old in zip(changed, before, strict=True):
                value.copy_(old)
            for parameter, values in state.items():
                for key, value in values.items():
                    value.copy_(kept[parameter][key]) if parameter in kept else value.zero_()
        self.optimizer.zero_grad(set_to_none=True)
        return time.perf_counter() - start

    def train_epoch(self, on_step: Callable[[int], object]) -> None:
        """Take the remaining steps of this epoch; `on_step` is called with each step's number of images.

        Raises NotFiniteError at the first loss that is not finite: on the CPU at once, elsewhere at the end
        of the epoch, because an earlier check would make every step wait for the device.
        """
        epoch = self.step // self.steps_per_epoch
        order, noise = draw_epoch(self.config.seed, epoch, len(self.images), self.config.latent_dim)
        # The CPU reads the images of a file, so it needs the order.
        batches = self._batches_in_file(order, epoch)
        if self._changes_images and self._in_file is None:
            self._epoch_images.copy_(self._changed(self.images, epoch, epoch))
        schedules = [self._scheduled(value_at, epoch) for value_at in (learning_rate_at, rate_weight_at)]
        first = epoch * self.steps_per_epoch
        averages = [
            average_weight_at(self.config, step) for step in range(first, first + self.steps_per_epoch)
        ]
        self._tables.fill(order, noise, [*schedules, averages], self.step - first)
        self.model.train()
        while self.step < (epoch + 1) * self.steps_per_epoch:
            place = self.step - first
            size = min(self.config.batch_size, len(order) - place * self.config.batch_size)
            if self._in_file is not None:
                images = next(batches)
                self._epoch_images[: len(images)] = images
            if self.step_graph is not None and size == self.config.batch_size:
                self.step_graph()
            else:
                self._take_step(size)
            self.step += 1
            if self.device.type == "cpu" and not math.isfinite(self.losses_nats[place]):
                self.require_finite_losses()
            on_step(size)
        self.ranks.average_(self.losses_nats)
        self.require_finite_losses()

    @property
    def learning_rate(self) -> Tensor:
        """The decoder's step size: a scalar on the device, which a recorded step reads."""
        rate: Tensor = self.optimizer.param_groups[0]["lr"]
        return rate

    def learning_rates_of(self, epoch: int) -> Tensor:
        """The decoder's step size at each step of an epoch (from 0), on the device."""
        return torch.tensor(self._scheduled(learning_rate_at, epoch), device=self.device)

    @property
    def losses_so_far_nats(self) -> Tensor:
        """The losses of the steps taken in this epoch; right after its last step, of all its steps."""
        taken = self.step % self.steps_per_epoch
        return self.losses_nats[:taken] if taken or not self.step else self.losses_nats

    def require_finite_losses(self) -> None:
        """Raise NotFiniteError if a loss of this epoch is not finite. Waits for the device."""
        losses = self.losses_so_far_nats
        bad = (~losses.isfinite()).nonzero().flatten().tolist()
        if bad:
            raise NotFiniteError(self.step - len(losses) + bad[0] + 1, losses[bad[0]].item())

    def recent_elbo_nats(self) -> float:
        """The mean ELBO of the last `RECENT_STEPS` steps. On a GPU it may be the value of an earlier call."""
        self._recent_nats.copy_(self.losses_so_far_nats[-RECENT_STEPS:].mean(), non_blocking=True)
        return -float(self._recent_nats)

    def state(self) -> dict[str, Any]:
        """Everything needed to continue the fit, on the CPU: step, weights, optimizer, this epoch's losses.

        The order of the images and the noise are left out, because `draw_epoch` gives them again. Raises
        NotFiniteError if a loss of this epoch is not finite: such a state must not replace a good one.
        """
        self.require_finite_losses()
        return {
            "step": self.step,
            "model": _on_cpu(self.model.state_dict()),
            "fitted": _on_cpu(self.fitted.state_dict()),
            "optimizer": _on_cpu(self.optimizer.state_dict()["state"]),
            "losses_nats": self.losses_nats.cpu().clone(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a result of `state`; only before the first step."""
        self.model.load_state_dict(state["model"])
        self.fitted.load_state_dict(state["fitted"])
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state["optimizer"], "param_groups": groups})
        self.losses_nats.copy_(state["losses_nats"])
        self.step = int(state["step"])

    def _changed(self, images: Tensor, epoch: int, draw: int) -> Tensor:
        """Images of an epoch, warped, mirrored and shifted as the config says; `draw` seeds the draws."""
        config = self.config
        if warp_share := warp_share_at(config, epoch):
            images = warped(images, warp_share, config.seed, draw, config.levels)
        if config.flip_share or config.shift_px:
            images = augmented(images, config.flip_share, config.shift_px, config.seed, draw)
        return images

    def _batches_in_file(self, order: Tensor, epoch: int) -> Iterator[Tensor]:
        """The images of each batch that is left in an epoch, for this rank, if they are in a file."""
        if self._in_file is None:
            return
        first = self.step % self.steps_per_epoch
        batches = torch.split(order, self.config.batch_size)[first:]
        # Changes are drawn for a whole batch, so that they do not depend on the number of ranks.
        rows = batches if self._changes_images else map(self.ranks.share, batches)
        for step, images in enumerate(read_ahead(self._in_file, rows), self.step):
            yield self.ranks.share(self._changed(images, epoch, step)) if self._changes_images else images

    def _scheduled(self, value_at: Callable[[FitConfig, int, int], float], epoch: int) -> list[float]:
        """A schedule's values at each step of one epoch; a whole fit may have millions of steps."""
        first = epoch * self.steps_per_epoch
        steps = range(first, first + self.steps_per_epoch)
        return [value_at(self.config, step, self.steps_per_epoch) for step in steps]

    def _take_whole_step(self) -> None:
        self._take_step(self.config.batch_size)

    def _take_step(self, batch_size: int) -> None:
        """Take a step on this rank's share of a batch of `batch_size`, and store its loss −ELBO.

        Everything that differs from step to step is read on the device, so that the step can be recorded.
        Each rank's loss is scaled so that the mean over the ranks is the mean over the batch, however the
        batch is shared. The gradients are averaged over the ranks in the same way.
        """
        learning_rate, rate_weight, average_weight = self._tables.scheduled()
        for group, share in zip(self.optimizer.param_groups, self._step_shares, strict=True):
            torch.mul(learning_rate, share, out=group["lr"])
        rows = self.ranks.share(self._rows[:batch_size])
        indices, noise = self._tables.drawn(rows)
        if self._in_file is not None:
            indices = self._rows[: len(rows)]
        x = network_input(self._epoch_images[indices], self.config.levels)
        self.optimizer.zero_grad(set_to_none=True)
        distortion, rate = self.objective(x, noise)
        scale = self.ranks.size / batch_size
        ((distortion + rate_weight * rate).sum() * scale).backward()
        self.ranks.average_gradients_([*self.model.parameters()])
        self.optimizer.step()
        loss = (distortion + rate).detach().sum() * scale
        self.losses_nats.index_copy_(0, self._tables.place, loss[None])
        self._average(average_weight)
        self._tables.place += 1

    def _average(self, weight: Tensor) -> None:
        if self.fitted is not self.model:
            with torch.no_grad():
                for average, now in zip(self.fitted.parameters(), self.model.parameters(), strict=True):
                    average.lerp_(now, weight)


def _initial_model(config: FitConfig, train_images: NDArray[np.uint8]) -> VAE:
    """The model at the start of a fit, on the CPU."""
    model = network_of(config)
    generator = torch.Generator().manual_seed(config.seed)
    model.reset_parameters(generator)
    if config.start_spread:
        model.spread_over_prior(generator)
    if config.start_at_log_odds:
        model.start_at(train_images)
    return model


def _on_cpu(state: Any) -> Any:
    """A copy of nested dicts of tensors, on the CPU, in the same memory layout."""
    if isinstance(state, Tensor):
        return state.detach().cpu().clone()
    return {name: _on_cpu(value) for name, value in state.items()} if isinstance(state, dict) else state

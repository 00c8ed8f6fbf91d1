"""Somebody's modules with the inputs and outputs of `training`'s."""

import copy
import dataclasses
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from export.decoder_output import moments_of, picture_of
from export.graphs import ExportError, in_one_line
from export.own_reading import Reading


class OwnDecoder(nn.Module):
    """z float32 [N, d] → what the likelihood of `own_likelihood` reads.

    A scale that the module does not give is `log_scale`.
    """

    def __init__(self, reading: Reading, likelihood: str, log_scale: float | None) -> None:
        super().__init__()
        self.module = reading.decoder
        self.reading = dataclasses.replace(reading, encoder=None)
        self.likelihood = likelihood
        self.log_scale = log_scale

    def forward(self, z: Tensor) -> Tensor:
        """Logits or probabilities; a mean and log-scale, joined."""
        reading = self.reading
        given = picture_of(self.module(z.reshape(-1, *reading.latent_shape)))
        values = given.values.reshape(-1, *reading.image_shape)
        is_logits = reading.gives == "logits"
        black, white = reading.pixel_range
        if not is_logits and not reading.is_from_0_to_1:
            values = (values - black) / (white - black)
        if self.likelihood == "bernoulli":
            return values
        if self.likelihood == "continuous-bernoulli":
            return values if is_logits else values.logit(eps=torch.finfo(values.dtype).eps)
        mean = values.sigmoid() if is_logits else values
        if self.log_scale is not None:
            return torch.cat([mean, torch.full_like(mean, self.log_scale)], dim=1)
        assert given.log_scale is not None
        log_scale = given.log_scale.reshape(mean.shape) - math.log(white - black)
        return torch.cat([mean, log_scale], dim=1)


class OwnEncoder(nn.Module):
    """x float32 [N, C, H, W] in [0, 1] → mean, logvar [N, d]."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        assert reading.encoder is not None
        self.module = reading.encoder
        self.takes_flat = reading.takes_flat
        self.black, self.white = reading.pixel_range
        self.spread = reading.spread

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance."""
        if (self.black, self.white) != (0, 1):
            x = x * (self.white - self.black) + self.black
        mean, logvar = moments_of(self.module(x.flatten(1) if self.takes_flat else x), self.spread)
        return mean.flatten(1), logvar.flatten(1)


class _Method(nn.Module):
    """A method of a module, such as `vae.decode`, as a module of its own."""

    def __init__(self, owner: nn.Module, name: str) -> None:
        super().__init__()
        self.owner = owner
        self.name = name

    def forward(self, x: Tensor) -> Any:
        """The method's result."""
        return getattr(self.owner, self.name)(x)


def copied(module: Callable[..., Any], which: str) -> nn.Module:
    """A copy on the CPU, in float32 and eval mode. Raises ExportError if it is no module."""
    owner = getattr(module, "__self__", None)
    if not isinstance(module, nn.Module) and not isinstance(owner, nn.Module):
        weights = "; load_state_dict() fills one with saved weights" if isinstance(module, dict) else ""
        found = "dict" if isinstance(module, dict) else type(module).__name__
        raise ExportError(
            f"the {which}: found a {found}, expected a torch.nn.Module, or a method of one "
            f"such as vae.decode{weights}"
        )
    whole = module if isinstance(module, nn.Module) else owner
    assert isinstance(whole, nn.Module)
    try:
        own = copy.deepcopy(whole)
    except Exception as error:
        raise ExportError(
            f"the {which}: it cannot be copied: {in_one_line(error)}; expected a module that copy.deepcopy "
            "can copy"
        ) from error
    numbers = [*own.parameters(), *own.buffers()]
    if any(
        each.device.type != "cpu" or each.dtype in (torch.float16, torch.bfloat16, torch.float64)
        for each in numbers
    ):
        own = own.to(device="cpu", dtype=torch.float32)
    own = own.eval().requires_grad_(False)
    return own if isinstance(module, nn.Module) else _Method(own, module.__name__)

"""Decoders whose logits are linear in a latent plane, images for them, and their log p(x)."""

import math

import numpy as np
import torch

from training.quadrature import Grid, integrate, survey

PIXELS = 12


def linear(weight: np.ndarray, bias: np.ndarray):
    """A decoder whose logits are z · weight + bias."""
    w, b = torch.from_numpy(weight).float(), torch.from_numpy(bias).float()
    return lambda z: z @ w + b


def example(seed: int = 0, scale: float = 2.0, count: int = 3):
    """Weights [2, 12] and biases [12] of a linear decoder, and images [count, 12]."""
    noise = np.random.default_rng(seed)
    weight, bias = scale * noise.standard_normal((2, PIXELS)), noise.standard_normal(PIXELS)
    return weight, bias, noise.integers(0, 2, (count, PIXELS)).astype(np.uint8)


def brute_force(logits, image: np.ndarray, half_width: float = 8.0, step: float = 0.025) -> float:
    """log p(x) of one image in numpy: every point of a square, float64. `logits` takes z [M, 2]."""
    axis = np.arange(-half_width, half_width + step / 2, step)
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    a = logits(z)
    log_joint = (
        a @ image.astype(float) - np.logaddexp(0, a).sum(1) - (z**2).sum(1) / 2 - math.log(2 * math.pi)
    )
    top = log_joint.max()
    return float(top + np.log(np.exp(log_joint - top).sum()) + 2 * math.log(step))


def quadrature(decode, images: torch.Tensor, step: float = 0.05, **options):
    """The survey and the integral in one call."""
    return integrate(decode, images, survey(decode, images, Grid.with_step(step), **options))


def standard_normal_q(count: int, logvar: float = 0.0):
    """q(z|x) = N(0, exp(logvar) I) for every image."""
    return torch.zeros(count, 2), torch.full((count, 2), logvar)

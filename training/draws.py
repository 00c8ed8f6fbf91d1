"""The random draws of an epoch: the order of the images and the noise of their posterior samples."""

import numpy as np
import torch
from torch import Tensor


def draw_epoch(seed: int, epoch: int, image_count: int, latent_dim: int) -> tuple[Tensor, Tensor]:
    """The order of the images, int64 [N], and the noise for each place in it, float32 [N, d], on the CPU.

    They depend on the arguments alone, so there is no generator whose state could be lost. A fit that is
    resumed in the middle of an epoch draws the same numbers again, and so does each of several processes.
    """
    (mixed_seed,) = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)
    generator = torch.Generator().manual_seed(int(mixed_seed))
    order = torch.randperm(image_count, generator=generator)
    return order, torch.randn(image_count, latent_dim, generator=generator)

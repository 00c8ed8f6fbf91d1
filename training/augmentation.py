"""Mirrors and shifts training images at random, anew in each epoch, to train on more plausible images."""

import numpy as np
import torch
from torch import Tensor

from training.pieces import pieces


def augmented(images: Tensor, flip_share: float, shift_px: int, seed: int, epoch: int) -> Tensor:
    """`images` uint8 [N, C, H, W], each mirrored with probability `flip_share` and shifted; same device.

    An image is shifted by −`shift_px` to `shift_px` pixels in each direction; the gap is filled with copies
    of the edge. The draws depend on `seed` and `epoch` alone.
    """
    # The third number keeps these draws apart from those of `draw_epoch` and `warped`.
    (mixed_seed,) = np.random.SeedSequence([seed, epoch, 2]).generate_state(1, np.uint64)
    generator = torch.Generator().manual_seed(int(mixed_seed))
    count, _, height, width = images.shape
    mirrored = torch.rand(count, generator=generator) < flip_share
    moves = torch.randint(-shift_px, shift_px + 1, (count, 2), generator=generator)
    rows = (torch.arange(height) + moves[:, :1]).clamp_(0, height - 1).to(images.device)
    columns = (torch.arange(width) + moves[:, 1:]).clamp_(0, width - 1)
    columns = torch.where(mirrored[:, None], width - 1 - columns, columns).to(images.device)
    result = torch.empty_like(images)
    for part in pieces(images):
        image = torch.arange(len(rows[part]), device=images.device)[:, None, None]
        # Dimensions of advanced indices come first: [n, H, W, C].
        picked = images[part].permute(0, 2, 3, 1)[image, rows[part][:, :, None], columns[part][:, None, :]]
        result[part] = picked.permute(0, 3, 1, 2)
    return result

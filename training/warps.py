"""Smooth random distortions of training images, which give a fit more images to learn from.

Each is a small random affine map together with a smooth random displacement, as in Simard, Steinkraus and
Platt 2003, "Best practices for convolutional neural networks applied to visual document analysis", for
handwritten digits. Values between pixels are interpolated; those of binary images are thresholded at 0.5, so
that they stay binary and edges stay as smooth as they were.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from training.pieces import pieces

# Standard deviations of the entries of the affine map, (row, column) × (row, column). It mostly slants and
# never changes the height, because MNIST's digits were scaled to one height, wide ones to one width.
AFFINE = ((0.0, 0.03), (0.09, 0.015))
# Standard deviation, as a share of the image's side, of the displacements at the points of a coarse grid;
# between the points they are interpolated.
BEND = 0.012
COARSE_POINTS = 3
# Maps per epoch; images share them, because one map looks different on each image.
MAP_COUNT = 1024


def warped(images: Tensor, share: float, seed: int, epoch: int, levels: int = 2) -> Tensor:
    """`images` uint8 [N, C, H, W] with about `share` of them distorted; same dtype and device.

    `seed` and `epoch` alone decide which ones, and how, except that devices may round differently where an
    interpolated value is close to 0.5.
    """
    # The third number keeps these draws apart from those of `draw_epoch`.
    (mixed_seed,) = np.random.SeedSequence([seed, epoch, 1]).generate_state(1, np.uint64)
    generator = torch.Generator().manual_seed(int(mixed_seed))
    height, width = images.shape[2:]
    maps = pixel_maps(height, width, generator, images.device)
    chosen = torch.randint(1, len(maps), (len(images),), generator=generator)
    chosen[torch.rand(len(images), generator=generator) >= share] = 0
    chosen = chosen.to(images.device)
    result = torch.empty_like(images)
    for part in pieces(images):
        moved = grid_sample(images[part].float(), maps[chosen[part]], align_corners=True)
        result[part] = moved > 0.5 if levels == 2 else moved.round()
    return result


def pixel_maps(
    height: int, width: int, generator: torch.Generator, device: torch.device | None = None
) -> Tensor:
    """The source position of each pixel in each map: float32 [1 + MAP_COUNT, H, W, 2]; map 0 moves nothing.

    `generator` draws on the CPU; the rest is computed on `device`.

    Positions are (x, y), with −1 and 1 at the centres of the first and last pixels, as in `grid_sample`.
    """
    size = torch.tensor([height, width], dtype=torch.float32, device=device)
    rows, columns = torch.arange(height, device=device), torch.arange(width, device=device)
    place = torch.stack(torch.meshgrid(rows.float(), columns.float(), indexing="ij"))
    centred = place - ((size - 1) / 2)[:, None, None]
    affine = torch.tensor(AFFINE) * torch.randn(MAP_COUNT, 2, 2, generator=generator)
    coarse = BEND * torch.randn(MAP_COUNT, 2, COARSE_POINTS, COARSE_POINTS, generator=generator)
    bend = interpolate(
        coarse.to(device),
        size=(height, width),
        mode="bicubic",
        align_corners=True,
    )
    moved = place + torch.einsum("kij,jhw->kihw", affine.to(device), centred) + bend * size[:, None, None]
    places = torch.cat([place[None], moved]) / ((size - 1) / 2)[:, None, None] - 1
    return places.flip(1).permute(0, 2, 3, 1)

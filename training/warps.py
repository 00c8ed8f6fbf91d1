"""Smooth random distortions of the training images: more images to learn from than there are.

Each is a small random affine map together with a smooth random displacement (Simard, Steinkraus and Platt
2003, "Best practices for convolutional neural networks applied to visual document analysis", distorted
handwritten digits likewise). Where a map points between pixels the value is interpolated and thresholded
at 0.5, so that what was 0 or 1 stays so and edges stay as smooth as they were.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

# Deviations of the affine map's entries: of (row, column) by (row, column). Slant above all, and no other
# height: MNIST's digits were scaled to one height, wide ones to one width.
AFFINE = ((0.0, 0.03), (0.09, 0.015))
# Deviation, in shares of the image's side, of the displacements on a coarse grid, between which they are
# interpolated.
BEND = 0.012
COARSE_POINTS = 3
# Maps an epoch; images share them, as one map looks different on each.
MAP_COUNT = 1024
CHUNK = 4096


def warped(images: Tensor, share: float, seed: int, epoch: int) -> Tensor:
    """`images` [N, C, H, W], 0 or 1, with about `share` of them distorted: the same dtype and device.

    Which ones, and how, depends on `seed` and `epoch` alone; devices may round differently where an
    interpolated value is next to 0.5.
    """
    # The third number sets these draws apart from those of `draw_epoch`.
    (mixed,) = np.random.SeedSequence([seed, epoch, 1]).generate_state(1, np.uint64)
    generator = torch.Generator().manual_seed(int(mixed))
    height, width = images.shape[2:]
    maps = pixel_maps(height, width, generator)
    chosen = torch.randint(1, len(maps), (len(images),), generator=generator)
    chosen[torch.rand(len(images), generator=generator) >= share] = 0
    maps, chosen = maps.to(images.device), chosen.to(images.device)
    result = torch.empty_like(images)
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        moved = grid_sample(images[part].float(), maps[chosen[part]], align_corners=True)
        result[part] = moved > 0.5
    return result


def pixel_maps(height: int, width: int, generator: torch.Generator) -> Tensor:
    """For each map and pixel the place to take: float32 [1 + MAP_COUNT, H, W, 2]; map 0 moves nothing.

    Places are (x, y), with −1 and 1 at the centres of the first and last pixels, as `grid_sample` takes them.
    """
    size = torch.tensor([height, width], dtype=torch.float32)
    rows, columns = torch.arange(height), torch.arange(width)
    place = torch.stack(torch.meshgrid(rows.float(), columns.float(), indexing="ij"))
    centred = place - ((size - 1) / 2)[:, None, None]
    affine = torch.tensor(AFFINE) * torch.randn(MAP_COUNT, 2, 2, generator=generator)
    bend = interpolate(
        BEND * torch.randn(MAP_COUNT, 2, COARSE_POINTS, COARSE_POINTS, generator=generator),
        size=(height, width),
        mode="bicubic",
        align_corners=True,
    )
    moved = place + torch.einsum("kij,jhw->kihw", affine, centred) + bend * size[:, None, None]
    places = torch.cat([place[None], moved]) / ((size - 1) / 2)[:, None, None] - 1
    return places.flip(1).permute(0, 2, 3, 1)

"""Smooth random distortions of the training images: more images to learn from than there are.

Each is a small random affine map together with a smooth random displacement (Simard, Steinkraus and Platt
2003, "Best practices for convolutional neural networks applied to visual document analysis", distorted
handwritten digits likewise). A pixel takes the value of the nearest pixel that the map points to, so that
what was 0 or 1 stays so.
"""

import numpy as np
import torch
from torch import Tensor

# Deviations, in shares of the image's side: of the affine map's four entries, of the shift, and of the
# displacements on a coarse grid, between which they are interpolated.
AFFINE, SHIFT, BEND = 0.05, 0.009, 0.021
COARSE_POINTS = 5
# Maps an epoch; images share them, as one map looks different on each.
MAP_COUNT = 1024
CHUNK = 4096


def warped(images: Tensor, share: float, seed: int, epoch: int) -> Tensor:
    """`images` [N, C, H, W] with about `share` of them distorted: the same dtype, device and memory size.

    Which ones, and how, depends on `seed` and `epoch` alone, on every device.
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
        source = maps[chosen[part], None].expand(-1, images.shape[1], -1)
        result[part] = images[part].flatten(2).gather(2, source).view(-1, *images.shape[1:])
    return result


def pixel_maps(height: int, width: int, generator: torch.Generator) -> Tensor:
    """For each map and pixel the pixel to take: int64 [1 + MAP_COUNT, H·W]; map 0 moves nothing."""
    size = torch.tensor([height, width], dtype=torch.float32)
    rows, columns = torch.arange(height), torch.arange(width)
    place = torch.stack(torch.meshgrid(rows.float(), columns.float(), indexing="ij"))
    centred = place - ((size - 1) / 2)[:, None, None]
    affine = AFFINE * torch.randn(MAP_COUNT, 2, 2, generator=generator)
    shift = SHIFT * torch.randn(MAP_COUNT, 2, 1, 1, generator=generator)
    bend = torch.nn.functional.interpolate(
        BEND * torch.randn(MAP_COUNT, 2, COARSE_POINTS, COARSE_POINTS, generator=generator),
        size=(height, width),
        mode="bicubic",
        align_corners=True,
    )
    moved = place + torch.einsum("kij,jhw->kihw", affine, centred) + (shift + bend) * size[:, None, None]
    source = moved.round().long()
    index = source[:, 0].clamp(0, height - 1) * width + source[:, 1].clamp(0, width - 1)
    return torch.cat([torch.arange(height * width)[None], index.flatten(1)])

"""Previews of a fit: up to sixteen test images, reconstructed after every epoch, as PNGs and a GIF."""

from collections.abc import Sequence
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.elbo import reparameterize
from training.files import replaced_file
from training.model import VAE

COLUMNS = 4
COUNT = COLUMNS * COLUMNS
SCALE = 4
GAP_PX = 4
FRAME_MS = 500
LAST_FRAME_MS = 2000


@torch.inference_mode()
def preview(model: VAE, images: Tensor, seed: int) -> NDArray[np.uint8]:
    """A sheet of reconstructions, four in a row: images uint8 [N, C, H, W] → uint8 [H', W'] or [H', W', 3].

    The posterior samples come from `seed`, so that only the model changes from epoch to epoch.
    """
    model.eval()
    mean, logvar = model.encoder(model.network_input(images.to(model.device)))
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(seed)).to(mean.device)
    pictures = model.likelihood.picture(model.decoder(reparameterize(mean, logvar, noise))).cpu().numpy()
    return _sheet(np.rint(pictures * 255).astype(np.uint8))


def write_preview(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write one picture as a PNG."""
    _write(path, imageio.imwrite("<bytes>", picture, extension=".png"))


def write_preview_gif(path: Path, pictures: Sequence[Path]) -> None:
    """Write the pictures in order as one GIF, which loops and shows the last one longer."""
    frames = [imageio.imread(picture) for picture in pictures]
    durations = [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    # Pillow accepts a list of durations only if there are several frames.
    duration = durations if len(frames) > 1 else LAST_FRAME_MS
    # With optimize each gray frame gets its own palette, which Pillow itself cannot read back.
    data = imageio.imwrite(
        "<bytes>", np.stack(frames), extension=".gif", duration=duration, loop=0, optimize=False
    )
    _write(path, data)


def _write(path: Path, data: bytes) -> None:
    # Not imageio's own file writer: when the disk is full, it prints a traceback beside its error.
    with replaced_file(path) as temporary:
        temporary.write_bytes(data)


def _sheet(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One picture of images uint8 [N, C, H, W], enlarged, with white gaps and white empty places."""
    large = images.repeat(SCALE, axis=2).repeat(SCALE, axis=3)
    framed = np.pad(large, ((0, 0), (0, 0), (0, GAP_PX), (0, GAP_PX)), constant_values=255)
    count, channels, height, width = framed.shape
    columns = min(COLUMNS, count)
    lines = -(-count // columns)
    white = np.full((lines * columns - count, channels, height, width), 255, np.uint8)
    rows = np.concatenate([framed, white]).reshape(lines, columns, channels, height, width)
    sheet = rows.transpose(0, 3, 1, 4, 2).reshape(lines * height, columns * width, channels)
    sheet = sheet[:-GAP_PX, :-GAP_PX]
    return sheet[..., 0] if channels == 1 else sheet

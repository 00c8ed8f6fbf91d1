"""Gives a fit its training images, from the device's memory or, if they do not fit there, from their file.

Images in a file are read a batch at a time, by a thread that is one batch ahead. They come in the same order
as from memory, so the result of a fit does not depend on where its images are.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.mapped import forget_pages, mapping_of

# A memory-mapped dataset of up to so many bytes is kept in memory as a whole.
RESIDENT_BYTES = 1 << 30
# A GPU keeps the images if they, and a distorted copy of them, leave half of its free memory.
GPU_SHARE = 4
# The number of images that represent a large dataset.
SAMPLE = 2000


def fits(images: NDArray[np.uint8], device: torch.device, number_bytes: int = 1) -> bool:
    """Whether all images can be kept on a device, if each of their numbers takes `number_bytes` there."""
    size_bytes = images.nbytes * number_bytes
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return bool(size_bytes <= free // GPU_SHARE)
    return mapping_of(images) is None or size_bytes <= RESIDENT_BYTES


def on_device(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    """The images moved to a device; if they do not fit there, they stay where they are."""
    found = torch.from_numpy(images)
    return found.to(device) if fits(images, device) else found


def sample(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All images, or of a large file `SAMPLE` evenly spaced ones, in memory."""
    if mapping_of(images) is None or images.nbytes <= RESIDENT_BYTES:
        return images
    return _gathered(images, np.linspace(0, len(images) - 1, SAMPLE).astype(np.int64))


def read_ahead(images: NDArray[np.uint8], batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """The images of each batch of indices, uint8 [n, C, H, W] on the CPU; the next batch is read ahead."""
    with ThreadPoolExecutor(1, "images") as pool:
        ready = None
        for indices in chain(batches, [None]):
            coming = None if indices is None else pool.submit(_gathered, images, indices.cpu().numpy())
            if ready is not None:
                yield torch.from_numpy(ready.result())
            ready = coming


def _gathered(images: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The images in these rows, in memory."""
    # Read in the order of the file.
    result = np.empty((len(rows), *images.shape[1:]), np.uint8)
    sorted_places = np.argsort(rows)
    result[sorted_places] = images[rows[sorted_places]]
    forget_pages(images)
    return result

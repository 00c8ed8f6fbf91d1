"""Checks that a step of a fit fits into the CPU's memory: Linux kills a process that takes more, silently."""

import contextlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.choices import ChoiceError
from training.config import FitConfig
from training.image_access import fits
from training.networks import network_of

MEMORY = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")  # a container's limits and current use, control groups version 2
# For each weight: itself, its gradient, and Adam's two moments; in float32.
BYTES_PER_WEIGHT = 4 * 4


def require_memory(
    config: FitConfig, train_images: NDArray[np.uint8], device: torch.device, ranks: int = 1
) -> None:
    """Raise ChoiceError if one rank's step does not fit into the free memory; `ranks` share a batch.

    Only for the CPU: PyTorch itself reports that a GPU's memory is full.
    """
    free = free_bytes() if device.type == "cpu" else None
    if free is None:
        return
    batch_size = min(config.batch_size, len(train_images))
    try:
        needed = step_bytes(config, -(-batch_size // ranks))
    except ValueError:  # filters that do not fit the images; the fit itself reports that
        return
    if config.changes_images and fits(train_images, device):
        needed += train_images.nbytes  # the changed images of an epoch
    if needed <= free:
        return
    _, height, width = config.image_shape
    raise ChoiceError(
        f"found {free / 1e9:,.1f} GB of free memory, expected at least {needed / 1e9:,.1f} GB for batches of "
        f"{batch_size:,} images of {height} × {width}; use a smaller --batch-size or --size, or "
        "narrower --filters"
    )


def step_bytes(config: FitConfig, count: int) -> int:
    """The least memory that a step with `count` images takes, computed from the sizes of the layers.

    Every layer's result is kept until its gradient is computed; the largest one and its gradient are in
    memory together. The images and the decoder's output as float32, and the weights' share, are added.
    """
    channels, height, width = config.image_shape
    pixels = height * width
    if config.network == "conv":
        # The decoder's layers have the sizes 1, 1/2, 1/4, … of the images, the encoder's 1/2, 1/4, ….
        layers = [share * pixels * f / 4**k for k, f in enumerate(config.filters) for share in (1, 1 / 4)]
    else:
        layers = [float(f) for f in config.filters for _ in range(2)]
    per_number = 2 if config.precision == "bfloat16" else 4
    per_image = per_number * (sum(layers) + max(layers)) + 4 * 2 * channels * pixels
    return int(count * per_image) + BYTES_PER_WEIGHT * weights_of(config)


def weights_of(config: FitConfig) -> int:
    """The number of weights of a config's network. Raises ValueError as `network_of` does."""
    with torch.device("meta"):  # tensors on this device take no memory
        return sum(weight.numel() for weight in network_of(config).parameters())


def free_bytes() -> int | None:
    """The free memory and swap space, each within a container's limit; None on other systems than Linux."""
    try:
        lines = MEMORY.read_text(encoding="ascii").splitlines()
        kibibytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        memory, swap = 1024 * kibibytes["MemAvailable"], 1024 * kibibytes["SwapFree"]
    except (OSError, ValueError, KeyError):
        return None
    # Memory in which Linux caches files counts as free: a program gets it if it needs it.
    return _left("memory", memory, "inactive_file") + _left("memory.swap", swap)


def _left(kind: str, free: int, given_back: str = "") -> int:
    """The part of `free` bytes that a container may still take; all of it without a limit."""
    try:
        limit, taken = (int((GROUP / f"{kind}.{name}").read_text("ascii")) for name in ("max", "current"))
    except (OSError, ValueError):  # no limit: "max" is not a number
        return free
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = (GROUP / f"{kind}.stat").read_text("ascii").splitlines()
        taken -= int(dict(line.split() for line in lines)[given_back])
    return min(free, max(0, limit - taken))

"""Whether the CPU's memory holds a step of a fit. Linux ends a process that takes more, without a word."""

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
GROUP = Path("/sys/fs/cgroup")  # a container's limits and what it takes, control groups version 2
# Of each weight: itself, its gradient, and Adam's two moments; in float32.
BYTES_PER_WEIGHT = 4 * 4


def require_memory(
    config: FitConfig, train_images: NDArray[np.uint8], device: torch.device, ranks: int = 1
) -> None:
    """Raise ChoiceError if a step of one of several `ranks` cannot fit into the memory that is free.

    Only on a CPU: PyTorch itself says that a GPU's memory is full.
    """
    free = free_bytes() if device.type == "cpu" else None
    if free is None:
        return
    batch_size = min(config.batch_size, len(train_images))
    try:
        needed = step_bytes(config, -(-batch_size // ranks))
    except ValueError:  # filters that do not fit the images, which the fit itself tells
        return
    if config.changes_images and fits(train_images, device):
        needed += train_images.nbytes  # those of an epoch, changed
    if needed <= free:
        return
    _, height, width = config.image_shape
    raise ChoiceError(
        f"found {free / 1e9:,.1f} GB of free memory, expected at least {needed / 1e9:,.1f} GB for batches of "
        f"{batch_size:,} images of {height} × {width}; use a smaller --batch-size or --size, or "
        "narrower --filters"
    )


def step_bytes(config: FitConfig, count: int) -> int:
    """What a step with `count` images takes at least, from the sizes of the layers.

    Every layer's result is kept until its gradient is computed, and the largest has its gradient beside it.
    The rest is the images and the decoder's output as float32, and what each weight needs.
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
    """How many weights the network of a config has. Raises ValueError as `network_of` does."""
    with torch.device("meta"):  # which takes no memory
        return sum(weight.numel() for weight in network_of(config).parameters())


def free_bytes() -> int | None:
    """The free memory and swap space, each within a container's limit; None where no Linux tells."""
    try:
        lines = MEMORY.read_text(encoding="ascii").splitlines()
        kibibytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        memory, swap = 1024 * kibibytes["MemAvailable"], 1024 * kibibytes["SwapFree"]
    except (OSError, ValueError, KeyError):
        return None
    # Linux takes back the memory in which it keeps files, if a program needs it.
    return _left("memory", memory, "inactive_file") + _left("memory.swap", swap)


def _left(kind: str, free: int, given_back: str = "") -> int:
    """How much of `free` bytes a container may still take; all of it without a limit."""
    try:
        limit, taken = (int((GROUP / f"{kind}.{name}").read_text("ascii")) for name in ("max", "current"))
    except (OSError, ValueError):  # "max" is no number
        return free
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = (GROUP / f"{kind}.stat").read_text("ascii").splitlines()
        taken -= int(dict(line.split() for line in lines)[given_back])
    return min(free, max(0, limit - taken))

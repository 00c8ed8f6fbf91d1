"""The device that computes, and the settings that make it fast."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from training.config import Precision

MEBIBYTE = 1 << 20
# glibc's names for mallopt's options (malloc.h).
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


class DeviceError(Exception):
    """The requested device is not available."""


def pick_device(name: str, local_rank: int = 0) -> torch.device:
    """The device called `name`: "cuda", "mps", "cpu", or "auto" for the best one available.

    For "cuda" it is GPU number `local_rank`, which becomes the current device of this process.

    Raises DeviceError if the named device is not available.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, is_available in available.items() if is_available)
    if not available[name]:
        built_for = "without CUDA" if torch.version.cuda is None else f"for CUDA {torch.version.cuda}"
        raise DeviceError(
            f"--device {name}: found no {name.upper()} device (PyTorch {torch.__version__}, "
            f"built {built_for}); use --device auto or --device cpu"
        )
    if name != "cuda":
        return torch.device(name)
    if local_rank >= torch.cuda.device_count():
        raise DeviceError(
            f"rank {local_rank} of this machine: found {torch.cuda.device_count()} GPUs, expected one for "
            "each rank; lower --nproc-per-node"
        )
    device = torch.device("cuda", local_rank)
    torch.cuda.set_device(device)
    # Every step has the same shapes, so measuring cuDNN's algorithms once pays off.
    torch.backends.cudnn.benchmark = True
    return device


def describe_device(device: torch.device) -> str:
    """The device in words: the GPU's name, or the CPU with its number of threads."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (CUDA)"
    threads = torch.get_num_threads()
    return f"the CPU, {threads} thread{'s' * (threads > 1)}" if device.type == "cpu" else device.type.upper()


def fast_precision(device: torch.device) -> Precision:
    """The fastest number format that does not lower the ELBO: bfloat16 on a CPU with AMX.

    On every other device it is float32: GPUs and other processors have not been measured.
    """
    return "bfloat16" if device.type == "cpu" and torch.cpu.get_capabilities().get("amx_bf16") else "float32"


@contextmanager
def full_precision() -> Iterator[None]:
    """Within the block, convolve in full float32 and without cuDNN's search for the fastest algorithm.

    On CUDA the default, TF32, rounds every factor to ten bits. The search pays off only if all batches have
    the same size.
    """
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32, cudnn.benchmark
    cudnn.allow_tf32, cudnn.benchmark = False, False
    try:
        yield
    finally:
        cudnn.allow_tf32, cudnn.benchmark = before


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next allocation instead of returning it to the system.

    Every step on the CPU allocates the same few large activations. By default glibc maps and
    unmaps each of them, and the page faults slow a step down by a sixth. Without glibc it does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 32 * MEBIBYTE)  # the largest value that glibc accepts
        mallopt(M_TRIM_THRESHOLD, 2047 * MEBIBYTE)
        mallopt(M_TOP_PAD, 64 * MEBIBYTE)

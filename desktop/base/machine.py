"""Finds what this machine has for running models: driver, CUDA libraries, packages. No ONNX Runtime."""

import contextlib
import ctypes
import importlib.util
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Literal

from desktop.base.errors import ReportedError
from desktop.base.installed import install_line

DeviceName = Literal["auto", "cuda", "cpu"]

DRIVER_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
DRIVER_FILE = Path("/proc/driver/nvidia/version")
DISTRIBUTIONS = ("onnxruntime", "onnxruntime-gpu")
MAX_CPU_THREADS = 8
# A container's files in control groups of versions 2 and 1: folder, memory limit, memory in use, and the
# entry of memory.stat that says how much of this the kernel can reclaim.
GROUPS = Path("/sys/fs/cgroup")
LIMITS = (
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
NICE = 10  # the niceness of threads that work for seconds while somebody moves the mouse


class DeviceError(ReportedError):
    """The requested device cannot run the model."""


@dataclass(frozen=True)
class Device:
    """The device that the model really runs on.

    Attributes:
        kind: "cuda" or "cpu", as the session reports it after a first run.
        description: a text for the status bar.
        reason: why the device is not CUDA, or an empty string.
    """

    kind: Literal["cuda", "cpu"]
    description: str
    reason: str = ""


def cpu_threads() -> int:
    """The number of threads that decode: the cores that this process may use, at most MAX_CPU_THREADS."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MAX_CPU_THREADS, allowed))


def free_memory_bytes() -> int:
    """The memory that is still available to programs, within the container's limit."""
    import psutil  # a twentieth of the import time at the start, so imported only when needed

    free = int(psutil.virtual_memory().available)
    for folder, limit_file, taken_file, given_back in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number
            limit = int((GROUPS / folder / limit_file).read_text("ascii"))
            taken = int((GROUPS / folder / taken_file).read_text("ascii"))
            free = min(free, limit - taken + _given_back_bytes(GROUPS / folder / "memory.stat", given_back))
    return max(0, free)


def _given_back_bytes(path: Path, name: str) -> int:
    """The page cache that is not in active use: Linux reclaims it if a program needs memory."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return int(dict(line.split() for line in path.read_text("ascii").splitlines())[name])
    return 0


def lower_priority() -> None:
    """Lower the priority of the calling thread and of threads that it starts. Only on Linux."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def has_driver() -> bool:
    """Whether the NVIDIA driver's library loads."""
    return loads(DRIVER_LIBRARY)


def driver_version() -> str:
    """The driver's version, or an empty string if there is no driver."""
    try:
        found = re.search(r"\b\d+\.\d+(\.\d+)?\b", DRIVER_FILE.read_text(errors="replace"))
    except OSError:
        found = None
    if found:
        return found[0]
    return "present, version unknown" if has_driver() else ""


def why_no_cuda(providers: Sequence[str], driver: Callable[[], bool] = has_driver) -> str:
    """Why CUDA cannot be tried with these available providers; an empty string if it can."""
    if "CUDAExecutionProvider" not in providers:
        return "this ONNX Runtime is built without CUDA"
    return "" if driver() else "found no NVIDIA driver"


def torch_libraries(cuda_major: str) -> Path | None:
    """The folder in which the installed PyTorch ships cuBLAS for this CUDA version. PyTorch is not imported.

    None if PyTorch is not installed, was built without CUDA or for another CUDA version, or takes its
    libraries from the same wheels as ONNX Runtime.
    """
    spec = importlib.util.find_spec("torch")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "lib"
        if any((folder / name).is_file() for name in cublas_names(cuda_major)):
            return folder
    return None


def cublas_names(cuda_major: str) -> tuple[str, str]:
    """The file names of cuBLASLt for a CUDA major version, on Linux and on Windows."""
    return f"libcublasLt.so.{cuda_major}", f"cublasLt64_{cuda_major}.dll"


def needed_libraries(cuda_major: str) -> tuple[str, ...]:
    """The libraries that ONNX Runtime 1.31 needs on CUDA, by the names that the loader looks up.

    The CUDA provider links to all of them except cuDNN, which it loads at the first convolution. It loads
    cuFFT only for Fourier transforms, which decoders do not have.
    """
    if sys.platform == "win32":
        names = (f"cublasLt64_{cuda_major}", f"cublas64_{cuda_major}", "curand64_10")
        return tuple(f"{name}.dll" for name in (*names, f"cudart64_{cuda_major}", "cudnn64_9"))
    return (
        f"libcublasLt.so.{cuda_major}",
        f"libcublas.so.{cuda_major}",
        "libcurand.so.10",
        f"libcudart.so.{cuda_major}",
        "libcudnn.so.9",
    )


def loads(library: str) -> bool:
    """Whether the system's loader finds a library or has already loaded it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(cuda_major: str, load: Callable[[str], bool] = loads) -> tuple[str, ...]:
    """The libraries of `needed_libraries` that do not load."""
    return tuple(name for name in needed_libraries(cuda_major) if not load(name))


def missing_in_words(libraries: Sequence[str]) -> str:
    """Which libraries are missing and how to install them, such as "libcublasLt.so.13 not found: pip …"."""
    if not libraries:
        return ""
    more = f" (and {len(libraries) - 1} more)" if len(libraries) > 1 else ""
    return f"{libraries[0]}{more} not found: {install_line('cuda')}"


def installed(names: Sequence[str]) -> dict[str, str]:
    """The installed packages among `names`, with their versions."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def _distributions() -> dict[str, str]:
    """The installed packages of ONNX Runtime; cached, because reading their metadata takes 3 ms."""
    return installed(DISTRIBUTIONS)


def distribution_warning(found: Mapping[str, str] | None = None) -> str:
    """What is wrong with the installed packages of ONNX Runtime, or an empty string.

    `found` maps packages to versions; by default, those that are installed.
    """
    found = _distributions() if found is None else found
    if not all(name in found for name in DISTRIBUTIONS):
        return ""
    both = " and ".join(f"{name} {found[name]}" for name in DISTRIBUTIONS)
    return (
        f"found {both}, which overwrite each other, expected one; "
        f"pip uninstall both, then {install_line('desktop')}"
    )

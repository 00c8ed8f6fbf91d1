"""The installed ONNX Runtime, its CUDA libraries, and the facts about both for a bug report."""

import contextlib
import io
import os
import platform
from typing import Any

import onnxruntime as ort

from desktop.base import machine
from desktop.base.installed import program_version
from desktop.base.machine import distribution_warning

CUDA = "CUDAExecutionProvider"
DISTRIBUTIONS = (*machine.DISTRIBUTIONS, "onnx", "numpy", "PySide6-Essentials", "imageio", "torch")


def preload_cuda() -> None:
    """Load the CUDA libraries that PyTorch ships, or else those of NVIDIA's wheels."""
    folder = machine.torch_libraries(cuda_major())
    # `preload_dlls` prints missing libraries. If a session does not use CUDA, `missing_libraries` finds them.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError, OSError):
        ort.preload_dlls(directory=str(folder) if folder else "")


def describe_runtime() -> dict[str, Any]:
    """The facts for a bug report as JSON values: versions, cores, providers, driver, CUDA libraries."""
    providers = ort.get_available_providers()
    found = machine.installed(DISTRIBUTIONS)
    cuda: dict[str, Any] = {"why_not": machine.why_no_cuda(providers), "driver": machine.driver_version()}
    if CUDA in providers:
        preload_cuda()
        needed, missing = (
            machine.needed_libraries(cuda_major()),
            machine.missing_libraries(cuda_major()),
        )
        cuda |= {
            "built_for": str(getattr(ort, "cuda_version", "")),
            "libraries_found": [name for name in needed if name not in missing],
            "libraries_missing": list(missing),
            "to_do": machine.missing_in_words(missing),
        }
    return {
        "latent_plane": program_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "distributions": found,
        "distribution_warning": distribution_warning(found),
        "onnxruntime": ort.__version__,
        "providers": list(providers),
        "qt": found.get("PySide6-Essentials", ""),
        "cores": os.cpu_count() or 1,
        "decode_threads": machine.cpu_threads(),
        "cuda": cuda,
    }


def cuda_major() -> str:
    """The major version of CUDA that ONNX Runtime is built for."""
    major = str(getattr(ort, "cuda_version", "")).partition(".")[0]
    return major if major.isdigit() else "13"

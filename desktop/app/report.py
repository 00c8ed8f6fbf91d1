"""Texts for a bug report: versions, machine, model, and an error with its traceback. No Qt."""

import traceback
from collections.abc import Iterator

from desktop.app.describe import describe, flat_lines
from desktop.base.installed import program_version
from desktop.base.machine import Device
from desktop.base.minus import numbers_with_minus
from desktop.models.runtime import describe_runtime
from desktop.models.source import Source

LICENCES = (
    ("Latent Plane", "MIT"),
    ("Qt and PySide6", "LGPL 3"),
    ("ONNX Runtime", "MIT"),
    ("ONNX", "Apache 2.0"),
    ("NumPy", "BSD 3-clause"),
    ("imageio", "BSD 2-clause"),
    ("Pillow", "MIT-CMU"),
    ("click", "BSD 3-clause"),
    ("platformdirs", "MIT"),
    ("cattrs", "MIT"),
    ("filelock", "MIT"),
    ("psutil", "BSD 3-clause"),
    ("contourpy", "BSD 3-clause"),
    ("Matplotlib", "PSF-based"),
    ("Protocol Buffers", "BSD 3-clause"),
    ("MNIST, in the bundle that ships", "CC BY-SA 3.0"),
)


def error_text(error: BaseException) -> str:
    """Return an error's type and message with its traceback."""
    return "".join(traceback.format_exception(error)).rstrip()


def machine_report() -> Iterator[str]:
    """Describe version and machine in lines, as `python -m desktop.inspect --runtime` prints them."""
    yield "\n".join(flat_lines("", describe_runtime()))


def device_text(device: Device | None) -> str:
    """Where a model runs, and the reason if that is not on a GPU; empty for None."""
    if device is None:
        return ""
    return device.description + (f" ({device.reason})" if device.reason else "")


def about_text(source: Source | None, device: str, points: str = "") -> str:
    """Describe the program, its device, the open model and its points, if there are any, and the licences."""
    lines = [
        f"Latent Plane {program_version()}",
        "The latent space of a generative model on a plane.",
        "",
        f"Runs on {device}" if device else "No model is open",
    ]
    if source is not None:
        lines += [
            "",
            "Open model",
            "",
            *map(numbers_with_minus, describe(source)),
            f"decoder SHA-256 {source.sha256}",
        ]
    if points:
        lines += ["", f"Points on the plane: {points}"]
    width = max(len(name) for name, _ in LICENCES)
    return "\n".join([*lines, "", "Licences", "", *(f"{name:<{width}}  {terms}" for name, terms in LICENCES)])

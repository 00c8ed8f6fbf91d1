"""The viewer parts of the GPU check: its device, agreement with the CPU, decoding times, and a drag."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from tests.gpu.place import Place, Row, SkippedError, short

COUNTS = (1, 16, 256, 400, 2500)
MULTIPLY_SIZE = 4096


def _model(place: Place, device: str):  # type: ignore[no-untyped-def]
    from desktop.base.shipped import shipped_bundle
    from desktop.models.model import Model
    from desktop.models.open_source import open_source

    model = Model(open_source(shipped_bundle()), device)  # type: ignore[arg-type]
    if place.is_cuda and device == "auto" and model.device.kind != "cuda":
        reason = model.device.reason
        model.close()
        raise SkippedError(f"the viewer runs on the CPU: {reason}")
    return model


def agreement(place: Place) -> Row:
    """The device of the viewer's model, what it prints, and the difference of its numbers from the CPU's."""
    z = np.random.default_rng(0).standard_normal((place.size(400, 20), 2)).astype(np.float32)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        there, here = _model(place, "auto"), _model(place, "cpu")
        try:
            images = there.source.bundle.read_posterior().images[: len(z)].astype(np.float32)
            pairs = {
                "pictures": (there.decode(z), here.decode(z)),
                "logits": (there.decode_logits(z), here.decode_logits(z)),
                "encodings": (there.encode(images)[0], here.encode(images)[0]),
            }
            session = there._loaded
            row: Row = {
                "runs on": there.device.description,
                "recorded": getattr(session, "is_recorded", False),
            }
        finally:
            there.close()
            here.close()
    row |= {name: short(float(np.abs(a - b).max())) for name, (a, b) in pairs.items()}
    return row | {"printed": said.getvalue()[:100]}


def other_models(place: Place) -> Row:
    """Bare decoders on the device: one with a class and a number beside z, and one that is slow on a CPU.

    The figures are their device, whether they are slow there, and the difference of their pictures from the
    CPU's.
    """
    from desktop.models.model import Model
    from desktop.models.open_source import open_source
    from tests.desktop.foreign_models import conditional
    from tests.gpu.large_decoder import large_decoder

    row: Row = {}
    paths = [
        conditional(place.folder / "class.onnx"),
        large_decoder(place.folder / "large.onnx", side=512 if place.is_cuda else 16),
    ]
    for path in paths:
        source = open_source(path)
        z = np.random.default_rng(3).standard_normal((3, source.reading.latent_dim)).astype(np.float32)
        pictures = []
        for device in ("auto", "cpu"):
            model = Model(source, device)  # type: ignore[arg-type]
            try:
                pictures.append(model.decode(z))
                if device == "auto":
                    row[path.stem] = {
                        "runs on": model.device.description,
                        "slow": model.is_slow,
                        "picture_ms": short(1e3 * model.picture_s),
                    }
            finally:
                model.close()
        row[path.stem]["difference"] = short(float(np.abs(pictures[0] - pictures[1]).max()))
    return row


def decoding(place: Place) -> Row:
    """Milliseconds to decode some numbers of pictures, and the rate of a matrix product on the device."""
    row: Row = {}
    model = _model(place, "auto")
    try:
        z = np.random.default_rng(1).standard_normal((max(COUNTS), 2)).astype(np.float32)
        for count in COUNTS if not place.is_tiny else COUNTS[:2]:
            row[f"{count}, ms"] = place.milliseconds(lambda count=count: model.decode(z[:count]))
        row["one picture at first, ms"] = short(1e3 * model.picture_s)
        sizes = iter(np.random.default_rng(2).integers(1, place.size(256, 20), 10**5).tolist())
        row["mixed sizes, ms"] = place.milliseconds(lambda: model.decode(z[: next(sizes)]))
    finally:
        model.close()
    size = place.size(MULTIPLY_SIZE, 64)
    matrix = torch.randn(size, size, device=place.device)

    def multiply() -> None:
        _ = matrix @ matrix
        place.wait()

    row["matrix product, TFLOP/s"] = short(2 * size**3 / place.milliseconds(multiply) / 1e9)
    return row


def drag(place: Place) -> Row:
    """A drag over the plane with its tiles on the device, in an offscreen window of its own process."""
    try:
        import PySide6  # noqa: F401
    except ImportError:
        raise SkippedError("PySide6 is not installed") from None
    command = [sys.executable, "-m", "tests.gpu.drag", "cuda" if place.is_cuda else "cpu"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*command, str(place.size(300, 3))],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=root,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise RuntimeError(last[0])
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row

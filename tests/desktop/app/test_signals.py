"""app/signals.py: Ctrl-C, SIGTERM and SIGHUP end an idle viewer as its menu does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import SOON_S, wait_until

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "artifacts" / "mnist"
OFFSCREEN_SAYS = "This plugin does not support propagateSizeHints()"


@pytest.mark.parametrize(
    ("number", "status", "model"),
    [
        (signal.SIGINT, 130, SHIPPED),
        (signal.SIGTERM, 143, SHIPPED / "decoder.onnx"),
        (signal.SIGHUP, 129, SHIPPED / "decoder.onnx"),
    ],
)
def test_a_signal_closes_an_idle_viewer(tmp_path, number, status, model):
    """It ends at the first signal, saves what was looked at, and prints nothing."""
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)}
    saved = tmp_path / "latent-plane" / "saved.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop", str(model), "--device", "cpu"],
        cwd=ROOT,
        env=environment | {"QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: saved.exists() or process.poll() is not None)
        opened = json.loads(saved.read_text())
        process.send_signal(number)
        errors = process.communicate(timeout=SOON_S)[1]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == status, errors
    assert [line for line in errors.splitlines() if line != OFFSCREEN_SAYS] == []
    assert len(json.loads(saved.read_text())) > len(opened)

"""app/signals.py: Ctrl-C, SIGTERM and SIGHUP end an idle viewer as its menu does."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.waiting import wait_until

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
def test_a_signal_closes_an_idle_viewer(viewers, tmp_path, number, status, model):
    """The viewer ends at the first signal, saves its view, and prints nothing."""
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)}
    saved = tmp_path / "latent-plane" / "saved.json"
    pid = viewers.start(model, "--device", "cpu", environment=environment | {"QT_QPA_PLATFORM": "offscreen"})
    wait_until(saved.exists)
    opened = json.loads(saved.read_text())
    os.kill(pid, number)
    ended, out, errors = viewers.end()
    assert ended == status, errors
    assert out == ""
    assert [line for line in errors.splitlines() if line != OFFSCREEN_SAYS] == []
    assert len(json.loads(saved.read_text())) > len(opened)

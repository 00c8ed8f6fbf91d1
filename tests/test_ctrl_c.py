"""Ctrl-C while a command is still importing its modules."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMANDS = {
    "training.fit": "torch",
    "training.evaluate": "torch",
    "export.onnx": "onnx",
    "desktop": "PySide6",
    "desktop.render": "numpy",
    "desktop.inspect": "numpy",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_during_the_imports_is_one_line(tmp_path, command):
    """During the import of another package, Ctrl-C ends every command with one line and status 130."""
    package = tmp_path / COMMANDS[command]
    package.mkdir()
    (package / "__init__.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    ended = subprocess.run(
        [sys.executable, "-m", command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "\ninterrupted\n")

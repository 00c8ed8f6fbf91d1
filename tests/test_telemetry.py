"""ONNX Runtime's telemetry is off in every process: no file in the user's cache, no host looked up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "artifacts" / "mnist"
# ONNX Runtime writes its files some time after its import.
DECODE = """
import sys, time
from pathlib import Path
import numpy as np
{first}
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
session.run(None, {{"z": np.zeros((1, 2), np.float32)}})
{last}
"""
A_WHILE = "time.sleep(1)"
UNTIL_IT_WRITES = """
give_up = time.monotonic() + 60
while not any(path.is_file() for path in Path.home().rglob("*")) and time.monotonic() < give_up:
    time.sleep(0.01)
"""


def files_left(home: Path, *arguments: object) -> list[str]:
    """Run Python with `arguments`, and return the files that it leaves in its user's home folder."""
    home.mkdir()
    # Other variables are left out, because ONNX Runtime is silent if CI, GITHUB_ACTIONS or others are set.
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=kept | {"HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=home,
        check=True,
        capture_output=True,
    )
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_onnx_runtime_by_itself_is_seen_to_write(tmp_path):
    """The tests below can fail: without this project's setting, ONNX Runtime writes its files."""
    assert (
        files_left(
            tmp_path / "home", "-c", DECODE.format(first="", last=UNTIL_IT_WRITES), SHIPPED / "decoder.onnx"
        )
        != []
    )


@pytest.mark.parametrize("package", ["desktop", "export"])
def test_a_package_turns_it_off_before_any_module_of_it(tmp_path, package):
    """Importing the package is enough, whatever imports ONNX Runtime afterwards."""
    program = DECODE.format(first=f"import {package}", last=A_WHILE)
    assert files_left(tmp_path / "home", "-c", program, SHIPPED / "decoder.onnx") == []


def test_the_trial_of_a_model_turns_it_off(tmp_path):
    """In the child process too, the trial of a bare model leaves no file of ONNX Runtime."""
    program = (
        "import time\n"
        "from pathlib import Path\n"
        "from desktop.vetting.trial import Trial\n"
        f"with Trial(Path({str(SHIPPED / 'decoder.onnx')!r}).read_bytes(), 'm'):\n"
        "    time.sleep(1)\n"
    )
    assert files_left(tmp_path / "home", "-c", program) == []

"""A model first runs in a process of its own, with limits on time and memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from desktop.base.errors import ModelError
from desktop.vetting.trial import Trial, TrialEndedError
from tests.desktop.hostile_models import (
    constant_of_shape,
    endless_loop,
    good_model,
    nested_functions,
)

ROOT = Path(__file__).parents[3]
# Modules that a trial imports, from the standard library and others, and one that Python always imports.
TRAPS = ("json", "struct", "resource", "numpy", "onnxruntime", "sitecustomize")

Z = np.array([[0.5, -1.0], [2.0, 0.0]], np.float32)


def test_a_good_model_gives_what_onnx_runtime_gives():
    """It gives the same numbers, however often it is run, of the same type and shape."""
    (expected,) = ort.InferenceSession(good_model(), providers=["CPUExecutionProvider"]).run(None, {"z": Z})
    with Trial(good_model(), "m") as trial:
        for _ in range(3):
            found = trial.run({"z": Z}, ["out"])["out"]
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)
        assert 0 < trial.peak_memory_bytes < 512 << 20


def test_a_run_that_fails_is_told_and_the_next_one_works():
    """The message is ONNX Runtime's own, without its prefix."""
    with Trial(good_model(), "m") as trial:
        with pytest.raises(ModelError) as caught:
            trial.run({"z": Z[:, :1]}, ["out"])
        assert str(caught.value).startswith("m: ")
        assert "[ONNXRuntimeError]" not in str(caught.value)
        assert trial.run({"z": Z}, ["out"])["out"].shape == (2, 1, 8, 8)


def test_a_models_own_words_do_not_end_its_trial():
    """An operator that is called as a trial's end is told is an operator that is not there."""
    words = "its trial took the process that tried it"
    model = onnx.load_from_string(good_model())
    model.graph.node[0].op_type = words
    with pytest.raises(ModelError, match=words) as caught, Trial(model.SerializeToString(), "m"):
        pass
    assert type(caught.value) is ModelError


def test_what_onnx_runtime_prints_is_no_answer():
    """It prints about some models, such as one whose operator is not text; its error still arrives."""
    damaged = good_model().replace(b"MatMul", b"Mat\xfful")
    assert damaged != good_model()
    with pytest.raises(ModelError, match=r"^m: .*Mat\ufffdul"), Trial(damaged, "m"):
        pass


def test_what_takes_too_long_is_ended():
    """An endless loop is stopped when its time is over, and the option for more time is a hint."""
    with (
        pytest.raises(
            TrialEndedError, match=r"^m: its trial took longer than 0\.5 s, expected less; "
        ) as caught,
        Trial(endless_loop(), "m", time_limit_s=0.5) as trial,
    ):
        trial.run({"z": Z}, ["out"])
    assert caught.value.hints == ("patience SECONDS",)


def test_all_runs_share_the_time():
    """A model that is slow in every run is stopped like one that is slow once."""
    with Trial(good_model(), "m", time_limit_s=0.5) as trial:
        trial._left_s = 1e-6
        with pytest.raises(ModelError, match="its trial took longer than"):
            for _ in range(1000):
                trial.run({"z": np.zeros((4096, 2), np.float32)}, ["out"])
                trial._left_s = 1e-6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory")
def test_what_takes_too_much_memory_is_ended():
    """A constant of a gigabyte is refused if less memory is allowed."""
    with (
        pytest.raises(ModelError, match=r"^m: it needs more than 256 MiB of memory, expected less"),
        Trial(constant_of_shape(2**28), "m", memory_bytes=256 << 20) as trial,
    ):
        trial.run({"z": Z}, ["out"])


def test_what_crashes_takes_only_the_trial_with_it():
    """Functions so deep that ONNX Runtime's stack overflows end only the trial, whose signal is named."""
    with (
        pytest.raises(
            TrialEndedError, match=r"^m: it crashed the process that tried it \(SIG\w+\), expected it to run"
        ),
        Trial(nested_functions(), "m"),
    ):
        pass


def test_nothing_is_left_of_a_trial():
    """The process ends with the block, whatever happens in it."""
    trial = Trial(good_model(), "m")
    with trial:
        child = trial._child
        assert child.poll() is None
    assert child.poll() is not None
    with pytest.raises(ModelError), trial:
        child = trial._child
        trial.run({"nonsense": Z}, ["out"])
    assert child.poll() is not None


def test_modules_beside_a_model_are_never_run(tmp_path):
    """In a stranger's folder with a model and `json.py`, `numpy.py`, …, a trial runs none of the modules.

    This also holds if PYTHONPATH has an empty entry, which means the current folder.
    """
    sprung = tmp_path / "sprung"
    for name in TRAPS:
        trap = f"open({str(sprung)!r}, 'a').write({name!r})\nraise SystemExit({name!r})\n"
        (tmp_path / f"{name}.py").write_text(trap)
    (tmp_path / "model.onnx").write_bytes(good_model())
    # The parent process has a safe path, like the installed command. Its child must have one too.
    program = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        f"os.environ['PYTHONPATH'] = {str(ROOT)!r} + os.pathsep\n"
        "from desktop.inspect import main\n"
        "sys.argv = ['inspect', 'model.onnx']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert not sprung.exists(), sprung.read_text()
    assert done.returncode == 0, done.stderr
    assert "model.onnx" in done.stdout

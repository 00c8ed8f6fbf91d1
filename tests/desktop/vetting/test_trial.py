"""A model first runs in a separate process, with limits on time and memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from desktop.base import machine
from desktop.base.errors import ModelError
from desktop.vetting.graph_work import Work
from desktop.vetting.onnx_file import read_model_file
from desktop.vetting.opening import Opening, OpeningStoppedError
from desktop.vetting.trial import (
    MEMORY_BYTES,
    TIME_LIMIT_S,
    Budget,
    Trial,
    TrialEndedError,
    budget,
    work_in_words,
)
from tests.desktop.hostile_models import (
    constant_of_shape,
    endless_loop,
    good_model,
    nested_functions,
)

ROOT = Path(__file__).parents[3]
# Modules that a trial imports, from Python and other packages, and one that Python always imports.
TRAPS = ("json", "struct", "resource", "numpy", "onnxruntime", "sitecustomize")

Z = np.array([[0.5, -1.0], [2.0, 0.0]], np.float32)


def test_a_good_model_gives_what_onnx_runtime_gives():
    """A trial gives the same numbers in every run, with the same type and shape."""
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
    """An operator whose name is the text of a trial's end is just an unknown operator."""
    words = "its trial took the process that tried it"
    model = onnx.load_from_string(good_model())
    model.graph.node[0].op_type = words
    with pytest.raises(ModelError, match=words) as caught, Trial(model.SerializeToString(), "m"):
        pass
    assert type(caught.value) is ModelError


def test_what_onnx_runtime_prints_is_no_answer():
    """ONNX Runtime prints something for a model whose operator is not text; the error still arrives."""
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
    """Functions that overflow ONNX Runtime's stack end only the trial, and the error names the signal."""
    with (
        pytest.raises(
            TrialEndedError, match=r"^m: it crashed the process that tried it \(SIG\w+\), expected it to run"
        ),
        Trial(nested_functions(), "m"),
    ):
        pass


def test_nothing_is_left_of_a_trial():
    """The process ends with the block, even after an error in it."""
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
    """In an untrusted folder with a model and `json.py`, `numpy.py`, …, a trial runs none of these modules.

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


def test_a_budget_grows_with_weights_and_work():
    """Unknown work gets the time of a small model; known work gets time, memory and, if large, all cores."""
    small = budget(0, None, 8)
    assert small == Budget(TIME_LIMIT_S, MEMORY_BYTES, 1)
    assert budget(3 << 30, None, 8).time_s > TIME_LIMIT_S + 60
    assert budget(3 << 30, None, 8).memory_bytes == MEMORY_BYTES + (9 << 30)
    assert budget(0, Work(1000, 1000), 8).threads == 1
    large = budget(1 << 30, Work(10**12, 1 << 30), 8)
    assert large.threads == 8
    assert large.time_s > TIME_LIMIT_S + 600
    assert large.memory_bytes == MEMORY_BYTES + (6 << 30)


def test_activations_that_no_work_fills_get_no_memory():
    """A file may claim any size, but a graph with large activations does many multiply-adds."""
    assert budget(0, Work(1 << 28, 1 << 30), 8).memory_bytes == MEMORY_BYTES + (48 << 20)


@pytest.fixture
def model_file(tmp_path):
    """A good model that was inspected."""
    path = tmp_path / "m.onnx"
    path.write_bytes(good_model())
    return read_model_file(path)


@pytest.fixture
def all_are_told(monkeypatch):
    """Let the work of small models be computed, too."""
    monkeypatch.setattr("desktop.vetting.trial.COUNTED_WEIGHTS_BYTES", 0)


@pytest.mark.usefixtures("all_are_told")
def test_the_work_of_a_model_is_told_by_its_trial(model_file):
    """The trial computes it from the skeleton and the inputs' shapes; it is None if it is unknown."""
    with Trial(model_file.graph, "m", file=model_file, shapes={"z": (1, 2)}) as trial:
        assert trial.work.multiply_adds >= 128
        assert not trial.is_slow
        assert trial.run({"z": Z}, ["out"])["out"].shape == (2, 1, 8, 8)
        assert trial.last["out"].shape == (2, 1, 8, 8)


@pytest.mark.usefixtures("all_are_told")
def test_an_endless_loop_has_no_work_and_the_time_of_a_small_model(tmp_path, monkeypatch):
    """A model with unknown work gets no additional time."""
    monkeypatch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 0.5)
    path = tmp_path / "m.onnx"
    path.write_bytes(endless_loop())
    file = read_model_file(path)
    with (
        pytest.raises(TrialEndedError, match=r"its trial took longer than 0\.5") as caught,
        Trial(file.graph, "m", file=file, shapes={"z": (1, 2)}) as trial,
    ):
        assert trial.work is None
        trial.run({"z": Z}, ["out"])
    assert caught.value.limit_s == pytest.approx(0.5, abs=0.1)


def test_the_work_of_a_small_model_is_not_told(model_file):
    """Running a small model is faster than computing its work."""
    with Trial(model_file.graph, "m", file=model_file, shapes={"z": (1, 2)}) as trial:
        assert trial.work is None


def test_a_model_that_needs_more_memory_than_is_free_is_refused_before_it_is_loaded(model_file, monkeypatch):
    """The error says how much memory the model needs and how much is free."""
    monkeypatch.setattr(machine, "free_memory_bytes", lambda: 100)
    trial = Trial(model_file.graph, "m", file=model_file, shapes={"z": (1, 2)})
    with (
        pytest.raises(ModelError, match=r"^m: it needs 0\.0 GiB of memory, expected at most the 0\.0 GiB"),
        trial,
    ):
        pass


def test_work_is_told_in_a_unit_that_fits():
    """Little work gives an empty text, and no work is given as 0 billion."""
    words = [work_in_words(Work(count, 0)) for count in (10, 4_000_000, 400_000_000, 2_600_000_000)]
    assert words == ["", *(f", {n} multiply-adds" for n in ("4 million", "400 million", "3 billion"))]


@pytest.mark.usefixtures("all_are_told")
def test_a_trial_that_takes_long_is_told_and_can_be_stopped(model_file, monkeypatch):
    """Stopping ends the process at once in any state, and no further step begins."""
    monkeypatch.setattr("desktop.vetting.trial.LONG_S", 0.0)
    told = []
    opening = Opening(told.append)
    with Trial(model_file.graph, "m", file=model_file, shapes={"z": (1, 2)}, opening=opening) as trial:
        assert told == ["decoding a first picture"]
        child = trial._child
        opening.stop()
        assert child.wait(60) != 0
        with pytest.raises(OpeningStoppedError):
            trial.run({"z": Z}, ["out"])
    with pytest.raises(OpeningStoppedError), Trial(good_model(), "m", opening=opening):
        pass


def test_a_model_in_a_file_is_loaded_from_there(tmp_path):
    """The process gets the path, not the bytes."""
    (tmp_path / "m.onnx").write_bytes(good_model())
    with Trial(tmp_path / "m.onnx", "m") as trial, Trial(good_model(), "m") as other:
        assert np.array_equal(trial.run({"z": Z}, ["out"])["out"], other.run({"z": Z}, ["out"])["out"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda model: setattr(model, "ir_version", 99),
            r"found ONNX's format \(IR version\) 99, expected at most \d+; export",
        ),
        (
            lambda model: setattr(model.opset_import[0], "version", 99),
            r"found ONNX's operators \(opset\) 99, expected at most \d+; export",
        ),
    ],
)
def test_a_model_that_is_newer_than_onnx_runtime_is_told_with_both_versions(change, words):
    """The error also says what to do, instead of naming a place in ONNX Runtime's own code."""
    model = onnx.load_from_string(good_model())
    change(model)
    with pytest.raises(ModelError, match=f"^m: {words}"), Trial(model.SerializeToString(), "m"):
        pass


def test_an_error_does_not_name_places_in_onnx_runtimes_code():
    """The error says what failed, without file, line and C++ signature."""
    model = onnx.load_from_string(good_model())
    (shape,) = (array for array in model.graph.initializer if array.data_type == onnx.TensorProto.INT64)
    shape.CopyFrom(onnx.numpy_helper.from_array(np.array([-1, 7, 7, 7]), shape.name))
    with Trial(model.SerializeToString(), "m") as trial, pytest.raises(ModelError) as caught:
        trial.run({"z": Z}, ["out"])
    assert "Reshape" in str(caught.value)
    assert "onnxruntime" not in str(caught.value)

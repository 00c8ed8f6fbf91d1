"""python -m export.onnx: the bundle's name and place; an error is one line, and nothing is written."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from export import exporter
from export.bundle import open_bundle
from export.onnx import main
from tests.export.forging import write_small
from tests.export.small_runs import make_nan
from training import evaluate as evaluate_module
from training.config import RECIPES
from training.evaluate import main as evaluate_main
from training.held_out import evaluate
from training.model import ConvVAE
from training.runs import create_run, load_weights, read_run

pytestmark = pytest.mark.usefixtures("gradients")

ROOT = Path(__file__).parents[2]
DEFAULT = RECIPES["default"]


def run_python(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments in a process of its own, and wait for its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.mark.usefixtures("traced_once")
@pytest.mark.slow
def test_the_command_exports_the_newest_run_with_the_whole_mnist(run_main, tiny_run, tmp_path, monkeypatch):
    """Without arguments it exports the newest run under artifacts/runs and prints how well it agrees."""
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(("newer", "older")):
        shutil.copytree(tiny_run, tmp_path / "artifacts/runs" / name)
        os.utime(tmp_path / "artifacts/runs" / name / "config.json", (1e9 - age, 1e9 - age))
    ended = run_main(main)
    assert (ended.status, ended.err) == (0, "")
    first, agreement, written, following = ended.out.splitlines()
    assert first == "exporting artifacts/runs/newer, epochs 0 to 1"
    bundle = open_bundle(Path("artifacts/bundles/newer"))
    assert bundle.name == "MNIST, 2 latent dimensions"
    parity = bundle.manifest["parity"]
    assert agreement == (
        f"agrees with PyTorch: probabilities to {parity['probabilities']:.1e} on 148 inputs, "
        f"mean to {parity['mean']:.1e} and logvar to {parity['logvar']:.1e} on 20,148, "
        f"test ELBO {parity['elbo_nats']['onnx_runtime']:.4f} against {parity['elbo_nats']['torch']:.4f} nats"
    )
    assert written.startswith("bundle artifacts/bundles/newer: 9 files, ")
    assert written.endswith(" MB")
    assert following == "next: python -m desktop artifacts/bundles/newer"
    images = torch.from_numpy(bundle.read_posterior().images)
    assert images.shape == (10_000, 1, 28, 28)
    model = ConvVAE(filters=(2, 2))
    model.load_state_dict(load_weights(read_run(tiny_run), 1))
    assert evaluate(model, images).elbo_nats == pytest.approx(parity["elbo_nats"]["torch"], abs=0.5)


@pytest.mark.slow
@pytest.mark.usefixtures("cut_mnist", "traced_once")
def test_the_command_names_and_places_the_bundle(run_main, tiny_run, tmp_path):
    """--out and --name are used; an existing bundle is kept unless --overwrite is given."""
    out = tmp_path / "my.latent"
    write_small(out)
    refused = run_main(main, tiny_run, "--out", out)
    assert refused.error_line == (
        f"python -m export.onnx: {out}: found a file, expected a new name; choose another or add --overwrite"
    )
    assert open_bundle(out).name == "Small"
    assert run_main(main, tiny_run, "--out", out, "--name", "Mine", "--overwrite").status == 0
    assert open_bundle(out).name == "Mine"
    assert list(tmp_path.iterdir()) == [out]


def test_another_training_is_told_by_its_file(tmp_path):
    """If another project's `training` is found first, the error names its file."""
    other = tmp_path / "training" / "__init__.py"
    other.parent.mkdir()
    other.touch()
    path = os.pathsep.join(map(str, (tmp_path, ROOT)))
    ended = run_python("-m", "export.onnx", cwd=ROOT.parent, env=os.environ | {"PYTHONPATH": path})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"python -m export.onnx: found another module named 'training': {other}, expected this program's; "
        "rename that one, or start in another folder\n"
    )


@pytest.mark.parametrize("name", ["b.zip", "b.ONNX", "b.tar.gz"])
def test_a_name_that_is_no_bundle_is_refused(run_main, tmp_path, name):
    """A file of another kind is not made into a folder of that name."""
    line = run_main(main, tmp_path, "--out", tmp_path / name).error_line
    assert f"found '{tmp_path / name}', expected a new folder or a file ending in .latent." in line
    assert list(tmp_path.iterdir()) == []


def refused_by_command(run_main, tmp_path, run: Path) -> str:
    """The line with which the command refuses a run. Checks that nothing was written."""
    out = tmp_path / "bundle"
    line = run_main(main, run, "--out", out).error_line
    assert not out.exists()
    assert list(tmp_path.glob(".bundle*")) == []
    prefix = "python -m export.onnx: "
    assert line.startswith(prefix)
    return line.removeprefix(prefix)


@pytest.mark.usefixtures("traced_once")
def test_a_run_that_is_half_written_is_refused(run_main, broken_run, tmp_path):
    """A run without its last epoch's weights is one line with the file's name, and nothing is written."""
    path = broken_run / "weights/epoch-001.safetensors"
    path.unlink()
    line = refused_by_command(run_main, tmp_path, broken_run)
    assert line.startswith(f"{path}: ")
    assert line.endswith("expected the weights after epoch 1; the run is half written, fit again")


def test_a_run_without_a_finished_epoch_is_refused(run_main, tmp_path):
    """A run that ended before its first epoch is one line that says so."""
    create_run(tmp_path / "run", DEFAULT)
    assert refused_by_command(run_main, tmp_path, tmp_path / "run") == (
        f"{tmp_path / 'run'}: found no line in metrics.jsonl, expected one for each finished epoch; "
        "the run ended during its first epoch; continue it with python -m training.fit --resume --out "
        f"{tmp_path / 'run'}"
    )


@pytest.mark.usefixtures("traced_once")
def test_weights_of_another_network_are_refused(run_main, broken_run, run_folder, tmp_path):
    """A run with a larger network's weights is one line with the parameter and both shapes."""
    path = broken_run / "weights/epoch-000.safetensors"
    shutil.copy(run_folder / "weights/epoch-000.safetensors", path)
    assert refused_by_command(run_main, tmp_path, broken_run) == (
        f"{path}: found decoder.conv1.bias shaped (16,), expected (2,) from config.json; fit again"
    )


@pytest.mark.usefixtures("traced_once")
def test_weights_that_are_no_numbers_are_refused(run_main, broken_run, tmp_path):
    """A parity failure is one line with the tensor, both values and the tolerance; nothing is written."""
    make_nan(broken_run, 0, "decoder.dense.bias")
    line = refused_by_command(run_main, tmp_path, broken_run)
    assert line.startswith("probabilities[0, 0, ")
    assert re.search("found nan with ONNX Runtime, .+ with PyTorch, expected them within 1e-05", line)


def test_without_any_run_the_command_says_how_to_make_one(run_main, tmp_path, monkeypatch):
    """Without a run under artifacts/runs, the error is one line with the command that makes one."""
    monkeypatch.chdir(tmp_path)
    assert run_main(main).error_line == (
        "python -m export.onnx: artifacts/runs: found no run with a finished epoch; "
        "make one with python -m training.fit"
    )


def test_a_missing_run_is_one_line_from_the_real_command(tmp_path):
    """`python -m export.onnx` with a missing run: one line, status 2, no warning, nothing written."""
    ended = run_python("-W", "error", "-m", "export.onnx", tmp_path / "gone", "--out", tmp_path / "b")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"python -m export.onnx: {tmp_path / 'gone'}: found no folder there, expected a run; "
        "make one with python -m training.fit\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--overwrit", "--nme", "x"],
            "No such option '--overwrit'. Did you mean '--overwrite'?",
        ),
        (["a", "b"], "Got unexpected extra argument (b)"),
        (["--out"], "Option '--out' requires an argument."),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(run_main, arguments, message):
    """An unknown option, an extra argument and a missing value each give one line."""
    assert run_main(main, *arguments).error_line == (
        f"python -m export.onnx: {message} (see python -m export.onnx --help)"
    )


@pytest.mark.usefixtures("cut_mnist", "traced_once")
def test_ctrl_c_leaves_nothing_half_written(run_main, tiny_run, tmp_path, monkeypatch):
    """Ctrl-C ends an export and an evaluation with status 130, in one line and without a file.

    It comes at a definite moment: Python loses one that arrives while it takes an object apart.
    """

    def interrupted(work):
        def interrupt(*arguments, **options):
            signal.raise_signal(signal.SIGINT)
            return work(*arguments, **options)

        return interrupt

    monkeypatch.setattr(exporter, "check_encoder", interrupted(exporter.check_encoder))
    monkeypatch.setattr(evaluate_module, "load_weights", interrupted(evaluate_module.load_weights))
    for command, options in ((main, ("--out", tmp_path / "bundle")), (evaluate_main, ())):
        ended = run_main(command, tiny_run, *options)
        assert (ended.status, ended.err.strip()) == (130, "interrupted")
        assert list(tmp_path.iterdir()) == []

"""python -m training.evaluate: which run it takes, what it prints, and its refusals."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.untrained_run import untrained_run
from training.evaluate import DRAWS, SAMPLES, STEP, command, main

MODULE = (sys.executable, "-W", "error", "-m", "training.evaluate")


def test_the_command_takes_the_newest_run(run_main, tmp_path, monkeypatch):
    """Without RUN the newest run in artifacts/runs is evaluated; --json prints one object, nothing else."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "artifacts/runs/a"
    untrained_run(folder)
    ended = run_main(main, "--device", "cpu", "--draws", 1, "--samples", 2, "--images", 3, "--json")
    assert (ended.status, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert Path(found["run"]) == Path("artifacts/runs/a")
    assert found["bound"]["images"] == 10_000
    assert found["importance_weighted"]["images"] == 3


def test_the_real_command_prints_a_table(tmp_path):
    """`python -m training.evaluate RUN`, as a process, prints a table on standard output and nothing else."""
    run = untrained_run(tmp_path / "run")
    options = ("--device", "cpu", "--draws", "1", "--samples", "0")
    ended = subprocess.run([*MODULE, run.folder, *options], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    first, blank, header, elbo, *_ = ended.stdout.splitlines()
    assert first.startswith(f"{run.folder}, epoch 1: MNIST, binarized at 0.5, 10,000 test images of 1 × 28")
    assert blank == ""
    assert header.split() == ["nats", "per", "image", "±", "s.e.", "bits", "per", "dimension"]
    assert elbo.startswith("ELBO ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epoch", "-1"], "Invalid value for '--epoch': -1 is not in the range x>=0."),
        (["--draws", "0"], "Invalid value for '--draws': 0 is not in the range 1<=x<=10000."),
        (["--images", "1"], "Invalid value for '--images': 1 is not in the range x>=2."),
        (["--samples", "1"], "Invalid value for '--samples': found 1, expected 0 or at least 2."),
        (["--samples", "-1"], "Invalid value for '--samples': -1 is not in the range 0<=x<=10000000."),
        (["--step", "0"], "Invalid value for '--step': 0.0 is not in the range 0.002<=x<=0.1."),
        (["--step", "0.2"], "Invalid value for '--step': 0.2 is not in the range 0.002<=x<=0.1."),
        (["--step", "nan"], "Invalid value for '--step': found nan, expected a finite number."),
        (["--step", "fine"], "Invalid value for '--step': 'fine' is not a valid float range."),
        (
            ["--device", "gpu"],
            (
                "Invalid value for '--device': 'gpu' is not one of 'auto', 'cuda', 'mps', 'cpu'. "
                "Did you mean 'cpu'?"
            ),
        ),
        (["--epochs", "3"], "No such option '--epochs'. Did you mean '--epoch'?"),
        (["a", "b"], "Got unexpected extra argument (b)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_option_is_one_line_and_status_2(run_main, arguments, message):
    """A wrong value or an unknown option gives one line that says what is allowed."""
    said = run_main(main, *arguments).error_line
    assert said == f"python -m training.evaluate: {message} (see python -m training.evaluate --help)"


def test_a_folder_that_is_no_run_is_one_line(run_main, tmp_path):
    """A folder without a config and a missing path are each refused in one line that names the path."""
    assert run_main(main, tmp_path).error_line == (
        f"python -m training.evaluate: {tmp_path}: found no config.json, "
        "expected a run made by python -m training.fit"
    )
    assert run_main(main, tmp_path / "gone").error_line == (
        f"python -m training.evaluate: {tmp_path / 'gone'}: found no folder there, expected a run; "
        "make one with python -m training.fit"
    )


def test_without_any_run_it_says_how_to_make_one(run_main, tmp_path, monkeypatch):
    """If artifacts/runs has no run, the error says how to make one."""
    monkeypatch.chdir(tmp_path)
    assert run_main(main).error_line == (
        "python -m training.evaluate: artifacts/runs: found no run with a finished epoch; "
        "make one with python -m training.fit"
    )


def test_a_missing_epoch_is_one_line(run_main, tmp_path):
    """--epoch beyond the run's last epoch gives one line and status 2."""
    run = untrained_run(tmp_path / "run")
    assert run_main(main, run.folder, "--epoch", 9).error_line == (
        f"python -m training.evaluate: {run.folder}: found no epoch 9, expected one from 0 to 1; "
        "choose another --epoch"
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_that_is_not_there_is_one_line(run_main, tmp_path):
    """--device cuda without CUDA gives one line that says what to use instead."""
    said = run_main(main, tmp_path, "--device", "cuda").error_line
    assert re.fullmatch(
        r"python -m training\.evaluate: --device cuda: found no CUDA device \(PyTorch .*\); "
        r"use --device auto or --device cpu",
        said,
    )


def test_help_explains_every_option(run_main):
    """--help explains every option, with the same defaults as the functions."""
    ended = run_main(main, "--help")
    assert (ended.status, ended.err) == (0, "")
    for option in command.params[1:]:
        assert option.opts[0] in ended.out
        assert option.help
    for default in (DRAWS, SAMPLES, STEP):
        assert f"[default: {default};" in ended.out or f"[default: {default}]" in ended.out

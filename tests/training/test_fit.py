"""training/fit.py: what the command prints, and how it refuses and stops."""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import imageio.v3 as imageio
import pytest
import torch

from tests.training.short_fits import EPOCH_LINE
from tests.waiting import SOON_S, wait_until
from training.config import RECIPES
from training.fit import command, main
from training.runs import load_weights, only_fit, read_run

CUDA = torch.device("cuda")
# The smallest network, which needs a few seconds for an epoch of all of MNIST.
QUICK = ("--filters", "2", "2", "--batch-size", "500", "--device", "cpu")
MODULE = (sys.executable, "-W", "error", "-m", "training.fit")


@pytest.mark.slow
def test_the_command_fits_the_whole_mnist_and_says_what_comes_next(run_main, tmp_path):
    """The command fits 60,000 images with the given options and prints the result and the next command."""
    out = tmp_path / "run"
    ended = run_main(main, *QUICK, "--recipe", "tutorial", "--epochs", 1, "--seed", 7, "--out", out)
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("tutorial: 1 epoch of 60,000 images, batch 500, ")
    assert EPOCH_LINE.fullmatch(lines[1])
    run = read_run(out)
    assert re.fullmatch(
        rf"test ELBO {run.metrics[-1]['test_elbo_nats']:.2f} ± "
        rf"{run.metrics[-1]['test_elbo_error_nats']:.2f} nats after \d+\.\d s of training "
        r"\(\d+\.\d s in all\)",
        lines[2],
    )
    assert lines[3:] == [f"next: python -m export.onnx {out}"]
    assert run.config == dataclasses.replace(
        RECIPES["tutorial"], epochs=1, seed=7, filters=(2, 2), batch_size=500
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "Invalid value for '--epochs': 0 is not in the range x>=1."),
        (["--epochs", "two"], "Invalid value for '--epochs': 'two' is not a valid integer range."),
        (["--batch-size", "-1"], "Invalid value for '--batch-size': -1 is not in the range 1<=x<=60000."),
        (["--learning-rate", "0"], "Invalid value for '--learning-rate': 0.0 is not in the range 0<x<=1."),
        (["--learning-rate", "2"], "Invalid value for '--learning-rate': 2.0 is not in the range 0<x<=1."),
        (
            ["--learning-rate", "nan"],
            "Invalid value for '--learning-rate': found nan, expected a finite number.",
        ),
        (["--latent-dim", "0"], "Invalid value for '--latent-dim': 0 is not in the range 1<=x<=512."),
        (["--latent-dim", "513"], "Invalid value for '--latent-dim': 513 is not in the range 1<=x<=512."),
        (["--filters", "0", "2"], "Invalid value for '--filters': 0 is not in the range 1<=x<=4096."),
        (["--filters", "2", "x"], "Invalid value for '--filters': 'x' is not a valid integer range."),
        (["--filters"], "Option '--filters' requires an argument."),
        (["--seed", "-1"], "Invalid value for '--seed': -1 is not in the range 0<=x<=2147483647."),
        (
            ["--recipe", "tutorail"],
            (
                "Invalid value for '--recipe': 'tutorail' is not one of 'default', 'best', 'wide', 'mlp', "
                "'grey', 'colour32', 'colour64', 'tutorial'. Did you mean 'tutorial'?"
            ),
        ),
        (
            ["--device", "gpu"],
            (
                "Invalid value for '--device': 'gpu' is not one of 'auto', 'cuda', 'mps', 'cpu'. "
                "Did you mean 'cpu'?"
            ),
        ),
        (
            ["--precision", "half"],
            "Invalid value for '--precision': 'half' is not one of 'auto', 'float32', 'bfloat16'.",
        ),
        (["--epoch", "3"], "No such option '--epoch'. Did you mean '--epochs'?"),
        (["--epocs", "3"], "No such option '--epocs'. Did you mean '--epochs'?"),
        (["--qqq"], "No such option '--qqq'."),
        (["here"], "Got unexpected extra argument (here). Did you mean --data here?"),
        (["a", "b", "c", "d", "e"], "Got unexpected extra arguments (a b c and 2 more)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_option_is_one_line_and_status_2(run_main, arguments, message, tmp_path, monkeypatch):
    """A wrong value or an unknown option gives one line that says what is allowed; no folder is created."""
    monkeypatch.chdir(tmp_path)
    said = run_main(main, *arguments).error_line
    assert said == f"python -m training.fit: {message} (see python -m training.fit --help)"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused_before_training(run_main, tmp_path):
    """A run folder that is not empty gives one line and status 2; its content stays unchanged."""
    (tmp_path / "mine.txt").write_text("mine")
    said = run_main(main, *QUICK, "--out", tmp_path).error_line
    assert said == (
        f"python -m training.fit: --out {tmp_path}: found a folder that is not empty, "
        "expected a new or empty folder; choose another name"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("resumed", [False, True])
def test_a_folder_in_which_a_fit_is_running_is_refused(run_main, tmp_path, run_folder, resumed):
    """Of two fits in one folder, new and empty or resumed, the second gives one line and changes nothing."""
    folder = shutil.copytree(run_folder, tmp_path / "run") if resumed else tmp_path
    with only_fit(folder):
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        said = run_main(main, *(("--resume",) if resumed else QUICK), "--out", folder).error_line
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert said == (
        f"python -m training.fit: {folder}: found another fit that is running there, expected none; "
        "wait for its end, or choose another folder"
    )


def test_a_place_below_a_file_is_refused(run_main, tmp_path):
    """A run folder below a file gives one line that names the path and the reason."""
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "run"
    assert run_main(main, *QUICK, "--out", out).error_line == (
        f"python -m training.fit: {out}: Not a directory; part of the path is a file; choose another"
    )


def test_a_place_that_may_not_be_written_is_refused(run_main, tmp_path, ordinary_user):
    """A run folder in a read-only place gives one line that names the path and says what to do."""
    tmp_path.chmod(0o555)
    with ordinary_user():
        said = run_main(main, *QUICK, "--out", tmp_path / "run").error_line
    assert said == (
        f"python -m training.fit: {tmp_path / 'run'}: Permission denied; "
        "choose another place or change its permissions"
    )


def test_a_disk_that_is_full_is_one_line(run_main, tmp_path, file_size_limit):
    """If the weights do not fit on the disk, the command names the file and ends with status 2."""
    with file_size_limit(2000):
        said = run_main(main, *QUICK, "--out", tmp_path / "run").error_line
    assert said == (
        f"python -m training.fit: {tmp_path / 'run/weights/epoch-000.safetensors'}: File too large; "
        "try another place"
    )
    assert list((tmp_path / "run/weights").iterdir()) == []
    assert run_main(main, *QUICK, "--out", tmp_path / "run").error_line == (
        f"python -m training.fit: --out {tmp_path / 'run'}: found a run that was started, expected a new or "
        "empty folder; continue it with --resume, or choose another name"
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_that_is_not_there_is_one_line_from_the_real_command(tmp_path):
    """`python -m training.fit --device cuda` without CUDA: one line, status 2, no run folder, no warning."""
    ended = subprocess.run(
        [*MODULE, "--device", "cuda", "--out", tmp_path / "run"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(
        r"python -m training\.fit: --device cuda: found no CUDA device \(PyTorch .*\); "
        r"use --device auto or --device cpu\n",
        ended.stderr,
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("option", ["--checkpoint-seconds", "--snapshot-seconds"])
def test_a_wrong_interval_is_one_line(run_main, tmp_path, monkeypatch, option):
    """A negative, an infinite and a non-numeric time between checkpoints, or snapshots, are refused."""
    monkeypatch.chdir(tmp_path)
    for value, message in (
        ("-1", "-1.0 is not in the range x>=0."),
        ("inf", "found inf, expected a finite number."),
        ("soon", "'soon' is not a valid float range."),
    ):
        assert run_main(main, option, value).error_line == (
            f"python -m training.fit: Invalid value for '{option}': {message} "
            "(see python -m training.fit --help)"
        )


def test_help_explains_every_option(run_main):
    """--help explains every option, and states the default of each option that has one."""
    ended = run_main(main, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert "[default: (" not in ended.out
    kinds = "by the images: 'default' for binary ones, otherwise 'grey', 'colour32' or 'colour64'"
    for option in command.params:
        assert option.opts[0] in ended.out
        assert option.help
        entry = " ".join(ended.out.split(f"  {option.opts[0]} ")[1].split("\n  -")[0].split())
        assert option.is_flag or "[default: " in entry, option.name
        if hasattr(RECIPES["default"], option.name):
            told = {"recipe": kinds, "precision": "auto", "likelihood": "from recipe and data"}
            value = told.get(option.name, getattr(RECIPES["default"], option.name))
            words = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            assert re.search(rf"\[default: {re.escape(words)}[];]", entry), option.name


@pytest.mark.parametrize("recipe", ["best", "wide", "tutorial"])
def test_help_shows_the_defaults_of_a_recipe(run_main, recipe):
    """After --recipe NAME the defaults are that recipe's."""
    said = " ".join(run_main(main, "--recipe", recipe, "--help").out.split())
    config = RECIPES[recipe]
    for name in ("epochs", "batch_size", "learning_rate"):
        assert f"default: {getattr(config, name)};" in said, name
    assert f"[default: {config.filters[0]}, {config.filters[1]}]" in said


def test_completion_completes_and_starts_no_fit(monkeypatch, capsys, tmp_path):
    """The shell asks the installed command for completions by a variable; there is no run afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/bin/latent-plane-fit"])
    monkeypatch.setenv("_LATENT_PLANE_FIT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "latent-plane-fit --recipe t")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out == "plain,tutorial\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("cut_mnist")
def test_ctrl_c_keeps_the_finished_epochs(run_main, tmp_path):
    """Ctrl-C ends a fit with status 130, prints where the finished epochs are, and leaves a complete run."""
    folder = tmp_path / "run"

    def press_after_an_epoch() -> None:
        wait_until((folder / "metrics.jsonl").exists)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press_after_an_epoch)
    presser.start()
    ended = run_main(main, *QUICK, "--epochs", 5000, "--out", folder)
    presser.join()
    status, out, err = ended.status, ended.out, ended.err
    assert status == 130, err
    run = read_run(folder)
    count = len(run.metrics)
    assert 1 <= count < 5000
    assert re.fullmatch(
        rf"interrupted: {count} finished epochs? and the state after step \d+ are kept; "
        rf"continue with python -m training\.fit --resume --out {folder}\n",
        err,
    )
    assert out.endswith(f"next: python -m export.onnx {folder}\n")
    assert len(EPOCH_LINE.findall(out)) == count
    for epoch in run.epochs:
        load_weights(run, epoch)
    assert len(imageio.imread(folder / "previews.gif", index=...)) == len(run.epochs)


def test_ctrl_c_in_the_first_epoch_says_that_none_is_finished(tmp_path):
    """A fit stopped in its first epoch prints that no epoch is finished, and ends with status 130."""
    folder = tmp_path / "run"
    checkpoint = folder / "checkpoint.pt"
    process = subprocess.Popen(
        [*MODULE, "--checkpoint-seconds", "0", "--device", "cpu", "--out", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(checkpoint.exists)
        before = checkpoint.stat().st_ino
        # A checkpoint is written after each step.
        wait_until(lambda: checkpoint.stat().st_ino != before)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SOON_S)
    finally:
        process.kill()
    assert re.fullmatch(
        r"interrupted: 0 finished epochs and the state after step \d+ are kept; "
        rf"continue with python -m training\.fit --resume --out {folder}\n",
        err,
    )
    assert process.returncode == 130
    assert "run folder" in out
    assert "next:" not in out
    assert not (folder / "metrics.jsonl").exists()
    assert (folder / "previews.gif").exists()

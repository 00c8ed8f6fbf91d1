"""training/fit.py: the files that a fit writes, what it prints, and how it refuses and stops."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import imageio.v3 as imageio
import numpy as np
import pytest
import torch

from tests.waiting import SOON_S, wait_until
from training.checkpoint import load_checkpoint
from training.config import CUDA_STEPS, RECIPES, from_json
from training.device import describe_device
from training.fit import command, fit, main, recipe_on
from training.held_out import evaluate
from training.logbook import FitError
from training.model import ConvVAE
from training.runs import load_weights, only_fit, read_run, weights_path

CPU = torch.device("cpu")
CUDA = torch.device("cuda")
# The smallest network, which needs a few seconds for an epoch of all of MNIST.
QUICK = ("--filters", "2", "2", "--batch-size", "500", "--device", "cpu")
EPOCH_LINE = re.compile(
    r"epoch +(\d+)/(\d+)   test ELBO +(-\d+\.\d\d) nats   rate +(\d+\.\d\d)   "
    r"distortion +(\d+\.\d\d) +\d+\.\d s"
)
MODULE = (sys.executable, "-W", "error", "-m", "training.fit")


def test_a_run_folder_has_everything(run_folder):
    """A fit of two epochs writes config, checkpoint, metrics, curves, weights, previews and their GIF."""
    files = sorted(
        path.relative_to(run_folder).as_posix() for path in run_folder.rglob("*") if path.is_file()
    )
    assert files == [
        "checkpoint.pt",
        "config.json",
        "curves.png",
        "metrics.jsonl",
        "previews.gif",
        *(f"previews/epoch-00{epoch}.png" for epoch in range(3)),
        *(f"weights/epoch-00{epoch}.safetensors" for epoch in range(3)),
    ]


def test_the_config_is_the_fits(run_folder, run_config):
    """config.json holds the config that the fit was called with."""
    assert from_json((run_folder / "config.json").read_text()) == run_config


def test_every_finished_epoch_has_its_metrics(run_folder):
    """metrics.jsonl has one object per epoch; ELBO is −(rate + distortion) and times only grow."""
    lines = [json.loads(line) for line in (run_folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    for line in lines:
        assert set(line) == {
            "epoch",
            "step",
            "test_elbo_nats",
            "test_rate_nats",
            "test_distortion_nats",
            "train_elbo_nats",
            "learning_rate",
            "train_seconds",
            "epoch_seconds",
            "images_a_second",
        }
        assert line["test_elbo_nats"] == -(line["test_rate_nats"] + line["test_distortion_nats"])
        assert line["test_elbo_nats"] < 0 < line["epoch_seconds"] <= line["train_seconds"]
    assert lines[1]["train_seconds"] == pytest.approx(sum(line["epoch_seconds"] for line in lines))


def test_the_weights_give_the_metrics(run_folder, small_mnist):
    """The weights saved after an epoch are those that were evaluated: they give the same test ELBO."""
    run = read_run(run_folder)
    images = torch.from_numpy(small_mnist.test_images)
    for line in run.metrics:
        model = ConvVAE(filters=run.config.filters)
        model.load_state_dict(load_weights(run, line["epoch"]))
        assert evaluate(model, images).elbo_nats == pytest.approx(line["test_elbo_nats"], abs=1e-3)


def test_the_previews_change_from_epoch_to_epoch(run_folder):
    """The PNGs of epochs 0 to 2 all differ, and the GIF shows them in order."""
    pictures = [imageio.imread(run_folder / f"previews/epoch-00{epoch}.png") for epoch in range(3)]
    assert (pictures[0] != pictures[1]).any()
    assert (pictures[1] != pictures[2]).any()
    np.testing.assert_array_equal(imageio.imread(run_folder / "previews.gif", index=...), pictures)


def test_the_same_seed_gives_the_same_run(short_mnist, tmp_path):
    """Two fits with the same seed give the same weights, byte for byte; another seed gives others."""
    config = dataclasses.replace(RECIPES["default"], epochs=1, filters=(2, 2))
    runs = [
        fit(dataclasses.replace(config, seed=seed), CPU, tmp_path / name, short_mnist)
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    weights = [weights_path(run, 1).read_bytes() for run in runs]
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


def test_a_fit_whose_last_step_runs_away_keeps_nothing_of_the_epoch(small_mnist, tmp_path):
    """If all losses are finite but the test ELBO is not, the error says which epochs are kept."""
    config = dataclasses.replace(
        RECIPES["default"], epochs=1, filters=(2, 2), learning_rate=1e30, batch_size=512
    )
    with pytest.raises(FitError) as error:
        fit(config, CPU, tmp_path / "run", small_mnist)
    assert re.fullmatch(
        r"epoch 1: found a test ELBO of -?(nan|inf), expected a finite number; "
        "the epochs before it are kept in "
        + re.escape(f"{tmp_path / 'run'}; fit again with a lower --learning-rate"),
        str(error.value),
    )
    assert not (tmp_path / "run/metrics.jsonl").exists()
    assert load_checkpoint(tmp_path / "run", config).trainer["step"] == 0


def test_a_fit_prints_a_line_per_epoch(small_mnist, tmp_path, capsys):
    """A fit prints its recipe, device and run folder, and then one line of metrics per epoch."""
    config = dataclasses.replace(RECIPES["tutorial"], epochs=2)
    run = fit(config, CPU, tmp_path / "run", small_mnist)
    out, err = capsys.readouterr()
    assert err == ""
    first, *lines = out.splitlines()
    assert first == (
        "tutorial: 2 epochs of 512 images, batch 32, 69,989 parameters, "
        f"on {describe_device(CPU)}, float32; run folder {tmp_path / 'run'}"
    )
    for line, metrics in zip(lines, run.metrics, strict=True):
        match = EPOCH_LINE.fullmatch(line)
        assert match, line
        assert match.groups() == (
            str(metrics["epoch"]),
            "2",
            *(f"{metrics[f'test_{name}_nats']:.2f}" for name in ("elbo", "rate", "distortion")),
        )


def test_a_recipe_takes_bfloat16_where_that_is_faster():
    """On a CPU with AMX all recipes except the tutorial's use bfloat16; elsewhere all are unchanged."""
    has_amx = torch.cpu.get_capabilities().get("amx_bf16", False)
    for name, written in RECIPES.items():
        found = recipe_on(name, CPU)
        assert dataclasses.replace(found, precision=written.precision) == written
        faster = has_amx and name != "tutorial"
        assert found.precision == ("bfloat16" if faster else written.precision)
        assert recipe_on(name, CUDA) == dataclasses.replace(written, **CUDA_STEPS.get(name, {}))


def test_on_a_gpu_the_default_takes_larger_batches_unless_steps_are_given():
    """Batches of 64 with a step size that fits them; if one of both is given, the other is the recipe's."""
    assert (recipe_on("default", CUDA).batch_size, recipe_on("default", CUDA).learning_rate) == (64, 1.1e-2)
    assert recipe_on("default", CUDA, {"epochs"}) == recipe_on("default", CUDA)
    for given in ("batch_size", "learning_rate"):
        assert recipe_on("default", CUDA, {given, "epochs"}) == RECIPES["default"]


@pytest.mark.slow
def test_the_command_fits_the_whole_mnist_and_says_what_comes_next(run_main, tmp_path):
    """The command fits 60,000 images with the given options and prints the result and the next command."""
    out = tmp_path / "run"
    ended = run_main(main, *QUICK, "--recipe", "tutorial", "--epochs", 1, "--seed", 7, "--out", out)
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("tutorial: 1 epochs of 60,000 images, batch 500, ")
    assert EPOCH_LINE.fullmatch(lines[1])
    run = read_run(out)
    assert re.fullmatch(
        rf"test ELBO {run.metrics[-1]['test_elbo_nats']:.2f} nats after \d+\.\d s of training "
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
        (["here"], "Got unexpected extra argument (here)"),
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
    for option in command.params:
        assert option.opts[0] in ended.out
        assert option.help
        entry = " ".join(ended.out.split(f"  {option.opts[0]} ")[1].split("\n  -")[0].split())
        assert option.is_flag or "[default: " in entry, option.name
        if hasattr(RECIPES["default"], option.name):
            told = {"precision": "auto", "likelihood": "from recipe and data"}
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
        rf"interrupted: {count} finished epochs and the state after step \d+ are kept; "
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
        # Each step leaves another one.
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

"""training/fitting.py and checkpoint.py: a fit that is killed at any moment continues to the same bits."""

import contextlib
import dataclasses
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.short_fits import (
    OPTIONS,
    SMALL_FIT,
    STEPS,
    TEST_COUNT,
    TRAIN_COUNT,
    Fits,
    metrics_without_seconds,
)
from training.checkpoint import load_checkpoint
from training.config import RECIPES, from_json
from training.fit import main
from training.fitting import fit
from training.logbook import FitError

KILLS = int(os.environ.get("KILLS", "8"))  # tests/benchmarks/campaign.py says when to use more
INTERRUPTED = re.compile(
    r"interrupted: (\d+) finished epochs? and the state after step (\d+) are kept; "
    r"continue with python -m training\.fit --resume --out (\S+)\n"
)


@pytest.fixture(scope="module")
def fits(tmp_path_factory) -> Iterator[Fits]:
    """Fits of 21 steps, each a process of its own."""
    server = Fits(tmp_path_factory.mktemp("log") / "log.txt")
    yield server
    server.close()


@pytest.fixture(scope="module")
def undisturbed(fits, tmp_path_factory) -> Path:
    """The run folder of a fit without any interruption. Tests must not write to it."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    status, printed = fits.run("--out", folder)
    assert status == 0, printed
    return folder


def interrupted_by(signal_number: int, fits: Fits, tmp_path_factory) -> tuple[Path, int, str]:
    """A run whose fit got a signal after its first step, its exit status and what it printed."""
    for _ in range(10):
        folder = tmp_path_factory.mktemp("interrupted") / "run"
        pid = fits.start("--out", folder)
        while not (folder / "checkpoint.pt").exists():
            time.sleep(0.001)
        before = (folder / "checkpoint.pt").stat().st_ino
        while (folder / "checkpoint.pt").stat().st_ino == before and Path(f"/proc/{pid}").exists():
            time.sleep(0.001)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_number)
        status = fits.status()
        # On a busy machine the fit may have ended before the signal arrives.
        if status != 0:
            return folder, status, fits.log.read_text()
    pytest.fail("ten fits ended before the signal reached them")


@pytest.fixture(scope="module")
def interrupted(fits, tmp_path_factory) -> tuple[Path, int, str]:
    """A run that Ctrl-C ended."""
    return interrupted_by(signal.SIGINT, fits, tmp_path_factory)


@pytest.fixture
def halfway(interrupted, tmp_path) -> Path:
    """A copy of the interrupted run folder."""
    return Path(shutil.copytree(interrupted[0], tmp_path / "run"))


@pytest.fixture
def finished(undisturbed, tmp_path) -> Path:
    """A copy of the undisturbed run folder."""
    return Path(shutil.copytree(undisturbed, tmp_path / "run"))


def same_values(first: object, second: object) -> bool:
    """Whether nested dicts of tensors and numbers agree in every bit."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same_values(first[k], second[k]) for k in first)
    return torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second


def checkpoint_of(folder: Path):
    """The checkpoint of a run folder."""
    return load_checkpoint(folder, from_json((folder / "config.json").read_text()))


def assert_same_run(folder: Path, expected: Path) -> None:
    """Assert that both folders have the same files with the same content, except for times."""
    files = [{path.relative_to(root) for path in root.rglob("*")} for root in (folder, expected)]
    assert files[0] == files[1]
    for path in sorted(files[0]):
        if path.suffix in (".safetensors", ".png", ".gif") and path.name != "curves.png":
            assert (folder / path).read_bytes() == (expected / path).read_bytes(), path
    assert (folder / "config.json").read_text() == (expected / "config.json").read_text()
    assert metrics_without_seconds(folder) == metrics_without_seconds(expected)
    states = [checkpoint_of(root).trainer for root in (folder, expected)]
    assert states[0]["step"] == STEPS
    assert same_values(states[0], states[1])


def temporary_files(folder: Path) -> list[str]:
    """The files that a process was writing when it was killed."""
    return sorted(path.name for path in folder.rglob(".*.tmp"))


def kill(fits: Fits, pid: int) -> int | None:
    """Send SIGKILL to a fit; return its status, or None if it had already ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    status = fits.status()
    return status if status != 0 else None


def test_the_same_seed_gives_the_same_run(fits, undisturbed, tmp_path):
    """Two fits with one seed on one machine give the same bits in every file, except for times."""
    status, printed = fits.run("--out", tmp_path / "run", "--checkpoint-seconds", 300)
    assert status == 0, printed
    assert_same_run(tmp_path / "run", undisturbed)


@pytest.mark.slow
def test_a_fit_killed_at_random_moments_ends_with_the_same_bits(fits, undisturbed, tmp_path):
    """SIGKILL at random moments, every second one while the checkpoint is being written, changes nothing.

    If a fit ends before all kills, it is compared, and another one is started.
    """
    seed = random.SystemRandom().randrange(1 << 32)
    draw = random.Random(seed)  # noqa: S311
    print(f"seed {seed}")
    folders = [tmp_path / "0"]
    kills: list[list[str]] = []
    while len(kills) < KILLS:
        folder = folders[-1]
        pid = fits.start("--resume", "--out", folder)
        time.sleep(draw.choice([0.02, 0.2, 0.5]) * draw.random())
        deadline = time.monotonic() + 20
        if len(kills) % 2:
            while not any(folder.glob(".checkpoint.pt.*.tmp")) and time.monotonic() < deadline:
                if not Path(f"/proc/{pid}").exists():
                    break
        status = kill(fits, pid)
        if status is None:
            assert_same_run(folder, undisturbed)
            folders.append(tmp_path / str(len(folders)))
            continue
        assert status == -signal.SIGKILL, fits.log.read_text()
        kills.append(temporary_files(folder))
    status, printed = fits.run("--resume", "--out", folders[-1])
    assert status == 0, printed
    assert_same_run(folders[-1], undisturbed)
    # The file exists when the signal is sent, but may be gone when the signal arrives.
    assert sum(any(name.startswith(".checkpoint.pt.") for name in names) for names in kills) >= 2, kills


@pytest.mark.parametrize("asked_by", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_fit_that_is_asked_to_end_saves_its_last_step(asked_by, interrupted, fits, tmp_path_factory):
    """Ctrl-C, SIGTERM and SIGHUP end a fit with status 130; one line correctly says what is kept."""
    if asked_by != "SIGINT":
        interrupted = interrupted_by(getattr(signal, asked_by), fits, tmp_path_factory)
    folder, status, printed = interrupted
    assert status == 130, printed
    match = INTERRUPTED.search(printed)
    assert match, printed
    epochs, step, place = int(match[1]), int(match[2]), match[3]
    assert place == str(folder)
    assert 1 <= step < STEPS
    assert checkpoint_of(folder).trainer["step"] == step
    assert epochs == step // 7
    assert temporary_files(folder) == []
    assert "Traceback" not in printed


def test_a_fit_that_was_asked_to_end_continues_to_the_same_bits(fits, halfway, undisturbed):
    """Resumed within an epoch, a fit prints after which step, and ends like one that was not stopped."""
    step = checkpoint_of(halfway).trainer["step"]
    status, printed = fits.run("--resume", "--out", halfway)
    assert status == 0, printed
    assert printed.splitlines()[0].endswith(f"run folder {halfway}; continuing after step {step} of {STEPS}")
    assert_same_run(halfway, undisturbed)


def test_resuming_a_finished_fit_prints_the_result_and_trains_nothing(fits, finished, undisturbed):
    """A finished fit that is resumed prints its result again and leaves weights and checkpoint unchanged."""
    kept = [finished / "checkpoint.pt", finished / "metrics.jsonl", *finished.glob("weights/*")]
    before = [path.stat().st_mtime_ns for path in kept]
    status, printed = fits.run("--resume", "--out", finished)
    assert status == 0
    first, result, following = printed.splitlines()
    assert first.endswith(f"run folder {finished}; already finished")
    last = metrics_without_seconds(undisturbed)[-1]
    told = f"test ELBO {last['test_elbo_nats']:.2f} ± {last['test_elbo_error_nats']:.2f} nats after "
    assert result.startswith(told)
    assert re.search(r" s of training \(\d+\.\d s since the fit was resumed\)$", result)
    assert following == f"next: python -m export.onnx {finished}"
    assert [path.stat().st_mtime_ns for path in kept] == before
    assert_same_run(finished, undisturbed)


def test_a_run_of_an_older_version_is_resumed(fits, finished, undisturbed):
    """Metrics of an older version have no standard error of the ELBO, and the result has none either."""
    lines = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        del line["test_elbo_error_nats"]
    (finished / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    status, printed = fits.run("--resume", "--out", finished)
    assert status == 0, printed
    elbo = metrics_without_seconds(undisturbed)[-1]["test_elbo_nats"]
    assert printed.splitlines()[1].startswith(f"test ELBO {elbo:.2f} nats after ")


def test_an_epoch_after_the_checkpoint_is_trained_again(fits, halfway, undisturbed):
    """A fit killed between metrics.jsonl and the checkpoint drops the lines after its checkpoint."""
    for part in ("metrics.jsonl", "weights/epoch-001.safetensors", "weights/epoch-002.safetensors"):
        shutil.copy(undisturbed / part, halfway / part)
    lines = (halfway / "metrics.jsonl").read_text().splitlines()
    (halfway / "metrics.jsonl").write_text("".join(line + "\n" for line in lines[:2]))
    step = checkpoint_of(halfway).trainer["step"]
    status, printed = fits.run("--resume", "--out", halfway)
    assert status == 0, printed
    # A line for each epoch that was not finished yet, and one for the result.
    assert printed.count("test ELBO") == 3 - step // 7 + 1
    assert_same_run(halfway, undisturbed)


def test_leftovers_of_a_process_killed_at_its_start_do_no_harm(fits, tmp_path):
    """If there is only a half-written config, --resume starts the run and removes that file."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".config.json.123.tmp").write_text("{")
    status, printed = fits.run("--resume", "--epochs", 1, "--out", folder)
    assert status == 0, printed
    assert len(metrics_without_seconds(folder)) == 1
    assert temporary_files(folder) == []


def test_a_run_with_only_its_config_is_resumed_from_the_beginning(fits, tmp_path, undisturbed):
    """A run killed right after its config was written is fitted from the beginning."""
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(undisturbed / "config.json", folder)
    (folder / ".checkpoint.pt.123.tmp").write_bytes(b"half")
    status, printed = fits.run("--resume", "--out", folder)
    assert status == 0, printed
    assert_same_run(folder, undisturbed)


@pytest.mark.usefixtures("cut_mnist")
def test_a_disk_that_fills_up_leaves_the_previous_checkpoint(run_main, halfway, file_size_limit):
    """If the next checkpoint does not fit, there is one line, status 2, and the previous one is intact."""
    before = (halfway / "checkpoint.pt").read_bytes()
    with file_size_limit(len(before) // 2):
        said = run_main(main, *OPTIONS, "--resume", "--out", halfway).error_line
    assert said == (f"python -m training.fit: {halfway / 'checkpoint.pt'}: File too large; try another place")
    assert (halfway / "checkpoint.pt").read_bytes() == before
    assert temporary_files(halfway) == []


@pytest.mark.usefixtures("cut_mnist")
def test_a_folder_that_became_read_only_leaves_the_previous_checkpoint(run_main, interrupted, ordinary_user):
    """In a read-only folder one line names the checkpoint, with status 2; the previous one is intact."""
    # The run is not below pytest's own folder, which another user cannot access.
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(shutil.copytree(interrupted[0], Path(parent, "run")))
        before = (folder / "checkpoint.pt").read_bytes()
        folder.chmod(0o555)
        with ordinary_user():
            said = run_main(main, *OPTIONS, "--resume", "--out", folder).error_line
        folder.chmod(0o755)
        assert said == (
            f"python -m training.fit: {folder / 'checkpoint.pt'}: Permission denied; "
            "choose another place or change its permissions"
        )
        assert (folder / "checkpoint.pt").read_bytes() == before


def test_a_loss_that_is_not_finite_ends_the_command(fits, tmp_path):
    """With a learning rate of 1 the loss overflows: one line names the step, and the checkpoint stays."""
    folder = tmp_path / "run"
    wild = ("--recipe", "tutorial", "--learning-rate", 1, "--filters", 64, 64)
    status, printed = fits.run(*wild, "--checkpoint-seconds", 300, "--out", folder)
    assert status == 2, printed
    match = re.fullmatch(
        r"python -m training\.fit: step (\d+) \(epoch 1\): found a loss of (nan|inf), "
        rf"expected a finite number; the checkpoint of step 0 and all finished epochs are kept in {folder}; "
        r"fit again with a lower --learning-rate",
        printed.splitlines()[-1],
    )
    assert match, printed
    assert 2 <= int(match[1]) <= 7
    assert checkpoint_of(folder).trainer["step"] == 0
    assert not (folder / "metrics.jsonl").exists()


@pytest.mark.parametrize(("learning_rate", "kept_step"), [(1e30, 1), (1e39, 0)])
def test_weights_that_are_not_finite_do_not_replace_a_checkpoint(
    tmp_path, cut_mnist, learning_rate, kept_step
):
    """If the weights after a finite loss are not finite, the checkpoint before that step is kept."""
    config = dataclasses.replace(
        RECIPES["tutorial"], epochs=1, filters=(2, 2), learning_rate=learning_rate, schedule="constant"
    )
    with pytest.raises(FitError) as error:
        fit(config, torch.device("cpu"), tmp_path / "run", cut_mnist, checkpoint_seconds=0)
    assert re.fullmatch(
        r"step 2 \(epoch 1\): found a loss of -?(nan|inf), expected a finite number; the checkpoint of step "
        rf"{kept_step} and all finished epochs are kept in {tmp_path / 'run'}; fit again with a lower "
        r"--learning-rate",
        str(error.value),
    )
    state = checkpoint_of(tmp_path / "run").trainer
    assert state["step"] == kept_step
    assert all(weights.isfinite().all() for weights in state["model"].values())


def test_without_epoch_and_checkpoint_a_run_is_fitted_from_the_beginning(fits, finished, undisturbed):
    """The advice works: a run without an epoch, its checkpoint deleted, is fitted to the same bits."""
    (finished / "checkpoint.pt").unlink()
    (finished / "metrics.jsonl").unlink()
    status, printed = fits.run("--resume", "--out", finished)
    assert status == 0, printed
    assert printed.count("test ELBO") == 4
    assert_same_run(finished, undisturbed)


@pytest.mark.slow
def test_a_fit_whose_output_nobody_reads_keeps_its_epoch(tmp_path):
    """`fit | head -1` ends after an epoch with SIGPIPE's status and no message; the epoch is kept."""
    folder = tmp_path / "日 \udcff"
    process = subprocess.Popen(
        [sys.executable, "-W", "error", SMALL_FIT, "200", "20", *OPTIONS, "--epochs", "50", "--out", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    with process:
        line = process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
    assert line.endswith(b"/\\u65e5 \\udcff\n")
    finished = len(metrics_without_seconds(folder))
    assert finished >= 1
    assert checkpoint_of(folder).trainer["step"] == finished * STEPS // 3
    assert not (folder / "failure.txt").exists()


@pytest.mark.slow
def test_a_fit_without_standard_output_and_error_runs_to_its_end(tmp_path, undisturbed):
    """With both streams closed a fit prints nothing and ends with the same bits."""
    command = [sys.executable, "-W", "error", SMALL_FIT, TRAIN_COUNT, TEST_COUNT, *OPTIONS]
    words = shlex.join(map(str, [*command, "--out", tmp_path / "run"]))
    assert subprocess.run(["sh", "-c", f"exec {words} >&- 2>&-"], check=False).returncode == 0
    assert_same_run(tmp_path / "run", undisturbed)

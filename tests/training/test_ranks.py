"""training/ranks.py: several processes fit like a single one, and all end if one of them is lost."""

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.waiting import wait_until
from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import RECIPES, from_json, to_json
from training.data.open import mnist
from training.held_out import evaluate
from training.loop import Trainer
from training.networks import network_of
from training.ranks import ALONE, Ranks, RanksError, ranks_from
from training.runs import load_weights, read_run

CPU = torch.device("cpu")
HERE = Path(__file__).parent
NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
ENVIRONMENT = dict(zip(NAMES, ("1", "3", "1", "localhost", "29500"), strict=True))
# 3 epochs of 29 steps; the last step of each has one image, so the second rank has none.
OPTIONS = ("--filters", "2", "2", "--batch-size", "7", "--epochs", "3", "--device", "cpu")
IMAGES = ("197", "20")
STEPS = 3 * 29


def torchrun(count: int, script: Path, *arguments: object) -> subprocess.Popen[str]:
    """Start a script with torchrun on some processes of this machine, in a process group of their own."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count))
    return subprocess.Popen(
        [sys.executable, *launcher, str(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


class ForkedRanks:
    """The server of forked_ranks.py, for jobs where torchrun has nothing to watch over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, HERE / "forked_ranks.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, count: int, script: Path, *arguments: object) -> tuple[int, str, str]:
        """Run a script on so many ranks; return the exit status and both streams."""
        job = [str(self._folder), count, str(script), *map(str, arguments)]
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        group = int(self._server.stdout.readline())
        timer = threading.Timer(180, os.killpg, (group, signal.SIGKILL))
        timer.start()
        try:
            status = int(self._server.stdout.readline())
        finally:
            timer.cancel()
        return status, (self._folder / "out").read_text(), (self._folder / "err").read_text()

    def close(self) -> None:
        """End the server."""
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


@pytest.fixture(scope="module")
def forked(tmp_path_factory) -> Iterator[ForkedRanks]:
    """Starts ranks without the seconds that each start of torchrun takes."""
    server = ForkedRanks(tmp_path_factory.mktemp("streams"))
    yield server
    server.close()


def our_lines(err: str) -> list[str]:
    """The lines that the ranks themselves printed, without torchrun's report."""
    return [line for line in err.splitlines() if line.startswith("python -m training.fit: ")]


def numbered_images(count: int) -> np.ndarray:
    """Images that hold their own number in their first pixels, and the same set pixels further down."""
    images = np.zeros((count, 1, 28, 28), np.uint8)
    images[:, 0, 0, :8] = np.arange(count)[:, np.newaxis] >> np.arange(8) & 1
    images[:, 0, 20:] = 1
    return images


def numbers_of(images: np.ndarray) -> list[int]:
    """The numbers that images of `numbered_images` hold."""
    return (images[:, 0, 0, :8] @ (1 << np.arange(8))).tolist()


def test_without_torchrun_a_process_is_alone():
    """If the environment has nothing from torchrun there is one rank, and it is the first."""
    assert ranks_from({"PATH": "/bin"}) == ALONE == Ranks(0, 1, 0)
    assert ALONE.is_first


def test_torchruns_environment_is_understood():
    """Rank, number of ranks and local rank are those that torchrun set."""
    assert ranks_from(ENVIRONMENT) == Ranks(rank=1, size=3, local_rank=1)
    assert not ranks_from(ENVIRONMENT).is_first


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in ENVIRONMENT if name != "WORLD_SIZE"),
        {"RANK": "one"},
        {"RANK": "-1"},
        {"RANK": "3"},
        {"WORLD_SIZE": "0"},
        {"WORLD_SIZE": ""},
    ],
    ids=str,
)
def test_an_incomplete_environment_is_refused(changes):
    """A missing or impossible variable is refused, and the error shows the values of all of them."""
    environment = {name: value for name, value in (ENVIRONMENT | changes).items() if value is not None}
    found = ", ".join(f"{name}={environment.get(name, '')}" for name in NAMES)
    with pytest.raises(RanksError) as error:
        ranks_from(environment)
    assert str(error.value) == (
        f"found the environment variables {found}, expected all of them as torchrun sets them; "
        "start the ranks with torchrun, or unset WORLD_SIZE"
    )


def test_ranks_share_what_one_of_them_decoded(tmp_path, forked):
    """A folder of pictures is decoded once, and both ranks fit from the same cache."""
    numbers = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for number in range(40):
        pixels = numbers.integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"pictures/{number:02}.png")
    places = ("--cache-folder", tmp_path / "cache", "--out", tmp_path / "run")
    options = ("--data", tmp_path / "pictures", "--threshold", "0.5", *OPTIONS)
    status, _, err = forked.run(2, HERE.parents[1] / "training/fit.py", *options, *places)
    assert status == 0, err
    assert len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()]) == 1
    assert len(read_run(tmp_path / "run").metrics) == 3


def test_the_command_refuses_an_incomplete_environment(run_main, monkeypatch, tmp_path):
    """WORLD_SIZE without RANK gives one line and status 2, and no run folder is created."""
    from training.fit import main

    monkeypatch.setenv("WORLD_SIZE", "2")
    said = run_main(main, *OPTIONS, "--out", tmp_path / "run").error_line
    assert said.startswith(
        "python -m training.fit: found the environment variables RANK=, WORLD_SIZE=2, LOCAL_RANK=, "
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 32])
def test_the_shares_together_are_the_batch(size, count):
    """The shares in order are the batch, and their sizes differ by at most one row."""
    batch = torch.arange(count)
    shares = [Ranks(rank, size).share(batch) for rank in range(size)]
    assert torch.equal(torch.cat(shares), batch)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory, small_mnist, forked):
    """One epoch on two ranks in each of three cases: config, images, and what each rank recorded."""
    small = dataclasses.replace(RECIPES["default"], filters=(4, 4), epochs=1, start_at_log_odds=False)
    # The first 50 of 2,800 steps, at low learning rates. At the default recipe's peak the loss swings, and a
    # difference in the last bit grows to a nat within 50 steps; with small betas it grows too, but slower.
    fifty = dataclasses.replace(
        RECIPES["default"],
        filters=(8, 16),
        epochs=56,
        batch_size=10,
        learning_rate=3e-3,
        warmup_epochs=11.2,
        rate_warmup_epochs=0.0,
        adam_beta1=0.9,
        adam_beta2=0.99,
    )
    cases = {
        "fifty": (fifty, small_mnist.train_images[:500]),
        "unequal": (dataclasses.replace(small, batch_size=7), numbered_images(17)),
        "empty": (dataclasses.replace(small, batch_size=8, rate="sampled"), numbered_images(17)),
    }
    folder = tmp_path_factory.mktemp("ranks")
    for name, (config, images) in cases.items():
        (folder / f"{name}.json").write_text(to_json(config))
        np.savez(folder / f"{name}.npz", images=images)
    status, out, err = forked.run(2, HERE / "rank_steps.py", folder)
    assert (status, out) == (0, ""), err
    return {
        name: (config, images, [dict(np.load(folder / f"{name}-{rank}.npz")) for rank in range(2)])
        for name, (config, images) in cases.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("case", ["fifty", "unequal", "empty"])
def test_two_ranks_have_the_losses_of_one(two_ranks, case):
    """Every step's loss (50 in the first case) is within 1e-4 nats of that of a single process."""
    config, images, seen = two_ranks[case]
    trainer = Trainer(config, images, CPU)
    trainer.train_epoch(lambda _: None)
    weights = torch.cat([p.detach().flatten() for p in trainer.model.parameters()]).numpy()
    assert len(trainer.losses_nats) == {"fifty": 50, "unequal": 3, "empty": 3}[case]
    for rank in seen:
        np.testing.assert_allclose(rank["losses"], trainer.losses_nats.numpy(), rtol=0, atol=1e-4)
        np.testing.assert_allclose(rank["weights"], weights, rtol=0, atol=1e-3)
    np.testing.assert_array_equal(seen[0]["weights"], seen[1]["weights"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "sizes"), [("unequal", ([4, 4, 2], [3, 3, 1])), ("empty", ([4, 4, 1], [4, 4, 0]))]
)
def test_every_image_is_seen_by_one_rank_once(two_ranks, case, sizes):
    """Together the ranks see every image once, even if a rank has none of a batch."""
    _, images, seen = two_ranks[case]
    assert tuple(rank["sizes"].tolist() for rank in seen) == sizes
    assert sorted(n for rank in seen for n in numbers_of(rank["images"])) == list(range(len(images)))


def rank_process(job: subprocess.Popen[str], rank: int) -> int:
    """The process id of a rank."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            environment = (entry / "environ").read_bytes().split(b"\0")
            if parent == job.pid and f"RANK={rank}".encode() in environment:
                return int(entry.name)
    raise LookupError(rank)


def members(group: int) -> list[int]:
    """The processes of a group, except those that have ended and wait to be reaped."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, _, process_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(process_group) == group and state != "Z":
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A job of two ranks whose second was killed: run folder, status, streams, remaining processes."""
    folder = tmp_path_factory.mktemp("lost") / "run"
    # More epochs than the job can finish.
    options = (*OPTIONS, "--epochs", 2000, "--checkpoint-seconds", 0)
    job = torchrun(2, HERE / "small_fit.py", *IMAGES, *options, "--out", folder)
    wait_until(lambda: (folder / "metrics.jsonl").exists() or job.poll() is not None)
    os.kill(rank_process(job, 1), signal.SIGKILL)
    out, err = job.communicate(timeout=120)
    left = members(job.pid)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return folder, job.returncode, out, err, left


@pytest.mark.slow
def test_a_lost_rank_ends_the_job_with_a_clear_line(lost):
    """If a rank is killed, the other reports it in one line; the job ends with 1 and leaves no process."""
    _, status, out, err, left = lost
    assert status == 1, err
    assert left == []
    (line,) = our_lines(err)
    # Either of the two messages may come first.
    gone = r"rank 0 of 2: lost another rank \(.+\), expected all 2; every rank ends; the lost rank's own"
    asked = "rank 0: received SIGTERM, which torchrun sends when another rank has ended"
    assert re.match(rf"python -m training\.fit: ({gone} message says why|{asked}); what was saved", line)
    assert line.endswith("; what was saved is kept: continue with --resume")
    # The only traceback is torchrun's own.
    assert err.count("Traceback") == 1
    assert out.startswith("default: 2,000 epochs of 197 images, batch 7, 739 parameters, on 2 × the CPU")
    assert out.count("run folder") == 1


@pytest.mark.slow
def test_a_lost_rank_leaves_an_intact_checkpoint(lost):
    """After a rank is lost, the checkpoint is at most one epoch old, and every epoch's weights load."""
    folder = lost[0]
    run = read_run(folder)
    assert load_checkpoint(folder, run.config).trainer["step"] >= 29 * (len(run.metrics) - 1)
    for epoch in run.epochs:
        load_weights(run, epoch)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_a_job_is_resumed_by_another_number_of_ranks(tmp_path, lost, forked, count):
    """One rank, or three, can finish a fit that two ranks began; only the first rank prints."""
    folder = Path(shutil.copytree(lost[0], tmp_path / "run"))
    run = read_run(folder)
    config = dataclasses.replace(run.config, epochs=len(run.metrics) + 2)
    state = load_checkpoint(folder, run.config)
    # Fewer epochs, so that the fit ends soon.
    (folder / "config.json").write_text(to_json(config))
    save_checkpoint(folder, config, state)
    options = ("--device", "cpu", "--resume", "--out", folder)
    status, out, err = forked.run(count, HERE / "small_fit.py", *IMAGES, *options)
    assert status == 0, err
    assert our_lines(err) == []
    assert out.count("epoch ") == config.epochs - state.trainer["step"] // 29, out
    assert out.count("run folder") == out.count("next: ") == 1
    assert f"continuing after step {state.trainer['step']:,} of {29 * config.epochs:,}" in out
    metrics = read_run(folder).metrics
    assert [line["epoch"] for line in metrics] == [*range(1, config.epochs + 1)]
    # However many ranks fit, only one of them evaluates the test images.
    model = network_of(config)
    model.load_state_dict(load_weights(run, config.epochs))
    tested = evaluate(model, torch.from_numpy(mnist().test_images[: int(IMAGES[1])]))
    assert metrics[-1]["test_elbo_nats"] == pytest.approx(tested.elbo_nats, abs=1e-3)
    assert metrics[-1]["test_elbo_error_nats"] == pytest.approx(tested.elbo_error_nats, rel=1e-4)
    assert not [*folder.rglob(".*.tmp")]


@pytest.mark.slow
def test_an_error_of_the_first_rank_ends_the_job_with_its_line(tmp_path, forked):
    """A folder that is not empty, which only rank 0 checks, ends all ranks and is reported in its line."""
    (tmp_path / "mine.txt").write_text("mine")
    status, out, err = forked.run(2, HERE / "small_fit.py", *IMAGES, *OPTIONS, "--out", tmp_path)
    assert (status, out) == (2, ""), err
    assert (
        f"python -m training.fit: --out {tmp_path}: found a folder that is not empty, "
        "expected a new or empty folder; choose another name"
    ) in our_lines(err)
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_the_job_and_names_the_step(tmp_path, forked):
    """Each rank with such a loss reports its step in one line; the previous checkpoint is kept."""
    folder = tmp_path / "run"
    wild = ("--recipe", "tutorial", "--learning-rate", 1, "--filters", 64, 64, "--batch-size", 7)
    options = (*wild, "--device", "cpu", "--out", folder)
    status, _, err = forked.run(2, HERE / "small_fit.py", *IMAGES, *options)
    assert status == 2
    assert "Traceback" not in err
    lines = our_lines(err)
    assert 1 <= len(lines) <= 2
    assert any(
        re.search(r": step \d+.*: found a loss of (nan|inf), expected a finite number", line)
        for line in lines
    )
    config = from_json((folder / "config.json").read_text())
    assert load_checkpoint(folder, config).trainer["step"] == 0
    assert json.loads((folder / "config.json").read_text())["learning_rate"] == 1.0

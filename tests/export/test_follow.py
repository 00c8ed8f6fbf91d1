"""export/follow.py: a running run becomes a bundle that grows and is complete at every moment."""

import copy
import dataclasses
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from export.bundle import Bundle, open_bundle
from export.containers import BundleError
from export.exporter import Exporter
from export.follow import StoppedError, follow_run, wait_for_run
from export.onnx import export_run
from tests.export.small_runs import CONFIG, PATIENCE_S, epoch_of, finish_epoch
from training.config import to_json
from training.fitting import fit
from training.logbook import FitError
from training.networks import network_of
from training.runs import (
    Run,
    RunError,
    add_epoch,
    load_weights,
    note_failure,
    only_fit,
    read_run,
    read_started_run,
)
from training.snapshot import save_snapshot

pytestmark = pytest.mark.usefixtures("gradients")

CPU = torch.device("cpu")
SMALL_FIT = Path(__file__).parents[1] / "training/small_fit.py"


class Following:
    """`follow_run` on a thread of its own, and the bundles and errors that it reported."""

    def __init__(self, run: Run, out: Path, exporter: Exporter) -> None:
        self.stop_requests: list[int] = []
        self.told: list[tuple[int, ...]] = []
        self.bundle: Bundle | None = None
        self.error: Exception | None = None
        self._grown = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(run, out, exporter))
        self._thread.start()

    def _run(self, run, out, exporter) -> None:
        try:
            self.bundle = follow_run(run, out, exporter, False, self.stop_requests, self._on_growth)
        except (StoppedError, RunError, BundleError) as error:
            self.error = error

    def _on_growth(self, _bundle: Bundle, epochs: tuple[int, ...]) -> None:
        self.told.append(epochs)
        self._grown.release()

    def wait_for_growth(self) -> None:
        """Wait until the bundle was written once more."""
        assert self._grown.acquire(timeout=PATIENCE_S)

    def end(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def unused_exporter(few_mnist) -> Exporter:
    """An exporter of `CONFIG` to copy, because creating one takes a second."""
    return Exporter(CONFIG, "Followed", few_mnist)


@pytest.fixture
def follow(unused_exporter):
    """Follow a run, by default one of `CONFIG`, on a thread that ends with the test."""
    started: list[Following] = []

    def start(folder: Path, out: Path, exporter: Exporter | None = None) -> Following:
        run = read_started_run(folder)
        started.append(Following(run, out, exporter or copy.deepcopy(unused_exporter)))
        return started[-1]

    yield start
    for following in started:
        following.stop_requests.append(signal.SIGINT)
        following.end()


def test_a_fit_is_followed_by_whoever_reads(follow, few_mnist, tmp_path, out):
    """During a real fit, a reader finds only complete bundles, with ever later epochs, up to the last.

    In the end the bundle equals an ordinary export of the run, byte for byte.
    """
    folder, epochs = tmp_path / "run", 3
    options = ("--filters", "2", "2", "--epochs", str(epochs), "--device", "cpu", "--out", folder)
    # A separate process, as users have: PyTorch's exporter and optimizers share a global variable.
    command = (sys.executable, "-W", "error", SMALL_FIT, "500", "100", *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().startswith(f"default: {epochs} epochs of 500 images")
            run = wait_for_run(folder, [], print)
            # The fit continues once it is followed.
            process.send_signal(signal.SIGSTOP)
            following = follow(folder, out, Exporter(run.config, "Followed", few_mnist))
            following.wait_for_growth()
            process.send_signal(signal.SIGCONT)
            seen = []
            while following.bundle is None and following.error is None:
                seen.append(epoch_of(open_bundle(out)))
                time.sleep(0.05)
        finally:
            process.kill()
    following.end()
    assert following.error is None
    seen.append(epoch_of(open_bundle(out)))
    assert seen == sorted(seen)
    assert seen[0] < seen[-1] == epochs
    assert sum(following.told, ()) == tuple(range(epochs + 1))
    ordinary = export_run(read_run(folder), tmp_path / "ordinary", "Followed", dataset=few_mnist)
    assert following.bundle.manifest["files"] == ordinary.manifest["files"]
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {"manifest.json", *ordinary.files}


@pytest.mark.parametrize("name", ["bundle", "bundle.latent"])
def test_each_epoch_is_added_as_it_is_finished(follow, young, three_epochs, tmp_path, name):
    """Before the first epoch the bundle holds the initial weights; then it grows epoch by epoch."""
    out = tmp_path / name
    following = follow(young, out)
    for epoch in range(4):
        following.wait_for_growth()
        bundle = open_bundle(out)
        assert epoch_of(bundle) == epoch
        if epoch == 0:
            assert "metrics" not in bundle.manifest
        else:
            assert bundle.manifest["metrics"] == read_run(three_epochs).metrics[epoch - 1]
        if epoch < 3:
            finish_epoch(young, three_epochs)
    following.end()
    assert following.told == [(0,), (1,), (2,), (3,)]
    assert following.bundle.epochs == (0, 1, 2, 3)


def test_every_nth_epoch_is_added_and_the_last(follow, young, three_epochs, few_mnist, out):
    """Other epochs are skipped, but the last epoch of the fit is always exported."""
    following = follow(young, out, Exporter(CONFIG, "Followed", few_mnist, every=2))
    following.wait_for_growth()
    for _ in range(2):
        finish_epoch(young, three_epochs)
    following.wait_for_growth()
    assert open_bundle(out).epochs == (0, 2)
    finish_epoch(young, three_epochs)
    following.end()
    assert following.told == [(0,), (2,), (3,)]
    assert following.bundle.epochs == (0, 2, 3)


def test_snapshots_stand_for_the_first_epoch(follow, young, three_epochs, unused_exporter, out):
    """During the first epoch the bundle has the newest snapshot in that epoch's place, and says so.

    A reader finds a complete bundle each time, and in the end that of a fit without snapshots.
    """
    following = follow(young, out)
    following.wait_for_growth()
    model, run = network_of(CONFIG), read_started_run(young)
    hashes = []
    for epoch, step, steps, share in ((1, 2, 8, 0.25), (2, 7999, 8000, 0.999)):
        model.load_state_dict(load_weights(read_run(three_epochs), epoch))
        save_snapshot(run, model, step, steps)
        following.wait_for_growth()
        bundle = open_bundle(out)
        assert epoch_of(bundle, finished=0) == 1
        assert bundle.manifest["unfinished"] == {"epoch": 1, "share": share}
        hashes.append(bundle.manifest["files"]["decoder.onnx"]["sha256"])
    assert len(set(hashes)) == 2
    for _ in range(3):
        finish_epoch(young, three_epochs)
        following.wait_for_growth()
        assert "unfinished" not in open_bundle(out).manifest
        epoch_of(open_bundle(out))
    following.end()
    assert following.told == [(0,), (), (), (1,), (2,), (3,)]
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {"manifest.json", *following.bundle.files}
    ordinary = copy.deepcopy(unused_exporter)
    for epoch in range(4):
        ordinary.add_epoch(read_run(three_epochs), epoch)
    found = {name: following.bundle.read(name) for name in following.bundle.files}
    assert found == ordinary.content().files


def test_a_damaged_snapshot_is_told(follow, young, out):
    """The error is one sentence, and the bundle stays."""
    following = follow(young, out)
    following.wait_for_growth()
    path = young / "weights/snapshot.safetensors"
    path.write_bytes(b"no weights")
    following.end()
    assert re.fullmatch(
        re.escape(str(path)) + r": .*; expected a snapshot of the first epoch; delete it",
        str(following.error),
    )
    assert epoch_of(open_bundle(out)) == 0


def test_an_epoch_without_its_line_is_not_taken(follow, young, three_epochs, out):
    """Weights without the epoch's line belong to an epoch that is not finished."""
    following = follow(young, out)
    following.wait_for_growth()
    shutil.copy(three_epochs / "weights/epoch-001.safetensors", young / "weights")
    following.stop_requests.append(signal.SIGINT)
    following.end()
    assert open_bundle(out).epochs == (0,)


def test_an_epoch_that_is_done_again_is_exported_again(follow, young, three_epochs, out):
    """If a fit that was killed and resumed finishes an epoch twice, the bundle has the second one."""
    following = follow(young, out)
    for _ in range(2):
        following.wait_for_growth()
        finish_epoch(young, three_epochs)
    following.wait_for_growth()
    (young / "metrics.jsonl").unlink()
    finish_epoch(young, three_epochs, train_seconds=99.0)
    following.wait_for_growth()
    bundle = open_bundle(out)
    assert epoch_of(bundle) == 1
    assert bundle.manifest["metrics"]["train_seconds"] == 99.0
    assert following.told == [(0,), (1,), (2,), (1,)]


def test_a_request_to_stop_leaves_a_whole_bundle(follow, young, three_epochs, out):
    """If asked to stop while it waits, following ends, and the folder holds exactly the epochs so far."""
    following = follow(young, out)
    following.wait_for_growth()
    finish_epoch(young, three_epochs)
    following.wait_for_growth()
    following.stop_requests.append(signal.SIGTERM)
    following.end()
    assert isinstance(following.error, StoppedError)
    bundle = open_bundle(out)
    assert epoch_of(bundle) == 1
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {"manifest.json", *bundle.files}


def test_a_fit_that_ends_in_an_error_ends_it_too(follow, young, three_epochs, out):
    """The fit's error is reported, after all epochs finished before it are in the bundle."""
    following = follow(young, out)
    following.wait_for_growth()
    finish_epoch(young, three_epochs)
    note_failure(read_run(young), FitError("step 9: found a loss of nan,\nexpected a number"))
    following.end()
    assert str(following.error) == (
        f"{young}: found that the fit ended after epoch 1 of 3 (step 9: found a loss of nan, expected a "
        f"number), expected it to go on; {out} has the epochs until then"
    )
    assert epoch_of(open_bundle(out)) == 1
    assert open_bundle(out).manifest["stopped"] == {"after_epoch": 1, "by": "error"}


def test_an_interrupted_fit_is_told_of_until_it_goes_on(follow, young, three_epochs, out):
    """The manifest says so while no process has the run folder, and no longer once it is resumed."""
    with only_fit(young):
        following = follow(young, out)
        following.wait_for_growth()
        finish_epoch(young, three_epochs)
        following.wait_for_growth()
        assert "stopped" not in open_bundle(out).manifest
    following.wait_for_growth()
    assert open_bundle(out).manifest["stopped"] == {"after_epoch": 1, "by": "interruption"}
    with only_fit(young):
        following.wait_for_growth()
        assert "stopped" not in open_bundle(out).manifest
        for _ in range(2):
            finish_epoch(young, three_epochs)
            following.wait_for_growth()
    following.end()
    assert following.told == [(0,), (1,), (), (), (2,), (3,)]
    assert "stopped" not in open_bundle(out).manifest


def test_of_a_fit_that_ends_early_the_last_epoch_is_exported(follow, young, three_epochs, few_mnist, out):
    """The last epoch is exported even if it is not an Nth one, because it is the fit's result."""
    following = follow(young, out, Exporter(CONFIG, "Followed", few_mnist, every=2))
    following.wait_for_growth()
    finish_epoch(young, three_epochs)
    note_failure(read_run(young), FitError("a loss of nan"))
    following.end()
    assert isinstance(following.error, RunError)
    assert following.told == [(0,), (1,)]
    assert open_bundle(out).epochs == (0, 1)


def test_a_real_fit_that_fails_is_noted(few_mnist, tmp_path):
    """A fit whose loss diverges leaves its error in the run folder until it is resumed."""
    config = dataclasses.replace(CONFIG, learning_rate=1e30)
    with pytest.raises(FitError):
        fit(config, CPU, tmp_path / "run", few_mnist)
    note = (tmp_path / "run/failure.txt").read_text()
    assert re.fullmatch(r"(step|epoch) \d+: found a (loss|test ELBO) of .*\n", note)
    with pytest.raises(FitError):
        fit(config, CPU, tmp_path / "run", few_mnist, resume=True)


@pytest.mark.parametrize(
    ("harm", "kind", "message"),
    [
        ("weights", RunError, "{run}/weights/epoch-001.safetensors: No such file or directory: .*"),
        ("run", RunError, "{run}: found no folder there, expected a run; make one with .*"),
        (
            "config",
            RunError,
            (
                "{run}/config.json: found a config that has changed, expected that of the run that is "
                "followed; follow the new run with another --out, or with --overwrite"
            ),
        ),
        ("metrics", RunError, "{run}/metrics.jsonl, line 1: .*; the run is half written, fit again"),
        (
            "target",
            BundleError,
            (
                "{out}: found another bundle or none, expected the one that was written last; leave "
                "it in its place while it grows, and export again"
            ),
        ),
    ],
)
def test_what_goes_away_meanwhile_is_told(follow, young, three_epochs, out, harm, kind, message):
    """If weights, run or target vanish or change, following ends with one sentence, and the bundle stays."""
    following = follow(young, out)
    following.wait_for_growth()
    if harm == "run":
        shutil.rmtree(young)
    elif harm == "config":
        (young / "config.json").write_text(to_json(dataclasses.replace(CONFIG, seed=5)))
    elif harm == "metrics":
        (young / "metrics.jsonl").write_text("{\n")
    elif harm == "target":
        out.rename(out.with_name("moved"))
        finish_epoch(young, three_epochs)
    else:
        add_epoch(read_started_run(young), read_run(three_epochs).metrics[0])
    following.end()
    assert isinstance(following.error, kind)
    pattern = message.replace("{run}", re.escape(str(young))).replace("{out}", re.escape(str(out)))
    assert re.fullmatch(pattern, str(following.error)), following.error
    assert epoch_of(open_bundle(out.with_name("moved") if harm == "target" else out)) == 0
    assert out.exists() == (harm != "target")

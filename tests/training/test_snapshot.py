"""training/snapshot.py: the weights within the first epoch, and a fit that takes them."""

import dataclasses

import pytest
import torch

from tests.training.short_fits import metrics_without_seconds
from training.config import RECIPES
from training.fitting import fit
from training.logbook import Logbook
from training.loop import Trainer
from training.runs import create_run, load_weights, read_started_run
from training.snapshot import read_snapshot

CPU = torch.device("cpu")
# 8 steps per epoch of 72 images.
CONFIG = dataclasses.replace(RECIPES["default"], filters=(2, 2), batch_size=10, epochs=2, hold_fraction=0.0)
COUNT, STEPS = 72, 8
NAME = "weights/snapshot.safetensors"
OFTEN_S = 1e-9


@pytest.fixture(scope="module")
def few_images(small_mnist):
    """72 training images and 20 held-out ones."""
    return dataclasses.replace(
        small_mnist, train_images=small_mnist.train_images[:COUNT], test_images=small_mnist.test_images[:20]
    )


@pytest.mark.parametrize("seconds", [0.0, OFTEN_S])
def test_each_snapshot_is_of_its_step(few_images, tmp_path, seconds):
    """A snapshot has the weights of its step, in one file; with 0 seconds there are no snapshots."""
    run = create_run(tmp_path / "run", CONFIG)
    trainer = Trainer(CONFIG, few_images.train_images, CPU)
    logbook = Logbook(run, trainer, torch.from_numpy(few_images.test_images), None, 300, False, seconds)
    taken = []

    def on_step(count: int) -> None:
        logbook.count_step(count)
        snapshot = read_snapshot(run)
        if snapshot is not None and trainer.step < STEPS:
            assert snapshot.share == trainer.step / STEPS
            for name, now in trainer.fitted.state_dict().items():
                assert torch.equal(snapshot.weights[name], now), name
            assert read_snapshot(run, snapshot.step) is None
            taken.append(snapshot.step)

    for _ in range(2):
        logbook.start_epoch()
        trainer.train_epoch(on_step)
        assert (run.folder / NAME).exists() == (bool(seconds) and trainer.step == STEPS)
        logbook.finish_epoch()
        assert not (run.folder / NAME).exists()
    assert taken == (list(range(1, STEPS)) if seconds else [])


def test_steps_that_a_gpu_has_still_to_take_are_training(few_images, tmp_path, monkeypatch):
    """The training clock stops when the weights have been looked at, which waits, and before the file."""
    run = create_run(tmp_path / "run", CONFIG)
    trainer = Trainer(CONFIG, few_images.train_images, CPU)
    logbook = Logbook(run, trainer, torch.from_numpy(few_images.test_images), None, 300, False, OFTEN_S)
    read, is_running = trainer.fitted.state_dict, []

    def state_dict():
        is_running.append(logbook._clock_start is not None)
        return read()

    monkeypatch.setattr(trainer.fitted, "state_dict", state_dict)
    logbook.start_epoch()
    trainer.step = 1
    logbook.count_step(10)
    logbook.close_bar()
    assert is_running == [True, False]
    assert logbook._clock_start is not None


def test_weights_that_are_not_finite_are_no_snapshot(few_images, tmp_path):
    """The snapshot before stays, because nobody could look at this one."""
    run = create_run(tmp_path / "run", CONFIG)
    trainer = Trainer(CONFIG, few_images.train_images, CPU)
    logbook = Logbook(run, trainer, torch.from_numpy(few_images.test_images), None, 300, False, OFTEN_S)
    trainer.step = 1
    logbook.count_step(10)
    torch.nn.init.constant_(next(trainer.fitted.parameters()), torch.nan)
    trainer.step = 2
    logbook.count_step(10)
    assert read_snapshot(run).step == 1


def test_a_snapshot_that_cannot_be_removed_is_no_reason_to_end_a_fit(few_images, tmp_path, capsys):
    """A line reports it; after the epoch nobody reads the snapshot any more."""
    run = create_run(tmp_path / "run", CONFIG)
    (run.folder / NAME).mkdir(parents=True)  # a folder is no file to remove
    trainer = Trainer(CONFIG, few_images.train_images, CPU)
    logbook = Logbook(run, trainer, torch.from_numpy(few_images.test_images), None, 300, False)
    logbook.start_epoch()
    trainer.train_epoch(logbook.count_step)
    logbook.finish_epoch()
    assert "the snapshot was not removed: " in capsys.readouterr().err
    assert read_snapshot(logbook.run) is None


class StoppedError(Exception):
    """A fit was stopped."""


def test_a_fit_with_snapshots_resumes_to_the_same_bits(few_images, tmp_path):
    """A fit stopped after a snapshot and resumed ends like a fit without snapshots."""
    expected = fit(CONFIG, CPU, tmp_path / "expected", few_images)
    folder = tmp_path / "run"
    trainer = Trainer(CONFIG, few_images.train_images, CPU)
    images = torch.from_numpy(few_images.test_images)
    logbook = Logbook(create_run(folder, CONFIG), trainer, images, None, 300, False, OFTEN_S)

    def stop_at_3(count: int) -> None:
        logbook.count_step(count)
        if trainer.step == 3:
            logbook.save_checkpoint()
            raise StoppedError

    logbook.start_epoch()
    with pytest.raises(StoppedError):
        trainer.train_epoch(stop_at_3)
    logbook.close_bar()
    assert read_snapshot(read_started_run(folder)).step == 3
    run = fit(CONFIG, CPU, folder, few_images, resume=True, snapshot_seconds=OFTEN_S)
    assert metrics_without_seconds(folder) == metrics_without_seconds(expected.folder)
    for epoch in run.epochs:
        weights = [load_weights(each, epoch) for each in (run, expected)]
        assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    found, wanted = (
        {path.relative_to(each.folder) for path in each.folder.rglob("*")} for each in (run, expected)
    )
    assert found == wanted

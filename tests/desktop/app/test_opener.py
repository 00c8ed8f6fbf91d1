"""Models are opened on a separate thread: opening can be stopped, and a thread that hangs is abandoned."""

import threading

import numpy as np
import pytest

from desktop.app import opener
from desktop.app.worker import Priority
from desktop.vetting.opening import OpeningStoppedError
from export.bundle import BundleError
from tests.desktop.hostile_models import endless_loop
from tests.waiting import SOON_MS, SOON_S, wait_until


def test_what_takes_long_to_open_is_told_and_can_be_stopped(explorer, qtbot, tmp_path, monkeypatch):
    """The open model stays open and decodes meanwhile, and the error says that opening was stopped."""
    monkeypatch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 600.0)
    path = tmp_path / "loop.onnx"
    path.write_bytes(endless_loop())
    source, told = explorer.source, []
    explorer.opening_told.connect(told.append)
    with qtbot.waitSignal(explorer.opening_told, timeout=SOON_MS):
        explorer.open(path)
    assert told == ["decoding a first picture"]
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        explorer.set_state(explorer.state.at((1.0, 1.0)))
    with qtbot.waitSignal(explorer.open_failed, timeout=SOON_MS) as failed:
        explorer.stop_opening()
    assert isinstance(failed.args[0], OpeningStoppedError)
    assert explorer.source is source


def test_a_model_that_is_ready_does_not_open_after_a_stop(explorer, make_bundle, qtbot):
    """The model was already opened, but its result had not arrived."""
    source, opened = explorer.source, []
    explorer.opened.connect(opened.append)
    explorer.open(make_bundle(name="second"))
    wait_until(lambda: explorer.opener.is_idle)
    with qtbot.waitSignal(explorer.open_failed, timeout=SOON_MS) as failed:
        explorer.stop_opening()
    assert isinstance(failed.args[0], OpeningStoppedError)
    assert (explorer.source, opened) == (source, [])


def test_opening_another_model_ends_the_trial_of_the_one_before(
    explorer, make_bundle, qtbot, tmp_path, monkeypatch
):
    """Nobody waits for it any longer."""
    monkeypatch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 600.0)
    path = tmp_path / "loop.onnx"
    path.write_bytes(endless_loop())
    with qtbot.waitSignal(explorer.opening_told, timeout=SOON_MS):
        explorer.open(path)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(name="second"))
    assert explorer.source.name == "second"


def test_a_model_that_is_ready_is_closed_if_another_was_asked_for(explorer, make_bundle, qtbot, monkeypatch):
    """The model is not used, so its threads end and it cannot run any more."""
    made, taken = [], []
    opened_as_ever = opener.open_model

    def recorded(*arguments):
        for opened in opened_as_ever(*arguments):
            made.append(opened.model)
            yield opened

    monkeypatch.setattr(opener, "open_model", recorded)
    explorer.opened.connect(taken.append)
    explorer.open(make_bundle(name="second"))
    wait_until(lambda: explorer.opener.is_idle)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(name="third"))
    second, third = made
    assert [opened.model for opened in taken] == [third]
    z = np.zeros((1, second.latent_dim), np.float32)
    with pytest.raises(BundleError):
        second.decode(z)
    assert third.decode(z).shape[0] == 1


def test_a_model_opens_while_a_lost_drive_is_waited_for(make_explorer, bundle_path, qtbot, monkeypatch):
    """Another thread opens the model, and closing does not wait for the thread that hangs."""
    explorer, entered, answers = make_explorer(), threading.Event(), threading.Event()

    def wait():
        entered.set()
        yield answers.wait(SOON_S)

    left = explorer.opener
    left.request("lost", Priority.OPEN, wait(), pytest.fail, of_model=False)
    assert entered.wait(SOON_S)
    with monkeypatch.context() as patch, qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        patch.setattr(opener, "LOST_S", 0)
        explorer.open(bundle_path)
    assert explorer.opener is not left
    explorer.close()
    answers.set()
    assert left.stop()

"""The timeline switches the explorer to the model of the state's epoch."""

import shutil

import numpy as np
import pytest

from desktop.app.timeline import Timeline
from tests.waiting import SOON_MS

Z = np.array([(0.5, -1.0)], np.float32)


@pytest.fixture
def look_at(make_explorer, qtbot):
    """`look_at(film)` returns an explorer with the bundle open, and its timeline."""

    def open_film(film) -> Timeline:
        explorer = make_explorer()
        timeline = Timeline(explorer)
        with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
            explorer.open(film.path)
        return timeline

    return open_film


def wait_for_epoch(qtbot, film, timeline, epoch: int) -> None:
    """Wait until the explorer has the model of an epoch, and its means."""
    explorer = timeline.parent()

    def is_there() -> None:
        assert np.allclose(explorer.model.decode(Z), film.decode(epoch, Z), atol=1e-6)
        np.testing.assert_array_equal(explorer.points.posterior.mean, film.posterior(epoch).mean)

    qtbot.waitUntil(is_there, timeout=SOON_MS)


def test_the_state_says_the_epoch(make_film, look_at, qtbot):
    """Another epoch in the state brings its model and its means, and the picture is decoded again."""
    film = make_film(3)
    timeline = look_at(film)
    explorer = timeline.parent()
    assert (timeline.index, timeline.is_shown) == (3, True)
    explorer.change(z=(0.5, -1.0))
    with qtbot.waitSignal(explorer.model_changed, timeout=SOON_MS):
        explorer.change(epoch=1)
    wait_for_epoch(qtbot, film, timeline, 1)
    assert timeline.index == 1
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS) as decoded:
        pass
    np.testing.assert_allclose(decoded.args[0].probabilities, film.decode(1, Z)[0], atol=1e-6)
    assert decoded.args[0].z == (0.5, -1.0)
    assert explorer.source.sha256 == explorer.whole.model.source.sha256
    explorer.change(epoch=None)
    wait_for_epoch(qtbot, film, timeline, 3)


def test_nothing_is_loaded_before_somebody_looks(make_film, look_at, qtbot):
    """A bundle opens only with its own model; the first step to another epoch loads all epochs."""
    timeline = look_at(make_film(3))
    qtbot.wait(150)
    assert not any(timeline.is_ready(index) for index in range(3))
    timeline.go_to(2)
    qtbot.waitUntil(lambda: all(timeline.is_ready(index) for index in range(4)), timeout=SOON_MS)


def test_what_is_at_hand_is_shown_at_once(make_film, look_at, qtbot):
    """Moving among loaded epochs changes the model within the call."""
    film = make_film(3)
    timeline = look_at(film)
    timeline.go_to(0)
    qtbot.waitUntil(lambda: all(timeline.is_ready(index) for index in range(4)), timeout=SOON_MS)
    for index in (1, 3, 0, 2):
        timeline.go_to(index)
        assert timeline.is_shown
        np.testing.assert_allclose(timeline.parent().model.decode(Z), film.decode(index, Z), atol=1e-6)


def test_the_ends_hold(make_film, look_at):
    """The index stops at the first and the last epoch; the last is the bundle's own model."""
    timeline = look_at(make_film(2))
    timeline.go_to(-5)
    assert (timeline.index, timeline.parent().state.epoch) == (0, 0)
    timeline.go_to(99)
    assert (timeline.index, timeline.parent().state.epoch) == (2, None)


def test_an_epoch_that_the_bundle_has_not_is_the_last(make_film, look_at, make_bundle, qtbot):
    """A state from another bundle causes no error, nor does a bundle without epochs."""
    timeline = look_at(make_film(2))
    explorer = timeline.parent()
    explorer.change(epoch=77)
    assert (timeline.index, timeline.is_shown) == (2, True)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle())
    assert timeline.epochs == ()
    explorer.change(epoch=1)
    timeline.go_to(1)
    assert explorer.model is explorer.whole.model


def test_an_epoch_that_cannot_be_loaded_is_told(make_film, look_at, qtbot):
    """The error is reported once, and the bundle's own model is shown."""
    film = make_film(3)
    timeline = look_at(film)
    explorer = timeline.parent()
    (film.path / "epochs/001/decoder.onnx").write_bytes(b"damaged")
    with qtbot.waitSignal(explorer.failed, timeout=SOON_MS) as failed:
        timeline.go_to(1)
    assert str(failed.args[0]).startswith(f"{film.path}: epochs/001/decoder.onnx: found 7 bytes, expected ")
    assert explorer.state.epoch is None
    assert timeline.is_shown
    timeline.go_to(2)
    wait_for_epoch(qtbot, film, timeline, 2)


def test_another_bundle_ends_what_was_loading(make_film, look_at, qtbot):
    """If another bundle is opened while epochs load, the timeline has and loads the new one's epochs."""
    film, other = make_film(3), make_film(1, "other")
    timeline = look_at(film)
    explorer = timeline.parent()
    timeline.go_to(0)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(other.path)
    assert [epoch.number for epoch in timeline.epochs] == [0, 1]
    timeline.go_to(0)
    wait_for_epoch(qtbot, other, timeline, 0)


def test_reloading_keeps_the_place(make_film, look_at, qtbot):
    """After reloading a bundle that has grown, the state's epoch stays, and "the last" is the new last."""
    film = make_film(2)
    timeline = look_at(film)
    explorer = timeline.parent()
    explorer.change(z=(0.5, -1.0), path=((0.0, 0.0),))
    timeline.go_to(1)
    wait_for_epoch(qtbot, film, timeline, 1)
    before, model = explorer.state, explorer.model
    film.write(3)
    with qtbot.waitSignal(explorer.renewed, timeout=SOON_MS):
        explorer.reload()
    assert explorer.state == before
    assert explorer.model is model
    assert [epoch.number for epoch in timeline.epochs] == [0, 1, 2, 3]
    explorer.change(epoch=None)
    wait_for_epoch(qtbot, film, timeline, 3)
    film.write(4)
    with qtbot.waitSignal(explorer.model_changed, timeout=SOON_MS):
        explorer.reload()
    wait_for_epoch(qtbot, film, timeline, 4)
    assert explorer.state.z == (0.5, -1.0)


def test_reloading_what_is_gone_is_an_error_and_changes_nothing(make_film, look_at, qtbot):
    """The open model stays open."""
    film = make_film(1)
    timeline = look_at(film)
    explorer = timeline.parent()
    shutil.rmtree(film.path)
    with qtbot.waitSignal(explorer.open_failed, timeout=SOON_MS) as failed:
        explorer.reload()
    assert str(failed.args[0]).startswith(f"{film.path}: found nothing there")
    np.testing.assert_allclose(explorer.model.decode(Z), film.decode(1, Z), atol=1e-6)

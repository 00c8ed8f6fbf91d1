"""A start that cannot restore: the model or the saved file is missing or damaged."""

import json
import shutil
import threading

import pytest

from desktop.app import opener as opener_module
from desktop.app.worker import Priority
from desktop.base import saved
from desktop.base.shipped import shipped_bundle
from desktop.view.saved_views import read_views
from tests.waiting import SOON_MS, SOON_S


@pytest.mark.usefixtures("left")
def test_a_model_that_is_gone_is_told_and_the_bundle_that_ships_is_there(start, first):
    """A message of one line names the model."""
    shutil.rmtree(first)
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    expected = f"{first}: the last model is no longer there; the bundle that ships is open instead"
    assert window.message.text() == expected
    assert window.message.isVisible()


@pytest.mark.usefixtures("left")
def test_a_model_on_a_drive_that_does_not_answer_is_told(open_window, first, qtbot, monkeypatch):
    """The window waits for it in the background, then shows the bundle that ships."""
    window, answers = open_window(), threading.Event()
    lost = window.explorer.opener
    # The wait for an event stands for a slow drive, because reading the model cannot be slowed down.
    lost.request("lost", Priority.OPEN, (answers.wait(SOON_S) for _ in range(1)), pytest.fail, of_model=False)
    window.saved_control._unanswered.setInterval(50)
    with monkeypatch.context() as patch, qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        patch.setattr(opener_module, "LOST_S", 0)
        window.saved_control.start(None)
    assert window.explorer.source.path == shipped_bundle()
    expected = f"{first}: the last model's drive does not answer; the bundle that ships is open instead"
    assert window.message.text() == expected
    answers.set()
    assert lost.stop()


@pytest.mark.usefixtures("left")
def test_a_model_that_cannot_be_opened_any_more_is_told(start, first):
    """One line says what is wrong with the damaged bundle."""
    (first / "decoder.onnx").write_bytes(b"spoilt")
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    text = window.message.text()
    assert text.startswith(f"the last model cannot be opened ({first}: ")
    assert text.endswith("; the bundle that ships is open instead")


@pytest.mark.parametrize("content", [b"", b"\x80garbage", b'{"format": 99}', b"[" * 100_000])
def test_a_start_survives_a_broken_file(start, content):
    """The bundle that ships is open, one line says why, and the next save is valid."""
    saved.place().write_bytes(content)
    window = start()
    assert window.explorer.source.path == shipped_bundle()
    assert window.message.text().startswith("the saved views and settings cannot be used (")
    window.close()
    assert read_views().last_path == shipped_bundle()


@pytest.mark.usefixtures("left")
def test_a_start_survives_a_state_that_cannot_be(start, first):
    """The model opens with a new view; saved values of the wrong type change no control."""
    content = json.loads(saved.place().read_text())
    for model in content["models"].values():
        model["state"]["z"] = ["a", None]
    content["controls"] |= {"page": 7, "section": True}
    saved.place().write_text(json.dumps(content))
    window = start()
    assert window.explorer.source.path == first
    assert window.explorer.state.z == (0.0, 0.0)
    assert window.panel.sections.open_keys() == ("view",)


def test_where_nothing_can_be_written_nothing_is_saved(start, first, monkeypatch, tmp_path):
    """The window still closes."""
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(saved, "place", lambda: tmp_path / "file" / "saved.json")
    window = start(first)
    assert window.close()

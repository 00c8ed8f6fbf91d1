"""The window speaks of buttons and menus: no text in it names a command-line option."""

import pytest
from PySide6.QtWidgets import QLabel

from desktop.app.report import about_text
from tests.desktop.foreign_models import decoder, encoder
from tests.desktop.hostile_models import endless_loop
from tests.waiting import SOON_MS


def slow(path):
    """Write a model whose trial never ends."""
    path.write_bytes(endless_loop())
    return path


@pytest.mark.parametrize("write", [encoder, slow])
def test_no_message_names_an_option(open_window, make_bundle, qtbot, tmp_path, monkeypatch, write):
    """An encoder opened as a decoder, and a slow model: neither the message nor the dialog names options."""
    monkeypatch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 1.0)
    window = open_window(make_bundle(), (420, 400))
    path = write(tmp_path / "model.onnx")
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS) as failed:
        window.open_path(path)
    assert failed.args[0].hints, "the command line has options for it"
    assert window.message.text().startswith(f"{path}: ")
    assert "--" not in window.message.text()
    window.reading.open_dialog(failed.args[0])
    texts = [label.text() for label in window.reading.dialog.findChildren(QLabel)]
    assert any(path.name in text for text in texts)
    assert not any("--" in text for text in texts)
    window.reading.dialog.done(0)


def test_what_is_said_about_a_model_names_no_option(open_window, tmp_path):
    """Guesses are described without the options that could set them."""
    window = open_window(decoder(tmp_path / "model.onnx", last="", scale=5.0))
    assert window.explorer.source.reading.guesses
    assert "--" not in about_text(window.explorer.source, "CPU")

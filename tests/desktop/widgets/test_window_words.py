"""The window speaks of buttons and menus, not of command-line options, and its numbers have a minus."""

import re

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

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


HYPHENS = re.compile(r"(?<![\w/.-])-\.?\d")  # before a number, and not in a name or a path


def shown_texts(window):
    """Return all texts of labels and fields, and all tool tips, seen or not."""
    texts = [field.text() for kind in (QLabel, QLineEdit) for field in window.findChildren(kind)]
    return [*texts, *(widget.toolTip() for widget in window.findChildren(QWidget))]


def test_negative_numbers_have_a_minus_and_are_copied_with_a_hyphen(open_window, make_bundle, qtbot):
    """Labels and fields show a minus; z is read with either sign, and copies have the hyphen for programs."""
    window = open_window(make_bundle(latent_dim=3))
    window.explorer.change(z=(-0.5, -1.25, 0.0), path=((-1.0, 0.0, 0.0), (1.0, -2.0, 0.0)))
    window.bookmarks.panel.add.click()
    window.status.set_pointer((-0.75, -2.0))
    field = window.panel.picture.z
    qtbot.waitUntil(lambda: field.text() == "−0.5000, −1.2500, 0.0000", timeout=SOON_MS)
    found = [text for text in shown_texts(window) if HYPHENS.search(text)]
    assert found == []
    assert sum("−" in text for text in shown_texts(window)) >= 5
    qtbot.waitUntil(lambda: any("−0.7500" in text for text in shown_texts(window)), timeout=SOON_MS)
    field.selectAll()
    field.copy()
    assert QGuiApplication.clipboard().text() == "-0.5000, -1.2500, 0.0000"
    for text in ("-0.25, 0, −1", "−0.25; 0; -1"):
        window.explorer.change(z=(0.0, 0.0, 0.0))
        field.setText(text)
        field.setModified(True)
        field.returnPressed.emit()
        assert window.explorer.state.z == (-0.25, 0.0, -1.0)


def test_a_minus_between_words_is_copied_as_it_is(open_window, make_bundle):
    """Only signs of numbers are written as hyphens."""
    open_window(make_bundle())
    QGuiApplication.clipboard().setText("log p(x) − ELBO = −3.5, −.5")
    assert QGuiApplication.clipboard().text() == "log p(x) − ELBO = -3.5, -.5"

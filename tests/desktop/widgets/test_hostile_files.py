"""Hostile files that are dropped on the window: one clear line within seconds; the open model still works."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from desktop.vetting import trial
from tests.desktop.hostile_models import corpus
from tests.export.forging import zip_folder
from tests.steps import LIMIT_S, processor_seconds
from tests.waiting import SOON_MS

CORPUS = dict(corpus())
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def drop(window, path):
    """Drop a file on the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    window.event(QDropEvent(QPointF(50, 50), copy, data, Qt.MouseButton.LeftButton, no_keys))


def test_every_hostile_file_is_a_message_and_the_open_model_goes_on(
    open_window, make_bundle, qtbot, gray, tmp_path, monkeypatch
):
    """They are dropped one after the other; after each, the picture at another z is the same as at first."""
    assert trial.TIME_LIMIT_S == 3.0
    monkeypatch.setattr(trial, "TIME_LIMIT_S", 1.0)
    window = open_window(make_bundle(), (420, 400))
    explorer, pictures = window.explorer, {}

    def picture_at(a):
        with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
            explorer.set_state(explorer.state.at((a, 0.5)))
        return gray(window.panel.picture.picture.image())

    pictures = {a: picture_at(a) for a in (0.0, 1.0)}
    for index, (name, write) in enumerate(CORPUS.items()):
        path = tmp_path / f"{index}.onnx"
        write(path)
        before = processor_seconds()
        with qtbot.waitSignal(explorer.open_failed, timeout=SOON_MS):
            drop(window, path)
        assert processor_seconds() - before < LIMIT_S, name
        assert window.message.isVisible(), name
        assert window.message.text().startswith(f"{path}: "), name
        assert "\n" not in window.message.text(), name
        assert len(window.message.text()) < 900, name
        assert window.windowTitle() == "small — Latent Plane"
        a = float(index % 2)
        assert np.array_equal(picture_at(a), pictures[a]), name
        window.message.hide()


@pytest.mark.parametrize("kind", ["bomb", "link", "twice", "outside", "no zip", "wrong hash"])
def test_every_hostile_bundle_is_a_message_too(open_window, make_bundle, qtbot, tmp_path, kind):
    """A `.latent` file that lies leaves the model that was open."""
    window = open_window(make_bundle(name="first"), (420, 400))
    path = forged(make_bundle(name="second"), tmp_path / "forged.latent", kind)
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        drop(window, path)
    assert window.message.text().startswith(f"{path}: ")
    assert window.windowTitle() == "first — Latent Plane"
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.at((1.0, 0.5)))


def forged(folder, path, kind):
    """The bundle zipped, with a lie of that kind."""
    more = {"twice": (("decoder.onnx", b"x"),), "outside": (("../secret", b"x"),)}.get(kind, ())
    if kind == "wrong hash":
        (folder / "decoder.onnx").write_bytes((folder / "decoder.onnx").read_bytes()[:-1] + b"\x00")

    def lie(entry):
        if kind == "link" and entry.filename == "decoder.onnx":
            entry.external_attr = 0o120777 << 16
        elif kind == "bomb" and entry.filename == "decoder.onnx":
            entry.file_size = 1 << 30

    zip_folder(folder, path, lie, more=more)
    if kind == "no zip":
        path.write_bytes(path.read_bytes()[:200])
    return path

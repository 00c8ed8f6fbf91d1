"""The view as a figure, from the menu to the file and back."""

from dataclasses import replace

import imageio.v3 as imageio
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from desktop.figure.figure import Figure, FileKind, Part
from desktop.images.note import read_note
from desktop.view.state import Layer
from export.bundle import Posterior
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def test_a_view_is_exported_and_dropped_back(open_window, make_bundle, qtbot, monkeypatch, tmp_path):
    """The preview shows it, the file has its size, and dropping it restores view, layers and settings."""
    mean = np.random.default_rng(0).normal(0, 1, (40, 2)).astype(np.float32)
    labels = np.arange(40, dtype=np.uint8) % 2
    posterior = Posterior(mean=mean, logvar=np.zeros_like(mean), labels=labels, images=None)
    window = open_window(make_bundle(posterior=posterior, labels=("cat", "dog")))
    state = window.explorer.state
    window.explorer.set_state(replace(state, viewport=replace(state.viewport, span=1.0)))
    qtbot.keyClick(window.plane, Qt.Key.Key_E, KEYS)
    dialog = window.figure_control.dialog
    qtbot.waitUntil(lambda: not dialog.preview.pixmap().isNull(), timeout=SOON_MS)
    assert {part for part, box in dialog.parts.items() if box.isChecked()} == {
        Part.BACKDROP,
        Part.POINTS,
        Part.NAMES,
    }
    qtbot.waitUntil(lambda: " of 40 test images" in dialog.caption.toPlainText(), timeout=SOON_MS)
    dialog.width_px.setValue(400)
    dialog.height_px.setValue(300)
    dialog.scale.setValue(1)
    dialog.parts[Part.PRIOR].click()
    dialog.parts[Part.POINTS].click()
    path, state = tmp_path / "figure.png", window.explorer.state
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        qtbot.mouseClick(dialog.save, LEFT)
    assert imageio.imread(path).shape == (300, 400, 3)
    assert not window.figure_control.progress.isVisible()
    dialog.width_px.setValue(1000)
    window.explorer.set_state(state.at((1, 1)))
    with qtbot.waitSignal(window.provenance_control.told, timeout=SOON_MS):
        window.files.open(path)
    restored = window.explorer.state
    assert (restored.z, restored.viewport) == (state.z, state.viewport)
    assert restored.layers == (state.layers - {Layer.POINTS}) | {Layer.PRIOR}
    assert dialog.width_px.value() == 400
    other = tmp_path / "other.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(other), "")))
    window.activateWindow()
    qtbot.keyClick(window.plane, Qt.Key.Key_E, KEYS)
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        qtbot.mouseClick(dialog.save, LEFT)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["figure.png", "other.svg"]
    assert dialog.format.currentText() == "SVG", "the name's own ending decides"
    assert 'width="170.' in other.read_text()[:999]


def test_a_figure_of_a_model_that_is_open_no_longer_is_not_written(
    open_window, make_bundle, qtbot, monkeypatch, tmp_path
):
    """The message says that it was not written, because another model was opened behind the file dialog."""
    window, other = open_window(make_bundle()), make_bundle(name="other", seed=1)

    def ask(*_):
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            window.open_path(other)
        return tmp_path / "a.png"

    monkeypatch.setattr("desktop.widgets.controls.figure_control.ask_save_path", ask)
    window.figure_control._save(Figure(), FileKind.PNG)
    qtbot.waitUntil(lambda: window.message.text().startswith("a.png was not written"), timeout=SOON_MS)
    assert not window.explorer.files.paths


def test_on_compare_both_planes_are_exported(open_window, make_film, qtbot, monkeypatch, tmp_path):
    """The dialog says so, and its preview and the file show A and B; without B they show the view alone.

    When the file is dropped, both models come back, or a message names B.
    """
    film = make_film(2)
    facts = [{"epoch": 1, "test_elbo_nats": -190.0}, {"epoch": 2, "test_elbo_nats": -180.0}]
    film.write(2, epochs=[{**each, "test_elbo_error_nats": 0.413} for each in facts])
    window = open_window(film.path)
    comparison, exports = window.compare.comparison, window.figure_control.exports
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        window.compare.page.epoch_wanted.emit()
        window.show_page("compare")
    with qtbot.waitSignal(exports.previewed, timeout=SOON_MS) as previewed:
        qtbot.keyClick(window, Qt.Key.Key_E, KEYS)
    dialog = window.figure_control.dialog
    assert dialog.windowTitle() == "Export both planes"
    elbos = (
        "A: film; epoch 2; test ELBO −180.00 ± 0.41 nats. B: film; epoch 1; test ELBO −190.00 ± 0.41 nats. "
    )
    assert dialog.caption.toPlainText().startswith(elbos)
    height, width = previewed.args[0].shape[:2]
    assert width > 1.5 * height, "a size for two"
    path = tmp_path / "both.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    dialog.scale.setValue(1)
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        qtbot.mouseClick(dialog.save, LEFT)
    assert imageio.imread(path).shape == (dialog.height_px.value(), dialog.width_px.value(), 3)
    window.compare.page.close_wanted.emit()
    window.show_page("plane")
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        window.files.open(path)
    qtbot.waitUntil(lambda: comparison.second.state.epoch == 1, timeout=SOON_MS)
    assert window.compare.page.isVisible()
    text, control = read_note(path), window.provenance_control
    unknown = text.replace(
        f'"b_decoder_sha256":"{comparison.second.source.sha256}', f'"b_decoder_sha256":"{64 * "0"}'
    )
    window.show_page("plane")
    control.restore_view(unknown, "a.png")
    said = (
        "a.png: this is the view that it was made from, but B was film (decoder 000000000000), which is not "
        "found; "
    )
    qtbot.waitUntil(lambda: window.message.text().startswith(said), timeout=SOON_MS)
    assert window.plane.isVisible()
    window.message.dismiss()
    window.show_page("plane")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SOON_MS)
    with qtbot.waitSignal(exports.previewed, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_E, KEYS)
    assert dialog.windowTitle() == "Export the view"
    assert dialog.width_px.value() < 1.5 * dialog.height_px.value()
    dialog.reject()

"""Opening bundles in the window by drop, dialog and menu; a file that cannot be opened changes nothing."""

import shutil

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLabel

from desktop.view.state import Layer
from desktop.widgets.common import settings
from export.bundle import FORMAT, open_bundle, write_bundle
from tests.desktop.widgets.on_plane import make_path
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


def drop(window, *urls):
    """Drag files onto the window and drop them; return whether the window accepts them."""
    data = QMimeData()
    data.setUrls(list(urls))
    copy, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, LEFT, no_keys)
    enter.ignore()
    window.event(enter)
    if enter.isAccepted():
        window.event(QDropEvent(QPointF(50, 50), copy, data, LEFT, no_keys))
    return enter.isAccepted()


def test_a_dropped_bundle_is_opened(window, make_bundle, qtbot):
    """The folder or its manifest can be dropped."""
    for name, file in (("second", ""), ("third", "manifest.json")):
        path = make_bundle(name=name, latent_dim=3)
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            assert drop(window, QUrl.fromLocalFile(str(path / file)))
        assert window.windowTitle() == f"{name} — Latent Plane"
        assert window.explorer.source.path == path


def test_a_dropped_latent_file_is_opened(window, make_bundle, qtbot):
    """A `.latent` file is the bundle as one file."""
    path = make_bundle(name="zipped", suffix=".latent")
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        drop(window, QUrl.fromLocalFile(str(path)))
    assert window.windowTitle() == "zipped — Latent Plane"


def test_what_is_no_file_is_not_taken(window):
    """A web address, or an empty list of files, is refused while it is still dragged."""
    assert not drop(window, QUrl("https://example.org/bundle.latent"))
    assert not drop(window)


def test_a_bundle_is_opened_with_the_dialog(window, make_bundle, qtbot, answer):
    """Ctrl+O asks for a file; a manifest opens its folder; a cancelled dialog opens nothing."""
    path = make_bundle(name="second")
    asked = answer(path / "manifest.json")
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_O, CONTROL)
    assert window.explorer.source.path == path
    assert asked[0][0] == "Open a bundle, a decoder or an export"
    answer(None)
    with qtbot.assertNotEmitted(window.explorer.opening_began):
        qtbot.keyClick(window.plane, Qt.Key.Key_O, CONTROL)
    assert window.explorer.source.path == path
    assert asked[-1][1] == str(path.resolve().parent), "the dialog starts in the last folder"


def test_a_file_of_a_bundle_leads_to_the_whole(window, make_bundle, qtbot, monkeypatch):
    """Its decoder alone opens with a note and a button; the folder is opened by a command of its own."""
    path = make_bundle(name="second")
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(path / "decoder.onnx")
    assert window.explorer.source.bundle is None
    assert f"decoder.onnx alone is open; it belongs to the bundle {path.name}" in window.message.text()
    button = window.message.action_buttons[0]
    assert button.text() == "Open the bundle"
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        button.click()
    assert window.explorer.source.path == path
    third = make_bundle(name="third")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_: str(third)))
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_O, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert window.explorer.source.path == third


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_recent_bundle_is_opened_from_the_menu(window, first, make_bundle, qtbot):
    """Opened bundles are in the menu, newest first, and can be opened again."""
    second = make_bundle(name="second")
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(second)
    assert settings.recent_models() == [second, first]
    menu = window.recent
    menu.popup(QPoint(0, 0))
    qtbot.waitExposed(menu)
    assert [action.text() for action in menu.actions()][:2] == [str(second), str(first)]
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert window.windowTitle() == "first — Latent Plane"
    assert settings.recent_models() == [first, second]


def test_nothing_of_the_bundle_before_stays(window, make_bundle, qtbot):
    """Points, labels, path, sheets and hidden labels are gone, and the picture is the new model's."""
    make_path(window, qtbot)
    qtbot.keyClick(window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: window.grids.samples.save.isEnabled(), timeout=SOON_MS)
    qtbot.keyClick(window.grids.samples, Qt.Key.Key_1, CONTROL)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.open_path(make_bundle(name="second", latent_dim=3, image_shape=(3, 9, 9), seed=1))
    assert window.explorer.state.path == ()
    assert not window.panel.path.play.isEnabled()
    assert not window.panel.view.layers[Layer.POINTS].isEnabled()
    assert not window.grids.samples.save.isEnabled()
    assert window.grids.samples.view.image() is None
    assert window.panel.picture.picture.image().width() == 9
    qtbot.waitUntil(
        lambda: (
            not [
                button
                for button in window.panel.view.legend.findChildren(QAbstractButton)
                if button.isVisible()
            ]
        ),
        timeout=SOON_MS,
    )
    window.plane.grab()


def break_the_hash(path):
    data = bytearray((path / "decoder.onnx").read_bytes())
    data[100] ^= 1
    (path / "decoder.onnx").write_bytes(data)


def break_the_version(path):
    manifest = path / "manifest.json"
    manifest.write_text(manifest.read_text().replace(FORMAT, "latent-plane/9"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            shutil.rmtree,
            "found nothing there, expected a bundle (a folder or a .latent file) or",
        ),
        (lambda path: (path / "decoder.onnx").unlink(), "found no decoder.onnx"),
        (break_the_hash, "found SHA-256"),
        (break_the_version, "found format 'latent-plane/9'"),
    ],
)
def test_a_bundle_that_cannot_be_opened_leaves_the_one_before(
    window, first, make_bundle, qtbot, gray, decoded_first, same_picture, damage, said
):
    """The message says what was found, and the open model still decodes."""
    path = make_bundle(name="damaged")
    damage(path)
    state = window.explorer.state
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        drop(window, QUrl.fromLocalFile(str(path)))
    assert window.message.isVisible()
    assert str(path) in window.message.text()
    assert said in window.message.text()
    assert window.windowTitle() == "first — Latent Plane"
    assert window.explorer.state == state
    assert settings.recent_models() == [first]
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(200, 150))
    z = window.explorer.state.z
    assert z != state.z
    qtbot.waitUntil(
        lambda: same_picture(gray(window.panel.picture.picture.image()), decoded_first([z])[0]),
        timeout=SOON_MS,
    )


def test_a_graph_that_does_not_fit_leaves_the_one_before(window, make_bundle, decoder_graph, qtbot):
    """The checksums are right, but the decoder belongs to another model."""
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(make_bundle(name="odd", decoder=decoder_graph(5, (1, 12, 12))))
    assert "found the inputs z float32 [N, 5], expected z float32 [N, 2]" in window.message.text()
    assert window.windowTitle() == "first — Latent Plane"


def test_the_message_goes_when_a_bundle_opens(window, first, tmp_path, qtbot):
    """An earlier error is hidden."""
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(tmp_path / "no")
    assert window.message.isVisible()
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(first)
    assert not window.message.isVisible()


def test_a_strangers_facts_do_no_harm(window, make_bundle, decoder_graph, qtbot):
    """Unchecked facts, of a wrong type or with markup, are shown as text or not at all."""
    path = make_bundle(name="stranger")
    bundle = open_bundle(path)
    facts = dict(bundle.manifest) | {
        "name": "<h1>stranger</h1>",
        "metrics": {"test_elbo_nats": "high", "epoch": None},
        "made_with": 7,
        "dataset": {"labels": [1, None, "<b>"]},
    }
    odd = write_bundle(path.parent / "odd", facts, {"decoder.onnx": decoder_graph(2, (1, 12, 12))}).path
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.open_path(odd)
    labels = window.statusBar().findChildren(QLabel)
    (name,) = (label for label in labels if "stranger" in label.text())
    assert name.text() == "<h1>stranger</h1>, 2 latent dimensions"
    assert name.textFormat() == Qt.TextFormat.PlainText

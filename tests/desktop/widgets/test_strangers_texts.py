"""The window shows a stranger's names of models, labels, files and directions letter by letter."""

import json
import os
import sys

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QWidget

from desktop.view.state import Layer
from desktop.widgets.common import settings
from desktop.widgets.common.plain_text import WORD_JOINER, ZERO_WIDTH_SPACE
from desktop.widgets.dialogs.about_model import AboutDialog
from export.bundle import Posterior
from tests.desktop.foreign_models import decoder
from tests.desktop.small_bundles import encoder_graph
from tests.waiting import SOON_MS

MARK = "STRANGER"
EVIL = f"<b>{MARK} & %s %n [*]\n\t\x1b[31m\u202egnp"
LONG = EVIL + "x" * 500
FILE = os.fsdecode(EVIL.encode() + b"\xff")
FORBIDDEN = frozenset("\x1b\t\u202e\ud800\udcff")
SHAPE = (1, 12, 12)
WIDEST_PX = 960  # the window takes 944 with short texts


def shown_texts(window):
    """The texts that each widget and menu entry shows or gives a screen reader, with kind and owner."""
    for top in QApplication.topLevelWidgets():
        yield "title", top.windowTitle(), top
        for widget in [top, *top.findChildren(QWidget)]:
            yield "tip", widget.toolTip(), widget
            yield "reader", widget.accessibleName(), widget
            yield "reader", widget.accessibleDescription(), widget
            if isinstance(widget, QLabel):
                yield "label", widget.text(), widget
            elif isinstance(widget, QAbstractButton):
                yield "button", widget.text(), widget
            elif isinstance(widget, QComboBox):
                for index in range(widget.count()):
                    yield "item", widget.itemText(index), widget
        for action in top.findChildren(QAction):
            yield "button", action.text(), action
    yield "status", window.statusBar().currentMessage(), window.statusBar()


def check(window):
    """Check every text with a stranger's name, and the window's least width; return the number of texts."""
    found = 0
    QApplication.sendPostedEvents()  # updates the layouts
    for kind, text, owner in shown_texts(window):
        if MARK not in text:
            continue
        found += 1
        assert not FORBIDDEN & set(text), (kind, owner, text)
        assert len(text.replace(ZERO_WIDTH_SPACE, "").replace(WORD_JOINER, "")) < 1200, (kind, owner)
        if kind == "tip":
            assert not GuiQt.mightBeRichText(text), (owner, text)
        elif kind == "button":
            assert "& " not in text.replace("&&", ""), (owner, text)
        elif kind == "label" and not isinstance(owner.window(), AboutDialog):
            assert owner.textFormat() == Qt.TextFormat.PlainText, (owner, text)
        elif kind == "title":
            assert "[*]" not in text.replace("[*][*]", ""), text
        if kind in ("button", "item", "title", "status", "reader"):
            assert "\n" not in text.replace("\nClick", ""), (kind, owner, text)
    assert window.minimumSizeHint().width() < WIDEST_PX
    sections = window.panel.scroll_area
    assert sections.widget().width() <= sections.viewport().width(), "the panel's right side is cut off"
    return found


@pytest.fixture
def bundle(make_bundle, posterior_of_two):
    """A bundle whose name and labels are long, with markup and control characters."""
    path = make_bundle(
        image_shape=SHAPE, encoder=encoder_graph(SHAPE, 0), posterior=posterior_of_two, labels=("a", "b")
    )
    manifest = path / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts |= {"name": LONG, "made_with": [LONG], "dataset": {"labels": [EVIL, LONG]}}
    manifest.write_text(json.dumps(facts))
    return path.rename(path.with_name(FILE))


@pytest.fixture
def posterior_of_two():
    """Forty images with two labels."""
    draw = np.random.default_rng(0)
    mean = draw.standard_normal((40, 2)).astype(np.float32)
    images = draw.integers(0, 2, (40, *SHAPE), dtype=np.uint8)
    return Posterior(mean, np.zeros_like(mean), images, (mean[:, 0] > 0).astype(np.uint8))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names of files")
def test_strangers_names_are_shown_letter_by_letter_everywhere(open_window, bundle, qtbot, tmp_path):
    """Title, legend, cards, tool tips, menus, messages, dialogs and screen readers have the same letters."""
    window = open_window(bundle, (1180, 860))
    explorer = window.explorer
    explorer.change(layers=explorer.state.layers | {Layer.THUMBNAIL})
    nearest = window.nearest.panel.buttons[0]
    qtbot.waitUntil(lambda: MARK in nearest.toolTip(), timeout=SOON_MS)
    assert MARK in window.windowTitle()
    assert check(window) >= 10  # title, status, two labels' texts and tips, five nearest images

    settings.save_recent(bundle)
    window.recent.aboutToShow.emit()
    assert any(MARK in action.text() for action in window.recent.actions())
    window.open_path(tmp_path / FILE)
    qtbot.waitUntil(lambda: MARK in window.message.text(), timeout=SOON_MS)
    window.status.tell(f"saved {tmp_path / LONG}")
    window.message.show_error(ValueError(f"{LONG}\ud800"))
    check(window)

    window.help.show_about_model()
    box = next(top for top in QApplication.topLevelWidgets() if isinstance(top, AboutDialog))
    assert f"&lt;b&gt;{MARK} &amp;" in box.text()
    check(window)
    box.close()

    folder = tmp_path / FILE / FILE
    folder.mkdir(parents=True)
    other = tmp_path / FILE / "other"
    other.mkdir()
    for place in (folder, other):
        imageio.imwrite(place / "a.png", np.eye(12, dtype=np.uint8) * 255, plugin="pillow")
        (place / "a.png").rename(place / f"{FILE}.png")
    window.open_path(tmp_path / "nothing")
    window.own_pictures.show(folder.parent)
    qtbot.waitUntil(lambda: explorer.points.own is not None, timeout=SOON_MS)
    qtbot.waitUntil(lambda: "pictures shown as points" in window.message.text(), timeout=SOON_MS)
    assert MARK in window.message.text()
    assert check(window) >= 5

    np.savez(tmp_path / "directions.npz", **{LONG: np.eye(2)})
    window.directions.open(tmp_path / "directions.npz")
    qtbot.waitUntil(lambda: window.directions.directions is not None, timeout=SOON_MS)
    assert MARK in window.directions.panel.rows[0].slider.toolTip()
    check(window)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names of files")
def test_a_models_file_and_inputs_are_shown_letter_by_letter(open_window, tmp_path):
    """The names are in the dialog that says how the model is read."""
    path = decoder(tmp_path / "model.onnx")
    window = open_window(path.rename(tmp_path / f"{FILE}.onnx"))
    window.reading.action.trigger()
    title = [label.text() for label in window.reading.dialog.findChildren(QLabel)]
    assert any(MARK in text for text in title)
    check(window)
    assert window.reading.dialog.minimumSizeHint().width() < WIDEST_PX
    window.reading.dialog.done(0)

"""The window as a whole: opening, threads, closing, help, and names for screen readers."""

import threading
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLabel, QSlider

from desktop.images.drawing import Tool
from desktop.images.pixels import to_bytes
from desktop.models.model import Model
from desktop.widgets.common import colors
from desktop.widgets.dialogs.shortcuts_dialog import ShortcutsDialog
from tests.desktop.widgets.on_plane import at
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(home_window):
    """The window with the real bundle, looking at (−3, −3) to (3, 3) with its backdrop decoded."""
    return home_window


def texts(window):
    """The texts of the status bar."""
    return [label.text() for label in window.statusBar().findChildren(QLabel)]


def test_opening_shows_the_model(open_window, bundle_path, qtbot, pixels, gray, plain_decoder, same_picture):
    """The title has the name, the status bar the device, the plane tiles and points, the panel a picture."""
    window = open_window()
    assert window.windowTitle() == "Latent Plane"
    bare = pixels(window.plane.grab().toImage())
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.open_path(bundle_path)
    assert window.windowTitle() == "MNIST, small — Latent Plane"
    assert any(text.startswith("CPU, ") for text in texts(window))
    assert any("MNIST, small" in text for text in texts(window))
    picture = pixels(window.plane.grab().toImage())
    bare = bare[: len(picture)]  # the time bar now takes the rows below
    inside = np.s_[10:-40, 60:-10]
    assert (picture[inside] != bare[inside]).any(axis=-1).mean() > 0.5
    for label in range(10):
        color = colors.label_color(label)
        target = np.array([color.red(), color.green(), color.blue()])
        assert (np.abs(picture[..., :3].astype(int) - target).max(axis=-1) < 40).any(), label
    expected = to_bytes(plain_decoder(bundle_path)([window.explorer.state.z]))[0]
    assert same_picture(gray(window.panel.picture.picture.image()), expected)
    assert not window.message.isVisible()


def test_nothing_is_decoded_on_the_ui_thread(open_window, bundle_path, qtbot, monkeypatch):
    """For opening, clicks, keys, zoom and pages, every decode runs on the worker."""
    threads = []
    decode = Model.decode

    def watched(self, *arguments, **options):
        threads.append(threading.get_ident())
        return decode(self, *arguments, **options)

    monkeypatch.setattr(Model, "decode", watched)
    window = open_window(bundle_path)
    for number in range(10):
        qtbot.mouseClick(window.plane, LEFT, pos=QPoint(100 + 20 * number, 200))
        qtbot.keyClick(window.plane, Qt.Key.Key_Right)
        qtbot.wait(5)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Plus)
    for key in (Qt.Key.Key_2, Qt.Key.Key_3):
        with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
            qtbot.keyClick(window.tabs.currentWidget(), key, CONTROL)
    assert len(threads) > 50
    assert threading.main_thread().ident not in threads


def test_a_backdrop_does_not_keep_the_picture_waiting(window, qtbot):
    """While the plane is decoded again, a click's picture comes before the backdrop is finished."""
    order = []
    window.explorer.picture_decoded.connect(lambda _: order.append("picture"))
    window.explorer.backdrop_finished.connect(lambda: order.append("backdrop"))
    qtbot.keyClick(window.plane, Qt.Key.Key_Minus)
    qtbot.mouseClick(window.plane, LEFT, pos=at(window, 1, 1))
    qtbot.waitUntil(lambda: len(order) == 2, timeout=SOON_MS)
    assert order == ["picture", "backdrop"]


def test_closing_ends_all_threads_even_in_the_middle_of_work(open_window, bundle_path, qtbot):
    """A window closed while it decodes leaves no thread, and nothing arrives afterwards."""
    before = threading.active_count()
    window = open_window(bundle_path)
    assert threading.active_count() > before
    qtbot.keyClick(window.plane, Qt.Key.Key_Q)
    arrived = []
    window.explorer.tiles.decoded.connect(arrived.append)
    window.close()
    assert not window.explorer.tiles.is_complete  # decoding was not finished, and closing did not wait for it
    assert threading.active_count() == before
    qtbot.wait(20)
    assert arrived == []


def test_a_window_can_be_closed_before_anything_is_open(open_window, bundle_path):
    """It is closed at once, and closed while the bundle is being read."""
    open_window().close()
    window = open_window()
    window.open_path(bundle_path)
    window.close()


def test_the_window_comes_back_in_its_size(open_window):
    """The size that was saved at closing is restored."""
    first = open_window(size=(900, 740))
    assert not first.restore_place()
    first.close()
    second = open_window(size=(900, 690))
    assert second.restore_place()
    assert second.height() == 740  # the offscreen screen is narrower than the window, so not its width


def test_a_key_hides_the_panel_and_another_fills_the_screen(window, qtbot):
    """F9 gives the keyboard to the plane, Ctrl+F shows the panel; F11 also returns to the size before."""
    window.activateWindow()
    window.panel.picture.z.setFocus()
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_F9)
    assert not window.panel.isVisible()
    assert window.plane.hasFocus()
    qtbot.keyClick(window.plane, Qt.Key.Key_F, CONTROL)
    assert window.panel.isVisible()
    assert window.panel_control.action.isChecked()
    assert window.select.panel.finder.field.hasFocus()
    qtbot.keyClick(
        window.plane, Qt.Key.Key_F9
    )  # without the panel, the window is no wider than the tests' screen
    before = window.size()
    qtbot.keyClick(window.plane, Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: window.size() == window.screen().size(), timeout=SOON_MS)
    assert window.full_screen_action.isChecked()
    qtbot.keyClick(window.plane, Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: window.size() == before, timeout=SOON_MS)
    assert not window.full_screen_action.isChecked()
    qtbot.keyClick(window.plane, Qt.Key.Key_F9)
    assert window.panel.isVisible()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_help_is_a_key_away(window, qtbot):
    """F1 opens the shortcuts, and Escape closes them."""
    qtbot.keyClick(window.plane, Qt.Key.Key_F1)
    (dialog,) = window.findChildren(ShortcutsDialog)
    qtbot.waitUntil(dialog.isVisible, timeout=SOON_MS)
    assert any("Wheel" in shortcut.keys for shortcut in dialog.shown())
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(ShortcutsDialog), timeout=SOON_MS)


def test_no_two_actions_share_a_key(window):
    """If two actions have the same key, Qt triggers neither."""
    keys = [shortcut.toString() for action in window.findChildren(QAction) for shortcut in action.shortcuts()]
    assert len(keys) > 8
    assert len(keys) == len(set(keys))


def test_whoever_cannot_see_is_told_what_the_parts_are(window):
    """The plane, the picture, z and the pages have names for a screen reader."""
    panel = window.panel
    parts = (
        window.plane,
        panel.picture.picture,
        panel.picture.mode,
        panel.picture.z,
        window.grids.samples.view,
        window.grids.manifold.view,
    )
    assert all(part.accessibleName() for part in parts)


def test_nothing_in_the_side_panel_changes_under_the_wheel(window, turn_wheel):
    """The panel scrolls: no choice, box or slider takes the wheel without the focus."""
    inputs = [w for kind in (QComboBox, QAbstractSpinBox, QSlider) for w in window.panel.findChildren(kind)]
    assert len(inputs) > 20
    for widget in inputs:
        before = widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()
        for notches in (1, -1):
            turn_wheel(widget, widget.rect().center(), notches)
            after = widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()
            assert after == before, widget.accessibleName()


def test_tab_goes_down_the_panel(window, qtbot):
    """From the pen to the last section, each stop is in view, to the right of the one before or below it."""
    window.activateWindow()
    window.panel.sections.set_open_keys(("view", "points", "path", "z"))
    qtbot.wait(30)  # for the layout
    inside = window.panel.scroll_area.widget()
    window.image.panel.tools[Tool.PEN].setFocus()
    stops, places = [], []
    while window.panel.isAncestorOf(stop := QApplication.focusWidget()):
        stops.append(stop)
        scrolled = inside.isAncestorOf(stop)
        corner = stop.mapTo(inside if scrolled else window.panel, QPoint())
        places.append((scrolled, QRect(corner, stop.size())))
        assert not stop.visibleRegion().isEmpty()
        qtbot.keyClick(stop, Qt.Key.Key_Tab)
    panel = window.panel
    expected = [panel.picture.mode, panel.picture.z, panel.view.scale, *panel.view.layers.values()]
    assert [stop for stop in stops if stop in expected] == expected
    for (was_scrolled, before), (is_scrolled, now) in pairwise(places):
        is_below = now.top() >= before.center().y()
        is_beside = now.left() > before.right() and now.bottom() > before.top()
        assert is_scrolled > was_scrolled or is_below or is_beside


def test_a_first_window_is_no_taller_than_the_screen(open_window):
    """The window and its title bar fit on a screen that is smaller than the usual first size."""
    window = open_window()
    room = window.screen().availableGeometry()
    window.resize_within_screen(5000, 5000)
    assert 0.9 * room.height() < window.height() < room.height() - 20
    window.resize_within_screen(1000, 500)
    assert window.height() == 500

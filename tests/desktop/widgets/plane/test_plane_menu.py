"""The plane's menu opens on a right click or a key, with entries for the thing under the pointer."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from export.bundle import Posterior
from tests.desktop.widgets.on_plane import at
from tests.waiting import SOON_MS

RIGHT = Qt.MouseButton.RightButton
MEANS = np.array([[-1.0, 0.0], [1.0, 0.5]], np.float32)
OF_VIEW = [
    "Home",
    "Fit to the test images",
    "Quantile axes",
    "Copy view as text",
    "Export the view…",
    "Select",
    "Bookmarks",
]
# A menu raises itself and takes the keyboard, which the offscreen plugin cannot do.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(open_window, make_bundle):
    """A window with two test images, labelled a and b."""
    images = np.ones((2, 1, 12, 12), np.uint8)
    posterior = Posterior(MEANS, np.zeros((2, 2), np.float32), images, np.array([0, 1], np.uint8))
    return open_window(make_bundle(posterior=posterior, labels=("a", "b")))


def click(window, qtbot, pixel):
    """Click the right button; return the menu's entries by their texts, without separators."""
    qtbot.mouseClick(window.plane, RIGHT, pos=pixel)
    return entries(window, qtbot)


def entries(window, qtbot):
    qtbot.waitUntil(lambda: window.plane_menu.menu is not None, timeout=SOON_MS)
    menu = window.plane_menu.menu
    return {action.text().replace("&", ""): action for action in menu.actions() if action.text()}


def choose(window, qtbot, pixel, text):
    """Choose an entry of the menu at a pixel, and wait until the menu has closed."""
    click(window, qtbot, pixel)[text].trigger()
    close(window, qtbot)


def close(window, qtbot):
    if window.plane_menu.menu is not None:
        window.plane_menu.menu.close()
    qtbot.waitUntil(lambda: window.plane_menu.menu is None, timeout=SOON_MS)


def test_the_menu_is_about_what_is_there(window, qtbot):
    """A test image is pinned, added to the path and copied; the path's points have entries of their own."""
    explorer, there, beside = window.explorer, at(window, *MEANS[1]), at(window, 0, -0.5)
    found = click(window, qtbot, there)
    assert list(found) == [
        "b · #1",
        "Go to its mean",
        "Pin it",
        "Add its mean to the path",
        "Copy its z",
        "Go here",
        "Add a point to the path here",
        "Copy z of this place",
        *OF_VIEW,
    ]
    assert not found["b · #1"].isEnabled()
    menus = {each.menu() for each in window.menuBar().actions()}
    assert {found["Select"].menu(), found["Bookmarks"].menu()} < menus, "with the same entries"
    close(window, qtbot)
    choose(window, qtbot, there, "Pin it")
    assert explorer.state.pinned == (1,)
    choose(window, qtbot, there, "Unpin it")
    choose(window, qtbot, there, "Copy its z")
    assert QGuiApplication.clipboard().text() == "1.0, 0.5"
    QGuiApplication.clipboard().clear()
    choose(window, qtbot, there, "Add its mean to the path")
    choose(window, qtbot, beside, "Add a point to the path here")
    assert explorer.state.path[0] == (1.0, 0.5)
    assert explorer.state.path[1] == pytest.approx((0, -0.5), abs=0.02)
    found = click(window, qtbot, there)
    assert next(iter(found)) == "Point 1 of the path"
    assert "Pin it" not in found
    close(window, qtbot)
    choose(window, qtbot, at(window, 0.5, 0.0), "Insert a point here")
    choose(window, qtbot, there, "Remove this point")
    assert len(explorer.state.path) == 2
    choose(window, qtbot, beside, "Clear the path")
    assert explorer.state.path == ()
    choose(window, qtbot, at(window, -1, 0), "Go to its mean")
    assert explorer.state.z == (-1.0, 0.0)


def test_a_drag_moves_the_plane_without_a_menu_and_a_key_opens_it_at_the_cursor(window, qtbot):
    """A right drag moves the plane and opens no menu; the Menu key opens it at the cursor."""
    start, before = at(window, 0, 0), window.explorer.state.viewport
    qtbot.mousePress(window.plane, RIGHT, pos=start)
    qtbot.mouseMove(window.plane, start + QPoint(40, 0))
    qtbot.mouseRelease(window.plane, RIGHT, pos=start + QPoint(40, 0))
    assert window.explorer.state.viewport != before
    assert window.plane_menu.menu is None
    window.explorer.change(z=(-1.0, 0.0))
    middle = QPointF(5, 5).toPoint()
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        QApplication.sendEvent(
            window.plane, QContextMenuEvent(reason, middle, window.plane.mapToGlobal(middle))
        )
    assert next(iter(entries(window, qtbot))) == "a · #0"
    close(window, qtbot)

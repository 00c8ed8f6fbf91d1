"""The status bar keeps up with what happens."""

import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel

from desktop.latent.plane import sample_prior
from desktop.widgets.common.plain_text import ElidedLabel
from desktop.widgets.common.theme import GRID_PX
from tests.desktop.widgets.on_plane import at
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(home_window):
    """The window with the real bundle, looking at (−3, −3) to (3, 3) with its backdrop decoded."""
    return home_window


def texts(window):
    """The texts of the status bar."""
    return [label.text() for label in window.statusBar().findChildren(QLabel)]


def test_the_status_bar_says_how_long_a_decode_took(window, qtbot):
    """It shows milliseconds, and the number is small; its first text begins on the window's grid."""
    place = window.statusBar().findChild(ElidedLabel)
    assert place.mapTo(window, QPoint()).x() == GRID_PX
    qtbot.waitUntil(lambda: any("last decode" in text for text in texts(window)), timeout=SOON_MS)
    (text,) = (text for text in texts(window) if "last decode" in text)
    assert 0 < float(text.split()[2]) < 1000


def test_the_status_bar_says_which_sample_the_cursor_is_at(window, qtbot):
    """After R, a message has the seed; the status bar shows it until the cursor leaves the sample."""
    qtbot.keyClick(window.plane, Qt.Key.Key_R)
    told = "a sample of the prior, the first one of the page Samples with seed 1"
    assert window.statusBar().currentMessage() == told
    assert list(window.explorer.state.z) == sample_prior(4, 2, 1)[0].tolist()
    status = "cursor at a sample of the prior (seed 1)"
    qtbot.waitUntil(lambda: any(text.endswith(status) for text in texts(window)), timeout=SOON_MS)
    qtbot.keyClick(window.plane, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not any(text.endswith(status) for text in texts(window)), timeout=SOON_MS)


def test_the_status_bar_keeps_up_with_a_drag(window, qtbot):
    """While the pointer moves without a pause, the z under it is shown again and again."""
    told = set()
    qtbot.mousePress(window.plane, LEFT, pos=at(window, -2, 0))
    start = time.monotonic()
    step = 0
    while time.monotonic() - start < 0.5:
        step += 1
        qtbot.mouseMove(window.plane, at(window, -2 + (step % 200) / 50, 0))
        qtbot.wait(5)
        told.update(text for text in texts(window) if text.startswith("z  "))
    qtbot.mouseRelease(window.plane, LEFT, pos=at(window, 0, 0))
    assert len(told) >= 3

"""Fixtures that tests of several controls share: starts of the program, a window, and a picture to draw."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.base.shipped import shipped_bundle
from desktop.view.state import Layer
from tests.desktop.widgets.drawing import ready_to_draw
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def start(open_window, qtbot):
    """`start(model, fresh)`: the window after a start of the program, with its model open."""

    def begin(model=None, fresh=False):
        window = open_window()
        with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
            window.saved_control.start(model, fresh=fresh)
        return window

    return begin


@pytest.fixture
def left(start, first, qtbot):
    """The view's state when a first start was closed."""
    window = start(first)
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(300, 250))
    qtbot.mouseClick(window.plane, LEFT, SHIFT, QPoint(350, 150))
    window.panel.view.layers[Layer.POINTS].click()
    window.panel.show_section(window.panel.path)
    state = window.explorer.state
    window.close()
    return state


@pytest.fixture
def shipped_window(open_window):
    """A window with the bundle that ships, whose q(z|x) are narrow."""
    return ready_to_draw(open_window(shipped_bundle(), (1180, 900)))


@pytest.fixture
def seven(small_mnist):
    """The first test image, a seven: float32 [1, 28, 28]."""
    return small_mnist.test_images[0].astype(np.float32)

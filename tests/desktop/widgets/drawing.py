"""Actions on the canvas: draw, paste a picture, and wait until it is encoded."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from desktop.app.own_picture import network_input
from desktop.widgets.common.qimage import to_qimage
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


def ready_to_draw(window):
    """The window, with the image section in front."""
    window.panel.show_section(window.image.panel)
    window.true_posterior.finder.side = 64  # a smaller grid, which is decoded sooner
    return window


def draw(window, qtbot, points):
    """Drag the pen through places of the canvas, in pixels of the picture."""
    canvas = window.image.panel.canvas
    scale = canvas.width() / 28
    places = [QPoint(round(x * scale), round(y * scale)) for x, y in points]
    qtbot.mousePress(canvas, LEFT, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(canvas, place)
    qtbot.mouseRelease(canvas, LEFT, pos=places[-1])


def paste(window, qtbot, picture):
    """Paste a picture float32 [1, 28, 28], and wait until it is on the canvas."""
    QGuiApplication.clipboard().setImage(to_qimage((255 * picture[0]).astype(np.uint8)))
    qtbot.keyClick(window.plane, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.image.drawing.is_empty, timeout=SOON_MS)
    QGuiApplication.clipboard().clear()


def encoded(window, qtbot):
    """The encoding of the current drawing."""
    image = window.image

    def is_there():
        return (
            image.encoded is not None
            and (image.encoded.x == network_input(window.explorer, image.drawing)).all()
        )

    qtbot.waitUntil(is_there, timeout=SOON_MS)
    return image.encoded

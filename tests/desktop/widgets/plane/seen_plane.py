"""The plane of these tests: its state, the pixels of its points, and comparisons of colours."""

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage

from desktop.jobs.tiles import Pyramid
from desktop.latent.plane import Viewport
from desktop.view.state import ViewState

SIDE_PX = 400
# The cursor is far from the pixels that the tests read.
STATE = ViewState(z=(1.5, -1.0), viewport=Viewport((0.0, 0.0), 4.0))
PYRAMID = Pyramid(cell=(1.0, 1.0), cells=1, cell_px=24.0, picture_px=(8, 8))
WHITE = np.full((8, 8), 255, np.uint8)
POINTS = np.array([(a, b) for a in (-1.0, 1.0) for b in np.linspace(-1.0, 1.0, 9)])
LABELS = np.repeat(np.array([0, 3], np.uint8), 9)
MAGENTA = QImage(10, 10, QImage.Format.Format_RGB32)
MAGENTA.fill(0xFF00FF)


def at(a, b):
    """The pixel of a point of the plane in this view."""
    return QPoint(round(SIDE_PX / 2 + 100 * a), round(SIDE_PX / 2 - 100 * b))


def near(pixel, color, tolerance):
    return np.abs(np.asarray(pixel) - [color.red(), color.green(), color.blue()]).max() <= tolerance


def color_share(picture, color, tolerance=3):
    target = np.array([color.red(), color.green(), color.blue()])
    return (np.abs(picture - target).max(axis=-1) <= tolerance).mean()


def on_its_screen(view, pixels):
    """The pixels on the screen now, before anything else is drawn."""
    view.repaint()
    grabbed = view.screen().grabWindow(view.winId()).toImage()
    return pixels(grabbed)[..., :3].astype(int)

"""Pixels and points of the window's plane, and actions there: type z, make a path, go elsewhere."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def at(window, a, b):
    """The pixel of a point of the plane."""
    x, y = window.explorer.state.viewport.to_px(window.plane.size_px(), (a, b))
    return QPoint(round(x), round(y))


def plane_point(window, pixel):
    """The point of a pixel, computed here: around (0, 0), with the span on the shorter side, up positive."""
    width, height = window.plane.width(), window.plane.height()
    scale = window.explorer.state.viewport.span / min(width, height)
    return ((pixel.x() - width / 2) * scale, (height / 2 - pixel.y()) * scale)


def type_z(window, qtbot, text):
    """Type or paste numbers into the line of z, and press Return."""
    window.panel.picture.z.setFocus()
    window.panel.picture.z.selectAll()
    if text.isascii():
        qtbot.keyClicks(window.panel.picture.z, text)
    else:  # no key gives a real minus sign, so it is pasted
        QGuiApplication.clipboard().setText(text)
        qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_V, CONTROL)
        QGuiApplication.clipboard().clear()
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_Return)


def make_path(window, qtbot):
    """Three points by Shift-click."""
    width, height = window.plane.width(), window.plane.height()
    for x, y in ((0.3, 0.3), (0.8, 0.3), (0.5, 0.8)):
        qtbot.mouseClick(window.plane, LEFT, SHIFT, QPoint(round(x * width), round(y * height)))


def go_elsewhere(window, qtbot):
    """Move the cursor, empty the path and zoom."""
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(100, 100))
    window.panel.path.clear.click()
    qtbot.keyClick(window.plane, Qt.Key.Key_Plus)


def are_points_faint(plane):
    """Whether a plane shows its points faintly, so that drawing them in full changes it. It is restored."""
    seen = plane.grab().toImage()
    plane.set_points_dimmed(False)
    is_faint = plane.grab().toImage() != seen
    plane.set_points_dimmed(is_faint)
    return is_faint

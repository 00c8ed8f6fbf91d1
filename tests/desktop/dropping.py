"""Files dropped on the window, as a file manager drops them."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent

from desktop.widgets.main_window import MainWindow


def drag(window: MainWindow, place: QPoint, path: Path) -> None:
    """Drag a file over a place in the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path.absolute()))])
    held = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.event(QDragMoveEvent(place, Qt.DropAction.CopyAction, data, *held))


def drop(
    window: MainWindow,
    *paths: Path,
    at: QPoint = QPoint(50, 50),  # noqa: B008 (never changed)
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Drag files over the window, which accepts them, and drop them at a place with modifier keys held."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys)
    enter = QDragEnterEvent(at, *place)
    window.event(enter)
    assert enter.isAccepted()
    window.event(QDropEvent(QPointF(at), *place))

"""A window on which files can be dropped."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow


class DropWindow(QMainWindow):
    """Accepts files that are dragged over it, and emits signals for them."""

    files_dragged = Signal(object, QPoint)  # list of Paths, and the position in the window
    drag_ended = Signal()  # without a drop
    files_dropped = Signal(object, QPoint, bool)  # list of Paths, the position, and whether Alt is held

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files from elsewhere."""
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept files from elsewhere, and say where they are."""
        paths = [] if event.source() is not None else _files(event)  # not the picture of this window
        if paths:
            event.acceptProposedAction()
            self.files_dragged.emit(paths, event.position().toPoint())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Say that nothing is dragged over the window any more."""
        self.drag_ended.emit()

    def dropEvent(self, event: QDropEvent) -> None:
        """Say which files were dropped where."""
        event.acceptProposedAction()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self.files_dropped.emit(_files(event), event.position().toPoint(), alt)


def _files(event: QDropEvent) -> list[Path]:
    """Return the files that are dragged."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]

"""A list of small pictures with editable texts."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from desktop.widgets.common import colors

PICTURE_PX = 40


class ThumbnailList(QListWidget):
    """The list: a click or Return chooses a row; F2 or a double click edits its text."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.setTabKeyNavigation(False)
        for signal in (self.itemClicked, self.itemActivated):
            signal.connect(lambda item: self.chosen.emit(self.row(item)))

    def set_count(self, count: int) -> None:
        """Set the number of rows. Existing rows are kept, because a person may be editing one of them."""
        blocked = self.blockSignals(True)
        while self.count() > count:
            self.takeItem(self.count() - 1)
        while self.count() < count:
            item = QListWidgetItem(thumbnail(None), "")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.addItem(item)
        self.blockSignals(blocked)


def thumbnail(image: QImage | None) -> QIcon:
    """Return a picture that looks the same when its row is chosen; the canvas colour if there is none."""
    if image is None:
        pixmap = QPixmap(PICTURE_PX, PICTURE_PX)
        pixmap.fill(colors.CANVAS)
    else:
        pixmap = QPixmap.fromImage(image.scaled(PICTURE_PX, PICTURE_PX, Qt.AspectRatioMode.KeepAspectRatio))
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon

"""The menu of recently opened models."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop.widgets.common import settings
from desktop.widgets.common.plain_text import menu_text


class RecentMenu(QMenu):
    """Lists the recent models each time it is shown; emits `chosen` with a model's Path."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Open &recent", parent)
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        paths = settings.recent_models()
        for path in paths:
            self.addAction(menu_text(str(path))).triggered.connect(partial(self.chosen.emit, path))
        if paths:
            self.addSeparator()
            self.addAction("Clear").triggered.connect(settings.clear_recent)
        else:
            self.addAction("No recent models").setEnabled(False)

"""The pages of the window as tabs, each with a menu entry and a shortcut."""

from functools import partial

from PySide6.QtWidgets import QApplication, QMenu, QWidget

from desktop.widgets.common.actions import add_action
from desktop.widgets.common.keyed_tabs import KeyedTabs


class Pages(KeyedTabs):
    """The tabs of the window; the first page is the plane.

    Args:
        menu: gets an entry for each page.
    """

    def __init__(self, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menu = menu
        self.setDocumentMode(True)
        self.currentChanged.connect(self._give_keyboard)

    def add_page(self, key: str, text: str, page: QWidget) -> None:
        """Add a tab, with a menu entry and the shortcut Ctrl with its number."""
        index = self.add(key, text.replace("&", ""), page)
        add_action(self._menu, text, f"Ctrl+{index + 1}", partial(self.setCurrentWidget, page))

    def _give_keyboard(self) -> None:
        """Move the focus to the page's focus proxy if Qt gave it to the page's first input."""
        page, focused = self.currentWidget(), QApplication.focusWidget()
        if page is not None and focused is not None and page.isAncestorOf(focused):
            page.setFocus()

"""Tabs with keys that stay the same if the tabs' texts change."""

from PySide6.QtWidgets import QTabWidget, QWidget


class KeyedTabs(QTabWidget):
    """A QTabWidget in which each tab has a key, such as "samples"."""

    def add(self, key: str, title: str, page: QWidget) -> int:
        """Add a tab and return its index."""
        index = self.addTab(page, title)
        self.tabBar().setTabData(index, key)
        return index

    def key(self) -> str:
        """Return the key of the tab in front; empty if there are no tabs."""
        return str(self.tabBar().tabData(self.currentIndex()) or "")

    def show_key(self, key: str) -> bool:
        """Bring the tab with a key to the front; return False if there is none."""
        keys = [self.tabBar().tabData(index) for index in range(self.count())]
        if key not in keys:
            return False
        self.setCurrentIndex(keys.index(key))
        return True

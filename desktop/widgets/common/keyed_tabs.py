"""Tabs with keys: what a tab is called may change, its key stays."""

from PySide6.QtWidgets import QTabWidget, QWidget


class KeyedTabs(QTabWidget):
    """A QTabWidget in which each tab has a key, such as "samples"."""

    def add(self, key: str, title: str, page: QWidget) -> int:
        """One more tab; returns its index."""
        index = self.addTab(page, title)
        self.tabBar().setTabData(index, key)
        return index

    def key(self) -> str:
        """The key of the tab in front; empty without tabs."""
        return str(self.tabBar().tabData(self.currentIndex()) or "")

    def show_key(self, key: str) -> bool:
        """Bring a tab to the front; False where none has the key."""
        keys = [self.tabBar().tabData(index) for index in range(self.count())]
        if key not in keys:
            return False
        self.setCurrentIndex(keys.index(key))
        return True

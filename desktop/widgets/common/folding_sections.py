"""Sections one below the other, each with a header that folds it."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from desktop.widgets.common.icons import line_icon
from desktop.widgets.common.theme import GRID_PX


class Section(QWidget):
    """A header, and below it the body that it shows or hides.

    Attributes:
        key: the section's name in code and saved files, such as "path"; the title may change.
        header: the button that folds the section.
        body: the widget below the header.
        was_folded: whether the person folded it by its header, and has not opened it again.
    """

    def __init__(self, key: str, title: str, body: QWidget, is_open: bool) -> None:
        super().__init__()
        self.key, self.body, self._is_open = key, body, is_open
        self.was_folded = False
        self.header = QToolButton()
        self.header.setObjectName("section_header")
        self.header.setText(title)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setCheckable(False)
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.clicked.connect(self._on_clicked)
        line = QFrame()
        line.setObjectName("section_line")
        line.setFixedHeight(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(line)
        layout.addWidget(self.header)
        layout.addWidget(body)
        self._show()

    @property
    def is_open(self) -> bool:
        """Whether the body is shown."""
        return self._is_open

    def set_open(self, is_open: bool) -> None:
        """Show or hide the body."""
        if is_open != self.is_open:
            self._is_open = is_open
            self._show()

    def offer(self) -> None:
        """Show the body, because it has content now, unless the person folded it."""
        if not self.was_folded:
            self.set_open(True)

    def _on_clicked(self) -> None:
        self.set_open(not self._is_open)
        self.was_folded = not self._is_open

    def _show(self) -> None:
        is_open = self._is_open
        self.body.setVisible(is_open)
        self.header.setIcon(line_icon("caret-down" if is_open else "caret-right"))
        self.header.setAccessibleName(f"{self.header.text()}, {'open' if is_open else 'folded'}")


class FoldingSections(QWidget):
    """Sections with keys, such as "path".

    Args:
        order: the keys from the top down.
    """

    def __init__(self, order: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order = order
        self._sections: dict[str, Section] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GRID_PX // 2)

    def add(self, key: str, title: str, body: QWidget, is_open: bool = False, tip: str = "") -> None:
        """Add a section, whose key must be in the order."""
        section = Section(key, title, body, is_open)
        section.header.setToolTip(tip)
        self._sections[key] = section
        above = [other for other in self._order[: self._order.index(key)] if other in self._sections]
        self._layout.insertWidget(len(above), section)

    def section(self, key: str) -> Section:
        """Return a section by its key."""
        return self._sections[key]

    def all(self) -> list[Section]:
        """Return the sections from the top down."""
        return [self._sections[key] for key in self._order if key in self._sections]

    def open_keys(self) -> tuple[str, ...]:
        """Return the keys of the sections that are open, from the top down."""
        return tuple(section.key for section in self.all() if section.is_open)

    def set_open_keys(self, keys: tuple[str, ...]) -> None:
        """Open the sections with these keys, and fold the others."""
        for key, section in self._sections.items():
            section.set_open(key in keys)

    def show_key(self, key: str) -> bool:
        """Open a section and scroll to it; return False if there is none with this key."""
        section = self._sections.get(key)
        if section is None:
            return False
        section.set_open(True)
        # The section has its position only after the next layout.
        QTimer.singleShot(0, section, lambda: self._scroll_to(section))
        return True

    def show_part(self, part: QWidget) -> None:
        """Scroll to a part of a section that is open."""
        self._scroll(part)

    def _scroll_to(self, section: Section) -> None:
        """Bring a section into view, its header at least."""
        self._scroll(section.body, section.header)

    def _scroll(self, *parts: QWidget) -> None:
        """Bring each of these parts into view, the last one at least."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            for part in parts:
                if part.isVisible():
                    above.ensureWidgetVisible(part, 0, GRID_PX)

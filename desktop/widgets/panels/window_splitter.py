"""The window's two columns: the pages with the slider of epochs below them, and the side panel."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from desktop.widgets.panels.side_panel import WIDTH_PX, SidePanel

START_WIDTH_PX = 1180  # of both together
LINE_PX = 5


class WindowSplitter(QSplitter):
    """Holds the pages and the panel, with a line between them that can be dragged."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setHandleWidth(LINE_PX)
        self.setChildrenCollapsible(False)

    def fill(self, pages: QWidget, epochs: QWidget, panel: SidePanel) -> None:
        """Add the pages, the slider of epochs, which belongs to all pages, and the panel.

        The splitter must already be in the window: widgets that get another parent take time.
        """
        left = QWidget()
        layout = QVBoxLayout(left)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(pages, 1)
        layout.addWidget(epochs)
        self.addWidget(left)
        self.addWidget(panel)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.setSizes([START_WIDTH_PX - WIDTH_PX, WIDTH_PX])

"""The row of nearest images is painted one after the other, so that no drag waits for all of them."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QImage

from desktop.widgets.panels.nearest_panel import COUNT, NearestPanel, Shown
from tests.waiting import SOON_MS

RED = QColor("red")


class Paintings(QObject):
    """Which buttons were painted together, each time that anything was painted."""

    def __init__(self, panel: NearestPanel) -> None:
        super().__init__()
        self.rounds: list[list[int]] = []
        self._buttons = panel.buttons
        for widget in (panel, *panel.buttons):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's own name)
        if event.type() == QEvent.Type.UpdateRequest:
            self.rounds.append([])
        elif event.type() == QEvent.Type.Paint and watched in self._buttons and self.rounds:
            self.rounds[-1].append(self._buttons.index(watched))
        return False


def shown(index: int) -> Shown:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(RED)
    return Shown(index, f"Test image {index}", image, str(index), RED, "0.1 away")


def test_images_are_painted_one_after_the_other(qtbot):
    """All of them are on the screen in the end, the nearest first, and those of a later drag in turn."""
    panel = NearestPanel()
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    qtbot.wait(50)
    paintings = Paintings(panel)
    panel.show_images([shown(index) for index in range(COUNT)])
    assert [button.shown.index for button in panel.buttons] == list(range(COUNT))
    panel.show_images([shown(index) for index in range(10, 10 + COUNT)])
    painted = lambda: [index for each in paintings.rounds for index in each]  # noqa: E731
    qtbot.waitUntil(lambda: set(painted()) == set(range(COUNT)), timeout=SOON_MS)
    assert painted()[0] == 0
    assert max(map(len, paintings.rounds)) == 1
    screen = panel.screen().grabWindow(panel.winId()).toImage()
    for button in panel.buttons:
        middle = button.geometry().center()
        assert screen.pixelColor(middle.x(), middle.y() - 8) == RED

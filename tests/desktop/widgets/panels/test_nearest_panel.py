"""The row of nearest images is painted one after the other, so that no drag waits for all of them."""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QImage

from desktop.widgets.panels.nearest_panel import COUNT, NearestPanel, Shown, in_two_lines
from tests.waiting import SOON_MS

RED = QColor("red")


class Paintings(QObject):
    """Records which buttons were painted together in each round of painting."""

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


def shown(index: int, name: str = "") -> Shown:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(RED)
    return Shown(index, f"Test image {index}", image, name or str(index), RED, "0.1 away")


def test_images_are_painted_one_after_the_other(qtbot):
    """In the end all images are on the screen, painted nearest first; those of a later drag follow."""
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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("digit", ("digit",)),
        ("people-body", ("people-", "body")),
        ("hand raised", ("hand", "raised")),
        ("a-quick-fox", ("a-quick-", "fox")),
        ("unbreakable", ("unbreaka", "ble")),
        ("ab-sentences", ("ab-sente", "nces")),
        ("photos/image-00012.png", ("photos/", "image-00012.png")),
    ],
)
def test_a_long_name_is_broken_where_words_end(name, expected):
    """It is broken anywhere if both lines fit only then."""
    assert in_two_lines(name, lambda text: len(text) <= 8) == expected


def test_long_names_have_two_lines_and_show_their_end(qtbot):
    """Names with a common beginning are told apart by their ends; short names have one line."""
    panel = NearestPanel()
    qtbot.addWidget(panel)
    panel.resize(286, 120)
    panel.show()
    qtbot.waitExposed(panel)
    one_line_px = panel.sizeHint().height()
    panel.set_names(["7", "people-body"])
    qtbot.waitUntil(lambda: panel.sizeHint().height() > one_line_px, timeout=SOON_MS)
    names = ["7", *[f"class number {index} of very many with long names" for index in range(4)]]
    panel.show_images([shown(index, name) for index, name in enumerate(names)])
    lines = [button.name_lines() for button in panel.buttons]
    assert lines[0] == ("7",)
    assert all(len(each) == 2 and each[0].startswith("class") for each in lines[1:])
    assert all(each[1].startswith("…") and each[1].endswith("s") for each in lines[1:])
    panel.set_names(["7", "8"])
    qtbot.waitUntil(lambda: panel.sizeHint().height() == one_line_px, timeout=SOON_MS)


@pytest.mark.parametrize("width_px", range(280, 291))
def test_all_pictures_have_one_size_and_height(qtbot, width_px):
    """They have, for any width of the panel."""
    panel = NearestPanel()
    qtbot.addWidget(panel)
    panel.resize(width_px, 120)
    panel.show()
    qtbot.waitExposed(panel)
    boxes = [button.box() for button in panel.buttons]
    assert len({(box.y(), box.width(), box.height()) for box in boxes}) == 1
    assert all(box.left() == int(box.left()) >= 0 for box in boxes)
    assert all(box.right() <= button.width() for box, button in zip(boxes, panel.buttons, strict=True))

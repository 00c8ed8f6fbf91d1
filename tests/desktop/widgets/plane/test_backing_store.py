"""Everything that does not move with the cursor is drawn once and then copied."""

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from desktop.widgets.plane.backing_store import BLOCK_PX, BackingStore

SIZE = QSize(400, 300)
WHOLE = QRect(0, 0, 400, 300)


class Scene:
    """A scene of one colour, which records the rectangles that are to be drawn."""

    def __init__(self):
        self.color = QColor("#204060")
        self.asked = []
        self.backing_store = BackingStore(self.compose)

    def compose(self, painter, area):
        self.asked.append(area.toRect())
        painter.fillRect(area, self.color)

    def paint(self, part, ratio=1.0, is_kept=False):
        """Paint a rectangle or a region onto a black picture, and return the picture."""
        image = QImage(SIZE * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(0)
        painter = QPainter(image)
        painter.setClipRegion(QRegion(part))
        self.backing_store.paint(painter, QRegion(part), SIZE, ratio, is_kept)
        painter.end()
        return image


@pytest.fixture
def scene(qapp):  # noqa: ARG001 (pixmaps need an application)
    return Scene()


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_the_part_that_was_asked_for_is_painted(scene, ratio):
    """The part has the scene's colour, and nothing is painted outside of it, on screens of any density."""
    rect = QRect(40, 40, 100, 80)
    image = scene.paint(rect, ratio)
    for place, color in ((rect.center(), scene.color), (QRect(200, 200, 2, 2).center(), QColor("black"))):
        assert image.pixelColor(place * ratio) == color


def test_what_is_there_is_copied(scene):
    """Painting a position again, or a neighbouring one in the same block, draws nothing."""
    scene.paint(QRect(10, 10, 30, 30))
    scene.paint(QRect(BLOCK_PX - 40, BLOCK_PX - 40, 30, 30))
    assert len(scene.asked) == 1


def test_what_lies_between_two_places_is_not_drawn(scene):
    """A cursor that jumps makes two parts to draw; parts that touch become one."""
    here, there = QRect(0, 0, BLOCK_PX, BLOCK_PX), QRect(256, 256, BLOCK_PX, 44)
    image = scene.paint(QRegion(QRect(10, 10, 30, 30)) + QRegion(QRect(270, 270, 30, 20)))
    assert scene.asked == [here, there]
    assert image.pixelColor(20, 20) == image.pixelColor(280, 280) == scene.color
    scene.paint(QRegion(QRect(100, 200, 20, 20)) + QRegion(QRect(140, 210, 20, 20)))
    assert scene.asked[2:] == [QRect(0, BLOCK_PX, 2 * BLOCK_PX, BLOCK_PX)]


def test_what_has_changed_is_drawn_anew(scene):
    """A forgotten part is drawn again, in the new colour; the rest stays."""
    scene.paint(QRect(10, 10, 300, 30))
    scene.color = QColor("#ff0000")
    scene.backing_store.forget(QRect(0, 0, BLOCK_PX, BLOCK_PX))
    image = scene.paint(QRect(10, 10, 300, 30))
    assert image.pixelColor(20, 20) == scene.color
    assert image.pixelColor(BLOCK_PX + 20, 20) == QColor("#204060")
    scene.backing_store.forget()
    assert scene.paint(QRect(10, 10, 300, 30)).pixelColor(BLOCK_PX + 20, 20) == scene.color


def test_a_whole_view_is_painted_without_a_copy(scene):
    """While the view moves, nothing can be used again, so each frame is drawn directly."""
    for _ in range(3):
        scene.paint(WHOLE)
    assert scene.asked == [WHOLE] * 3


def test_a_whole_view_that_is_kept_is_not_drawn_again(scene):
    """If the view changes during a drag, the cursor's next positions are already drawn."""
    scene.paint(WHOLE, is_kept=True)
    image = scene.paint(QRect(200, 100, 30, 30))
    assert scene.asked == [WHOLE]
    assert image.pixelColor(210, 110) == scene.color

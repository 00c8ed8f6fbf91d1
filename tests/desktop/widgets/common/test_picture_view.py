"""A picture is shown as large as fits, and clicks give their position in it."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.widgets.common import colors
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.common.qimage import to_qimage
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(qtbot):
    """A shown view of 300 × 200 pixels."""
    view = PictureView(side_px=140)
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    qtbot.waitExposed(view)
    return view


def canvas(picture):
    return (picture[..., :3] == [colors.CANVAS.red(), colors.CANVAS.green(), colors.CANVAS.blue()]).all(
        axis=-1
    )


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [((4, 4), (0, 200), (50, 250)), ((2, 4), (25, 175), (0, 300)), ((8, 2), (0, 200), (125, 175))],
)
def test_the_picture_is_as_large_as_fits_in_the_middle(view, pixels, shape, rows, columns):
    """Square, wide and tall pictures keep their aspect; the rest is canvas."""
    view.set_image(to_qimage(np.full(shape, 255, np.uint8)))
    found = pixels(view.grab().toImage())
    inside = np.zeros((200, 300), bool)
    inside[slice(*rows), slice(*columns)] = True
    assert (found[inside] == 255).all()
    assert canvas(found)[~inside].all()


def test_pixels_stay_sharp(view, gray):
    """A small picture is enlarged in blocks: two tones are not mixed."""
    view.set_image(to_qimage(np.array([[0, 255], [255, 0]], np.uint8)))
    inside = gray(view.grab().toImage().copy(50, 0, 200, 200))
    assert set(np.unique(inside)) == {0, 255}
    assert inside[50, 50] == 0
    assert inside[50, 150] == 255


def test_without_a_picture_there_is_the_canvas(view, pixels):
    """The view is empty before the first picture and after it was removed."""
    assert canvas(pixels(view.grab().toImage())).all()
    view.set_image(to_qimage(np.full((4, 4), 255, np.uint8)))
    view.set_image(None)
    assert view.image() is None
    assert canvas(pixels(view.grab().toImage())).all()


def test_a_click_says_where_in_the_picture(view, qtbot):
    """A click gives fractions of width and height from the picture's upper left corner, not the widget's."""
    view.set_image(to_qimage(np.zeros((4, 4), np.uint8)))
    with qtbot.waitSignal(view.clicked, timeout=SOON_MS) as heard:
        qtbot.mouseClick(view, LEFT, pos=QPoint(50 + 150, 50))
    assert heard.args == pytest.approx([0.75, 0.25])


@pytest.mark.parametrize("point", [QPoint(10, 100), QPoint(290, 100)])
def test_a_click_beside_the_picture_says_nothing(view, qtbot, point):
    """The canvas around the picture is not part of it."""
    view.set_image(to_qimage(np.zeros((4, 4), np.uint8)))
    with qtbot.assertNotEmitted(view.clicked):
        qtbot.mouseClick(view, LEFT, pos=point)


def test_no_picture_and_other_buttons_say_nothing(view, qtbot):
    """Without a picture there is nothing to click on, and other buttons do not count."""
    with qtbot.assertNotEmitted(view.clicked):
        qtbot.mouseClick(view, LEFT, pos=QPoint(150, 100))
        view.set_image(to_qimage(np.zeros((4, 4), np.uint8)))
        qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=QPoint(150, 100))


@pytest.mark.parametrize("side", [8, 800])
def test_a_transparent_picture_shows_the_checkerboard(view, pixels, side):
    """Only transparent parts show it, and around the picture is the canvas; also if it is scaled down."""
    picture = np.zeros((side, side, 4), np.uint8)
    picture[:, : side // 2] = 255
    view.set_image(to_qimage(picture))
    found = pixels(view.grab().toImage())[..., :3]
    assert (found[20:180, 60:140] == 255).all()
    seen = {tuple(color) for color in found[20:180, 160:240].reshape(-1, 3).tolist()}
    assert seen == {(c.red(), c.green(), c.blue()) for c in colors.CHECKS}
    assert canvas(found[:, 270:]).all()

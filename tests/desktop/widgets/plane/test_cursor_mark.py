"""The picture beside the cursor stays in view, avoids names and cards, and can be switched off."""

import pytest
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF
from PySide6.QtGui import QImage

from desktop.widgets.plane.cursor_mark import PICTURE_PX, SMALL_PICTURE_PX, CursorMark
from desktop.widgets.plane.edge_place import arrow_box

SIZE = QSizeF(600, 400)
CENTER = QPointF(300, 200)


@pytest.fixture
def mark(qapp):  # noqa: ARG001 (pictures need the application)
    """A mark with a square picture."""
    mark = CursorMark()
    mark.set_picture(QImage(28, 28, QImage.Format.Format_Grayscale8), 1.0)
    return mark


def side(mark, center=CENTER):
    """Whether the picture lies right of the cursor, and whether it lies above."""
    box = mark.region(center, SIZE).boundingRect()
    return box.center().x() > center.x(), box.center().y() < center.y()


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (300, 200, (True, True)),
        (580, 200, (False, True)),
        (300, 20, (True, False)),
        (580, 20, (False, False)),
    ],
)
def test_it_lies_above_right_unless_the_view_ends_there(mark, x, y, expected):
    """At an edge of the view it changes sides."""
    assert side(mark, QPointF(x, y)) == expected


def boxes(*offsets):
    """Names around points at these offsets from the cursor."""
    return [QRectF(CENTER.x() + x - 12, CENTER.y() + y - 12, 24, 24) for x, y in offsets]


def test_it_gives_way_to_a_name(mark):
    """A name above right sends it to the left; names all around send it farther away."""
    mark.keep_clear(boxes((PICTURE_PX / 2, -PICTURE_PX / 2)))
    assert side(mark) == (False, True)
    mark.keep_clear(boxes(*((20 * a, 20 * b) for a in (1, -1) for b in (-1, 1))))
    assert side(mark) == (True, True)
    assert mark.region(CENTER, SIZE).boundingRect().right() > 300 + 36 + PICTURE_PX
    mark.keep_clear(boxes(*((x, y) for x in range(-150, 151, 30) for y in range(-150, 151, 30))))
    assert QRect(0, 0, 600, 400).contains(mark.region(CENTER, SIZE).boundingRect())


def test_it_gives_way_to_a_card(mark):
    """A card that is larger than the picture has its middle elsewhere, and still stays in view."""
    card = QRectF(320, 0, 400, 150)
    mark.keep_clear([card])
    assert side(mark) == (False, True)
    assert not any(card.intersects(box) for box in mark.boxes(CENTER, SIZE))


@pytest.mark.parametrize(("x", "y"), [(300, -5), (605, 200), (300, 405), (-5, 200), (-5, -5)])
def test_it_gives_way_to_the_arrow_to_a_cursor_just_out_of_view(mark, x, y):
    """The picture is in view then, and beside the arrow."""
    picture = mark.boxes(QPointF(x, y), SIZE)[1]
    assert picture.intersects(QRectF(QPointF(), SIZE))
    assert not picture.intersects(arrow_box(x, y, QRectF(QPointF(), SIZE)))


def test_it_has_the_room_between_what_is_above_and_below(mark):
    """Names above and below leave only the place beside the cursor."""
    room = [QRectF(0, 0, 600, 145), QRectF(0, 255, 600, 145)]
    mark.keep_clear(room)
    assert not any(box.intersects(mark.boxes(CENTER, SIZE)[1]) for box in room)


def test_it_is_smaller_where_only_a_smaller_one_covers_nothing(mark):
    """Among the names of a small window, a smaller picture hides none; elsewhere it has its full size."""
    room = QRectF(CENTER.x() + 8, CENTER.y() - 80, 70, 70)
    walls = [QRectF(0, 0, 600, room.top()), QRectF(0, room.bottom(), 600, 400 - room.bottom())]
    walls += [QRectF(0, 0, room.left(), 400), QRectF(room.right(), 0, 600 - room.right(), 400)]
    mark.keep_clear(walls)
    picture = mark.boxes(CENTER, SIZE)[1]
    assert not any(wall.intersects(picture) for wall in walls)
    assert SMALL_PICTURE_PX <= picture.width() < SMALL_PICTURE_PX + 10
    mark.keep_clear([])
    assert mark.boxes(CENTER, SIZE)[1].width() >= PICTURE_PX


def test_it_is_smaller_on_a_small_plane(mark):
    """There it would cover much; on a larger one it has its size again."""
    small = mark.boxes(QPointF(150, 150), QSizeF(300, 300))[1]
    large = mark.boxes(CENTER, SIZE)[1]
    assert small.width() < 70 < PICTURE_PX < large.width()


def test_it_can_be_left_out(mark):
    """Then only the ring is drawn."""
    whole = mark.region(CENTER, SIZE).boundingRect()
    mark.show_picture(False)
    ring = mark.region(CENTER, SIZE).boundingRect()
    assert ring.width() < 30 < whole.width()

"""Where your image lies is marked on the plane, with the gap between encoder and true posterior."""

import math

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from desktop.widgets.common import colors
from desktop.widgets.plane.axes import text_room
from desktop.widgets.plane.cursor_mark import ring_box
from desktop.widgets.plane.posterior_marks import (
    DOT_PX,
    LEADER_PX,
    REACH_PX,
    draw_marks,
    lay_out_marks,
    mark_font,
)

SIZE_PX = (600, 200)


def laid_out(font, mean, mode=None, gap_nats=None, ring=None, glow=None):
    """Return marks at (x, y) on a plane of this size."""
    mode = None if mode is None else QPointF(*mode)
    return lay_out_marks(mark_font(font), text_room(*SIZE_PX), QPointF(*mean), mode, gap_nats, ring, glow)


@pytest.fixture
def drawn(qapp, pixels):  # noqa: ARG001 (fonts need the application)
    """`drawn(mean, mode, gap)`: the marks on the canvas colour, uint8 [H, W, 4]."""

    def draw(mean, mode=None, gap_nats=None):
        image = QImage(*SIZE_PX, QImage.Format.Format_RGB32)
        image.fill(colors.CANVAS)
        painter = QPainter(image)
        draw_marks(painter, laid_out(painter.font(), mean, mode, gap_nats))
        painter.end()
        return pixels(image)

    return draw


def changed(picture, left, right, top=0, bottom=SIZE_PX[1]):
    """Whether something is drawn in a part of the picture."""
    part = picture[top:bottom, left:right, :3].astype(int)
    ground = [colors.CANVAS.red(), colors.CANVAS.green(), colors.CANVAS.blue()]
    return bool((abs(part - ground).max(-1) > 20).any())


def test_each_mark_is_in_its_place_and_colour(drawn):
    """The mean is white and the mode orange; without a mode there is no line."""
    picture = drawn((220, 100), (400, 100))
    for (x, y), color in (((220, 100), colors.ENCODED), ((400, 100), colors.TRUE_POSTERIOR)):
        assert picture[y, x, :3].tolist() == [color.red(), color.green(), color.blue()]
    assert changed(picture, 250, 380, 98, 102)
    assert not changed(drawn((220, 100)), 250, 380)


def test_the_texts_stand_on_the_outer_sides(drawn):
    """The texts cover neither the line nor each other, whichever mark is on the left."""
    near = round(DOT_PX) + 14
    for mean, mode in (((250, 100), (350, 100)), ((350, 100), (250, 100))):
        left, right = min(mean[0], mode[0]), max(mean[0], mode[0])
        picture = drawn(mean, mode)
        assert changed(picture, 0, left - near, 92, 108)
        assert changed(picture, right + near, SIZE_PX[0], 92, 108)


def test_the_gap_stands_on_the_line_or_below_a_short_one(drawn):
    """The gap's text changes the picture there and nowhere else."""
    for mean, mode, (top, bottom) in (
        ((200, 100), (400, 100), (85, 115)),
        ((290, 100), (310, 100), (110, 140)),
    ):
        differs = (drawn(mean, mode, 3.25) != drawn(mean, mode)).any(-1)
        rows = differs.any(1).nonzero()[0]
        assert rows.size and top <= rows.min() and rows.max() < bottom


@pytest.mark.parametrize("gap_nats", [None, 54.57])
@pytest.mark.parametrize(
    ("mean", "mode"), [((60, 60), (90, 140)), ((590, 150), (500, 40)), ((50, 100), None)]
)
def test_no_text_is_cut_off_by_an_edge(drawn, mean, mode, gap_nats):
    """Near an edge a text goes above or below its mark; axes and edges stay free of texts."""
    picture = drawn(mean, mode, gap_nats)
    room = text_room(*SIZE_PX)
    around = round(DOT_PX) + 4
    free_of_marks = [y for y in range(SIZE_PX[1]) if all(abs(y - m[1]) > around for m in (mean, mode) if m)]
    for y in free_of_marks:
        assert not changed(picture, 0, round(room.left()) - 1, y, y + 1)
        assert not changed(picture, round(room.right()) + 1, SIZE_PX[0], y, y + 1)
    rows = mean[1] - 36, mean[1] + 36
    assert any(
        changed(picture, round(room.left()), round(room.right()), y, y + 1)
        for y in range(*rows)
        if y in free_of_marks
    )


def test_a_mark_out_of_view_leaves_no_text_behind(drawn):
    """Its text disappears with it, even if the mark is near, instead of standing at the edge."""
    for mean in ((-300, 100), (-30, 100), (630, 100), (300, -20)):
        assert not changed(drawn(mean), 0, SIZE_PX[0])


@pytest.mark.parametrize(
    ("mean", "mode", "gap_nats"),
    [((300, 100), None, None), ((250, 100), (350, 100), 3.0), ((290, 90), (310, 110), 3.0)],
)
def test_no_text_touches_the_cursors_ring(qapp, mean, mode, gap_nats):
    """Wherever the cursor is: on a mark, on a text, beside it. Far away, it changes nothing."""
    usual = laid_out(qapp.font(), mean, mode, gap_nats)
    assert len(usual.texts) == (1 if mode is None else 3)
    places = [(x, y) for x in range(150, 460, 6) for y in range(40, 165, 5)]
    for x, y in places:
        ring = ring_box(QPointF(x, y))
        marks = laid_out(qapp.font(), mean, mode, gap_nats, ring)
        assert not any(text.box.intersects(ring) for text in marks.texts)
        boxes = [text.box for text in marks.texts]
        assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])
        if not any(text.box.intersects(ring) for text in usual.texts):
            assert marks == usual
    assert laid_out(qapp.font(), mean, mode, gap_nats, ring_box(QPointF(20, 20))) == usual


@pytest.mark.parametrize("gap_nats", [None, 17.5])
@pytest.mark.parametrize("size", [10.0, 24.0, 60.0])
@pytest.mark.parametrize("mean", [(320, 90), (280, 110), (301, 100)])
def test_texts_keep_clear_of_the_glow_which_has_a_name_where_there_is_room(qapp, mean, size, gap_nats):
    """Not of one that is as small as a mark, nor of one that fills the view."""
    glow = QRectF(300 - size / 2, 100 - size / 2, size, size)
    marks = laid_out(qapp.font(), mean, (300, 100), gap_nats, glow=glow)
    boxes = [text.box for text in marks.texts]
    assert not any(box.intersects(glow) for box in boxes)
    assert all(not one.intersects(other) for n, one in enumerate(boxes) for other in boxes[:n])
    assert ("true posterior" in [text.text for text in marks.texts]) == (size > 16)
    whole = laid_out(qapp.font(), mean, (300, 100), gap_nats, glow=QRectF(0, 0, *SIZE_PX))
    assert "true posterior" not in [text.text for text in whole.texts]


def away(text, center):
    """The distance of a text's box from a point."""
    x = max(text.box.left() - center[0], center[0] - text.box.right(), 0)
    y = max(text.box.top() - center[1], center[1] - text.box.bottom(), 0)
    return math.hypot(x, y)


@pytest.mark.parametrize("side", [20, 120, 200, 700])
def test_each_text_is_near_its_mark_or_a_line_leads_to_it(qapp, side):
    """They are, even zoomed in, where the glow is large and texts may cover it."""
    mean, mode, room = (400, 320), (620, 340), text_room(1000, 700)
    glow = QRectF(mode[0] - side / 2, mode[1] - side / 2, side, side)
    font = mark_font(qapp.font())
    marks = lay_out_marks(font, room, QPointF(*mean), QPointF(*mode), 0.96, glow=glow)
    centers = {"encoder's mean": mean, "mode": mode, "gap": (510, 330)}
    texts = {text.text.split(" 0")[0]: text for text in marks.texts}
    for name, center in centers.items():
        text = texts[name]
        assert away(text, center) <= REACH_PX
        assert (text.leader is not None) == (away(text, center) > LEADER_PX)
        if text.leader is not None:
            assert (text.leader.p1().x(), text.leader.p1().y()) == center
            assert text.box.adjusted(-1, -1, 1, 1).contains(text.leader.p2())


def test_texts_keep_clear_of_the_scale_bar(qapp):
    """They do so if there is room elsewhere."""
    room, bar = text_room(600, 400), QRectF(470, 340, 120, 24)
    font, mean = mark_font(qapp.font()), QPointF(560, 345)
    assert any(text.box.intersects(bar) for text in lay_out_marks(font, room, mean).texts)
    kept = lay_out_marks(font, room, mean, kept_clear=[bar]).texts
    assert kept
    assert not any(text.box.intersects(bar) for text in kept)

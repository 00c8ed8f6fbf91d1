"""The plane draws a state, and says by signals what mouse and keys want of it."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent, QNativeGestureEvent, QPointingDevice
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle

from desktop.jobs.tiles import Cut, Pyramid, Tile, TileCache
from desktop.latent.plane import Viewport, axis_plane
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.plane.plane_view import PlaneView
from tests.waiting import SOON_MS

SIDE_PX = 400
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SIGNALS = ("cursor_moved", "nudged", "path_point_wanted", "viewport_wanted", "pointer_moved")
# The cursor far from what the tests look at.
STATE = ViewState(z=(1.5, -1.0), viewport=Viewport((0.0, 0.0), 4.0))
WHITE = np.full((8, 8), 255, np.uint8)


@pytest.fixture
def view(qtbot):
    """A shown plane of 400 × 400 pixels that shows (−2, −2) to (2, 2)."""
    view = PlaneView()
    qtbot.addWidget(view)
    view.resize(SIDE_PX, SIDE_PX)
    view.set_state(STATE)
    view.show()
    qtbot.waitExposed(view)
    return view


PYRAMID = Pyramid(cell=(1.0, 1.0), cells=1, cell_px=24.0, picture_px=(8, 8))


@pytest.fixture
def show_picture(view):
    """`show_picture(picture)`: the four tiles around the middle, from (−1, −1) to (1, 1), each a picture."""

    def show(picture):
        cache, cut = TileCache(), Cut(0, STATE.chart, PYRAMID)
        for column in (-1, 0):
            for row in (-1, 0):
                cache.put(0, Tile(0, column, row), picture)
        view.set_backdrop(cache, cut)

    return show


@pytest.fixture
def heard(view):
    """The signals of the view, in order: (signal, arguments)."""
    events = []
    for name in SIGNALS:
        getattr(view, name).connect(lambda *arguments, name=name: events.append((name, arguments)))
    return events


def wanted(heard, name):
    """The arguments of one signal, in order."""
    return [arguments for signal, arguments in heard if signal == name]


def at(a, b):
    """The pixel of a point of the plane in the view above."""
    return QPoint(round(SIDE_PX / 2 + 100 * a), round(SIDE_PX / 2 - 100 * b))


@pytest.fixture
def look(view, pixels):
    """`look()`: the view as it draws itself, uint8 [400, 400, 3]."""
    return lambda: pixels(view.grab().toImage())[..., :3].astype(int)


def near(pixel, color, tolerance):
    return np.abs(np.asarray(pixel) - [color.red(), color.green(), color.blue()]).max() <= tolerance


def color_share(picture, color, tolerance=3):
    target = np.array([color.red(), color.green(), color.blue()])
    return (np.abs(picture - target).max(axis=-1) <= tolerance).mean()


def test_a_click_says_the_point_of_its_pixel(view, heard, qtbot):
    """`cursor_moved` gives the point under the mouse; b grows upward."""
    qtbot.mouseClick(view, LEFT, pos=at(0.5, 1.25))
    assert wanted(heard, "cursor_moved") == [pytest.approx((0.5, 1.25))]
    assert wanted(heard, "path_point_wanted") == []


def test_a_drag_says_every_point_on_its_way(view, heard, qtbot):
    """Press and every move want the cursor, until the button is let go."""
    qtbot.mousePress(view, LEFT, pos=at(0, 0))
    for step in range(1, 4):
        qtbot.mouseMove(view, at(step / 2, 0))
    qtbot.mouseRelease(view, LEFT, pos=at(1.5, 0))
    qtbot.mouseMove(view, at(-1, -1))
    moves = wanted(heard, "cursor_moved")
    assert moves == [pytest.approx((step / 2, 0)) for step in range(4)]


def test_the_pointer_is_told_wherever_it_is(view, heard, qtbot):
    """Moving without a button says the point below, leaving says that there is none."""
    qtbot.mouseMove(view, at(-1, 0.5))
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert wanted(heard, "pointer_moved") == [(pytest.approx((-1, 0.5)),), (None,)]
    assert wanted(heard, "cursor_moved") == []


def test_a_shift_click_wants_a_point_of_the_path(view, heard, qtbot):
    """With Shift the click adds to the path, and the view itself does not move the cursor."""
    qtbot.mouseClick(view, LEFT, SHIFT, at(1, 1))
    assert wanted(heard, "path_point_wanted") == [pytest.approx((1, 1))]
    assert wanted(heard, "cursor_moved") == []


def test_a_shift_click_with_a_trembling_hand_does_not_drag(view, heard, qtbot):
    """A move with Shift held does not carry the cursor off the point that was just added."""
    qtbot.mousePress(view, LEFT, SHIFT, at(1, 1))
    position = QPointF(at(1.02, 1))
    move = QMouseEvent(
        QEvent.Type.MouseMove, position, view.mapToGlobal(position), Qt.MouseButton.NoButton, LEFT, SHIFT
    )
    QApplication.sendEvent(view, move)
    qtbot.mouseRelease(view, LEFT, SHIFT, at(1.02, 1))
    assert len(wanted(heard, "path_point_wanted")) == 1
    assert wanted(heard, "cursor_moved") == []


@pytest.mark.parametrize("button", [RIGHT, MIDDLE])
def test_the_plane_moves_with_the_hand(view, heard, qtbot, button):
    """Held with another button, the point under the pointer stays under it; the cursor is left alone."""
    view.viewport_wanted.connect(lambda viewport: view.set_state(replace(STATE, viewport=viewport)))
    qtbot.mousePress(view, button, pos=at(1, 1))
    for pixel in (at(0.5, 1.5), at(-1, -0.5)):
        qtbot.mouseMove(view, pixel)
    qtbot.mouseRelease(view, button, pos=at(-1, -0.5))
    qtbot.mouseMove(view, at(0, 0))
    *_, (viewport,) = wanted(heard, "viewport_wanted")
    assert len(wanted(heard, "viewport_wanted")) == 2
    end = at(-1, -0.5)
    assert viewport.to_plane((SIDE_PX, SIDE_PX), end.x(), end.y()) == pytest.approx((1, 1))
    assert viewport.span == STATE.viewport.span
    assert wanted(heard, "cursor_moved") == []


@pytest.mark.parametrize(("notches", "closer"), [(1, True), (-1, False), (0.1, True)])
def test_the_wheel_zooms_about_the_pointer(view, heard, turn_wheel, notches, closer):
    """Away from the hand shows less of the plane, larger, and the point under the pointer stays."""
    turn_wheel(view, at(1, -1.5), notches)
    ((viewport,),) = wanted(heard, "viewport_wanted")
    assert (viewport.span < 4.0) == closer
    pixel = at(1, -1.5)
    assert viewport.to_plane((SIDE_PX, SIDE_PX), pixel.x(), pixel.y()) == pytest.approx((1, -1.5))


def test_the_wheel_there_and_back_is_where_it_was(view, heard, turn_wheel):
    """Ten notches in and ten out end at the first view."""
    view.viewport_wanted.connect(lambda viewport: view.set_state(replace(STATE, viewport=viewport)))
    for notch in [1] * 10 + [-1] * 10:
        turn_wheel(view, at(1, 1), notch)
    (viewport,) = wanted(heard, "viewport_wanted")[-1]
    assert viewport.span == pytest.approx(4.0)
    assert viewport.center == pytest.approx((0, 0), abs=1e-9)


@pytest.mark.parametrize(
    ("key", "direction"),
    [
        (Qt.Key.Key_Left, (-1, 0)),
        (Qt.Key.Key_Right, (1, 0)),
        (Qt.Key.Key_Up, (0, 1)),
        (Qt.Key.Key_Down, (0, -1)),
    ],
)
@pytest.mark.parametrize(
    ("modifiers", "step"), [(Qt.KeyboardModifier.NoModifier, 0.04), (SHIFT, 0.004), (CONTROL, 0.2)]
)
def test_arrows_nudge_by_a_hundredth_of_the_view(view, heard, qtbot, key, direction, modifiers, step):
    """With Shift ten times finer, with Ctrl five times coarser."""
    qtbot.keyClick(view, key, modifiers)
    assert heard == [("nudged", pytest.approx((direction[0] * step, direction[1] * step)))]


@pytest.mark.parametrize(
    ("key", "factor"), [(Qt.Key.Key_Plus, 0.8), (Qt.Key.Key_Equal, 0.8), (Qt.Key.Key_Minus, 1.25)]
)
def test_plus_and_minus_zoom_about_the_middle(view, heard, qtbot, key, factor):
    """The key of = needs no Shift; the centre stays."""
    qtbot.keyClick(view, key)
    assert heard == [("viewport_wanted", (Viewport((0.0, 0.0), pytest.approx(4.0 * factor)),))]


def test_other_keys_are_left_to_the_window(view, heard, qtbot):
    """A letter is none of the plane's business."""
    qtbot.keyClick(view, Qt.Key.Key_A)
    assert heard == []


def test_a_resize_is_told(view, qtbot):
    """What is in view changes with the size, so that the backdrop is decoded again."""
    with qtbot.waitSignal(view.resized, timeout=SOON_MS):
        view.resize(300, 350)
    assert view.size_px() == (300, 350)


def test_the_backdrop_lies_where_its_tiles_are(show_picture, look):
    """White from (−1, −1) to (1, 1), the upper half of each black: seen there, and bare canvas around."""
    image = WHITE.copy()
    image[:4] = 0
    show_picture(image)
    picture = look()
    below, above, outside = (picture[at(0.5, b).y(), at(0.5, b).x()] for b in (-0.75, 0.75, 1.5))
    assert below.min() > 120
    assert above.max() < 20
    assert near(outside, colors.CANVAS, 0)


@pytest.mark.parametrize("alpha", [0, 255])
def test_a_finer_tile_with_alpha_replaces_a_coarser_one(view, look, alpha):
    """Where it is transparent, the canvas is seen, and not the coarse white tile that came before."""
    cache, cut = TileCache(), Cut(0, STATE.chart, PYRAMID)
    white = np.full((8, 8, 4), 255, np.uint8)
    for tile in PYRAMID.meeting((-2, -2, 2, 2), -2):
        cache.put(0, tile, white)
    view.set_backdrop(cache, cut)
    assert look()[at(0.5, 0.5).y(), at(0.5, 0.5).x()].min() > 120
    black = np.zeros((8, 8, 4), np.uint8)
    black[..., 3] = alpha
    level = PYRAMID.level(4 / SIDE_PX)
    tiles = PYRAMID.meeting((-2, -2, 2, 2), level)
    for tile in tiles:
        cache.put(0, tile, black)
    view.add_tiles(tiles)
    assert look()[at(0.5, 0.5).y(), at(0.5, 0.5).x()].max() <= 22


def test_the_picture_at_the_cursor_covers_the_plane_where_it_is_transparent(view, show_picture, look):
    """A checkerboard is seen through it, and not the plane."""
    show_picture(WHITE)
    view.set_state(replace(STATE, z=(0.0, 0.0)))
    view.set_thumbnail(to_qimage(np.zeros((8, 8, 4), np.uint8)))
    place = at(0, 0)
    seen = look()[place.y() - 40, place.x() + 40]
    assert any(near(seen, color, 1) for color in colors.CHECKS)


def test_the_backdrop_moves_with_the_view_until_a_new_one_comes(view, show_picture, look):
    """After a pan the old backdrop is drawn where its points now are."""
    show_picture(WHITE)
    view.set_state(replace(STATE, viewport=Viewport((1.0, 0.0), 4.0)))
    picture = look()
    assert picture[SIDE_PX // 2, at(-0.5, 0).x()].min() > 120
    assert near(picture[SIDE_PX // 2, at(0.5, 0).x()], colors.CANVAS, 0)


def test_the_backdrop_can_be_switched_off_and_taken_away(view, show_picture, look):
    """Switched off or without a backdrop the plane is the bare canvas."""
    bare = look()
    show_picture(WHITE)
    assert (look() != bare).mean() > 0.2
    view.set_state(replace(STATE, layers=frozenset({Layer.POINTS})))
    assert (look() == bare).all()
    view.set_state(STATE)
    assert (look() != bare).mean() > 0.2
    view.set_backdrop(TileCache(), None)
    assert (look() == bare).all()


POINTS = np.array([(a, b) for a in (-1.0, 1.0) for b in np.linspace(-1.0, 1.0, 9)])
LABELS = np.repeat(np.array([0, 3], np.uint8), 9)


def test_points_are_drawn_in_their_labels_colours_at_their_place(view, look):
    """Left the colour of label 0, right that of label 3."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    picture = look()
    for label, a in ((0, -1.0), (3, 1.0)):
        pixel = at(a, -0.75)
        spot = picture[pixel.y() - 1 : pixel.y() + 2, pixel.x() - 1 : pixel.x() + 2].reshape(-1, 3)
        color = colors.label_color(label)
        assert min(np.abs(spot - [color.red(), color.green(), color.blue()]).max(axis=1)) < 60
    assert near(picture[at(0, -0.5).y(), at(0, -0.5).x()], colors.CANVAS, 0)


def test_each_group_carries_its_name(view, look):
    """The name stands in a frame at the group's middle, so that colour is not all there is to tell."""
    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    with_names = look()
    view.set_points(POINTS, LABELS, ("", "", "", ""))
    assert (with_names != look()).any()


def test_hidden_labels_are_not_drawn(view, look):
    """Hiding one label takes its points and its name away and leaves the others as they were."""
    view.set_points(POINTS, LABELS, ("0", "1", "2", "3"))
    both = look()
    view.set_state(replace(STATE, hidden_labels=frozenset({3})))
    left_only = look()
    half = SIDE_PX // 2
    assert (left_only[:, :half] == both[:, :half]).all()
    assert color_share(both[:, half:], colors.label_color(3), 40) > 0
    assert color_share(left_only[:, half:], colors.label_color(3), 40) == 0


def test_points_that_are_not_selected_are_faint(view, look):
    """Beside a selection the others have less than half of their contrast; its own stay as they are."""
    bare = look().astype(int)
    view.set_points(POINTS, LABELS, ("", "", "", ""))
    contrast = np.abs(look() - bare).max(axis=2)
    view.set_state(replace(STATE, selected=(0, 999)))
    faint = np.abs(look() - bare).max(axis=2)

    def strength(contrasts, a, b):
        return contrasts[at(a, b).y() - 2 : at(a, b).y() + 3, at(a, b).x() - 2 : at(a, b).x() + 3].max()

    assert strength(faint, *POINTS[0]) == strength(contrast, *POINTS[0])
    for point in POINTS[[1, 9]]:
        assert 10 < strength(faint, *point) < 0.5 * strength(contrast, *point)
    view.set_state(replace(STATE, selected=(999,)))
    assert (np.abs(look() - bare).max(axis=2) == contrast).all(), "of another model: there is no such point"


def test_a_cursor_out_of_view_leaves_nothing_to_do(view, qtbot):
    """A moved cursor that is never painted holds layers up for a moment only, and then no timer runs."""
    view.set_points(POINTS, LABELS, ("", "", "", ""))
    qtbot.waitUntil(lambda: view.is_settled, timeout=SOON_MS)
    view.set_state(replace(STATE, z=(90.0, 0.0)))
    view.set_thumbnail(MAGENTA)
    view.set_state(replace(STATE, z=(95.0, 0.0)))
    view.redraw_under_points()
    qtbot.waitUntil(lambda: not any(t.isActive() for t in view.findChildren(QTimer)), timeout=SOON_MS)
    assert view.is_settled


def test_points_can_be_switched_off(view, look):
    """Without points the plane is as if there were none."""
    bare = look()
    view.set_points(POINTS, LABELS, ("0", "1", "2", "3"))
    assert (look() != bare).any()
    view.set_state(replace(STATE, layers=frozenset({Layer.BACKDROP})))
    assert (look() == bare).all()


def test_points_without_labels_are_drawn_in_one_colour(view, look):
    """A bundle without labels shows its points too."""
    bare = look()
    view.set_points(POINTS, None, ())
    assert (look() != bare).any()


def test_a_label_beyond_the_names_is_shown_as_its_number(view, look):
    """More labels than names is no error."""
    bare = look()
    view.set_points(POINTS, LABELS, ("zero",))
    assert (look() != bare).any()


def test_the_axes_are_named_after_the_dimensions(view, look):
    """Other axes, another text in the corner; one dimension has no vertical axis."""
    corner = (slice(SIDE_PX - 20, None), slice(0, 70))
    seen = []
    for z, axes in [((1.5, -1.0), (0, 1)), ((1.5, -1.0), (1, 0)), ((1.5,), (0, 0))]:
        view.set_state(replace(STATE, z=z, plane=axis_plane(z, *axes)))
        seen.append(look()[corner])
    assert (seen[0] != seen[1]).any()
    assert (seen[1] != seen[2]).any()


def test_the_path_is_drawn_through_its_points(view, look):
    """A line from point to point in the path's colour, and a disc at each."""
    view.set_state(replace(STATE, path=((-1.0, 1.0), (1.0, 1.0), (1.0, 0.0))))
    picture = look()
    for a, b in ((0.0, 1.0), (1.0, 0.5), (-0.94, 1.0)):
        spot = picture[at(a, b).y() - 1 : at(a, b).y() + 2, at(a, b).x() - 1 : at(a, b).x() + 2]
        assert any(near(pixel, colors.PATH, 40) for pixel in spot.reshape(-1, 3))
    assert near(picture[at(0, 0.5).y(), at(0, 0.5).x()], colors.CANVAS, 0)


def test_the_cursor_is_a_white_ring_at_z(view, look):
    """White around the point, and what lies below is seen through its middle."""
    view.set_state(replace(STATE, z=(0.5, -0.5)))
    picture = look()
    pixel = at(0.5, -0.5)
    assert near(picture[pixel.y(), pixel.x()], colors.CANVAS, 0)
    ring = picture[pixel.y(), pixel.x() + 5 : pixel.x() + 9]
    assert any(near(point, colors.CURSOR, 60) for point in ring)


MAGENTA = QImage(10, 10, QImage.Format.Format_RGB32)
MAGENTA.fill(0xFF00FF)


@pytest.mark.parametrize("z", [(a, b) for a in (-1.9, 0.0, 1.9) for b in (-1.9, 0.0, 1.9)])
def test_the_picture_at_the_cursor_is_always_whole(view, look, z):
    """Wherever the cursor is, near an edge or in a corner, its picture of 96 × 96 is inside the view."""
    view.set_thumbnail(MAGENTA)
    view.set_state(replace(STATE, z=z))
    picture = look()
    magenta = (picture[..., 0] > 200) & (picture[..., 1] < 60) & (picture[..., 2] > 200)
    rows, columns = np.nonzero(magenta)
    assert 93 <= np.ptp(rows) <= 97
    assert 93 <= np.ptp(columns) <= 97
    pixel = at(*z)
    assert not magenta[np.clip(pixel.y(), 0, SIDE_PX - 1), np.clip(pixel.x(), 0, SIDE_PX - 1)]


@pytest.mark.parametrize(("width", "height", "shown"), [(20, 10, (96, 48)), (10, 40, (24, 96))])
def test_the_picture_at_the_cursor_keeps_its_aspect(view, look, width, height, shown):
    """A wide picture is as wide as a square one and less high."""
    view.set_thumbnail(MAGENTA.scaled(width, height))
    picture = look()
    rows, columns = np.nonzero((picture[..., 0] > 200) & (picture[..., 1] < 60) & (picture[..., 2] > 200))
    assert np.ptp(columns) == pytest.approx(shown[0], abs=3)
    assert np.ptp(rows) == pytest.approx(shown[1], abs=3)


def test_a_drag_leaves_no_trail_on_the_screen(view, look, on_screen, pixels, show_picture):
    """Only a part is painted anew for every move; the screen still shows what a whole painting would."""
    show_picture(WHITE // 2)
    view.set_points(POINTS, LABELS, ("0", "1", "2", "3"))
    view.set_thumbnail(MAGENTA)
    for step in range(30):
        angle = step / 3
        view.set_state(replace(STATE, z=(1.9 * float(np.cos(angle)), 1.9 * float(np.sin(angle)))))
        QApplication.processEvents()
    shown = pixels(on_screen(view))[..., :3].astype(int)
    # Smooth pictures drawn through a clip differ by a level or two at its border.
    assert np.abs(shown - look()).max() <= 8


def test_only_what_changed_is_painted_for_a_move(view, qtbot):
    """A move of the cursor paints a small part of the view, not all of it."""
    view.set_thumbnail(MAGENTA)
    view.repaint()
    areas = []
    paint = PlaneView.paintEvent

    class Watched:
        """Writes down what is painted, and paints."""

        def paint(self, event):
            areas.append(event.rect().width() * event.rect().height())
            paint(view, event)

    view.paintEvent = Watched().paint
    view.set_state(replace(STATE, z=(1.45, -1.0)))
    qtbot.waitUntil(lambda: bool(areas), timeout=SOON_MS)
    assert max(areas) < SIDE_PX * SIDE_PX / 4
    del view.paintEvent


def test_a_screen_of_another_density_is_drawn_anew(view, show_picture, look):
    """Moved to a screen with twice the pixels, the plane shows the same part as before."""
    show_picture(WHITE)
    before = look()
    view.devicePixelRatioF = lambda: 2.0
    after = look()
    del view.devicePixelRatioF
    assert np.abs(before - after).mean() < 5


def test_two_fingers_zoom_about_their_middle(view, heard):
    """A trackpad's gesture: apart shows less of the plane, and the point below stays."""
    position = QPointF(at(1, -1))
    gesture = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        position,
        position,
        view.mapToGlobal(position),
        0.25,
        QPointF(),
    )
    QApplication.sendEvent(view, gesture)
    ((viewport,),) = wanted(heard, "viewport_wanted")
    assert viewport.span == pytest.approx(4.0 / 1.25)
    assert viewport.to_plane((SIDE_PX, SIDE_PX), position.x(), position.y()) == pytest.approx((1, -1))


def test_what_is_drawn_under_the_points_moves_with_the_view(view, look):
    """A painter of one's own is given the pixels of the plane, and asked again when its subject changed."""
    wanted_at = [(0.5, 0.5)]

    def paint(painter, to_px, _state):
        for ab in wanted_at:
            x, y = to_px(ab)
            painter.fillRect(QRectF(x - 10, y - 10, 20, 20), colors.PATH)

    view.add_under_points(paint)
    view.redraw_under_points()
    assert near(look()[at(0.5, 0.5).y(), at(0.5, 0.5).x()], colors.PATH, 0)
    view.set_state(replace(STATE, viewport=Viewport((0.25, 0.0), 4.0)))
    assert near(look()[at(0.25, 0.5).y(), at(0.25, 0.5).x()], colors.PATH, 0)
    wanted_at.clear()
    view.redraw_under_points()
    assert near(look()[at(0.25, 0.5).y(), at(0.25, 0.5).x()], colors.CANVAS, 0)


def test_a_pan_moves_what_is_drawn_before_anything_is_drawn_anew(view, show_picture, look, pixels, on_screen):
    """The next frame already shows the tiles where they now are."""
    show_picture(WHITE)
    look()
    view.set_state(replace(STATE, viewport=Viewport((0.3, 0.0), 4.0)))
    view.repaint()
    assert view.is_settled
    picture = pixels(on_screen(view))[..., :3].astype(int)
    assert picture[SIDE_PX // 2, at(-1.2, 0).x()].min() > 120
    assert near(picture[SIDE_PX // 2 + 20, at(0.8, 0).x()], colors.CANVAS, 0)


def on_its_screen(view, pixels):
    """What the screen shows now, before anything else is drawn."""
    view.repaint()
    grabbed = view.screen().grabWindow(view.winId()).toImage()
    return pixels(grabbed)[..., :3].astype(int)


def test_points_keep_their_size_while_the_view_is_zoomed(view, look, pixels):
    """In the first frame of a zoom they are at their new places and as large as ever."""
    view.set_points(POINTS, None, ())
    view.set_state(replace(STATE, layers=frozenset({Layer.POINTS})))
    look()
    view.set_state(replace(view_state(view), viewport=Viewport((0.0, 0.0), 1.0)))
    found = on_its_screen(view, pixels)
    assert (np.abs(found - look()).max(axis=2) > 8).mean() < 1e-3
    view.set_points(np.array([(0.0, 0.0)]), None, ())
    look()
    view.set_state(replace(view_state(view), viewport=Viewport((0.0, 0.0), 0.1)))
    middle = on_its_screen(view, pixels)[
        SIDE_PX // 2 - 20 : SIDE_PX // 2 + 20, SIDE_PX // 2 - 20 : SIDE_PX // 2 + 20
    ]
    assert 4 <= (middle.max(axis=2) > 40).sum() <= 36


def view_state(view):
    """The state that the view draws, with points alone."""
    return replace(STATE, layers=frozenset({Layer.POINTS}), viewport=view.viewport)


def test_points_move_to_their_new_places(view, qtbot, look, pixels):
    """Asked for smoothly, they are between the old places and the new ones for a while, and arrive."""
    view.set_points(np.array([(-1.0, 1.0)]), None, ())
    before = look()
    view.set_points(np.array([(1.0, 1.0)]), None, (), smoothly=True)
    assert not view.is_settled
    columns = set()

    def bright():
        row = on_its_screen(view, pixels)[at(0, 1).y(), 60:].max(axis=1)
        columns.update((60 + np.flatnonzero(row > 100)).tolist())
        return view.is_settled

    qtbot.waitUntil(bright, timeout=SOON_MS)
    between = [column for column in columns if at(-0.9, 1).x() < column < at(0.9, 1).x()]
    assert between
    arrived = look()
    view.set_points(np.array([(1.0, 1.0)]), None, ())
    assert (arrived == look()).all()
    assert (arrived != before).any()


def test_points_do_not_move_where_animations_are_switched_off(view, look):
    """A desktop without animations shows the new places at once."""

    class Still(QProxyStyle):
        def styleHint(self, hint, option=None, widget=None, data=None):  # noqa: N802 (Qt's own)
            if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
                return 0
            return super().styleHint(hint, option, widget, data)

    style = Still("fusion")
    view.setStyle(style)
    view.set_points(np.array([(-1.0, 1.0)]), None, ())
    look()
    view.set_points(np.array([(1.0, 1.0)]), None, (), smoothly=True)
    assert not view.is_moving
    view.setStyle(None)


def test_an_old_plane_is_dimmed_and_says_so(view, show_picture, look):
    """Tiles that do not belong to the rest are darker, below a note; then they are as before."""
    show_picture(WHITE)
    before = look()
    view.set_old("old")
    dimmed = look()
    place = at(0.5, 0.5)
    assert dimmed[place.y(), place.x()].max() < before[place.y(), place.x()].max() / 2
    assert (dimmed[10:40, 150:250] != before[10:40, 150:250]).any()
    view.set_old("")
    assert (look() == before).all()


def test_cursor_and_picture_are_painted_together(view, qtbot):
    """A moved cursor waits for its picture, but not for long."""
    view.set_thumbnail(MAGENTA)
    view.repaint()
    QApplication.processEvents()
    paintings = []
    paint = PlaneView.paintEvent

    class Watched:
        def paint(self, event):
            paintings.append(event.region().boundingRect())
            paint(view, event)

    view.paintEvent = Watched().paint
    view.set_state(replace(STATE, z=(0.5, 0.5)))
    view.set_thumbnail(MAGENTA)
    qtbot.waitUntil(lambda: bool(paintings), timeout=SOON_MS)
    qtbot.wait(20)
    assert len(paintings) == 1
    assert paintings[0].contains(at(1.5, -1.0))
    assert paintings[0].contains(at(0.5, 0.5))
    view.set_state(replace(STATE, z=(0.0, 0.5)))  # its picture does not come
    qtbot.waitUntil(lambda: len(paintings) == 2, timeout=SOON_MS)
    assert paintings[1].contains(at(0.0, 0.5))
    del view.paintEvent

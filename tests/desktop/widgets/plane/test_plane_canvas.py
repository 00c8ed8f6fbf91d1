"""The plane draws a state: tiles, axes, path, cursor and its picture, and repaints what changed."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QTimer
from PySide6.QtWidgets import QApplication

from desktop.jobs.tiles import Cut, TileCache
from desktop.latent.plane import Viewport, axis_plane
from desktop.view.state import Layer
from desktop.widgets.common import colors
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.plane.plane_view import PlaneView
from tests.desktop.widgets.plane.seen_plane import (
    LABELS,
    MAGENTA,
    POINTS,
    PYRAMID,
    SIDE_PX,
    STATE,
    WHITE,
    at,
    near,
)
from tests.waiting import SOON_MS


def test_the_backdrop_lies_where_its_tiles_are(show_picture, look):
    """White tiles with a black upper half are drawn from (−1, −1) to (1, 1); around is bare canvas."""
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
    """Its transparent parts show the canvas, not the coarse white tile that came before."""
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


def test_a_coarse_tile_that_comes_later_leaves_what_is_sharp(view, look):
    """When the window grows, coarse tiles are decoded for the whole view, even where finer ones are shown."""
    cache, cut = TileCache(), Cut(0, STATE.chart, PYRAMID)
    level = PYRAMID.level(4 / SIDE_PX)
    for tile in PYRAMID.meeting((-2, -2, 0, 2), level):
        cache.put(0, tile, np.zeros((8, 8), np.uint8))
    view.set_backdrop(cache, cut)
    look()
    for coarse in PYRAMID.meeting((-2, -2, 2, 2), level - 4):
        cache.put(0, coarse, WHITE)
        view.add_tiles([coarse])
    picture = look()
    assert picture[at(-0.5, 0.5).y(), at(-0.5, 0.5).x()].max() <= 22
    assert picture[at(0.5, 0.5).y(), at(0.5, 0.5).x()].min() > 120


def test_the_picture_at_the_cursor_covers_the_plane_where_it_is_transparent(view, show_picture, look):
    """The transparent parts show a checkerboard, not the plane."""
    show_picture(WHITE)
    view.set_state(replace(STATE, z=(0.0, 0.0)))
    view.set_thumbnail(to_qimage(np.zeros((8, 8, 4), np.uint8)))
    place = at(0, 0)
    seen = look()[place.y() - 40, place.x() + 40]
    assert any(near(seen, color, 1) for color in colors.CHECKS)


def test_the_backdrop_moves_with_the_view_until_a_new_one_comes(view, show_picture, look):
    """After a pan the old backdrop is drawn at its new position."""
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


def test_a_cursor_out_of_view_leaves_nothing_to_do(view, qtbot):
    """A moved cursor that is never painted delays the layers only for a moment; then no timer runs."""
    view.set_points(POINTS, LABELS, ("", "", "", ""))
    qtbot.waitUntil(lambda: view.is_settled, timeout=SOON_MS)
    view.set_state(replace(STATE, z=(90.0, 0.0)))
    view.set_thumbnail(MAGENTA)
    view.set_state(replace(STATE, z=(95.0, 0.0)))
    view.redraw_under_points()
    qtbot.waitUntil(lambda: not any(t.isActive() for t in view.findChildren(QTimer)), timeout=SOON_MS)
    assert view.is_settled


def test_the_axes_are_named_after_the_dimensions(view, look):
    """Other axes have another text in the corner; one dimension has no vertical axis."""
    corner = (slice(SIDE_PX - 20, None), slice(0, 70))
    seen = []
    for z, axes in [((1.5, -1.0), (0, 1)), ((1.5, -1.0), (1, 0)), ((1.5,), (0, 0))]:
        view.set_state(replace(STATE, z=z, plane=axis_plane(z, *axes)))
        seen.append(look()[corner])
    assert (seen[0] != seen[1]).any()
    assert (seen[1] != seen[2]).any()


def test_the_path_is_drawn_through_its_points(view, look):
    """The path is a line from point to point in its colour, with a mark at each point."""
    view.set_state(replace(STATE, path=((-1.0, 1.0), (1.0, 1.0), (1.0, 0.0))))
    picture = look()
    for a, b in ((0.0, 1.0), (1.0, 0.5), (-0.94, 1.0)):
        spot = picture[at(a, b).y() - 1 : at(a, b).y() + 2, at(a, b).x() - 1 : at(a, b).x() + 2]
        assert any(near(pixel, colors.PATH, 40) for pixel in spot.reshape(-1, 3))
    assert near(picture[at(0, 0.5).y(), at(0, 0.5).x()], colors.CANVAS, 0)


def test_the_cursor_is_a_white_ring_at_z(view, look):
    """The ring is white around the point, and its middle shows the plane below."""
    view.set_state(replace(STATE, z=(0.5, -0.5)))
    picture = look()
    pixel = at(0.5, -0.5)
    assert near(picture[pixel.y(), pixel.x()], colors.CANVAS, 0)
    ring = picture[pixel.y(), pixel.x() + 5 : pixel.x() + 9]
    assert any(near(point, colors.CURSOR, 60) for point in ring)


@pytest.mark.parametrize("z", [(a, b) for a in (-1.9, 0.0, 1.9) for b in (-1.9, 0.0, 1.9)])
def test_the_picture_at_the_cursor_is_always_whole(view, look, z):
    """Even with the cursor near an edge or in a corner, its picture of 96 × 96 is within the view."""
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
    """Each move repaints only a part; the screen still shows the same as a full repaint."""
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
        """Records what is painted, and paints it."""

        def paint(self, event):
            areas.append(event.rect().width() * event.rect().height())
            paint(view, event)

    view.paintEvent = Watched().paint
    view.set_state(replace(STATE, z=(1.45, -1.0)))
    qtbot.waitUntil(lambda: bool(areas), timeout=SOON_MS)
    assert max(areas) < SIDE_PX * SIDE_PX / 4
    del view.paintEvent


def test_a_screen_of_another_density_is_drawn_anew(view, show_picture, look):
    """On a screen with twice the pixels, the plane shows the same part as before."""
    show_picture(WHITE)
    before = look()
    view.devicePixelRatioF = lambda: 2.0
    after = look()
    del view.devicePixelRatioF
    assert np.abs(before - after).mean() < 5


def test_what_is_drawn_under_the_points_moves_with_the_view(view, look):
    """An added function gets the pixels of the plane, and is called again when its subject has changed."""
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
    """The next frame already shows the tiles at their new positions."""
    show_picture(WHITE)
    look()
    view.set_state(replace(STATE, viewport=Viewport((0.3, 0.0), 4.0)))
    view.repaint()
    assert view.is_settled
    picture = pixels(on_screen(view))[..., :3].astype(int)
    assert picture[SIDE_PX // 2, at(-1.2, 0).x()].min() > 120
    assert near(picture[SIDE_PX // 2 + 20, at(0.8, 0).x()], colors.CANVAS, 0)


def test_an_old_plane_is_dimmed_and_says_so(view, show_picture, look):
    """Outdated tiles are darker, with a note above them; afterwards they are as before."""
    show_picture(WHITE)
    before = look()
    view.set_outdated_note("outdated")
    dimmed = look()
    place = at(0.5, 0.5)
    assert dimmed[place.y(), place.x()].max() < before[place.y(), place.x()].max() / 2
    assert (dimmed[10:40, 150:250] != before[10:40, 150:250]).any()
    view.set_outdated_note("")
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
    qtbot.waitUntil(lambda: not view.is_move_held, timeout=SOON_MS)
    QApplication.processEvents()
    assert len(paintings) == 1
    assert paintings[0].contains(at(1.5, -1.0))
    assert paintings[0].contains(at(0.5, 0.5))
    view.set_state(replace(STATE, z=(0.0, 0.5)))  # no picture arrives
    qtbot.waitUntil(lambda: len(paintings) == 2, timeout=SOON_MS)
    assert paintings[1].contains(at(0.0, 0.5))
    del view.paintEvent


def test_names_make_way_also_if_the_plane_was_hidden_before_it_rested(view, look, qtbot):
    """They do once it is shown again, as after a look at another page."""

    def box():
        return next(placed.box for placed in view.placed_names() if placed.name.text == "three")

    view.set_points(POINTS, LABELS, ("zero", "one", "two", "three"))
    look()
    view.set_state(replace(STATE, z=view.ab_at(box().center())))
    view.hide()
    qtbot.waitUntil(lambda: not view._names.are_waiting, timeout=SOON_MS)
    assert box().intersects(view.ring)
    view.show()
    qtbot.waitUntil(lambda: not box().intersects(view.ring), timeout=SOON_MS)

"""Bookmarks by keys and mouse: added, gone to, renamed, moved, removed, and restored at the next start."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLineEdit, QMainWindow

from desktop.app.timeline import Timeline
from desktop.base.vector import Vector
from desktop.images.pixels import to_bytes
from desktop.latent.plane import Viewport
from desktop.view.bookmarks import bookmark
from desktop.view.state import Layer
from desktop.widgets.common.colors import BOOKMARK, CANVAS
from desktop.widgets.common.message_bar import MessageBar
from desktop.widgets.common.qimage import png_text, to_qimage
from desktop.widgets.controls.bookmarks_control import PICTURE_PX, BookmarksControl
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.side_panel import SidePanel
from desktop.widgets.plane.plane_view import PlaneView
from tests.waiting import SOON_MS

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def look_at(window, qtbot, z, span):
    """Move the cursor and the view, and wait for the picture."""
    window.explorer.set_state(window.explorer.state.moved_to(Vector(z)))
    window.explorer.change(viewport=Viewport(tuple(z), span))
    qtbot.waitUntil(lambda: window.picture_control.decoded.z == Vector(z), timeout=SOON_MS)


def _is_lit(icon):
    """Whether an icon shows a decoded picture, in which no pixel has the canvas's colour."""
    return icon.pixmap(40).toImage().pixelColor(20, 20) != CANVAS


def names(window):
    return [
        window.bookmarks.panel.list.item(row).text() for row in range(window.bookmarks.panel.list.count())
    ]


@pytest.fixture
def control_of(qtbot):
    """`control_of(explorer)`: the control without a window around it."""

    def make(explorer):
        window, timeline = QMainWindow(), Timeline(explorer)
        qtbot.addWidget(window)
        panel, message, plane = SidePanel(), MessageBar(window), PlaneView(window)
        window.setCentralWidget(panel)
        menus = {"bookmarks": window.menuBar().addMenu("Bookmarks")}
        shell = Shell(explorer, plane, panel, menus, message, window)
        return BookmarksControl(shell, lambda: timeline.is_shown)

    return make


def test_places_are_kept_and_gone_to(open_window, make_bundle, qtbot):
    """Ctrl+D adds a bookmark with its picture; clicks and keys go there, and two bookmarks make a path."""
    path = make_bundle()
    window = open_window()
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.saved_control.start(path)
    explorer, panel = window.explorer, window.bookmarks.panel
    look_at(window, qtbot, (0.5, 0.5), 2.0)
    qtbot.keyClick(window.plane, Qt.Key.Key_D, CONTROL)
    look_at(window, qtbot, (-1.0, 0.25), 0.5)
    qtbot.keyClick(window.plane, Qt.Key.Key_D, CONTROL)
    assert names(window) == ["Place 1", "Place 2"]
    assert all(mark.picture for mark in window.bookmarks.marks)
    assert panel.list.item(0).icon().actualSize(panel.list.iconSize()).width() > 20
    row = panel.list.visualItemRect(panel.list.item(0)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert explorer.state.z == Vector((0.5, 0.5))
    assert explorer.state.viewport == Viewport((0.5, 0.5), 2.0)
    window.history.undo.trigger()
    assert explorer.state.z == Vector((-1.0, 0.25))
    qtbot.keyClick(window.plane, Qt.Key.Key_N)
    assert panel.list.currentRow() == 1
    qtbot.keyClick(panel.list, Qt.Key.Key_F2)
    editor = panel.list.findChild(QLineEdit)
    editor.setText("near <b>3</b>")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(window) == ["Place 1", "near <b>3</b>"], timeout=5000)
    assert any("near <b>3</b>" in action.text() for action in window.bookmarks.menu.actions())
    qtbot.keyClick(panel.list, Qt.Key.Key_Up, ALT)
    assert names(window) == ["near <b>3</b>", "Place 1"]
    panel.leg_s.setValue(1.5)
    qtbot.mouseClick(panel.to_path, Qt.MouseButton.LeftButton)
    assert [list(z) for z in explorer.state.path] == [[-1.0, 0.25], [0.5, 0.5]]
    assert explorer.state.path_times == (1.5,)
    assert window.panel.path.seconds.value() == 1.5
    strip = window.panel.path.strip
    assert strip.item(0).text() == "1.5 s →"
    strip.item(0).setText("4")
    assert explorer.state.path_times == (4.0,)
    assert window.panel.path.seconds.value() == 4.0
    qtbot.waitUntil(lambda: _is_lit(strip.item(1).icon()), timeout=SOON_MS)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert names(window) == ["Place 1"]
    window.history.undo.trigger()
    assert names(window) == ["near <b>3</b>", "Place 1"]
    assert panel.list.currentRow() == 0, "the one that came back"
    window.message.action_buttons[0].click()
    assert names(window) == ["near <b>3</b>", "Place 1"], "it is there already"
    window.history.redo.trigger()
    assert names(window) == ["Place 1"]
    window.message.action_buttons[0].click()
    assert names(window) == ["near <b>3</b>", "Place 1"]
    window.close()
    again = open_window()
    again.saved_control.start(None)
    qtbot.waitUntil(lambda: names(again) == ["near <b>3</b>", "Place 1"], timeout=SOON_MS)
    assert np.allclose(again.bookmarks.marks[1].view.z, (0.5, 0.5))


def is_marked(window, pixels, place):
    """Whether the ribbon of a bookmark is seen at a place of the plane."""
    x, y = np.rint(window.plane.to_px(place)).astype(int)
    color = np.array(BOOKMARK.getRgb()[:3])
    part = pixels(window.plane.grab().toImage())[y - 6 : y + 3, x - 4 : x + 5, :3].astype(int)
    return bool((np.abs(part - color).max(-1) < 8).mean() > 0.6)


@pytest.mark.qt_log_ignore("This plugin does not support")  # a menu raises itself and takes the keyboard
def test_bookmarks_are_marked_on_the_plane(open_window, make_bundle, qtbot, pixels):
    """They have a name and a menu there while they lie on the plane and their layer is shown."""
    window = open_window(make_bundle(latent_dim=3))
    explorer, plane = window.explorer, window.plane
    explorer.set_state(explorer.state.moved_to(Vector((0.5, 0.5, 0.0))))
    qtbot.keyClick(plane, Qt.Key.Key_D, CONTROL)
    explorer.set_state(explorer.state.moved_to(Vector((-1.0, 0.25, 0.0))))
    window.bookmarks.panel.add.click()
    away = explorer.state.at((1.5, -1.5))
    explorer.set_state(away)
    places = (0.5, 0.5), (-1.0, 0.25)
    assert all(is_marked(window, pixels, place) for place in places)
    pixel = QPointF(*plane.to_px(places[1]).tolist())
    assert plane.tip_at(pixel) == "Place 2"
    assert not plane.tip_at(pixel + QPointF(12, 0))
    qtbot.mouseClick(plane, Qt.MouseButton.RightButton, pos=pixel.toPoint())
    entries = {a.text().replace("&", ""): a for a in window.plane_menu.menu.actions() if a.text()}
    assert list(entries)[:4] == ["Bookmark Place 2", "Go to it", "Rename it…", "Remove it"]
    entries["Go to it"].trigger()
    window.plane_menu.menu.close()
    assert explorer.state.z == Vector((-1.0, 0.25, 0.0))

    explorer.set_state(away)
    explorer.set_state(away.moved_to(Vector((1.5, -1.5, 0.7))))
    assert not any(is_marked(window, pixels, place) for place in places), "another parallel plane"
    assert not plane.tip_at(pixel)
    explorer.set_state(away)
    assert is_marked(window, pixels, places[0])
    window.layers_menu.entries[Layer.BOOKMARKS].trigger()
    assert not any(is_marked(window, pixels, place) for place in places)
    assert not plane.tip_at(pixel)
    qtbot.keyClick(plane, Qt.Key.Key_N)
    assert explorer.state.z == Vector((0.5, 0.5, 0.0)), "keys go on working"


def test_pictures_follow_a_file_that_changes(open_window, make_film, qtbot):
    """A bookmark stays and shows the new decoder's picture; undo brings back no old picture."""
    film = make_film(1)
    window = open_window(film.path)
    explorer = window.explorer
    look_at(window, qtbot, (0.5, -1.0), 3.0)
    qtbot.keyClick(window.plane, Qt.Key.Key_D, CONTROL)
    (old,) = window.bookmarks.marks
    film.write(2)
    with qtbot.waitSignal(explorer.renewed, timeout=SOON_MS):
        explorer.reload()
    qtbot.waitUntil(lambda: window.bookmarks.marks[0].picture not in ("", old.picture), timeout=SOON_MS)
    (new,) = window.bookmarks.marks
    assert (new.name, new.view) == (old.name, old.view)
    assert window.history.undo.text() == "&Undo adding a bookmark"
    window.history.undo.trigger()
    assert window.bookmarks.marks == ()
    window.history.redo.trigger()
    qtbot.waitUntil(lambda: window.bookmarks.marks == (new,), timeout=SOON_MS)


def test_a_picture_is_that_of_the_bookmarks_own_epoch(make_explorer, make_film, control_of, qtbot):
    """It holds for requested pictures and for the cursor's, although another epoch decodes meanwhile."""
    film, explorer = make_film(3), make_explorer()
    explorer.picture_decoded.connect(
        lambda decoded: control.set_picture(to_bytes(decoded.probabilities[None])[0])
    )
    control = control_of(explorer)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(film.path)
    z = Vector((0.5, -1.0))
    explorer.set_state(replace(explorer.state.moved_to(z), epoch=1))
    control.show((bookmark(explorer.state, ()),))
    control.panel.add_wanted.emit()
    qtbot.waitUntil(lambda: all(mark.picture for mark in control.marks), timeout=SOON_MS)
    right = png_text(to_qimage(to_bytes(film.decode(1, [z]))[0]), PICTURE_PX)
    assert [mark.picture for mark in control.marks] == [right, right]


def test_what_is_brought_back_is_there_once(explorer, control_of):
    """It holds even if undo has brought it back and the file has changed, and with it the picture."""
    control = control_of(explorer)
    marks = (bookmark(explorer.state, (), "old"),)
    control.show(marks)
    control.panel.remove_wanted.emit(0)
    (bring_back,) = control._shell.message.action_buttons
    assert not control._shell.message.isHidden()
    control.show_again((replace(marks[0], picture="new"),))
    assert control._shell.message.isHidden(), "nothing is to be brought back"
    bring_back.click()
    assert control.marks == (replace(marks[0], picture="new"),)
    control.panel.remove_wanted.emit(0)
    (bring_back,) = control._shell.message.action_buttons
    bring_back.click()
    assert control.marks == (replace(marks[0], picture=""),), "it is decoded again"

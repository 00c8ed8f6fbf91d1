"""The path panel shows the points and enables the possible actions."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QLineEdit

from desktop.latent.paths import PathKind
from desktop.latent.playback import Playback
from desktop.view.state import ViewState
from desktop.widgets.panels.path_panel import EMPTY_HINT, PathPanel
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
ALT = Qt.KeyboardModifier.AltModifier
SIGNALS = ("add", "remove", "clear", "play", "export", "cancel")


def with_points(count, **changes):
    """Return a state whose path has `count` points."""
    return ViewState(path=tuple((float(i), 0.5) for i in range(count)), **changes)


@pytest.fixture
def panel(qtbot):
    """A shown panel."""
    panel = PathPanel()
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def hear(panel):
    heard = []
    for name in SIGNALS:
        getattr(panel, f"{name}_wanted").connect(lambda *_, name=name: heard.append(name))
    panel.move_wanted.connect(lambda *way: heard.append(way))
    points = panel.points
    points.move_wanted.connect(lambda *way: heard.append(way))
    points.remove_wanted.connect(lambda row: heard.append(("remove", row)))
    points.chosen.connect(lambda row: heard.append(("chosen", row)))
    points.z_typed.connect(lambda row, z: heard.append(("typed", row, z)))
    return heard


@pytest.mark.parametrize(
    ("count", "can_remove", "can_play"),
    [(0, False, False), (1, True, False), (2, True, True), (9, True, True)],
)
def test_what_can_be_done_depends_on_the_points(panel, count, can_remove, can_play):
    """Removing needs a point, and playing needs two; an empty path shows a hint."""
    panel.set_state(with_points(count), None)
    assert panel.add.isEnabled()
    assert panel.remove.isEnabled() == panel.clear.isEnabled() == can_remove
    assert panel.play.isEnabled() == can_play
    assert panel.hint() == ("" if count else EMPTY_HINT)
    assert panel.points.rowCount() == count


@pytest.mark.parametrize("button", ["add", "remove", "clear", "play", "export"])
def test_each_button_says_its_own(panel, qtbot, button):
    """A click emits its own signal and no other."""
    panel.set_state(with_points(2), None)
    heard = hear(panel)
    qtbot.mouseClick(getattr(panel, button), LEFT)
    assert heard == [button]


def test_the_list_shows_the_points_and_which_is_chosen(panel):
    """Each point is a row with its z in editable form; setting the path emits nothing."""
    heard = hear(panel)
    panel.set_state(with_points(3), 1)
    assert [panel.points.item(row, 0).text() for row in range(3)] == [
        "0.0000, 0.5000",
        "1.0000, 0.5000",
        "2.0000, 0.5000",
    ]
    assert panel.points.currentRow() == 1
    assert panel.order.up.isEnabled()
    assert panel.order.down.isEnabled()
    panel.set_state(with_points(3), None)
    assert panel.points.currentRow() == -1
    assert not panel.order.up.isEnabled()
    assert heard == []


def test_the_list_is_used_by_keys_alone(panel, qtbot):
    """Arrows select, Alt with an arrow moves within the ends, and Delete removes."""
    panel.set_state(with_points(3), 0)
    heard = hear(panel)
    points = panel.points
    points.setFocus()
    qtbot.keyClick(points, Qt.Key.Key_Down)
    qtbot.keyClick(points, Qt.Key.Key_Up, ALT)
    qtbot.keyClick(points, Qt.Key.Key_Down, ALT)
    qtbot.keyClick(points, Qt.Key.Key_Delete)
    panel.set_state(with_points(3), 2)
    qtbot.keyClick(points, Qt.Key.Key_Down, ALT)
    assert heard == [("chosen", 1), (1, 0), (1, 2), ("remove", 1)]


def test_z_is_typed_into_the_list(panel, qtbot):
    """F2, numbers and Return set z; a text that is no z is reported, and the row shows the actual point."""
    panel.set_state(with_points(2), 1)
    heard = hear(panel)
    points = panel.points

    def type_in(text):
        points.editItem(points.item(1, 0))
        editor = points.findChild(QLineEdit)
        editor.selectAll()
        qtbot.keyClicks(editor, text)
        with qtbot.waitSignal(points.itemDelegate().closeEditor, timeout=SOON_MS):
            qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: points.findChild(QLineEdit) is None, timeout=SOON_MS)

    type_in("-1.5 2")
    assert heard == [("typed", 1, (-1.5, 2.0))]
    type_in("1, many")
    assert heard == [("typed", 1, (-1.5, 2.0))]
    assert "found z = '1, many', expected 2 numbers" in panel.hint()
    assert points.item(1, 0).text() == "1.0000, 0.5000"


def test_a_digit_typed_in_the_list_begins_z_and_is_no_shortcut(panel, qtbot):
    """The inputs beside z are not edited, and say how they are set instead."""
    panel.set_state(with_points(2), 1)
    panel.points.show_inputs(("label 1", "label 2"))
    switched = []
    QShortcut("1", panel).activated.connect(lambda: switched.append(1))
    panel.activateWindow()
    panel.points.setFocus()
    panel.points.setCurrentCell(1, 1)
    for key in (Qt.Key.Key_1, Qt.Key.Key_F2):
        panel.show_hint("")
        qtbot.keyClick(panel.points, key)
        assert "set them in the section Inputs" in panel.hint()
    assert panel.points.findChild(QLineEdit) is None
    panel.points.setCurrentCell(1, 0)
    qtbot.keyClick(panel.points, Qt.Key.Key_1)
    assert panel.points.findChild(QLineEdit).text() == "1"
    assert switched == []
    panel.add.setFocus()
    qtbot.keyClick(panel.add, Qt.Key.Key_1)
    assert switched == [1]


def test_buttons_move_the_chosen_point(panel, qtbot):
    """Up and Down emit the point's old and new row."""
    panel.set_state(with_points(3), 1)
    heard = hear(panel)
    qtbot.mouseClick(panel.order.up, LEFT)
    qtbot.mouseClick(panel.order.down, LEFT)
    assert heard == [(1, 0), (1, 2)]


def test_how_it_goes_is_part_of_the_state(panel, qtbot):
    """Check box and list emit the kind of path that is wanted, and show the state."""
    panel.set_state(with_points(2), None)
    with qtbot.waitSignal(panel.closed_wanted, timeout=SOON_MS) as heard:
        panel.closed.click()
    assert heard.args == [True]
    panel.kind.setFocus()
    with qtbot.waitSignal(panel.kind_wanted, timeout=SOON_MS) as heard:
        qtbot.keyClick(panel.kind, Qt.Key.Key_Down)
    assert heard.args == [PathKind.SPHERICAL]
    panel.set_state(with_points(2, path_kind=PathKind.VISUAL), None)
    assert not panel.closed.isChecked()
    assert panel.kind.currentText() == "Equal visual change"


def test_how_it_is_played_is_told(panel, qtbot):
    """The settings are seconds, loop, and there and back."""
    panel.set_state(with_points(2), None)
    panel.seconds.setValue(2.5)
    with qtbot.waitSignal(panel.playback_changed, timeout=SOON_MS):
        panel.loop.click()
    panel.ping_pong.click()
    assert panel.playback() == Playback(2.5, True, True)
    panel.set_playing(True)
    assert panel.play.text() == "Pause"
    panel.set_playing(False)
    assert panel.play.text() == "Play"


def test_while_an_animation_is_made_it_can_be_cancelled_and_not_made_again(panel, qtbot):
    """Progress and Cancel replace Export until the end."""
    panel.set_state(with_points(2), None)
    assert not panel.progress.isVisible()
    panel.set_progress(0.456)
    assert panel.progress.value() == 46
    assert panel.cancel.isVisible()
    assert not panel.export.isVisible()
    with qtbot.waitSignal(panel.cancel_wanted, timeout=SOON_MS):
        qtbot.mouseClick(panel.cancel, LEFT)
    panel.set_progress(None)
    assert panel.export.isVisible()
    assert not panel.progress.isVisible()
    assert not panel.cancel.isVisible()

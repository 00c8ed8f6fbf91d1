"""Selecting points by mouse and keys, showing the selection, and going through points."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.images.pixels import to_bytes
from desktop.latent.plane import Viewport
from desktop.widgets.common.menus import plain
from desktop.widgets.common.usable import NO_POINTS, NOTHING_SELECTED, reason_of
from export.bundle import Posterior
from tests.waiting import SOON_MS

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, ALT, CONTROL = (getattr(Qt.KeyboardModifier, f"{k}Modifier") for k in ("Shift", "Alt", "Control"))
MEANS = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.5], [-0.9, 0.1], [1.1, 0.05], [0.9, -0.15]], np.float32)
LABELS = np.array([0, 1, 0, 0, 1, 0], np.uint8)  # point 5 lies among points of the other label


@pytest.fixture
def window(open_window, make_bundle, qtbot):
    """Six test images of the labels a and b."""
    images = np.zeros((6, 1, 12, 12), np.uint8)
    images[np.arange(6), :, np.arange(6)] = 1
    posterior = Posterior(MEANS, np.zeros_like(MEANS), images, LABELS)
    window = open_window(make_bundle(posterior=posterior, labels=("a", "b")))
    window.explorer.change(viewport=Viewport(span=6.0), z=(-2.5, -2.5))
    qtbot.wait(30)
    return window


def drag(window, corners, modifiers=NONE):
    """Drag with the left button along points of the plane."""
    kinds = QMouseEvent.Type
    spots = [QPointF(*window.plane.to_px(corner)) for corner in corners]
    events = [(kinds.MouseButtonPress, spots[0], LEFT, LEFT)]
    events += [(kinds.MouseMove, spot, Qt.MouseButton.NoButton, LEFT) for spot in spots[1:]]
    events += [(kinds.MouseButtonRelease, spots[-1], LEFT, Qt.MouseButton.NoButton)]
    for kind, spot, button, buttons in events:
        event = QMouseEvent(kind, spot, window.plane.mapToGlobal(spot), button, buttons, modifiers)
        QApplication.sendEvent(window.plane, event)


def test_the_bars_choose_among_what_is_selected(window, qtbot):
    """A click selects only a label's points, a second click all again; Shift adds; undo goes back."""
    explorer, counts = window.explorer, window.select.panel.counts
    window.select.select((0, 2, 3, 4))
    first, second = counts.bars[:2]
    qtbot.mouseClick(second, LEFT)
    assert explorer.state.selected == (4,)
    assert [(row.name, row.count, row.is_chosen) for row in counts.rows] == [("a", 3, False), ("b", 1, True)]
    second.setFocus()
    qtbot.keyClick(second, Qt.Key.Key_Up)
    qtbot.keyClick(first, Qt.Key.Key_Return, SHIFT)
    assert explorer.state.selected == (0, 2, 3, 4)
    qtbot.keyClick(first, Qt.Key.Key_Space)
    assert explorer.state.selected == (0, 2, 3)
    qtbot.mouseClick(first, LEFT)
    assert explorer.state.selected == (0, 2, 3, 4)
    window.history.undo.trigger()
    assert explorer.state.selected == (0, 2, 3)
    assert [row.is_chosen for row in counts.rows] == [True, False]
    window.select.select((1, 2))
    assert [(row.name, row.count, row.is_chosen) for row in counts.rows] == [("a", 1, True), ("b", 1, True)]


def test_boxes_and_lassos_select(window, qtbot, on_screen, pixels):
    """B and a drag select in one box, Shift adds, Alt removes; the next drag moves the cursor."""
    explorer, panel = window.explorer, window.select.panel
    before = pixels(on_screen(window.plane)).astype(int)
    qtbot.keyClick(window.plane, Qt.Key.Key_B)
    assert panel.box.isChecked()
    drag(window, [(-1.3, -0.3), (-0.7, 0.4)])
    assert explorer.state.selected == (0, 3)
    assert "2 of 6 test images" in panel.summary.text()
    assert panel.grid.points.rowCount() == 2
    assert [(row.name, row.count) for row in panel.counts.rows] == [("a", 2)]
    x, y = np.rint(window.plane.to_px(MEANS[0])).astype(int)
    changed = np.abs(pixels(on_screen(window.plane)).astype(int) - before).max(axis=-1) > 60
    assert changed[y - 6 : y + 7, x - 6 : x + 7].sum() > 8, "a ring is around the point"
    assert window.select.selector.tool is None
    assert not panel.box.isChecked()
    drag(window, [(-1.0, 1.0), (-0.5, 0.5)])
    assert np.allclose(explorer.state.z, (-0.5, 0.5), atol=0.01)
    assert explorer.state.selected == (0, 3), "a drag without a tool leaves the selection"
    qtbot.keyClick(window.plane, Qt.Key.Key_B)
    drag(window, [(0.8, -0.3), (1.3, 0.4)], SHIFT)
    assert explorer.state.selected == (0, 1, 3, 4, 5)
    qtbot.keyClick(window.plane, Qt.Key.Key_B)
    drag(window, [(0.8, -0.3), (1.05, 0.4)], ALT)
    assert explorer.state.selected == (0, 3, 4)
    qtbot.keyClick(window.plane, Qt.Key.Key_B)
    drag(window, [(0.0, 0.5)])
    assert np.allclose(explorer.state.z, (0.0, 0.5), atol=0.01)
    assert explorer.state.selected == (0, 3, 4)
    window.history.undo.trigger()
    window.history.undo.trigger()
    assert explorer.state.selected == (0, 1, 3, 4, 5)
    qtbot.keyClick(window.plane, Qt.Key.Key_Escape)
    assert window.select.selector.tool is None
    assert not panel.box.isChecked()
    drag(window, [(-1.5, -0.5), (0, -0.5), (1.5, -0.5), (1.5, 0.5), (0, -0.2)], CONTROL | SHIFT)
    assert explorer.state.selected == (1, 4, 5), "the lasso passes below the points on the left"


def test_a_selection_is_shown_alone_and_at_its_mean(window, qtbot, plain_decoder, gray, same_picture):
    """The plane hides the other points; the mean's picture is decoded, and the cursor can go there."""
    explorer, select = window.explorer, window.select
    window.plane.setFocus()
    qtbot.keyClick(window.plane, Qt.Key.Key_A, CONTROL)
    assert explorer.state.selected == tuple(range(6))
    explorer.set_state(explorer.state.with_selected((1, 4)))
    mean = MEANS[[1, 4]].mean(axis=0)
    expected = to_bytes(plain_decoder(explorer.source.path)([mean]))[0]
    qtbot.waitUntil(lambda: select.panel.mean.image() is not None, timeout=SOON_MS)
    assert same_picture(gray(select.panel.mean.image()), expected)
    qtbot.keyClick(window.plane, Qt.Key.Key_O, SHIFT)
    assert select.panel.only.isChecked()
    assert explorer.state.shown_only == (1, 4)
    x, y = window.plane.to_px(MEANS[0])
    assert window.held_out._index_at(x, y) is None
    select.panel.go_to_mean.click()
    assert np.allclose(explorer.state.z, mean)
    qtbot.keyClick(window.plane, Qt.Key.Key_I, CONTROL)
    assert explorer.state.selected == ()
    assert explorer.state.shown_only is None


def test_people_go_through_points(window, qtbot):
    """They go through points by label and number, through the worst, and to the misplaced one."""
    explorer, panel = window.explorer, window.select.panel.finder
    qtbot.keyClick(window.plane, Qt.Key.Key_F, CONTROL)
    assert panel.field.hasFocus()
    qtbot.keyClicks(panel.field, "b")
    for index in (1, 4, 1):
        qtbot.keyClick(panel.field, Qt.Key.Key_Return)
        assert np.allclose(explorer.state.z, MEANS[index])
    qtbot.mouseClick(panel.select, LEFT)
    assert explorer.state.selected == (1, 4)
    panel.field.setText("#7")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert "None of the test images" in panel.place.text()
    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    assert window.plane.hasFocus()
    explorer.change(viewport=Viewport((-2.0, 0.0), 1.0))
    panel.tour.setCurrentText("Misplaced")
    panel.tour.activated.emit(panel.tour.currentIndex())
    qtbot.waitUntil(lambda: np.allclose(explorer.state.z, MEANS[5]), timeout=SOON_MS)
    away = np.linalg.norm(MEANS - MEANS[5], axis=1)
    nearest = int(np.argsort(away)[1])
    assert panel.place.text() == "1 of 1: a · #5"
    assert panel.about.text().startswith(f"{away[nearest]:.3g} from b · #{nearest}; own label: ")
    assert explorer.state.viewport.center == pytest.approx(MEANS[5].tolist()), "it is brought into view"
    panel.tour.setCurrentText("Worst reconstructions")
    panel.tour.activated.emit(panel.tour.currentIndex())
    qtbot.waitUntil(lambda: panel.place.text().startswith("1 of 6: "), timeout=SOON_MS)
    scores = window.finding._known.scores
    assert np.allclose(explorer.state.z, MEANS[scores.elbo.argmin()])
    assert "ELBO" in panel.about.text()
    window.plane.setFocus()
    qtbot.keyClick(window.plane, Qt.Key.Key_Comma)
    assert np.allclose(explorer.state.z, MEANS[scores.elbo.argmax()]), "before the first is the last"


def test_a_direction_leads_from_the_mean_of_one_selection_to_that_of_another(window):
    """From the mean of a, the direction to the selected b, at its full length, ends at the mean of b."""
    a, b = MEANS[LABELS == 0].mean(axis=0), MEANS[LABELS == 1].mean(axis=0)
    window.select.select(np.flatnonzero(LABELS == 0).tolist())
    window.select.panel.go_to_mean.click()
    window.select.select(np.flatnonzero(LABELS == 1).tolist())
    window.select.panel.direction.click()
    directions = window.directions.directions
    assert directions.names == ("to b",)
    assert directions.start == pytest.approx(a)
    assert directions.lengths == pytest.approx((np.linalg.norm(b - a),))
    assert window.directions.panel.isVisible()
    window.directions.panel.rows[0].box.setValue(directions.lengths[0])
    assert window.explorer.state.z == pytest.approx(b)
    window.select.select([1])
    window.select.panel.direction.click()
    assert window.directions.directions.names == ("to 1 selected",)


def test_a_model_without_points_offers_no_selecting_and_says_why(window, make_bundle, qtbot):
    """Buttons and entries cannot be used; the tool is put away. With points, Ctrl+A shows the section."""
    panel, menu, explorer = window.select.panel, window.select.menu, window.explorer
    section = window.panel.sections.section("points")
    entries = {plain(action.text()): action for action in menu.actions()}
    parts = (panel.box, panel.lasso, panel.finder.select, panel.finder.next, panel.finder.field)
    of_points = [entries[text] for text in ("Select in a box", "Select all", "Find", "Next point")]
    assert all(part.isEnabled() for part in (*parts, *of_points))
    assert not section.is_open
    qtbot.keyClick(window.plane, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(explorer.state.selected) == 6
    assert section.is_open
    panel.box.click()
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        window.open_path(make_bundle(name="bare"))
    assert window.select.selector.tool is None
    for part in (*parts, *of_points):
        assert not part.isEnabled()
        assert reason_of(part) == NO_POINTS
    assert panel.summary.text() == NO_POINTS


def test_entries_of_the_selection_need_one(window):
    """Until something is selected they cannot be used and say why; so do the commands of Ctrl+K."""
    entries = {plain(action.text()): action for action in window.select.menu.actions()}
    texts = ("Clear the selection", "Show only the selection", "Go to its mean", "Save it as CSV")
    of_selection = [entries[text] for text in texts]
    assert {reason_of(entry) for entry in of_selection} == {NOTHING_SELECTED}
    assert not any(entry.isEnabled() for entry in of_selection)
    window.select.select([1])
    assert all(entry.isEnabled() for entry in of_selection)

"""The maps of z are painted and nudged; the panel emits the z that it shows."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.images.map_painting import MapTool
from desktop.latent.z_maps import MapShape
from desktop.widgets.common.choices import show_choice
from desktop.widgets.panels.maps_panel import HINT, MapsPanel

SHAPE = MapShape(3, 8, 10)


@pytest.fixture
def z():
    return SHAPE.z(np.random.default_rng(0).normal(0, 1, (3, 8, 10)).astype(np.float32))


@pytest.fixture
def panel(qtbot, z):
    """A panel for three maps of 8 × 10 numbers, at a z."""
    panel = MapsPanel()
    qtbot.addWidget(panel)
    panel.set_model(SHAPE, 3.0)
    panel.show()
    qtbot.waitExposed(panel)
    panel.set_z(z)
    panel.brush_size.setValue(1)
    return panel


@pytest.fixture
def wanted(panel):
    """The z that the panel has emitted; each is set on the panel again, as the window does."""
    zs = []
    panel.z_wanted.connect(zs.append)
    panel.z_wanted.connect(panel.set_z)
    return zs


def stroke(panel, *cells, erases=False):
    """Emit the view's signals for a drag."""
    panel.view.stroke_began.emit(erases)
    for start, end in pairwise(cells):
        panel.view.stroke_moved.emit(start, end)
    panel.view.stroke_ended.emit()


def test_a_stroke_adds_to_the_map_that_is_shown(panel, wanted, z):
    """The panel also emits the start and end of the stroke, for undo."""
    told = []
    panel.stroke_began.connect(lambda: told.append(len(wanted)))
    panel.stroke_ended.connect(lambda: told.append(len(wanted)))
    panel.show_channel(1)
    panel.value.setValue(0.5)
    stroke(panel, (2, 3), (2, 6))
    change = SHAPE.maps(wanted[-1]) - SHAPE.maps(z)
    assert change[1, 2, 3:7] == pytest.approx(0.5)
    assert np.count_nonzero(change) == 4
    assert told == [0, 1]


def test_all_maps_are_painted_if_wanted(panel, wanted):
    """With "Set to", all maps get the same number under the brush."""
    show_choice(panel.tool, MapTool.SET)
    panel.value.setValue(-1.25)
    panel.all_channels.setChecked(True)
    stroke(panel, (0, 0), (0, 9))
    assert (SHAPE.maps(wanted[-1])[:, 0] == -1.25).all()


def test_erasing_brings_back_what_was_there_before_painting(panel, wanted, z):
    """Undo and several strokes do not matter; after the cursor moves, erasing restores the new numbers."""
    stroke(panel, (1, 0), (1, 9))
    first = wanted[-1]
    stroke(panel, (1, 3), (6, 3))
    panel.set_z(first)  # as undo does
    stroke(panel, (1, 0), (1, 9), erases=True)
    assert wanted[-1] == z
    elsewhere = tuple(-number for number in z)
    panel.set_z(elsewhere)
    stroke(panel, (4, 0), (4, 9))
    show_choice(panel.tool, MapTool.ERASE)
    assert not panel.value.isEnabled()
    stroke(panel, (4, 0), (4, 9))
    assert wanted[-1] == elsewhere


def test_the_selected_number_is_nudged_and_typed(panel, wanted, z, qtbot):
    """The number is shown with its row and column, for screen readers too."""
    panel.show_channel(2)
    panel.view.select((7, 9))
    number = z[-1]
    assert panel.place.text() == "z2, row 7, column 9"
    assert panel.number.value() == pytest.approx(number, abs=5e-5)
    qtbot.keyClick(panel.view, Qt.Key.Key_Plus)
    assert wanted[-1][-1] == pytest.approx(number + 0.1)
    panel.number.setValue(-7.5)
    assert wanted[-1] == (*z[:-1], -7.5)
    assert panel.view.accessibleDescription() == "z2, row 7, column 9: −7.5000"
    assert len(wanted) == 2


def test_page_keys_go_through_the_maps(panel, qtbot):
    """The keys stop at the first and the last map, and the small pictures follow."""
    found = []
    for key in (Qt.Key.Key_PageUp, *[Qt.Key.Key_PageDown] * 3):
        qtbot.keyClick(panel.view, key)
        found.append((panel.channel, panel.strip.inside.channel))
    assert found == [(0, 0), (1, 1), (2, 2), (2, 2)]
    panel.strip.chosen.emit(1)
    assert panel.channel == 1


def test_what_is_under_the_pointer_is_told(panel, z):
    """Without the pointer a hint is shown."""
    panel.view.pointed.emit((0, 3))
    assert panel.pointed.text() == f"z0, row 0, column 3: {z[3]:.4f}".replace("-", "−")
    panel.view.pointed.emit(None)
    assert panel.pointed.text() == HINT


@pytest.mark.usefixtures("wanted")
def test_colours_stay_while_a_stroke_is_painted(panel):
    """After the stroke, the colour scale fits the numbers."""
    show_choice(panel.tool, MapTool.SET)
    panel.value.setValue(40)
    panel.brush_size.setValue(6)
    reaches = []
    panel.z_wanted.connect(lambda _: reaches.append(panel.legend.toolTip()))
    before = panel.legend.toolTip()
    stroke(panel, (4, 0), (4, 9))
    assert reaches == [before]
    assert "±50" in panel.legend.toolTip()


def test_a_hidden_panel_is_right_when_it_is_shown(panel, z):
    """A hidden panel is not updated, but shows the current z when it is shown."""
    panel.hide()
    panel.set_z(tuple(number + 1 for number in z))
    panel.show()
    row, column = panel.view.place
    assert panel.number.value() == pytest.approx(z[10 * row + column] + 1, abs=5e-5)


def test_a_slow_window_does_not_hold_up_the_brush(panel, wanted, qtbot):
    """The stroke goes on while the window shows one z; the last z is emitted before the stroke ends."""
    ended = []
    panel.stroke_ended.connect(lambda: ended.append(len(wanted)))
    panel.z_wanted.connect(lambda _: qtbot.wait(20))
    stroke(panel, *[(2, column) for column in range(10)])
    assert len(wanted) == 2
    assert ended == [2]
    assert SHAPE.z(panel._maps) == wanted[-1]


def test_a_move_of_the_cursor_ends_the_stroke(panel, wanted, z):
    """Painted numbers that were not emitted yet are dropped."""
    panel.view.stroke_began.emit(False)
    panel.view.stroke_moved.emit((0, 0), (0, 3))
    panel.view.stroke_moved.emit((0, 3), (0, 5))
    elsewhere = tuple(-number for number in z)
    panel.set_z(elsewhere)
    panel.view.stroke_moved.emit((0, 5), (0, 9))
    panel.view.stroke_ended.emit()
    assert len(wanted) == 1
    row, column = panel.view.place
    assert panel.number.value() == pytest.approx(elsewhere[10 * row + column], abs=5e-5)


def test_showing_z_asks_for_nothing(panel, wanted, z):
    """Showing a z emits nothing, even with numbers far out."""
    panel.set_z(tuple(1e6 * number for number in z))
    assert wanted == []
    assert panel.legend.toolTip() != ""

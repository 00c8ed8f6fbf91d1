"""The panel of directions shows names, shares and offsets, and emits what people want."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from desktop.base.vector import Vector
from desktop.latent.directions import Directions
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.panels.directions_panel import DirectionsPanel, titles
from desktop.widgets.panels.side_panel import LEAST_WIDTH_PX


@pytest.fixture
def panel(qtbot):
    panel = DirectionsPanel()
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_shares_are_told_beside_the_numbers():
    """Small shares have a decimal; directions from a file have only names."""
    directions = Directions(("1", "2", "3"), np.eye(3), (0.0,) * 3, (0.434, 0.021, 0.0004))
    assert titles(directions) == ["1 · 43 %", "2 · 2.1 %", "3 · <0.1 %"]
    most = replace(directions, shares=(0.9961, 0.0039, 0.0))
    assert titles(most) == ["1 · 99.6 %", "2 · 0.4 %", "3 · <0.1 %"]
    assert titles(Directions(("smile",), np.eye(2)[:1], (0.0, 0.0))) == ["smile"]


def test_the_hint_goes_when_there_are_directions(panel):
    """The hint returns when there are none; the search is disabled before a model is open."""
    assert panel.hint.isVisible()
    assert not panel.plane.isVisible()
    assert not panel.search.isEnabled()
    panel.set_directions(Directions(("a",), np.eye(2)[:1], (0.0, 0.0)))
    assert not panel.hint.isVisible()
    assert panel.plane.isVisible()
    assert not panel.plane.isEnabled(), "one direction spans no plane"
    panel.set_directions(None)
    assert panel.hint.isVisible()


def test_a_far_offset_is_in_the_box_though_the_slider_ends(panel, qtbot):
    """The slider stops at 4, and showing a far offset emits no change."""
    panel.set_directions(Directions(("a",), np.eye(2)[:1], (1.0, 0.0)))
    with qtbot.assertNotEmitted(panel.offset_wanted):
        panel.set_z((8.5, 0.0))
    assert panel.rows[0].box.value() == 7.5
    assert panel.rows[0].slider.value() == panel.rows[0].slider.maximum()


def test_another_start_keeps_the_rows_in_view(panel):
    """Another start changes only the offsets."""
    directions = Directions(tuple("abcdefghijkl"), np.eye(12), (0.0,) * 12)
    panel.set_directions(directions)
    panel.scroll_bar.setValue(2)
    panel.up.setCurrentIndex(5)
    panel.set_z((1.0,) * 12)
    panel.set_directions(Directions(directions.names, directions.units, (0.75,) * 12))
    assert (panel.scroll_bar.value(), panel.up.currentIndex()) == (2, 5)
    assert [row.name.text() for row in panel.rows] == list("cdefghijkl")
    assert [row.box.value() for row in panel.rows] == [0.25] * 10


def test_the_panel_says_of_what_the_shares_are(panel):
    """Directions from a file have no shares: the panel gives the unit, and the tip the vector's length."""
    found = Directions(("1",), np.eye(2)[:1], (0.0, 0.0), (1.0,), "all 2 dimensions tried")
    panel.set_directions(found)
    assert panel.tried.text() == "all 2 dimensions tried; each with its share of the picture's change"
    assert "has length 1 here" in " ".join(panel.rows[0].box.toolTip().split())
    panel.set_directions(Directions(("smile",), np.eye(2)[1:], (0.0, 0.0), lengths=(7.4753,)))
    assert panel.tried.text() == "In units of z, each along a direction of length 1"
    assert "The vector itself has length 7.475." in panel.rows[0].box.toolTip()


def test_an_offset_that_is_rounded_to_zero_has_no_minus(panel):
    """An offset that rounds to zero is shown as 0.0000."""
    panel.set_directions(Directions(("a", "b"), np.eye(2), (0.0, 0.0)))
    panel.set_z(Vector((-1e-9, -0.00006)))
    assert [row.box.text() for row in panel.rows[:2]] == ["0.0000", "−0.0001"]


@pytest.mark.parametrize("name", ["smileys_minus_flags", "W" * 300])
def test_names_of_any_length_leave_the_panel_its_width(panel, name):
    """The first names shown do not widen it either; an entry's tool tip has the whole name."""
    panel.set_directions(Directions((name, "b"), np.eye(2), (0.0, 0.0)))
    QApplication.sendPostedEvents()
    assert panel.minimumSizeHint().width() <= LEAST_WIDTH_PX - 2 * GRID_PX - 16  # margins and scroll bar
    assert panel.right.itemData(0, Qt.ItemDataRole.ToolTipRole)[:5] == name[:5]

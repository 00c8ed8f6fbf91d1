"""Sliders and boxes mirror the cursor's coordinates, move it, and are accessible to everyone."""

from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QPalette
from PySide6.QtWidgets import QSlider

from desktop.view.state import start_state
from desktop.widgets.panels.coordinates_panel import ROWS, CoordinatesPanel
from export.bundle import Posterior
from tests.steps import calls_of
from tests.waiting import SOON_MS

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(qtbot):
    """A panel shown alone."""
    panel = CoordinatesPanel()
    qtbot.addWidget(panel)
    panel.resize(310, 400)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def window(open_window, make_bundle):
    """A model of four dimensions at 0: the first has collapsed, the third has the highest rate."""
    mean = np.random.default_rng(0).normal(0, 1, (50, 4)).astype(np.float32) * [0, 0.5, 2, 1]
    posterior = Posterior(mean.astype(np.float32), np.zeros((50, 4), np.float32))
    window = open_window(make_bundle(latent_dim=4, posterior=posterior))
    window.explorer.set_state(start_state(4), record=False)
    window.panel.show_section(window.coordinates.panel)
    return window


def shown(panel):
    return [row for row in panel.rows if not row.box.isHidden()]


def heard(widget):
    """Return what a screen reader reads of a widget: its name and its value."""
    interface = QAccessible.queryAccessibleInterface(widget)
    if isinstance(widget, QSlider):
        return interface.text(QAccessible.Text.Name), interface.text(QAccessible.Text.Description)
    return interface.text(QAccessible.Text.Name), interface.text(QAccessible.Text.Value)


def text_color(label):
    return label.palette().color(QPalette.ColorRole.WindowText)


def test_dimensions_are_sorted_by_their_rate_and_collapsed_ones_are_grey(window):
    """The rates are shown, and the grey dimension can still be used."""
    panel = window.coordinates.panel
    rows = shown(panel)
    assert [row.name.text() for row in rows] == ["z2", "z3", "z1", "z0"]
    rates = [float(row.note.text()) for row in rows]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0
    assert text_color(rows[-1].name) != text_color(rows[0].name)
    assert "collapsed" in rows[-1].box.toolTip()
    assert "collapsed" not in rows[0].box.toolTip()
    rows[-1].box.setValue(1.5)
    assert window.explorer.state.z == (1.5, 0.0, 0.0, 0.0)


def test_they_follow_the_cursor(window, qtbot):
    """A click on the plane of the first two dimensions moves only their sliders and boxes."""
    qtbot.mouseClick(window.plane, LEFT, pos=QPoint(300, 250))
    z = window.explorer.state.z
    assert z[0] != 0
    for row in shown(window.coordinates.panel):
        assert row.box.value() == pytest.approx(z[row.index], abs=5e-5)
        assert row.slider.value() == round(100 * z[row.index])


def test_keys_move_the_cursor_off_the_plane(window, qtbot):
    """An arrow key on the slider of another dimension moves the cursor, and the plane follows."""
    row = shown(window.coordinates.panel)[0]
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        qtbot.keyClick(row.slider, Qt.Key.Key_Right)
    state = window.explorer.state
    assert state.z == (0.0, 0.0, 0.1, 0.0)
    assert state.plane.origin == (0.0, 0.0, 0.1, 0.0)
    assert row.box.value() == pytest.approx(0.1)


def test_a_number_is_typed(window, qtbot):
    """For a number beyond its range the slider stays at its end, and the box shows the number."""
    row = shown(window.coordinates.panel)[1]
    row.box.selectAll()
    qtbot.keyClicks(row.box, "-7.25")
    qtbot.keyClick(row.box, Qt.Key.Key_Return)
    assert window.explorer.state.z == (0.0, 0.0, 0.0, -7.25)
    assert row.slider.value() == row.slider.minimum()
    assert row.box.value() == -7.25


def test_a_move_of_a_slider_can_be_undone(window, qtbot):
    """Quick moves are undone in one step."""
    row = shown(window.coordinates.panel)[0]
    for _ in range(5):
        qtbot.keyClick(row.slider, Qt.Key.Key_Right)
    assert window.history.undo.text() == "&Undo moving the cursor"
    qtbot.keyClick(window.plane, Qt.Key.Key_Z, CONTROL)
    assert window.explorer.state.z == (0.0,) * 4
    assert row.box.value() == 0


def test_names_and_values_are_there_for_screen_readers(window):
    """Each slider and each box has a name and a value, which follow changes."""
    window.explorer.set_state(window.explorer.state.moved_to((0.25, -1.5, 3.0, 40.0)))
    values = ("3.0000", "40.0000", "−1.5000", "0.2500")
    for row, value in zip(shown(window.coordinates.panel), values, strict=True):
        name = row.name.text()
        assert heard(row.box) == (name, value)
        assert heard(row.slider) == (f"{name} slider", value)
    last = shown(window.coordinates.panel)[-1]
    assert last.box.accessibleDescription() == "0.000 nats, collapsed"


def test_without_held_out_images_they_stand_in_their_own_order(panel):
    """No rate is shown."""
    panel.set_model(3, None)
    assert [row.name.text() for row in shown(panel)] == ["z0", "z1", "z2"]
    assert all(row.note.text() == "" for row in panel.rows)


def test_many_dimensions_are_scrolled_through(panel, turn_wheel):
    """A few rows show 512 dimensions, by scroll bar and wheel; each shows its dimension and value."""
    panel.set_model(512, np.arange(512.0))
    z = tuple(float(index) / 100 for index in range(512))
    panel.set_z(z)
    assert [row.name.text() for row in shown(panel)] == [f"z{511 - place}" for place in range(ROWS)]
    panel.scroll_bar.setValue(panel.scroll_bar.maximum())
    assert [row.name.text() for row in shown(panel)] == [f"z{ROWS - 1 - place}" for place in range(ROWS)]
    assert [row.box.value() for row in panel.rows] == [pytest.approx(z[row.index]) for row in panel.rows]
    turn_wheel(panel, QPoint(5, 5), 1)
    assert panel.rows[0].index > ROWS - 1
    found = []
    panel.coordinate_wanted.connect(lambda dimension, value: found.append((dimension, value)))
    panel.rows[0].box.setValue(0.5)
    assert found == [(panel.rows[0].index, 0.5)]


def test_many_dimensions_cost_a_drag_little(panel):
    """A step makes as many calls with 512 dimensions as with the few that have a row."""
    calls = {}
    for dimensions in (ROWS, 512):
        panel.set_model(dimensions, np.arange(float(dimensions)))
        panel.set_z((1.0,) * dimensions)
        calls[dimensions] = calls_of(partial(panel.set_z, (2.0,) * dimensions))
    assert 0 < calls[512] <= calls[ROWS]


def test_what_moved_while_nobody_looked_is_right_when_it_is_shown(panel):
    """A hidden panel is not updated during a drag, but shows the current z when it is shown."""
    panel.hide()
    panel.set_z((1.0, 2.0))
    panel.show()
    assert [row.box.value() for row in shown(panel)] == [1.0, 2.0]


def test_the_rates_have_a_heading(panel):
    """The heading says what the numbers at the right are, and is hidden without them."""
    assert panel.heading.isHidden()
    panel.set_model(3, np.array([3.25, 0.5, 0.0]))
    assert not panel.heading.isHidden()
    assert panel.heading.text() == "Rate (KL) in nats"
    assert panel.rows[0].note.text() == "3.25"
    panel.set_model(3, None)
    assert panel.heading.isHidden()

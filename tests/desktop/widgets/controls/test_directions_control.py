"""Directions in the window: opened from files, followed by sliders, spanning planes, found by decoding."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton

from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
U, V = (0.6, 0.8, 0.0), (0.0, 0.0, 2.0)


@pytest.fixture
def window(open_window, make_bundle):
    return open_window(make_bundle(latent_dim=3))


@pytest.fixture
def open_directions(window, qtbot, monkeypatch, tmp_path):
    """`open_directions(smile=[…])`: open arrays by the panel's button."""

    def open_them(**arrays):
        path = tmp_path / "mine.npz"
        np.savez(path, **arrays)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_: (str(path), "")))
        before = window.directions.directions
        qtbot.mouseClick(window.directions.panel.open, LEFT)
        qtbot.waitUntil(
            lambda: window.directions.directions is not before or window.message.isVisible(), timeout=SOON_MS
        )
        return window.directions.panel

    window.panel.show_section(window.directions.panel)
    return open_them


def test_opened_directions_move_the_cursor(window, qtbot, open_directions):
    """A slider adds its unit direction to z; undo takes it back, and Return goes to the start."""
    first = window.explorer.state
    window.explorer.set_state(window.explorer.state.moved_to((1.0, 1.0, 1.0)))
    start = window.explorer.state
    panel = open_directions(smile=U, age=V)
    assert [row.name.text() for row in panel.rows[:2]] == ["smile", "age"]
    assert [row.name.isVisible() for row in panel.rows] == [True, True]
    assert window.explorer.state == start
    panel.rows[0].slider.setValue(150)
    assert window.explorer.state.z == pytest.approx((1.9, 2.2, 1.0))
    assert panel.rows[0].box.value() == 1.5
    panel.rows[1].box.setValue(-2.0)
    assert window.explorer.state.z == pytest.approx((1.9, 2.2, -1.0))
    assert [row.box.value() for row in panel.rows[:2]] == pytest.approx([1.5, -2.0])
    qtbot.mouseClick(panel.back, LEFT)
    assert window.explorer.state.z == (1.0, 1.0, 1.0)
    assert [row.slider.value() for row in panel.rows[:2]] == [0, 0]
    while window.history.undo.isEnabled():
        window.history.undo.trigger()
    assert window.explorer.state == first


def test_the_sliders_follow_the_cursor(window, open_directions, qtbot):
    """They do so for every kind of move; "Start here" sets them to 0."""
    panel = open_directions(age=V)
    window.explorer.set_state(window.explorer.state.moved_to((5.0, 0.0, 0.75)))
    assert panel.rows[0].box.value() == 0.75
    qtbot.mouseClick(panel.start, LEFT)
    assert panel.rows[0].box.value() == 0
    assert window.explorer.state.z == (5.0, 0.0, 0.75)


def test_two_directions_become_the_plane(window, qtbot, open_directions):
    """The plane goes through the cursor, in one step that can be undone; moves along it keep the plane."""
    window.explorer.set_state(window.explorer.state.moved_to((1.0, 2.0, 3.0)))
    before = window.explorer.state
    panel = open_directions(smile=U, age=V)
    qtbot.mouseClick(panel.plane, LEFT)
    plane = window.explorer.state.plane
    assert plane.u == pytest.approx(U)
    assert plane.v == pytest.approx((0, 0, 1))
    assert window.explorer.state.z == (1.0, 2.0, 3.0)
    for value in (1, 30, 77, -130):
        panel.rows[0].slider.setValue(value)
        panel.rows[1].slider.setValue(-value)
    assert window.explorer.state.plane == plane
    assert plane.project(window.explorer.state.z) == pytest.approx((-1.3, 1.3))
    while window.explorer.state != before:
        window.history.undo.trigger()
    panel.rows[0].box.setValue(30.0)
    qtbot.mouseClick(panel.plane, LEFT)
    assert window.explorer.state.cursor_ab == pytest.approx((30, 0), abs=1e-9)
    assert window.explorer.state.viewport.center == pytest.approx((30, 0), abs=1e-9), "it is in view"


def test_parallel_directions_are_told(window, qtbot, open_directions):
    """The message says so, and the plane stays."""
    panel = open_directions(a=U, b=np.asarray(U) * -2)
    state = window.explorer.state
    qtbot.mouseClick(panel.plane, LEFT)
    assert window.message.text().startswith("found two parallel directions, expected two that span a plane")
    assert window.explorer.state == state


def test_many_directions_scroll(window, open_directions):
    """Ten are shown at a time; each row moves along the direction that it names."""
    draw = np.random.default_rng(0).normal(size=(20, 3))
    panel = open_directions(d=draw)
    panel.scroll_bar.setValue(10)
    assert [row.name.text() for row in panel.rows] == [f"d {number}" for number in range(11, 21)]
    panel.rows[9].box.setValue(1.0)
    assert window.explorer.state.z == pytest.approx(draw[19] / np.linalg.norm(draw[19]))


def test_arrays_of_another_shape_are_told(window, open_directions):
    """The message says so, and no direction is shown."""
    panel = open_directions(a=np.zeros(5))
    assert "found an array of shape [5], expected [3] or [n, 3]" in window.message.text()
    assert window.directions.directions is None
    assert panel.hint.isVisible()


def test_points_can_be_taken_as_directions_instead(window, qtbot, tmp_path):
    """The message about several z has a button for this."""
    np.save(tmp_path / "two.npy", [U, V])
    window.files.open(tmp_path / "two.npy")
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    next(b for b in window.message.findChildren(QPushButton) if b.text() == "Open as directions").click()
    qtbot.waitUntil(lambda: window.directions.directions is not None, timeout=SOON_MS)
    assert window.directions.directions.names == ("two 1", "two 2")
    assert window.directions.panel.isVisible()


def test_another_model_has_no_directions_yet(window, open_directions, make_bundle, qtbot):
    """The same file opened again keeps them."""
    open_directions(smile=U)
    with qtbot.waitSignal(window.explorer.renewed, timeout=SOON_MS):
        window.explorer.reload()
    assert window.directions.directions is not None
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(make_bundle(latent_dim=4, name="other"))
    assert window.directions.directions is None


def test_directions_are_found_at_the_cursor(window, qtbot):
    """The strongest first, with its share of the change; its slider moves the cursor along it."""
    panel = window.directions.panel
    window.panel.show_section(panel)
    window.explorer.set_state(window.explorer.state.moved_to((0.5, 0.0, -0.5)))
    state = window.explorer.state
    qtbot.waitUntil(panel.search.isEnabled, timeout=SOON_MS)
    assert panel.count.currentText() == "all 3"
    qtbot.mouseClick(panel.search, LEFT)
    qtbot.waitUntil(lambda: window.directions.directions is not None, timeout=SOON_MS)
    assert window.explorer.state == state
    found = window.directions.directions
    assert sum(found.shares) == pytest.approx(1)
    assert panel.rows[0].name.text() == f"1 · {100 * found.shares[0]:.0f} %"
    assert [panel.right.itemText(i) for i in range(3)] == ["1", "2", "3"]
    panel.rows[0].box.setValue(1.0)
    assert window.explorer.state.z == pytest.approx(np.add(state.z, found.units[0]))


def test_a_search_can_be_stopped_at_once(window, qtbot):
    """It shows its progress; if it is stopped before the first probe, the old directions stay."""
    panel = window.directions.panel
    window.panel.show_section(panel)
    qtbot.waitUntil(panel.search.isEnabled, timeout=SOON_MS)
    panel.search.click()
    assert panel.progress.isVisible()
    assert not panel.search.isVisible()
    panel.cancel.click()
    assert panel.search.isVisible()
    qtbot.wait(100)
    assert window.directions.directions is None
    assert not panel.progress.isVisible()


def test_a_stopped_search_shows_what_it_has_found(open_window, make_bundle, qtbot):
    """It also says how many dimensions were tried; the next search starts from zero."""
    window = open_window(make_bundle(latent_dim=512, image_shape=(1, 40, 40)))
    panel = window.directions.panel
    window.panel.show_section(panel)
    qtbot.waitUntil(panel.search.isEnabled, timeout=SOON_MS)
    panel.count.setCurrentIndex(panel.count.findData(512))
    panel.search.click()
    qtbot.waitUntil(lambda: panel.progress.value() > 0, timeout=SOON_MS)
    panel.cancel.click()
    assert not panel.cancel.isEnabled()
    assert panel.left.text() == "stopping …"
    qtbot.waitUntil(lambda: window.directions.directions is not None, timeout=SOON_MS)
    tried, _, rest = panel.tried.text().partition(" of ")
    assert 0 < int(tried) < 512
    assert rest.startswith("512 dimensions tried; ")
    assert panel.tried.isVisible()
    assert panel.search.isVisible()
    panel.search.click()
    assert panel.cancel.isEnabled()
    qtbot.waitUntil(lambda: panel.tried.text().startswith("all 512 dimensions tried; "), timeout=SOON_MS)


def test_another_model_ends_the_search(window, qtbot, make_bundle):
    """The panel shows no progress any more, and offers the new model's numbers of probes."""
    panel = window.directions.panel
    window.panel.show_section(panel)
    qtbot.waitUntil(panel.search.isEnabled, timeout=SOON_MS)
    other = make_bundle(latent_dim=40, name="other")
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(other)
        panel.search.click()
    qtbot.waitUntil(panel.search.isEnabled, timeout=SOON_MS)
    assert not panel.progress.isVisible()
    assert [panel.count.itemText(i) for i in range(3)] == ["8 at random", "32 at random", "all 40"]
    assert window.directions.directions is None


def test_a_decoder_that_never_changes_is_told(open_window, qtbot, make_bundle):
    """Far from the prior's mean the sigmoid is flat: nothing is found, and the message says what to do."""
    window = open_window(make_bundle(latent_dim=3))
    panel = window.directions.panel
    window.panel.show_section(panel)
    qtbot.waitUntil(panel.search.isEnabled, timeout=SOON_MS)
    window.explorer.set_state(window.explorer.state.moved_to((1e7, 1e7, 1e7)))
    panel.search.click()
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert "found a picture that does not change around the cursor" in window.message.text()
    assert panel.search.isVisible()

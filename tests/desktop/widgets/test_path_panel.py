"""The path's panel offers what can be done and says what is wanted."""

import pytest
from PySide6.QtCore import Qt

from desktop.state import ViewState
from desktop.widgets.path_panel import PathPanel

LEFT = Qt.MouseButton.LeftButton


def with_points(count):
    """A state whose path has so many points."""
    return ViewState(path=tuple((float(i), 0.0) for i in range(count)))


@pytest.fixture
def panel(qtbot):
    """A shown panel."""
    panel = PathPanel()
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.mark.parametrize(
    ("count", "can_remove", "can_save"),
    [(0, False, False), (1, True, False), (2, True, True), (9, True, True)],
)
def test_what_can_be_done_depends_on_the_points(panel, count, can_remove, can_save):
    """Nothing to remove without points, and no GIF of less than two."""
    panel.set_state(with_points(count))
    assert panel.add.isEnabled()
    assert panel.remove.isEnabled() == panel.clear.isEnabled() == can_remove
    assert panel.save.isEnabled() == can_save


@pytest.mark.parametrize("button", ["add", "remove", "clear"])
def test_each_button_says_its_own(panel, qtbot, button):
    """A click wants one thing and no other."""
    panel.set_state(with_points(2))
    heard = []
    for name in ("add", "remove", "clear", "gif", "cancel"):
        getattr(panel, f"{name}_wanted").connect(lambda *_, name=name: heard.append(name))
    qtbot.mouseClick(getattr(panel, button), LEFT)
    assert heard == [button]


def test_the_gif_is_wanted_as_it_was_set(panel, qtbot):
    """Frames and frames a second."""
    panel.set_state(with_points(2))
    panel.frames.setValue(33)
    panel.fps.setValue(12)
    with qtbot.waitSignal(panel.gif_wanted) as heard:
        qtbot.mouseClick(panel.save, LEFT)
    assert heard.args == [33, 12]


def test_while_a_gif_is_made_it_can_be_cancelled_and_not_made_again(panel, qtbot):
    """Progress and Cancel take the place of Save, and give it back at the end."""
    panel.set_state(with_points(2))
    assert not panel.progress.isVisible()
    panel.set_progress(0.456)
    assert panel.progress.value() == 46
    assert panel.cancel.isVisible()
    assert not panel.save.isVisible()
    with qtbot.waitSignal(panel.cancel_wanted):
        qtbot.mouseClick(panel.cancel, LEFT)
    panel.set_progress(None)
    assert panel.save.isVisible()
    assert not panel.progress.isVisible()
    assert not panel.cancel.isVisible()


def test_returning_is_part_of_the_state(panel, qtbot):
    """The box says what is wanted, and shows what is."""
    panel.set_state(with_points(2))
    with qtbot.waitSignal(panel.closed_wanted) as heard:
        panel.closed.click()
    assert heard.args == [True]
    panel.set_state(with_points(2))
    assert not panel.closed.isChecked()

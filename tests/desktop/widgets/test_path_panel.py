"""The path's panel offers what can be done and says what is wanted."""

import pytest
from PySide6.QtCore import Qt

from desktop.widgets.path_panel import PathPanel

LEFT = Qt.MouseButton.LeftButton


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
    panel.set_point_count(count)
    assert panel.add.isEnabled()
    assert panel.remove.isEnabled() == panel.clear.isEnabled() == can_remove
    assert panel.save.isEnabled() == can_save


@pytest.mark.parametrize("button", ["add", "remove", "clear"])
def test_each_button_says_its_own(panel, qtbot, button):
    """A click wants one thing and no other."""
    panel.set_point_count(2)
    heard = []
    for name in ("add", "remove", "clear", "gif", "cancel"):
        getattr(panel, f"{name}_wanted").connect(lambda *_, name=name: heard.append(name))
    qtbot.mouseClick(getattr(panel, button), LEFT)
    assert heard == [button]


def test_the_gif_is_wanted_as_it_was_set(panel, qtbot):
    """Frames, frames a second and whether to return."""
    panel.set_point_count(2)
    panel.frames.setValue(33)
    panel.fps.setValue(12)
    panel.closed.setChecked(True)
    with qtbot.waitSignal(panel.gif_wanted) as heard:
        qtbot.mouseClick(panel.save, LEFT)
    assert heard.args == [33, 12, True]


def test_while_a_gif_is_made_it_can_be_cancelled_and_not_made_again(panel, qtbot):
    """Progress and Cancel take the place of Save, and give it back at the end."""
    panel.set_point_count(2)
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

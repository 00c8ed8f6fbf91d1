"""The time bar is a slider with one step per epoch, for mouse, keys and screen readers."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from desktop.models.epochs import Epoch, epoch_in_words
from desktop.widgets.panels.time_bar import TimeBar

EPOCHS = tuple(Epoch(n, (str(n),), None if n == 0 else -200.0 + 10 * n) for n in range(6))


@pytest.fixture
def bar(qtbot):
    """A shown bar over six epochs, at the last one."""
    bar = TimeBar()
    qtbot.addWidget(bar)
    bar.resize(600, bar.sizeHint().height())
    bar.set_epochs(EPOCHS)
    bar.set_index(5)
    bar.show()
    qtbot.waitExposed(bar)
    return bar


@pytest.fixture
def wanted(bar):
    """The emitted indices."""
    found: list[int] = []
    bar.index_wanted.connect(found.append)
    return found


def place(bar, index: int) -> QPoint:
    """Return the position of an epoch on the slider."""
    return QPoint(round(bar.slider.x_of(index)), bar.slider.height() // 2)


def test_a_click_goes_to_the_epoch_under_it(bar, wanted, qtbot):
    """A click anywhere goes to that epoch, not one step towards it."""
    for index in (1, 4, 0):
        qtbot.mouseClick(bar.slider, Qt.MouseButton.LeftButton, pos=place(bar, index))
    assert wanted == [1, 4, 0]
    assert bar.slider.value() == 0


def test_a_drag_goes_through_the_epochs(bar, wanted, qtbot):
    """Pressed at one end and dragged past the other, it passes all epochs and stops at the last."""
    qtbot.mousePress(bar.slider, Qt.MouseButton.LeftButton, pos=place(bar, 0))
    for index in range(1, 6):
        qtbot.mouseMove(bar.slider, place(bar, index))
    qtbot.mouseMove(bar.slider, QPoint(5000, 3))
    qtbot.mouseRelease(bar.slider, Qt.MouseButton.LeftButton)
    assert wanted == [0, 1, 2, 3, 4, 5]
    qtbot.mouseMove(bar.slider, place(bar, 2))
    assert wanted[-1] == 5


@pytest.mark.parametrize(
    ("key", "index"),
    [
        (Qt.Key.Key_Left, 2),
        (Qt.Key.Key_Right, 4),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, 5),
        (Qt.Key.Key_PageUp, 4),
        (Qt.Key.Key_PageDown, 2),
    ],
)
def test_keys_move_it(bar, wanted, qtbot, key, index):
    """Arrow and page keys go one epoch forward or back, and Home and End go to the ends."""
    bar.set_index(3)
    bar.slider.setFocus()
    qtbot.keyClick(bar.slider, key)
    assert wanted == [index]


def test_showing_a_place_asks_for_nothing(bar, wanted):
    """The state is shown and not emitted again."""
    bar.set_index(2)
    assert (bar.slider.value(), wanted) == (2, [])
    assert bar.label.text() == "epoch 2 / 5  −180.00 nats"


def test_it_says_what_it_shows(bar):
    """The slider has a name and a description for screen readers, with the test ELBO if it is known."""
    assert bar.slider.accessibleName() == "Epoch"
    assert bar.slider.accessibleDescription() == "epoch 5 of 5: test ELBO −150.00 nats"
    bar.set_index(0)
    assert bar.slider.accessibleDescription() == "epoch 0 of 5: before training"
    assert bar.label.text() == "epoch 0 / 5"
    assert epoch_in_words((Epoch(3, (), None),), 0) == "epoch 3 of 3"
    assert epoch_in_words((Epoch(3, (), None, planned=60),), 0) == "epoch 3 of 60"
    assert bar.play.accessibleName() == "Play the epochs"
    bar.set_playing(True)
    assert (bar.play.accessibleName(), bar.play.toolTip()) == ("Pause the epochs", "Pause the epochs (E)")
    assert bar.speed.accessibleName() == "Epochs per second"


def test_the_tool_tip_is_of_the_epoch_under_the_pointer(bar):
    """Hovering over another epoch shows its test ELBO."""
    at = place(bar, 2)
    QApplication.sendEvent(bar.slider, QHelpEvent(QHelpEvent.Type.ToolTip, at, bar.slider.mapToGlobal(at)))
    assert QToolTip.text() == "epoch 2 of 5: test ELBO −180.00 nats"
    QToolTip.hideText()


def tick_y(slider) -> int:
    """Return the row of pixels through the middle of the ticks."""
    return slider._groove_and_handle()[1].bottom() + 5


def test_ticks_and_curve_are_drawn(bar, on_screen, pixels):
    """Each epoch has a tick; the curve rises with the ELBO, and is absent if none is known."""
    slider = bar.slider
    slider.setFixedWidth(400)
    with_curve = pixels(on_screen(slider)).astype(int)
    row = with_curve[tick_y(slider), :, :3].sum(axis=1)
    ground = np.bincount(row).argmax()
    ticks = np.flatnonzero(np.abs(row - ground) > 60)
    expected = [slider.x_of(index) for index in range(6)]
    assert [min(abs(tick - x) for tick in ticks) <= 1.5 for x in expected] == [True] * 6
    assert all(min(abs(tick - x) for x in expected) <= 1.5 for tick in ticks)
    bar.set_epochs(tuple(Epoch(n, (), None) for n in range(6)))
    bar.set_index(5)
    without = pixels(on_screen(slider)).astype(int)
    changed = np.abs(with_curve - without).sum(axis=2) > 40
    heights = [np.flatnonzero(changed[:, round(slider.x_of(n)) + 4]).mean() for n in (1, 2, 3, 4)]
    assert heights == sorted(heights, reverse=True)
    assert not changed[:, : round(slider.x_of(1)) - 12].any()


def test_many_epochs_keep_their_ticks_apart(bar, on_screen, pixels):
    """A thousand epochs do not give a thousand lines side by side."""
    bar.set_epochs(tuple(Epoch(n, (), None) for n in range(1000)))
    row = pixels(on_screen(bar.slider)).astype(int)[tick_y(bar.slider), :, :3].sum(axis=1)
    assert (np.abs(row - np.bincount(row).argmax()) > 60).mean() < 0.4


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_choice_there_is_no_bar(bar, count):
    """The bar is hidden for a bundle with one epoch or none."""
    bar.set_epochs(EPOCHS[:count])
    assert not bar.isVisible()


def test_the_slider_stays_where_it_is_while_it_moves(bar):
    """The slider has the same width at every epoch, however long the text beside it is."""
    widths = set()
    for index in range(6):
        bar.set_index(index)
        bar.layout().activate()
        widths.add(bar.slider.width())
    assert len(widths) == 1

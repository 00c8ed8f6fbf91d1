"""Every label has a button in its colour."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from desktop.widgets.common import colors
from desktop.widgets.panels.legend import GOES_ON_MS, WIDTH_PX, Legend
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def legend(qtbot):
    """A shown legend of twelve labels."""
    legend = Legend()
    qtbot.addWidget(legend)
    legend.set_labels(tuple(f"class {number}" for number in range(12)))
    legend.show()
    qtbot.waitExposed(legend)
    return legend


def buttons(legend):
    """Return the buttons in reading order."""
    found = [button for button in legend.findChildren(QToolButton) if button.isVisible()]
    return sorted(found, key=lambda button: (button.y(), button.x()))


def test_there_is_a_switch_for_every_label_in_order(legend):
    """They read like a text, by their names."""
    assert [button.text() for button in buttons(legend)] == [f"class {number}" for number in range(12)]


def test_a_switch_says_its_label(legend, qtbot):
    """It emits the label's number, whatever its name is."""
    heard = []
    legend.switched.connect(heard.append)
    for label in (0, 11, 4):
        qtbot.mouseClick(buttons(legend)[label], LEFT)
    assert heard == [0, 11, 4]


def test_hidden_labels_are_switched_off(legend):
    """The buttons show the state, and showing it emits nothing."""
    heard = []
    legend.switched.connect(heard.append)
    legend.set_hidden(frozenset({2, 7}))
    assert [label for label, button in enumerate(buttons(legend)) if not button.isChecked()] == [2, 7]
    legend.set_hidden(frozenset())
    assert all(button.isChecked() for button in buttons(legend))
    assert heard == []


def test_the_same_labels_stay_as_they_are(legend):
    """A bundle that grows hides no label anew and shows none again; another model's labels are all shown."""
    legend.set_hidden(frozenset({2, 7}))
    before = legend._buttons
    legend.set_labels(tuple(f"class {number}" for number in range(12)))
    assert legend._buttons == before
    assert [label for label, button in enumerate(before) if not button.isChecked()] == [2, 7]
    legend.set_labels(tuple(f"kind {number}" for number in range(12)))
    assert all(button.isChecked() for button in legend._buttons)


def test_a_switch_has_its_labels_colour_and_loses_it_when_off(legend, pixels):
    """When on, it is filled with the colour of its points; when off, it has only a frame."""
    color = colors.label_color(3)

    def share():
        picture = pixels(buttons(legend)[3].grab().toImage())[..., :3].astype(int)
        return (np.abs(picture - [color.red(), color.green(), color.blue()]).max(axis=-1) < 10).mean()

    on = share()
    legend.set_hidden(frozenset({3}))
    assert on > 0.5
    assert 0 < share() < 0.4


def test_another_models_labels_take_the_place_of_the_first(legend, qtbot):
    """After opening another bundle only its labels are shown; having none is no error."""
    legend.set_labels(("a", "b"))
    qtbot.waitUntil(lambda: [button.text() for button in buttons(legend)] == ["a", "b"], timeout=SOON_MS)
    legend.set_labels(())
    qtbot.waitUntil(lambda: buttons(legend) == [], timeout=SOON_MS)


def test_a_name_is_shown_as_it_is_written(legend, qtbot):
    """An ampersand is part of the name and does not mark a shortcut."""
    legend.set_labels(("salt & pepper",))
    qtbot.waitUntil(lambda: len(buttons(legend)) == 1, timeout=SOON_MS)
    (button,) = buttons(legend)
    assert button.text() == "salt && pepper"  # how Qt is told to show one
    assert button.shortcut().isEmpty()


@pytest.mark.parametrize(
    "names",
    [tuple("0123456789"), ("T-shirt/top", "Trouser", "Ankle boot"), ("a name that is far too long " * 3,)],
)
def test_names_of_any_length_fit_the_side_panel(legend, qtbot, names):
    """Short names are five in a row, long ones fewer, and none is wider than the panel."""
    legend.set_labels(names)
    legend.resize(WIDTH_PX, 200)
    qtbot.waitUntil(lambda: len(buttons(legend)) == len(names), timeout=SOON_MS)
    found = buttons(legend)
    rows = {button.y() for button in found}
    assert len(rows) == (2 if len(names) > 9 else 1)
    assert all(button.geometry().right() <= WIDTH_PX for button in found)


def test_all_and_none_are_there_with_labels_only(legend):
    """Each is enabled only if it would change something."""
    assert legend.none.isEnabled() and not legend.all.isEnabled()
    legend.set_hidden(frozenset({3}))
    assert legend.none.isEnabled() and legend.all.isEnabled()
    legend.set_hidden(frozenset(range(12)))
    assert legend.all.isEnabled() and not legend.none.isEnabled()
    legend.set_labels(())
    assert not legend.all.isVisible() and not legend.none.isVisible()


def test_tab_stops_at_one_label_and_arrows_reach_the_others(legend, qtbot):
    """Twelve labels are not twelve stops; where an arrow led, Tab comes back to."""
    found = buttons(legend)
    by_row = found[1].y() - found[0].y()
    columns = [button.y() for button in found].count(found[0].y())
    assert by_row == 0 and columns > 1

    def stops():
        return [label for label, button in enumerate(found) if button.focusPolicy() & Qt.FocusPolicy.TabFocus]

    assert stops() == [0]
    at = found[0]
    at.setFocus(Qt.FocusReason.TabFocusReason)
    for key, label in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 1 + columns),
        (Qt.Key.Key_Up, 1),
        (Qt.Key.Key_End, 11),
        (Qt.Key.Key_Right, 11),
        (Qt.Key.Key_Left, 10),
    ):
        qtbot.keyClick(at, key)
        at = found[label]
        assert at.hasFocus()
    assert stops() == [10]


def test_a_hundred_labels_scroll_by_themselves(legend, qtbot):
    """All and None stay near, the scroll bar cuts off no name, and arrow keys bring a label into view."""
    legend.set_labels(tuple(f"class number {number} with a rather long name" for number in range(100)))
    legend.resize(WIDTH_PX, legend.sizeHint().height())
    qtbot.waitUntil(lambda: len(buttons(legend)) == 100, timeout=SOON_MS)
    legend.resize(WIDTH_PX, legend.sizeHint().height())
    assert legend.height() < 350
    first, *_, last = buttons(legend)
    bar = legend.findChild(QScrollArea).verticalScrollBar()
    qtbot.waitUntil(bar.isVisible, timeout=SOON_MS)
    assert not last.visibleRegion().contains(last.rect().center())
    qtbot.waitUntil(lambda: first.visibleRegion().contains(first.rect()), timeout=SOON_MS)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(first, Qt.Key.Key_End)
    assert last.visibleRegion().contains(last.rect())
    qtbot.keyClick(last, Qt.Key.Key_Home)
    assert first.visibleRegion().contains(first.rect())


def test_a_wheel_goes_on_with_what_it_scrolls(qtbot, turn_wheel):
    """One that began on the panel is left to the panel over the legend, and so is one at the legend's end."""
    panel, inside, legend = QScrollArea(), QWidget(), Legend()
    legend.set_labels(tuple(f"class number {number:03} of a hundred" for number in range(100)))
    layout = QVBoxLayout(inside)
    for widget in (QLabel("above"), legend, QLabel("below")):
        widget.setMinimumHeight(400)
        layout.addWidget(widget)
    panel.setWidgetResizable(True)
    panel.setWidget(inside)
    panel.resize(320, 420)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)
    rows, own = legend._rows.viewport(), legend._rows.verticalScrollBar()
    middle = QPoint(20, 20)
    assert turn_wheel(rows, middle, -1) and own.value() > 0
    own.setValue(0)
    assert turn_wheel(panel.viewport(), middle, -1) and panel.verticalScrollBar().value() > 0
    assert not turn_wheel(rows, middle, -1) and own.value() == 0
    qtbot.wait(2 * GOES_ON_MS)
    assert turn_wheel(rows, middle, -1) and own.value() > 0
    own.setValue(own.maximum())
    assert not turn_wheel(rows, middle, -1)


def test_few_labels_need_no_scroll_bar(legend, qtbot):
    """The legend is as high as its rows."""
    legend.set_labels(tuple(f"{number}" for number in range(10)))
    qtbot.waitUntil(lambda: len(buttons(legend)) == 10, timeout=SOON_MS)
    legend.resize(WIDTH_PX, legend.sizeHint().height())
    assert not legend.findChild(QScrollArea).verticalScrollBar().isVisible()
    assert all(button.visibleRegion().contains(button.rect()) for button in buttons(legend))

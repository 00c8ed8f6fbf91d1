"""Saved inputs are restored by name; values of the wrong kind change nothing."""

import pytest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.widgets.common.folding_sections import FoldingSections
from desktop.widgets.common.keyed_tabs import KeyedTabs
from desktop.widgets.common.saved_inputs import (
    restore_inputs,
    save_input,
    saved_for,
    saved_values,
    set_saved_values,
)

VALUES = {
    "n": 7,
    "speed": 0.5,
    "at": 12,
    "kind": "WebP",
    "closed": True,
    "title": "grün",
    "page": "two",
    "open": "one",
}


@pytest.fixture
def window(qtbot):
    """A window with one input of each kind, and one that is not saved."""
    window, tabs, kind = QWidget(), KeyedTabs(), QComboBox()
    tabs.add("one", "First", QWidget())
    tabs.add("two", "Second", QWidget())
    sections = FoldingSections(("one", "two"))
    for key in ("one", "two"):
        sections.add(key, key, QWidget())
    kind.addItems(["GIF", "WebP"])
    inputs = {
        "n": QSpinBox(maximum=9),
        "speed": QDoubleSpinBox(),
        "at": QSlider(),
        "kind": kind,
        "closed": QCheckBox(),
        "title": QLineEdit(),
        "page": tabs,
        "open": sections,
    }
    layout = QVBoxLayout(window)
    layout.addWidget(QSpinBox(value=3))
    for name, widget in inputs.items():
        save_input(name, widget)
        layout.addWidget(widget)
    qtbot.addWidget(window)
    return window


def test_every_kind_comes_back(window):
    """Each restored value equals the saved one."""
    before = saved_values(window)
    assert list(before) == list(VALUES)
    set_saved_values(window, VALUES)
    assert saved_values(window) == VALUES
    set_saved_values(window, before)
    assert saved_values(window) == before


def test_what_does_not_fit_changes_nothing(window):
    """Values of another type and choices that no longer exist are ignored."""
    before = saved_values(window)
    wrong = {
        "n": "a",
        "speed": True,
        "at": "x",
        "kind": "BMP",
        "closed": 3,
        "title": 1,
        "page": "three",
        "?": 1,
    }
    set_saved_values(window, wrong)
    assert saved_values(window) == before


def test_a_tab_is_found_by_what_it_was_called_too(window):
    """Earlier versions saved the tab's text."""
    set_saved_values(window, {"page": "Second"})
    assert saved_values(window)["page"] == "two"


def test_what_an_entry_says_is_not_what_is_kept(qtbot):
    """A combo box whose entries have values saves the value, and can be restored from value or text."""
    window = QWidget()
    qtbot.addWidget(window)
    order = QComboBox(window)
    order.addItem("Lowest first", "Worst first")
    order.addItem("Highest first", "Best first")
    save_input("order", order)
    for value in ("Best first", "Highest first"):
        order.setCurrentIndex(0)
        set_saved_values(window, {"order": value})
        assert saved_values(window) == {"order": "Best first"}


def test_an_export_carries_its_own_inputs(window):
    """The names in the export leave out its kind."""
    for name in ("samples.n", "samples.seed", "manifold.n"):
        save_input(name, QSpinBox(window, value=5))
    assert saved_for(window, "samples") == {"n": 5, "seed": 5}


def test_a_number_out_of_range_is_the_nearest_that_is_in_it(window):
    """Any number out of range becomes the nearest one in range."""
    set_saved_values(window, {"n": 10**15, "at": -(10**15)})
    assert saved_values(window) == saved_values(window) | {"n": 9, "at": 0}


def test_a_value_waits_for_an_input_that_is_made_later(window):
    """The value is kept until then, even across another save; afterwards the input's own value counts."""
    set_saved_values(window, {"view.width": 5, "n": 3})
    assert saved_values(window)["view.width"] == 5
    later = QSpinBox(window)
    save_input("view.width", later)
    restore_inputs(window, later.parentWidget())
    assert later.value() == 5
    later.setValue(6)
    assert saved_values(window)["view.width"] == 6
    restore_inputs(window, window)
    assert later.value() == 6


def test_only_so_many_values_wait(window):
    """Values from other people's files do not pile up."""
    for start in (0, 60):
        set_saved_values(window, {f"view.{start + n}": n for n in range(60)} | {"strange": 1})
    waiting = [name for name in saved_values(window) if name.startswith(("view.", "strange"))]
    assert len(waiting) == 64
    assert "strange" not in waiting

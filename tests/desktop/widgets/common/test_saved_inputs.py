"""Saved inputs are restored by name; values that do not fit change nothing."""

import pytest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSlider,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.widgets.common.saved_inputs import keep, kept_values, set_kept_values

VALUES = {"n": 7, "speed": 0.5, "at": 12, "kind": "WebP", "closed": True, "title": "grün", "page": "Two"}


@pytest.fixture
def window(qtbot):
    """A window with one input of each kind, and one that is not saved."""
    window, tabs, kind = QWidget(), QTabWidget(), QComboBox()
    tabs.addTab(QWidget(), "One")
    tabs.addTab(QWidget(), "Two")
    kind.addItems(["GIF", "WebP"])
    inputs = {
        "n": QSpinBox(maximum=9),
        "speed": QDoubleSpinBox(),
        "at": QSlider(),
        "kind": kind,
        "closed": QCheckBox(),
        "title": QLineEdit(),
        "page": tabs,
    }
    layout = QVBoxLayout(window)
    layout.addWidget(QSpinBox(value=3))
    for name, widget in inputs.items():
        keep(name, widget)
        layout.addWidget(widget)
    qtbot.addWidget(window)
    return window


def test_every_kind_comes_back(window):
    """Each restored value equals the saved one."""
    before = kept_values(window)
    assert list(before) == list(VALUES)
    set_kept_values(window, VALUES)
    assert kept_values(window) == VALUES
    set_kept_values(window, before)
    assert kept_values(window) == before


def test_what_does_not_fit_changes_nothing(window):
    """Values of another type and choices that no longer exist are ignored."""
    before = kept_values(window)
    wrong = {
        "n": "a",
        "speed": True,
        "at": "x",
        "kind": "BMP",
        "closed": 3,
        "title": 1,
        "page": "Three",
        "?": 1,
    }
    set_kept_values(window, wrong)
    assert kept_values(window) == before


def test_a_number_out_of_range_is_the_nearest_that_is_in_it(window):
    """However far out a number is, it becomes the nearest one in range."""
    set_kept_values(window, {"n": 10**15, "at": -(10**15)})
    assert kept_values(window) == kept_values(window) | {"n": 9, "at": 0}

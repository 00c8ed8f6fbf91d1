"""Disabled things say why, in the window, its menus and its dialogs."""

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollBar,
    QTabBar,
)

from desktop.figure.figure import Part
from desktop.widgets.common.menus import menus_of
from desktop.widgets.common.usable import reason_of, set_usable
from desktop.widgets.dialogs.export_dialog import ExportDialog
from desktop.widgets.dialogs.figure_dialog import FigureDialog

INPUTS = QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit
TEXTS = ("No recent models",)  # menu entries that only inform


def unexplained(window):
    """The widgets and entries that are disabled themselves and give no reason in their tool tip."""
    inputs = [one for kind in INPUTS for one in window.findChildren(kind)]
    # Qt's own parts give no reasons, and children of a disabled widget share its reason.
    inputs = [one for one in inputs if not isinstance(one, QScrollBar)]
    inputs = [one for one in inputs if not isinstance(one.parentWidget(), QTabBar)]
    disabled = [one for one in inputs if not one.isEnabled() and one.parentWidget().isEnabled()]
    if hasattr(window, "menuBar"):
        entries = [entry for _, menu in menus_of(window) for entry in menu.actions()]
        entries = [entry for entry in entries if entry.isVisible() and entry.text() not in TEXTS]
        disabled += [entry for entry in entries if not entry.isEnabled()]
    assert disabled
    return [
        one.text() if hasattr(one, "text") else one.accessibleName()
        for one in disabled
        if not reason_of(one) or not one.toolTip().endswith(reason_of(one))
    ]


def test_a_button_says_what_it_does_and_why_it_cannot(qtbot):
    """The reason is below the tool tip until the button is enabled; the same holds for menu entries."""
    button = QPushButton("Go")
    qtbot.addWidget(button)
    button.setToolTip("Goes there.")
    set_usable(button, "There is no way.")
    assert (button.isEnabled(), button.toolTip()) == (False, "Goes there.\nThere is no way.")
    set_usable(button, "The way is closed.", "Goes here.")
    assert button.toolTip() == "Goes here.\nThe way is closed."
    set_usable(button)
    assert (button.isEnabled(), button.toolTip(), reason_of(button)) == (True, "Goes here.", "")
    entry = QAction("&Go")
    set_usable(entry, "There is no way.")
    assert (entry.isEnabled(), entry.toolTip()) == (False, "There is no way.")
    set_usable(entry)
    assert (entry.isEnabled(), entry.toolTip()) == (True, "Go")


@pytest.mark.parametrize("is_open", [False, True])
def test_all_that_is_disabled_says_why(open_window, make_bundle, is_open):
    """Both without a model, and with a bare model of three dimensions without test images."""
    window = open_window(make_bundle(latent_dim=3)) if is_open else open_window()
    assert unexplained(window) == []
    if is_open:
        assert window.panel.view.through_path.toolTip().endswith("three points.")
        assert "needs 2 dimensions" in window.image.panel.take_mode.toolTip()


def test_all_that_is_disabled_in_a_dialog_says_why(qtbot):
    """The dialogs are for an animation without a path, and for a figure in which little can be chosen."""
    film, figure = ExportDialog(), FigureDialog()
    for dialog in (film, figure):
        qtbot.addWidget(dialog)
    film.set_model((28, 28), 0)
    film.set_has_path(False)
    film.set_size(280, 280)
    assert unexplained(film) == []
    figure.set_parts(frozenset({Part.CURSOR}), frozenset())
    figure.has_caption.click()
    figure.format.setCurrentText("SVG")
    assert unexplained(figure) == []

"""Saves the window's inputs between starts, if their object name starts with `saved.`.

The settings of an export such as "samples" are saved as "samples.n", "samples.seed", …. The exported file
carries the same names and values, so that opening it restores them.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSlider,
    QSpinBox,
    QSplitter,
    QWidget,
)

from desktop.view.saved_views import Value
from desktop.widgets.common.folding_sections import FoldingSections
from desktop.widgets.common.keyed_tabs import KeyedTabs

START = "saved."
# The window's property with values for inputs that do not exist yet, such as those of a dialog.
WAITING = "values_of_later_inputs"
# An input's property with the number that a person chose, if the open model allows only a smaller one.
WANTED = "wanted"
# First parts of the names of such later inputs. Files from other people or versions may hold many more.
LATER, MOST_WAITING = ("view", "path"), 64


@runtime_checkable
class SavedAsText(Protocol):
    """A widget that saves its state as text."""

    def saved_text(self) -> str:
        """Return the text to save."""

    def restore_text(self, text: str) -> None:
        """Restore from a saved text, which may be any text."""


def save_input(name: str, widget: QWidget) -> None:
    """Mark an input to be saved between starts, under a name such as "samples.n"."""
    widget.setObjectName(START + name)


def saved_values(window: QWidget) -> dict[str, Value]:
    """Return the value of every saved input, or the one that a person chose, and the values that wait."""
    values = _waiting(window)
    for widget in _saved_inputs(window):
        wanted = widget.property(WANTED)
        value = _value(widget) if wanted is None else wanted
        if value is not None:
            values[_name(widget)] = value
    return values


def saved_for(window: QWidget, kind: str) -> dict[str, Value]:
    """Return the current settings of one kind of export, with names such as "n" and "seed"."""
    start = f"{kind}."
    values = _waiting(window) | {_name(widget): _value(widget) for widget in _saved_inputs(window)}
    return {n.removeprefix(start): v for n, v in values.items() if n.startswith(start) and v is not None}


def set_saved_values(window: QWidget, values: dict[str, Value]) -> None:
    """Restore saved values; an input ignores values of another type and choices that it no longer offers.

    Values whose input does not exist yet wait for `restore_inputs`.
    """
    _restore(window, window, _waiting(window) | values)


def set_exported_values(window: QWidget, kind: str, values: Mapping[str, Value]) -> None:
    """Restore the settings of one kind of export from a file.

    Because the file may come from anyone, widgets that save text are left as they are: one of these texts is
    the path of a model, which would be opened.
    """
    texts = {_name(w) for w in _saved_inputs(window) if isinstance(w, (SavedAsText, QSplitter))}
    named = {f"{kind}.{name}": value for name, value in values.items()}
    set_saved_values(window, {name: value for name, value in named.items() if name not in texts})


def restore_inputs(window: QWidget, part: QWidget) -> None:
    """Set the inputs in a part of the window, such as a new dialog, to the values that wait for them."""
    _restore(window, part, _waiting(window))


def _restore(window: QWidget, part: QWidget, values: dict[str, Value]) -> None:
    """Set the inputs in a part of the window, and keep the values of later inputs."""
    for widget in _saved_inputs(part):
        value = values.pop(_name(widget), None)
        if value is not None:
            _set(widget, value)
    later = [(name, value) for name, value in values.items() if name.partition(".")[0] in LATER]
    window.setProperty(WAITING, dict(later[:MOST_WAITING]))


def _waiting(window: QWidget) -> dict[str, Value]:
    return dict(window.property(WAITING) or {})


def _saved_inputs(window: QWidget) -> list[QWidget]:
    return [w for w in window.findChildren(QWidget) if w.objectName().startswith(START)]


def _name(widget: QWidget) -> str:
    return widget.objectName().removeprefix(START)


def _value(widget: QWidget) -> Value | None:
    if isinstance(widget, (QSpinBox, QDoubleSpinBox, QSlider)):
        return widget.value()
    if isinstance(widget, QComboBox):
        data = widget.currentData()
        return data if isinstance(data, str) else widget.currentText()
    if isinstance(widget, QAbstractButton):
        return widget.isChecked()
    if isinstance(widget, QLineEdit):
        return widget.text()
    if isinstance(widget, KeyedTabs):
        return widget.key()
    if isinstance(widget, FoldingSections):
        return ",".join(widget.open_keys())
    if isinstance(widget, QSplitter):
        return widget.saveState().toBase64().toStdString()
    if isinstance(widget, SavedAsText):
        return widget.saved_text()
    return None


def _set(widget: QWidget, value: Value) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(widget, (QSpinBox, QSlider)) and number:
        low, high = widget.minimum(), widget.maximum()
        widget.setValue(int(min(max(value, low), high)))
    elif isinstance(widget, QDoubleSpinBox) and number:
        widget.setValue(float(value))
    elif isinstance(widget, QComboBox) and isinstance(value, str):
        index = max(widget.findData(value), widget.findText(value))
        if index >= 0:
            widget.setCurrentIndex(index)
    elif isinstance(widget, QAbstractButton) and isinstance(value, bool):
        widget.setChecked(value)
    elif isinstance(widget, QLineEdit) and isinstance(value, str):
        widget.setText(value)
    elif isinstance(widget, FoldingSections) and isinstance(value, str):
        widget.set_open_keys(tuple(value.lower().split(",")))  # earlier versions saved the text of one
    elif isinstance(widget, QSplitter) and isinstance(value, str):
        widget.restoreState(QByteArray.fromBase64(value.encode(errors="replace")))
    elif isinstance(widget, SavedAsText) and isinstance(value, str):
        widget.restore_text(value)
    elif isinstance(widget, KeyedTabs) and isinstance(value, str) and not widget.show_key(value):
        # Earlier versions saved the tab's text.
        texts = [widget.tabText(index) for index in range(widget.count())]
        if value in texts:
            widget.setCurrentIndex(texts.index(value))

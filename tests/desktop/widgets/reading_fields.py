"""Actions on the fields of a reading, and the words beside the fields."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def choose(box, text, qtbot):
    """Choose an entry with the keyboard, as a person would."""
    box.setFocus()
    index = box.findText(text)
    assert index >= 0
    key = Qt.Key.Key_Down if index > box.currentIndex() else Qt.Key.Key_Up
    for _ in range(abs(index - box.currentIndex())):
        qtbot.keyClick(box, key)


def set_text(dialog, option, text, qtbot, key=Qt.Key.Key_Return):
    """Type into a field and leave it with Enter, or with another key."""
    line = dialog.fields[option]
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, key)


def known(dialog):
    """Return what the dialog says about each part: option to "certain", "a guess" or "set by you"."""
    said = {}
    for option, field in dialog.fields.items():
        labels = field.parentWidget().findChildren(QLabel)
        beside = [w for w in labels if abs(w.geometry().center().y() - field.geometry().center().y()) < 4]
        said[option] = next((w.text() for w in beside if w.geometry().left() > field.geometry().left()), "")
    return said

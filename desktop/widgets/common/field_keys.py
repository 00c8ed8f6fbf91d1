"""Keys in fields: Esc undoes typing, and keys that mean nothing in a field go to the window."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

OF_NUMBERS, OF_EXPONENTS = set("0123456789+-−.,"), set("eE")
NOT_PLAIN = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
Box = QSpinBox | QDoubleSpinBox


def share_keys(window: QWidget) -> None:
    """Pass on to the window the keys that its fields claim but cannot use.

    A number box claims every letter, so that R or Q on a page of samples would do nothing; and each field
    claims Ctrl+Z, even if no typing can be undone.
    """
    boxes = (*window.findChildren(QSpinBox), *window.findChildren(QDoubleSpinBox))
    _share((*boxes, *window.findChildren(QLineEdit)), window)


def share_keys_of(box: Box) -> None:
    """Pass on the unused keys of a box that is made later."""
    _share((box, _line(box)), box)


def is_of_number(event: QKeyEvent) -> bool:
    """Whether a key types a digit, a sign, a point or a comma."""
    return event.text() in OF_NUMBERS and not event.modifiers() & NOT_PLAIN


def _share(fields: Iterable[QWidget], parent: QObject) -> None:
    sharing = _Sharing(parent)
    for field in fields:
        field.installEventFilter(sharing)


class _Sharing(QObject):
    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        """Handle a key before the field does."""
        if not isinstance(event, QKeyEvent):
            return False
        is_claim = event.type() == QEvent.Type.ShortcutOverride
        if event.key() == Qt.Key.Key_Escape and isinstance(field, Box) and _is_typed_in(field):
            if is_claim:
                event.accept()
            elif event.type() == QEvent.Type.KeyPress:
                _line(field).setText(_shown(field))
                field.selectAll()
            return True
        if is_claim and _is_for_window(field, event):
            event.ignore()
            return True
        return False


def _line(box: Box) -> QLineEdit:
    """The text field inside a box; `lineEdit()` is for subclasses only."""
    line = box.findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    return line


def _shown(box: Box) -> str:
    """The text of a box while nobody types in it."""
    if box.specialValueText() and box.value() == box.minimum():
        return box.specialValueText()
    text = (
        box.textFromValue(int(box.value())) if isinstance(box, QSpinBox) else box.textFromValue(box.value())
    )
    return f"{box.prefix()}{text}{box.suffix()}"


def _is_typed_in(box: Box) -> bool:
    return _line(box).text() != _shown(box)


def _is_for_window(field: QObject, event: QKeyEvent) -> bool:
    """Whether a field has no use for a key."""
    line = field if isinstance(field, QLineEdit) else None
    if isinstance(field, Box):
        line = _line(field)
        takes = OF_NUMBERS if isinstance(field, QSpinBox) else OF_NUMBERS | OF_EXPONENTS
        text, is_plain = event.text().strip(), not event.modifiers() & NOT_PLAIN
        if is_plain and text and text.isprintable() and text not in takes:
            return True
    if line is None:
        return False
    if event.matches(QKeySequence.StandardKey.Undo):
        return not line.isUndoAvailable()
    return event.matches(QKeySequence.StandardKey.Redo) and not line.isRedoAvailable()

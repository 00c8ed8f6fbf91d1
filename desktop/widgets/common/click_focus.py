"""A click on a button or check box leaves the keyboard where it was; Space does not press it again."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)

# These take over what was typed when they lose the keyboard, and do not get it back.
Field = QLineEdit | QAbstractSpinBox | QComboBox


class ClickFocus(QWidget):
    """Gives the keyboard back when a click gives it to any kind of button of a window; Tab still gives it.

    Args:
        window: whose buttons these are; those of its dialogs keep the keyboard.
        page: returns the widget that gets the keyboard if it was nowhere, in a field or on a button.
    """

    def __init__(self, window: QWidget, page: Callable[[], QWidget | None]) -> None:
        super().__init__(window)
        self.hide()
        self._page = page
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_changed)

    def _on_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        is_click = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if not isinstance(now, QAbstractButton) or not is_click or now.window() is not self.window():
            return
        to = before
        if to is None or isinstance(to, QAbstractButton | Field) or to.window() is not self.window():
            to = self._page()
        if to is not None:
            to.setFocus(Qt.FocusReason.OtherFocusReason)

"""A click on a button or check box leaves the keyboard where it was."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QDialog,
    QListWidget,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.widgets.common.click_focus import ClickFocus

LEFT = Qt.MouseButton.LeftButton


class Painted(QAbstractButton):
    """A button of its own kind, such as a nearest image."""

    def __init__(self):
        super().__init__()
        self.setFixedSize(40, 20)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def paintEvent(self, event):  # noqa: N802 (Qt's name)
        """Draw nothing."""


@pytest.fixture
def window(qtbot):
    """A page, a list, a box for a number, a check box, and three kinds of buttons."""
    window, page = QWidget(), QWidget()
    page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    page.setObjectName("page")
    layout = QVBoxLayout(window)
    for widget in (
        page,
        QListWidget(),
        QSpinBox(),
        QCheckBox("a"),
        QPushButton("b"),
        QToolButton(),
        Painted(),
    ):
        layout.addWidget(widget)
    window.findChild(QSpinBox).setKeyboardTracking(False)
    window.findChild(QToolButton).setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # as that of a legend
    ClickFocus(window, lambda: page)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.mark.parametrize("kind", [QPushButton, QToolButton, QCheckBox, Painted])
def test_a_button_that_is_clicked_does_not_get_the_keyboard(window, qtbot, kind):
    """It stays on the page or the list; a field gives it to the page, with what was typed taken over."""
    button, box = window.findChild(kind), window.findChild(QSpinBox)
    page = window.findChild(QWidget, "page")
    for before, after in (
        (page, page),
        (window.findChild(QListWidget), window.findChild(QListWidget)),
        (box, page),
    ):
        before.setFocus()
        if before is box:
            box.selectAll()
            qtbot.keyClicks(box, "7")
            assert box.value() == 0
        with qtbot.waitSignal(button.clicked):
            qtbot.mouseClick(button, LEFT, pos=QPoint(8, button.height() // 2))
        assert window.focusWidget() is after
    assert box.value() == 7


def test_tab_and_space_still_press_it(window, qtbot):
    """The keyboard stays on a button that it was brought to by keys."""
    button, check = window.findChild(QPushButton), window.findChild(QCheckBox)
    check.setFocus()
    qtbot.keyClick(check, Qt.Key.Key_Tab)
    assert window.focusWidget() is button
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert window.focusWidget() is button


def test_a_button_of_a_dialog_keeps_the_keyboard(window, qtbot):
    """The window's own focus stays, too, for when the dialog is closed."""
    window.findChild(QListWidget).setFocus()
    dialog = QDialog(window)
    button = QPushButton("c", dialog)
    dialog.open()
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.setFocus()
    qtbot.mouseClick(button, LEFT)
    assert dialog.focusWidget() is button
    assert window.focusWidget() is window.findChild(QListWidget)
    dialog.close()

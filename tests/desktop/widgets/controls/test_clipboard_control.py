"""A view, a picture or z is pasted as what it is, and a view is copied as text."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage

from tests.desktop.widgets.on_plane import go_elsewhere
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def test_a_view_is_copied_as_text_and_pasted(window, qtbot):
    """Ctrl+Shift+C copies it, and Ctrl+V restores it after the view has changed."""
    qtbot.mouseClick(window.plane, LEFT, SHIFT, QPoint(350, 150))
    state = window.explorer.state
    qtbot.keyClick(window.plane, Qt.Key.Key_C, CONTROL | SHIFT)
    go_elsewhere(window, qtbot)
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.explorer.state == state


def test_a_copied_picture_is_pasted_as_where_it_was_made(window, qtbot):
    """In this program it restores the view; other programs take the pixels."""
    state = window.explorer.state
    qtbot.keyClick(window.plane, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().image().width() == 120
    go_elsewhere(window, qtbot)
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.explorer.state == state


def test_z_is_pasted(window, qtbot):
    """Two numbers move the cursor; for other texts there is a message."""
    QGuiApplication.clipboard().setText("0.5, −1.25")
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.explorer.state.z == (0.5, -1.25)
    QGuiApplication.clipboard().setText("a shopping list")
    qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert window.message.text().startswith("found z = 'a shopping list', expected 2 numbers")


def test_a_pasted_picture_is_handed_on(window, qtbot):
    """It is passed to the image section."""
    image = QImage(28, 28, QImage.Format.Format_Grayscale8)
    image.fill(99)
    QGuiApplication.clipboard().setImage(image)
    with qtbot.waitSignal(window.clipboard.image_pasted, timeout=SOON_MS) as pasted:
        qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert pasted.args[0].pixelColor(0, 0).red() == 99
    QGuiApplication.clipboard().clear()


def test_an_empty_clipboard_is_told(window, qtbot):
    """The same holds for a clipboard that claims to have a picture and gives none."""
    told = []
    window.clipboard.told.connect(told.append)
    for fill in (
        lambda: QGuiApplication.clipboard().clear(),
        lambda: QGuiApplication.clipboard().setImage(QImage()),
    ):
        fill()
        qtbot.keyClick(window.plane, Qt.Key.Key_V, CONTROL)
    assert told == ["the clipboard has nothing that can be pasted here"] * 2
    QGuiApplication.clipboard().clear()

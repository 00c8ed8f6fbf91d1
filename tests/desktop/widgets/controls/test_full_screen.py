"""Full screen shows the plane and the panel alone, and Esc leaves it."""

from PySide6.QtCore import Qt

from tests.waiting import SOON_MS


def test_full_screen_hides_what_is_around_and_esc_leaves_it(open_window, make_bundle, qtbot):
    """Shortcuts still work, and Alt shows the menu; Esc also hides a message from within the line of z."""
    window = open_window(make_bundle())
    around = window.tabs.tabBar(), window.statusBar()

    def are_around():
        return {part.isVisible() for part in around} | {window.menuBar().height() > 0}

    assert are_around() == {True}
    qtbot.keyClick(window.plane, Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: are_around() == {False}, timeout=SOON_MS)
    assert window.full_screen.action.isChecked()
    qtbot.keyClick(window, Qt.Key.Key_Alt)
    qtbot.waitUntil(lambda: window.menuBar().height() > 0, timeout=SOON_MS)
    qtbot.keyClick(window, Qt.Key.Key_Alt)
    qtbot.keyClick(window.plane, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: are_around() == {True}, timeout=SOON_MS)
    assert not window.full_screen.action.isChecked()
    window.message.show_message("something went wrong")
    window.panel.picture.z.setFocus()
    qtbot.keyClick(window.panel.picture.z, Qt.Key.Key_Escape)
    assert not window.message.isVisible()

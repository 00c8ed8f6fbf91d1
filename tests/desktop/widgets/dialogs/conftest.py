"""The reading dialog."""

import pytest
from PySide6.QtCore import Qt


@pytest.fixture
def reading_dialog(bare_window, qtbot):
    """The dialog for the reading of a bare decoder, opened by its shortcut."""
    qtbot.keyClick(bare_window.plane, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    yield bare_window.reading.dialog
    if bare_window.reading.dialog is not None:
        bare_window.reading.dialog.done(0)

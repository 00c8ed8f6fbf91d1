"""The window with z of a million numbers: it opens, moves, undoes, and returns to the same numbers."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from desktop.app.saving import note_of
from desktop.images.pixels import to_bytes
from desktop.view.provenance import from_text
from desktop.view.z_text import ZFormat
from tests.desktop.foreign_models import sliced
from tests.waiting import SOON_MS

DIMS = 1 << 20


@pytest.fixture
def window(open_window, tmp_path):
    return open_window(sliced(tmp_path / "decoder.onnx", DIMS), (620, 420))


def test_a_million_numbers(window, qtbot):
    """Pictures are those of z, a drag is one step, rows scroll to the last; no text has all numbers."""
    explorer, panel = window.explorer, window.panel
    start = explorer.state
    assert len(start.z) == DIMS
    qtbot.mousePress(window.plane, Qt.MouseButton.LeftButton, pos=QPoint(60, 50))
    for x in range(61, 90, 4):
        qtbot.mouseMove(window.plane, QPoint(x, 60))
    qtbot.mouseRelease(window.plane, Qt.MouseButton.LeftButton, pos=QPoint(90, 60))
    left = explorer.state
    assert left.z != start.z
    qtbot.waitUntil(lambda: window.picture_control.decoded.z == left.z, timeout=SOON_MS)
    expected = 1 / (1 + np.exp(-left.z.array[:4096].reshape(1, 1, 64, 64)))
    shown = to_bytes(window.picture_control.decoded.probabilities[None])
    assert np.abs(shown.astype(int) - to_bytes(expected.astype(np.float32))).max() <= 1
    assert panel.picture.z.text().endswith(", … (1,048,576 numbers)")
    assert panel.picture.z.isReadOnly()

    section = window.coordinates.panel
    panel.show_section(section)
    section.scroll_bar.setValue(DIMS)
    assert section.rows[-1].name.text() == f"z{DIMS - 1}"
    section.rows[-1].box.setValue(1.25)
    assert explorer.state.z[DIMS - 1] == 1.25
    assert explorer.state.z[0] == left.z[0]
    window.history.undo.trigger()
    assert explorer.state == left

    window.z_control._copy_cursor(ZFormat.NUMBERS)
    window.clipboard.copy_text()
    assert len(QGuiApplication.clipboard().text()) < 1000
    assert from_text(note_of(explorer, "view")).state is None
    window.history.undo.trigger()
    assert explorer.state == start

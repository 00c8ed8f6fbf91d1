"""The bars of a selection: names that fit, and keys that choose once."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QApplication

from desktop.widgets.panels.label_counts import LabelCount, LabelCounts

COUNTS = (
    LabelCount("a label with a rather long name, such as films have", QColor("red"), 30, frozenset({0})),
    LabelCount("short", QColor("blue"), 10, frozenset({1})),
)


def test_names_leave_room_for_the_bars_at_any_width(qtbot):
    """They do so even if the counts came before the width, as in a folded section."""
    pictures = []
    for widths in ((640, 300), (300, 300)):
        counts = LabelCounts()
        qtbot.addWidget(counts)
        counts.resize(widths[0], 40)
        counts.show_counts(COUNTS, QColor("gray"))
        counts.resize(widths[1], 40)
        pictures.append(counts.grab().toImage())
    assert pictures[0] == pictures[1]


def test_a_held_key_chooses_once(qtbot):
    """Repeated key events of a held Space or Return are ignored."""
    counts = LabelCounts()
    qtbot.addWidget(counts)
    counts.show_counts(COUNTS, QColor("gray"))
    chosen = []
    counts.chosen.connect(lambda labels, adds: chosen.append((labels, adds)))
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        for repeats in (False, True, True):
            press = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", repeats)
            QApplication.sendEvent(counts.bars[1], press)
    assert chosen == [(frozenset({1}), False)] * 2

"""An error is readable in light and in dark windows."""

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.widgets.common.error_label import ErrorLabel


def luminance(color):
    """Return WCAG 2.2's relative luminance."""
    channels = (color.redF(), color.greenF(), color.blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("window", ["#efefef", "#ffffff", "#2b2b2b", "#000000"])
def test_its_contrast_is_enough_on_any_window(qtbot, window):
    """It is at least 4.5 to 1, also after the window's colours have changed."""
    parent = QWidget()
    qtbot.addWidget(parent)
    label = ErrorLabel()
    QVBoxLayout(parent).addWidget(label)
    label.setText("found z = 'x', expected 2 numbers")
    parent.show()
    palette = QPalette(parent.palette())
    palette.setColor(QPalette.ColorRole.Window, QColor(window))
    parent.setPalette(palette)
    ink = luminance(label.palette().color(QPalette.ColorRole.WindowText))
    paper = luminance(QColor(window))
    assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 4.5

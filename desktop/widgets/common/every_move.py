"""Delivers every mouse move of a stroke.

On X11, Qt joins mouse moves that come faster than they are handled. That is right for a drag of the cursor,
where only the last position counts, but a stroke would lose its shape.
"""

import functools

from PySide6.QtCore import QCoreApplication, Qt

JOINED = Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents


def begin_stroke() -> None:
    """Deliver each move of the mouse until the stroke ends."""
    _are_joined()  # remember the setting, for `end_stroke`
    QCoreApplication.setAttribute(JOINED, False)


def end_stroke() -> None:
    """Join moves again, on platforms that do."""
    QCoreApplication.setAttribute(JOINED, _are_joined())


@functools.cache
def _are_joined() -> bool:
    """Whether the platform joins moves by default."""
    return QCoreApplication.testAttribute(JOINED)

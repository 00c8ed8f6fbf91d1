"""Every place of a stroke arrives.

On X11, Qt joins moves of the mouse that come faster than they are handled. For a drag of the cursor that is
right: only its last place counts. A stroke loses its shape.
"""

import functools

from PySide6.QtCore import QCoreApplication, Qt

JOINED = Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents


def begin_stroke() -> None:
    """Have each move of the mouse arrive, until the stroke ends."""
    _are_joined()  # what to come back to
    QCoreApplication.setAttribute(JOINED, False)


def end_stroke() -> None:
    """Have moves joined again, where they were."""
    QCoreApplication.setAttribute(JOINED, _are_joined())


@functools.cache
def _are_joined() -> bool:
    """Whether the platform joins moves, before anybody has changed it."""
    return QCoreApplication.testAttribute(JOINED)

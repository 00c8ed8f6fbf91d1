"""Points move smoothly to new positions, unless the desktop has no animations."""

import numpy as np
from PySide6.QtWidgets import QProxyStyle, QStyle

from tests.desktop.widgets.plane.seen_plane import at, on_its_screen
from tests.waiting import SOON_MS


def test_points_move_to_their_new_places(view, qtbot, look, pixels):
    """In a smooth motion, points are halfway after half of the time, and then arrive."""
    view.set_points(np.array([(-1.0, 1.0)]), None, ())
    before = look()
    view.set_points(np.array([(1.0, 1.0)]), None, (), smoothly=True)
    assert not view.is_settled
    motion = view._points._motion
    motion.pause()
    motion.setCurrentTime(motion.duration() // 2)

    def is_halfway():
        row = on_its_screen(view, pixels)[at(0, 1).y(), 60:].max(axis=1)
        columns = 60 + np.flatnonzero(row > 100)
        return len(columns) > 0 and abs(columns - at(0, 1).x()).max() < 10

    qtbot.waitUntil(is_halfway, timeout=SOON_MS)
    motion.resume()
    qtbot.waitUntil(lambda: view.is_settled, timeout=SOON_MS)
    arrived = look()
    view.set_points(np.array([(1.0, 1.0)]), None, ())
    assert (arrived == look()).all()
    assert (arrived != before).any()


def test_points_do_not_move_where_animations_are_switched_off(view, look):
    """A desktop without animations shows the new positions at once."""

    class Still(QProxyStyle):
        def styleHint(self, hint, option=None, widget=None, data=None):  # noqa: N802 (Qt's own)
            if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
                return 0
            return super().styleHint(hint, option, widget, data)

    style = Still("fusion")
    view.setStyle(style)
    view.set_points(np.array([(-1.0, 1.0)]), None, ())
    look()
    view.set_points(np.array([(1.0, 1.0)]), None, (), smoothly=True)
    assert not view.is_moving
    view.setStyle(None)

"""Hints for new users: three on the plane, each shown until somebody has followed or closed it."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.view.state import ViewState
from desktop.widgets.common import settings
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button
from desktop.widgets.controls.shell import Shell
from desktop.widgets.plane.hint import Hint

# In the order in which they are shown.
HINTS = {
    "click": "Click the plane, or drag: the picture at that place is decoded",
    "path": "Shift-click adds points to a path that you can play and export",
    "draw": "Draw on the canvas to see where your image is encoded",
}
# A hint that nobody follows makes room for the next one, and comes again at the next start.
UNFOLLOWED_MS = 45_000
# Somebody who does so many other things does not need the hint, now or at the next start. Changes that follow
# each other within ACT_MS, as in a drag, count as one thing.
OTHER_ACTS, ACT_MS = 3, 400
PLACE_MS = 300  # between the last change of the view and the move of the hint, so that it moves only once


class HintsControl(QObject):
    """Shows nothing until `start` is called.

    Attributes:
        hint: the widget over the plane.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._explorer: Explorer = shell.explorer
        self._panel = shell.panel
        self.hint = Hint(shell.plane)
        self._followed: frozenset[str] = frozenset()
        self._left: list[str] = []
        self._now = ""
        self._had_time: set[str] = set()  # the hints that nobody followed in this session
        self._acts = 0  # other things that were done while the hint was shown
        self._playing: frozenset[str] = frozenset()
        self._epoch = shell.explorer.state.epoch
        self._patience = QTimer(self, singleShot=True, interval=UNFOLLOWED_MS)
        self._patience.timeout.connect(self._give_up)
        self._act = QTimer(self, singleShot=True, interval=ACT_MS)
        self._place_soon = QTimer(self, singleShot=True, interval=PLACE_MS)
        self._place_soon.timeout.connect(self._place)
        self.hint.gone.connect(self._next)
        self.hint.closed.connect(lambda: self._follow(self._now))
        shell.plane.resized.connect(self._place)
        shell.plane.cursor_moved.connect(self.follow_click)
        shell.plane.path_point_wanted.connect(self.follow_click)
        shell.explorer.state_changed.connect(self._on_state)
        shell.explorer.stepped.connect(self._count_act)  # changes by people only
        shell.explorer.opened.connect(self._next)
        add_action(shell.menus["help"], "Show the &hints again", None, self._again)
        add_button(shell.menus["help"], "C&lose the hint", self.hint.close_button)

    def start(self) -> None:
        """Show the hints that were not followed yet, once a model is open."""
        self._followed = settings.followed_hints()
        self._left = [name for name in HINTS if name not in self._followed]
        self._next()

    def follow_click(self) -> None:
        """Note that the plane was clicked, for the cursor or for the path."""
        self._follow("click")

    def set_playing(self, what: str, is_playing: bool) -> None:
        """Hide the hints while the path or the epochs play, because the plane below them moves."""
        if (what in self._playing) is is_playing:
            return
        self._playing = self._playing | {what} if is_playing else self._playing - {what}
        if self._playing:
            self._now = ""  # so that it comes again
            self._patience.stop()
            if self.hint.text():
                self.hint.fade()
        else:
            self._next()

    def follow_drawing(self) -> None:
        """Note that something was drawn."""
        self._follow("draw")
        self._count_act()

    def _again(self) -> None:
        self._followed = frozenset()
        self._save()
        self._left = list(HINTS)
        self._now = ""
        self._had_time.clear()
        self._next()

    def _on_state(self, state: ViewState) -> None:
        is_same_epoch, self._epoch = state.epoch == self._epoch, state.epoch
        if self.hint.text() and is_same_epoch:
            self._place_soon.start()
        if state.path and "path" in self._left:
            self._follow("path")

    def _give_up(self) -> None:
        """Stop showing a hint in this session, because nobody has followed it for long."""
        self._had_time.add(self._now)
        self.hint.fade()

    def _count_act(self) -> None:
        """Count a thing that was done without following the hint; after OTHER_ACTS nobody needs the hint."""
        if not self.hint.text() or self._playing:
            return
        self._acts += not self._act.isActive()
        self._act.start()
        if self._acts >= OTHER_ACTS:
            self._follow(self._now)

    def _follow(self, name: str) -> None:
        """Stop showing a hint for good, because somebody has done what it says or has closed it."""
        if name not in self._left:
            return
        self._left.remove(name)
        self._followed |= {name}
        self._save()
        if self._now == name:
            self._patience.stop()
            self.hint.fade()

    def _save(self) -> None:
        """Save in the background which hints were followed, because a click must not wait for the disk."""
        followed = self._followed

        def write() -> Iterator[None]:
            settings.save_followed_hints(followed)
            yield None

        self._explorer.worker.request("save hints", Priority.SAVE, write(), lambda _: None, of_model=False)

    def _next(self) -> None:
        if self.hint.text() or self._explorer.source is None or self._playing:
            return
        later = [name for name in self._left if self._is_possible(name) and name not in self._had_time]
        self._now = later[0] if later else ""
        if self._now:
            self._acts = 0
            self.hint.show_text(HINTS[self._now])
            self._patience.start()

    def _is_possible(self, name: str) -> bool:
        return name != "draw" or self._panel.has_canvas

    def _place(self) -> None:
        if self.hint.text():
            self.hint.place()

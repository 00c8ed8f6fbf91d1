"""Pins test images by mouse and key."""

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.models.own_posterior import title_of
from desktop.models.point_words import TEST_IMAGES
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.usable import NO_POINTS, set_usable
from desktop.widgets.controls.shell import Shell
from export.bundle import Posterior

PIN = "P&in {}"
NO_PINS = "Nothing is pinned."


class PinsControl(QObject):
    """Connects the menu entries for pins to the explorer."""

    told = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._explorer = explorer = shell.explorer
        self._posterior: Posterior | None = None
        view = shell.menus["view"]
        self._pin = add_action(view, PIN.format(TEST_IMAGES.nearest), "I", self._switch_nearest)
        self._unpin = add_action(view, "&Unpin all", "Shift+I", lambda: explorer.change(pinned=()))
        set_usable(self._pin, NO_POINTS)
        set_usable(self._unpin, NO_PINS)
        explorer.opened.connect(self._on_points)
        explorer.points_changed.connect(self._on_points)
        explorer.state_changed.connect(self._on_state)
        explorer.model_changed.connect(lambda: self._on_state(explorer.state))

    def switch(self, index: int) -> None:
        """Pin a test image, or unpin it, and tell which."""
        state = self._explorer.state.with_pin_switched(index)
        self._explorer.set_state(state)
        posterior = self._posterior
        names = self._explorer.points.label_names
        name = f"#{index}" if posterior is None else title_of(posterior, index, names)
        self.told.emit(f"{name} {'pinned' if index in state.pinned else 'unpinned'}")

    def _switch_nearest(self) -> None:
        """Pin or unpin the shown test image whose mean is nearest to the cursor on the plane."""
        if self._posterior is None or not len(self._posterior.mean):
            return
        state = self._explorer.state
        squares = ((state.plane.project(self._posterior.mean) - state.cursor_ab) ** 2).sum(1)
        squares[~state.are_shown(len(self._posterior.mean), self._posterior.labels)] = np.inf
        nearest = int(squares.argmin())
        if np.isfinite(squares[nearest]):
            self.switch(nearest)

    def _on_points(self) -> None:
        self._posterior = None  # `_on_state` sets it
        self._pin.setText(PIN.format(self._explorer.points.words.nearest))

    def _on_state(self, state: ViewState) -> None:
        set_usable(self._unpin, "" if state.pinned else NO_PINS)
        posterior = self._explorer.points.posterior
        if posterior is not self._posterior:
            self._posterior = posterior
            set_usable(self._pin, NO_POINTS if posterior is None else "")

"""The epochs of the open bundle: chosen, played, and followed while the bundle grows."""

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu

from desktop.app.bundle_watch import BundleWatch
from desktop.app.explorer import Explorer
from desktop.app.timeline import Timeline
from desktop.models.epochs import epoch_in_words, stop_in_words
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import name_command
from desktop.widgets.common.message_bar import MessageBar
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.usable import set_usable
from desktop.widgets.panels.time_bar import TimeBar

# How long playing waits for the plane of an epoch to be decoded.
PATIENCE_MS = 1000
NO_EPOCHS = "The open model has no epochs."


class TimeControl(QObject):
    """Connects the time bar and its menu entries to the explorer.

    Attributes:
        bar: the time bar, for the place below the plane.
        timeline: the epochs and their models.
    """

    told = Signal(str)
    playing_changed = Signal(bool)

    def __init__(self, explorer: Explorer, view: QMenu, message: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._message = message
        self._explorer = explorer
        self.timeline = Timeline(explorer)
        self._watch = BundleWatch(explorer)
        self.bar = TimeBar()
        self._stop, self._note = "", -1  # why the fit has stopped, and the message that says so
        self._clock = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self._step)
        # If decoding a plane takes longer than an epoch is shown, playing waits, so that each is seen.
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        explorer.model_changed.connect(self._patience.start)
        explorer.backdrop_finished.connect(self._patience.stop)
        view.addSeparator()
        self._actions = (
            add_action(view, "&Earlier epoch", "[", lambda: self._go(self.timeline.index - 1)),
            add_action(view, "&Later epoch", "]", lambda: self._go(self.timeline.index + 1)),
            add_action(view, "Pla&y the epochs", "E", self._play_or_pause),
        )
        name_command(self._actions[2], self.bar.play)
        self.bar.index_wanted.connect(self._go)
        self.bar.play_wanted.connect(self._play_or_pause)
        self.bar.speed.valueChanged.connect(self._set_speed)
        save_input("epochs.speed", self.bar.speed)
        self.timeline.epochs_changed.connect(self._on_epochs)
        explorer.opened.connect(self._on_opened)
        explorer.state_changed.connect(self._on_state)
        self._watch.grown.connect(self._on_grown)
        self._on_epochs()

    def _on_opened(self) -> None:
        self._pause()
        self._stop = stop_in_words(self._explorer.source)

    def _on_epochs(self) -> None:
        epochs = self.timeline.epochs
        self.bar.set_epochs(epochs)
        for action in self._actions:
            set_usable(action, "" if len(epochs) > 1 else NO_EPOCHS)
        self._on_state(self._explorer.state)

    def _on_state(self, _state: ViewState) -> None:
        self.bar.set_index(self.timeline.index)

    def _on_grown(self) -> None:
        epochs, stop = self.timeline.epochs, stop_in_words(self._explorer.source)
        if stop != self._stop:
            self._stop = stop
            self._message.withdraw(self._note)
            if stop:
                self._message.queue(lambda: self._show_stop(stop))
        if stop:
            return  # the message says so
        if epochs:
            self.told.emit(f"the bundle has grown: {epoch_in_words(epochs, len(epochs) - 1)}")
        else:
            self.told.emit("the bundle has changed")

    def _show_stop(self, stop: str) -> None:
        if stop == self._stop:  # the fit may have gone on while the message waited
            self._note = self._message.show_note(stop)

    def _go(self, index: int) -> None:
        self._pause()
        self.timeline.go_to(index)

    def _play_or_pause(self) -> None:
        if self._clock.isActive():
            self._pause()
            return
        if self.timeline.index == len(self.timeline.epochs) - 1:
            self.timeline.go_to(0)
        self._set_speed()
        self._clock.start()
        self._show_playing()

    def _pause(self) -> None:
        self._clock.stop()
        self._show_playing()

    def _show_playing(self) -> None:
        self.bar.set_playing(self._clock.isActive())
        self.playing_changed.emit(self._clock.isActive())

    def _set_speed(self) -> None:
        self._clock.setInterval(round(1000 / self.bar.speed.value()))

    def _step(self) -> None:
        """Go to the next epoch once this one has been shown and the next one is loaded."""
        following = self.timeline.index + 1
        if following >= len(self.timeline.epochs):
            self._pause()
        elif self.timeline.is_shown and self.timeline.is_ready(following) and not self._patience.isActive():
            self.timeline.go_to(following, record=False)

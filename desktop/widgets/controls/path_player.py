"""The clock that plays a walk at an even pace, however long the pictures take."""

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from desktop.latent.playback import Playback

TICK_MS = 16


class PathPlayer(QObject):
    """Emits `moved` about sixty times a second until the walk ends or is stopped.

    The position follows from the elapsed time and not from the ticks: a late tick skips frames, but it does
    not slow down the walk.
    """

    moved = Signal(float)  # share of the walk, from 0 to 1
    running_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback = Playback()
        self._clock = QElapsedTimer()
        self._before_s = 0.0
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @property
    def is_running(self) -> bool:
        """Whether a walk is being played."""
        return self._timer.isActive()

    def start(self, playback: Playback, share: float = 0.0) -> None:
        """Play the walk, beginning at a share of it."""
        self._playback = playback
        self._before_s = share * playback.duration_s
        self._clock.start()
        self._timer.start()
        self.running_changed.emit(True)
        self._tick()

    def set_playback(self, playback: Playback) -> None:
        """Change how the walk is played, and continue from the current position."""
        share, turned = self._playback.share(self._elapsed_s()), self._is_on_way_back()
        self._playback = playback
        self._before_s = share * playback.duration_s
        if turned and playback.ping_pong:
            self._before_s = playback.round_s - self._before_s
        if self.is_running:
            self._clock.start()

    def stop(self) -> None:
        """Stop playing."""
        if self.is_running:
            self._timer.stop()
            self.running_changed.emit(False)

    def _elapsed_s(self) -> float:
        return self._before_s + (self._clock.nsecsElapsed() / 1e9 if self._clock.isValid() else 0.0)

    def _is_on_way_back(self) -> bool:
        into_round = self._elapsed_s() % self._playback.round_s
        return self._playback.ping_pong and into_round > self._playback.duration_s

    def _tick(self) -> None:
        elapsed_s = self._elapsed_s()
        self.moved.emit(self._playback.share(elapsed_s))
        if self._playback.has_ended(elapsed_s):
            self.stop()

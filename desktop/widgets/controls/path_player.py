"""The clock of a walk that is played: even, whatever the pictures take."""

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from desktop.latent.playback import Playback

TICK_MS = 16


class PathPlayer(QObject):
    """Says by `moved` where the walk stands, some sixty times a second, until it ends or is stopped.

    The place comes from the time that has passed and not from the ticks: a tick that comes late skips
    frames, and the walk is no slower for it.
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
        """Whether it plays."""
        return self._timer.isActive()

    def start(self, playback: Playback, share: float = 0.0) -> None:
        """Play from a share of the walk on."""
        self._playback = playback
        self._before_s = share * playback.duration_s
        self._clock.start()
        self._timer.start()
        self.running_changed.emit(True)
        self._tick()

    def set_playback(self, playback: Playback) -> None:
        """Go on in another way from where it is: faster, slower, again and again."""
        share, turned = self._playback.share(self._elapsed_s()), self._is_on_way_back()
        self._playback = playback
        self._before_s = share * playback.duration_s
        if turned and playback.ping_pong:
            self._before_s = playback.round_s - self._before_s
        if self.is_running:
            self._clock.start()

    def stop(self) -> None:
        """Stand still."""
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

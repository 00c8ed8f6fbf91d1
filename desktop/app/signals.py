"""Closes the windows, as the menu does, on Ctrl-C and on signals that ask a program to end."""

import signal
import socket
from types import FrameType

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, Signal
from PySide6.QtWidgets import QApplication

# SIGHUP is sent when the terminal is closed. Windows does not have it.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class ClosingSignals(QObject):
    """Closes all windows at the first signal; the next signal ends the process in the usual way.

    Python runs a signal's handler between two Python instructions, and an idle Qt application executes none.
    So the signal is also written to a socket, which wakes Qt.

    Attributes:
        received: the signal that was received, or None.
    """

    closing = Signal()  # before the windows are closed

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self.received: signal.Signals | None = None
        self._application = application
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._close)
        self._before = {each: signal.getsignal(each) for each in _signals()}
        for each in self._before:
            signal.signal(each, self._receive)

    @property
    def exit_status(self) -> int:
        """The exit status that shells expect of a program that a signal ended; 0 without a signal."""
        return 0 if self.received is None else 128 + self.received

    def stop(self) -> None:
        """Restore the earlier signal handlers."""
        signal.set_wakeup_fd(-1)
        self._restore()
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received = signal.Signals(number)
        self._restore()

    def _restore(self) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _close(self) -> None:
        self._reader.recv(64)
        if self.received is not None:
            self.closing.emit()
            QApplication.closeAllWindows()
            # A dialog that waits for an answer would keep the application running.
            self._application.quit()


def _signals() -> list[signal.Signals]:
    return [signal.Signals[name] for name in NAMES if hasattr(signal, name)]

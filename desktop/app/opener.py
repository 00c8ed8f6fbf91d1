"""Opens models on a separate thread, and abandons a thread that waits for a drive that is gone."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.app.worker import Priority, Worker
from desktop.base.machine import DeviceName
from desktop.models.opened import Opened, open_model
from desktop.reading.overrides import Overrides
from desktop.vetting.opening import Opening, OpeningStoppedError

# A step that takes longer may wait for a network drive that is gone; its thread is abandoned.
LOST_S = 3.0


class Opener(QObject):
    """Opens one model at a time; a new request stops the previous one.

    Attributes:
        worker: its thread, which also runs other requests that wait for files.
    """

    began = Signal(object)  # Path
    told = Signal(str)  # the part of the opening that takes long now
    open_failed = Signal(object)  # Exception
    failed = Signal(object)  # Exception of another request

    def __init__(self, device: DeviceName, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._device: DeviceName = device
        self._opening = Opening()
        self._left: list[Worker] = []
        self.worker = self._new_worker()

    def open(self, path: Path, overrides: Overrides | None, on_opened: Callable[[Opened], object]) -> None:
        """Open a bundle or a bare model, and call `on_opened` when it is ready."""
        self._opening.stop()  # nobody waits for the previous model any longer
        if self.worker.step_s > LOST_S:
            self.worker.stop(0)
            self._left.append(self.worker)
            self.worker = self._new_worker()
        self._opening = opening = Opening(self.told.emit)
        job = open_model(path, overrides, self._device, opening)
        self.began.emit(path)

        def take(opened: Opened) -> None:
            try:
                opening.check()  # `stop` may have been called while the model was on its way here
            except OpeningStoppedError as error:
                opened.close()
                self.open_failed.emit(error)
            else:
                on_opened(opened)

        failed = self.open_failed.emit
        self.worker.request("open", Priority.OPEN, job, take, failed, of_model=False, on_dropped=Opened.close)

    def stop(self) -> None:
        """Stop opening a model; `open_failed` is emitted."""
        self._opening.stop()

    def close(self) -> bool:
        """End all threads, except one that waits for a lost drive; return whether all have ended."""
        self._opening.stop()
        have_ended = [thread.stop(0) for thread in self._left]
        return all([*have_ended, self.worker.stop(LOST_S)])

    def _new_worker(self) -> Worker:
        worker = Worker(self)
        worker.failed.connect(self.failed)
        return worker

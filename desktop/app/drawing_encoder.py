"""Encodes a drawing while it changes: one encoding at a time, and the newest drawing next."""

from PySide6.QtCore import QObject, Signal

from desktop.app.explorer import Explorer
from desktop.app.own_picture import encode_steps
from desktop.app.worker import Priority
from desktop.images.drawing import Drawing

NAME = "encode"


class DrawingEncoder(QObject):
    """Encodes with an explorer's current model; no result arrives after another model is opened."""

    # Encoded; None if nothing is drawn, without an encoder, or when a model is opened or closed
    encoded = Signal(object)
    failed = Signal(object)  # Exception

    def __init__(self, explorer: Explorer, parent: QObject) -> None:
        super().__init__(parent)
        self._explorer = explorer
        self._is_encoding = False
        self._next: Drawing | None = None
        for signal in (explorer.opened, explorer.model_closed):
            signal.connect(self._start_over)

    def encode(self, drawing: Drawing) -> None:
        """Have a drawing encoded, after the encoding that is running, if there is one."""
        job = encode_steps(self._explorer, drawing)
        if job is None:
            self._forget()
            self.encoded.emit(None)
        elif self._is_encoding:
            self._next = drawing
        else:
            self._is_encoding = True
            self._explorer.worker.request(
                NAME, Priority.DRAWING, job, self.encoded.emit, self._on_failed, self._on_end
            )

    def _start_over(self) -> None:
        """Drop the last model's result: its z may have another number of dimensions than the plane now."""
        self._forget()
        self.encoded.emit(None)

    def _forget(self) -> None:
        """Cancel the encodings that are running or waiting."""
        self._explorer.worker.cancel(NAME)
        self._is_encoding, self._next = False, None

    def _on_end(self) -> None:
        self._is_encoding = False
        drawing, self._next = self._next, None
        if drawing is not None:
            self.encode(drawing)

    def _on_failed(self, error: Exception) -> None:
        self._is_encoding, self._next = False, None
        self.failed.emit(error)

"""Decodes the picture at the cursor; for a slow decoder it offers the nearest kept picture meanwhile."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from desktop.app.opener import Opener
from desktop.app.tile_decoder import TileDecoder
from desktop.app.worker import Priority, Worker
from desktop.base.vector import Vector
from desktop.jobs.decode import Decoded, decode_picture
from desktop.jobs.decoded_pictures import Kept
from desktop.jobs.kept_decoder import KeptDecoder

NAME = "picture"


@dataclass(frozen=True)
class PendingPicture:
    """A picture that a slow decoder has not decoded yet.

    Attributes:
        nearest: the nearest picture that is in memory, or None.
        expected_s: how long the picture will probably take.
    """

    nearest: Decoded | None
    expected_s: float


class PictureDecoder(QObject):
    """Decodes one picture at a time: a new request replaces the previous one.

    The picture is decoded before the tiles of the plane, which share its thread.
    """

    decoded = Signal(object)  # Decoded
    pending = Signal(object)  # PendingPicture, of a slow decoder

    def __init__(self, worker: Worker, opener: Opener, tiles: TileDecoder) -> None:
        super().__init__(worker)
        self._worker, self._opener, self._tiles = worker, opener, tiles

    def request(self, decoder: KeptDecoder, z: Vector, with_parameters: bool) -> None:
        """Decode the picture at z; `with_parameters` adds those of the likelihood."""
        if decoder.is_slow and self._show_kept(decoder, z, with_parameters):
            return
        self._tiles.hurry()
        job = decode_picture(decoder, z, with_parameters)
        self._worker.request(NAME, Priority.PICTURE, job, self.decoded.emit)

    def _show_kept(self, decoder: KeptDecoder, z: Vector, with_parameters: bool) -> bool:
        """Show a slow decoder's picture and return True if it is kept; otherwise announce it as pending."""
        reader = self._opener.worker
        for thread in (self._worker, reader):
            thread.cancel(NAME)
        if not with_parameters:  # only pictures are kept, not parameters
            known = decoder.in_memory(z)
            if known is not None:
                self.decoded.emit(_decoded(z, known))
                return True
            if decoder.has(z):  # in a file: read on the other thread, because this one may be decoding
                reader.request(NAME, Priority.PICTURE, decode_picture(decoder, z), self.decoded.emit)
                return True
        near = decoder.nearest(z)
        nearest = None if near is None else _decoded(Vector(near[0], is_own=True), near[1])
        self.pending.emit(PendingPicture(nearest, decoder.model.picture_s))
        return False


def _decoded(z: Vector, kept: Kept) -> Decoded:
    return Decoded(z, kept.picture, kept.decode_ms, kept.warning)

"""Makes a film's frames in memory for a preview, instead of writing a file. No Qt."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes
from desktop.film.captions import CaptionStrip
from desktop.film.film import Film, film_px
from desktop.film.writer import BATCH, Look, Pictures
from desktop.images.pixels import enlarge
from desktop.models.epochs import Epoch

# A preview has at most this many frames, of at most so many pixels each.
MOST_FRAMES, MOST_PIXELS = 90, 400_000
# Each plane takes about half a second.
MOST_PLANES = 12


class Preview:
    """Keeps frames instead of writing them.

    Attributes:
        frames: uint8 [H, W(, C)] each.
    """

    def __init__(self) -> None:
        self.frames: list[Bytes] = []

    def make(
        self, _: Path, count: int, pictures: Pictures, look: Look, batch: int = BATCH
    ) -> Iterator[float]:
        """Keep the frames; a replacement for `writer.make_animation`, which would write them."""
        captions: CaptionStrip | None = None
        for start in range(0, count, batch):
            while (found := pictures(range(start, min(count, start + batch)))) is None:
                yield start / count
            for picture in found:
                frame = enlarge(picture[np.newaxis], look.scale)[0]
                if captions is None:
                    captions = CaptionStrip(look.captions, frame.shape[1])
                self.frames.append(captions.under(frame, len(self.frames)))
            yield start / count
        yield 1.0


def some_of(epochs: Sequence[Epoch]) -> list[Epoch]:
    """The epochs that a preview shows: at most MOST_PLANES, evenly spaced, with the first and the last."""
    places = np.linspace(0, len(epochs) - 1, min(len(epochs), MOST_PLANES))
    return [epochs[round(place)] for place in places.tolist()]


def preview_film(film: Film, image_px: tuple[int, int]) -> Film:
    """The film with fewer and smaller frames; `image_px` is width and height of a picture."""
    scale = film.scale
    while scale > 1 and np.prod(film_px(replace(film, scale=scale), image_px)) > MOST_PIXELS:
        scale -= 1
    return replace(film, scale=scale, frame_count=min(film.frame_count, MOST_FRAMES))

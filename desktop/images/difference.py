"""The signed difference of two pictures, and its colours. No Qt."""

from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Array, Bytes, Floats
from desktop.images.pixels import opaque, to_bytes

# The colours where the second picture is darker, equal and lighter. Nearly everybody can tell blue and orange
# apart, and the middle is the colour of the canvas.
DARKER, EQUAL, LIGHTER = (86, 170, 255), (14, 17, 22), (255, 166, 64)
# The largest differences that the strongest colours may stand for.
REACHES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Difference:
    """The second picture minus the first.

    Attributes:
        numbers: float32 [H, W], from −1 to 1; for colour pictures the mean over the channels.
        reach: the difference that the strongest colours stand for, one of REACHES.
        picture: `numbers` in these colours, uint8 [H, W, 3].
    """

    numbers: Floats
    reach: float
    picture: Bytes

    @property
    def mean(self) -> float:
        """The mean of the absolute differences."""
        return float(np.abs(self.numbers).mean())


def difference(first: Floats, second: Floats) -> Difference | None:
    """Compare two pictures float32 [C, H, W] in [0, 1] as they are shown; None if their sizes differ.

    Channels may differ: a grey picture is compared with the mean of a colour picture's channels.
    """
    if first.shape[1:] != second.shape[1:]:
        return None
    numbers = (_grey(second) - _grey(first)).astype(np.float32)
    largest = float(np.abs(numbers).max())
    reach = next((reach for reach in REACHES if largest <= reach), REACHES[-1])
    return Difference(numbers, reach, signed_colors(numbers / reach))


def signed_colors(shares: Array) -> Bytes:
    """Convert numbers [...] from −1 to 1 to colours uint8 [..., 3]."""
    limited = np.clip(shares, -1, 1)[..., np.newaxis]
    end = np.where(limited < 0, np.array(DARKER, np.float32), np.array(LIGHTER, np.float32))
    middle = np.array(EQUAL, np.float32)
    colors: Bytes = np.rint(middle + np.abs(limited) * (end - middle)).astype(np.uint8)
    return colors


def _grey(picture: Floats) -> Floats:
    """The picture [H, W] as it is shown, from 0 to 1; NaN counts as black, and transparent pixels as grey."""
    if len(picture) == 1:
        grey: Floats = np.fmin(np.fmax(picture[0], 0), 1)
        return grey
    seen = opaque(to_bytes(picture[np.newaxis]))[0]
    mean: Floats = seen.mean(axis=-1, dtype=np.float32) / np.float32(255)
    return mean

"""Decodes the plane beforehand with ONNX Runtime, for decoders that a page cannot run itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from export.page.plane import Frame
from export.page.points import data_url
from export.page.reading import Reading
from export.page.trace import session

# The largest picture that phones can show.
MOST_SIDE_PX = 4096


@dataclass(frozen=True)
class Atlas:
    """Pictures of the plane side by side.

    Attributes:
        facts: `columns`, `rows`, `width` and `height` of one picture, `view` (the positions of the outermost
            pictures on the plane) and `data`, a WebP in a data: URL.
    """

    facts: dict[str, Any]


def atlas_of(reading: Reading, frame: Frame, count: int, most_px: int) -> Atlas:
    """`count` × `count` pictures, each reduced to at most `most_px`; only one row if z is one number."""
    runtime = session(reading.source)
    channels, height, width = reading.image_shape
    every = max(1, -(-max(height, width) // most_px))
    small_h, small_w = max(1, height // every), max(1, width // every)
    columns = max(2, min(count, MOST_SIDE_PX // small_w))
    rows = 1 if reading.latent_dim == 1 else max(2, min(count, MOST_SIDE_PX // small_h))
    left, bottom, right, top = frame.view
    sheet = np.zeros((rows * small_h, columns * small_w, channels), np.uint8)
    for row in range(rows):
        b = top + (bottom - top) * row / (rows - 1) if rows > 1 else 0.0
        for column in range(columns):
            a = left + (right - left) * column / (columns - 1)
            (output,) = runtime.run([reading.output], reading.feeds(frame.z(a, b)))
            picture = reading.picture(np.asarray(output))[:, : small_h * every, : small_w * every]
            if every > 1:
                picture = picture.reshape(channels, small_h, every, small_w, every).mean((2, 4))
            place = sheet[row * small_h :, column * small_w :]
            place[:small_h, :small_w] = (picture * 255).round().transpose(1, 2, 0)
    return Atlas(
        {
            "columns": columns, "rows": rows, "width": small_w, "height": small_h, "view": list(frame.view),
            "data": data_url(sheet, lossless=False, quality=85),
        }
    )  # fmt: skip

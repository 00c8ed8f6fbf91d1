"""Turns probabilities into pictures: bytes, sheets of pictures, enlarged pictures, PNG files. No Qt."""

from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.base.atomic_file import replaced_file
from desktop.images.note import png_note

# The grey behind transparent pictures where no checkerboard is drawn: the mean of a checkerboard.
BEHIND_GRAY = 128


def to_bytes(probabilities: Floats) -> Bytes:
    """Convert float32 [N, C, H, W] in [0, 1] to uint8 [N, H, W] for one channel, [N, H, W, C] for more.

    NaN becomes black: far from the prior, sums in a graph can overflow.
    """
    # In place and channel by channel for speed, because large pictures are converted on the UI thread.
    scaled = np.fmax(probabilities, 0)  # fmax ignores NaN
    np.fmin(scaled, 1, out=scaled)
    scaled *= 255
    np.rint(scaled, out=scaled)
    count, channels, height, width = scaled.shape
    if channels == 1:
        return scaled[:, 0].astype(np.uint8)
    found = np.empty((count, height, width, channels), np.uint8)
    for channel in range(channels):
        np.copyto(found[..., channel], scaled[:, channel], casting="unsafe")
    return found


def over_gray(pictures: Bytes, gray: int) -> Bytes:
    """Mix uint8 [..., 4] by alpha with a grey level from 0 to 255, and return [..., 3]."""
    alpha = pictures[..., 3:].astype(np.uint16)
    mixed: Bytes = ((pictures[..., :3] * alpha + gray * (255 - alpha) + 127) // 255).astype(np.uint8)
    return mixed


def opaque(pictures: Bytes) -> Bytes:
    """Mix transparent pictures uint8 [N, H, W, 4] with grey, and return all others as they are.

    The plane has no checkerboard, because its squares would be as large as the plane's pictures and look like
    parts of them.
    """
    is_transparent = pictures.ndim == 4 and pictures.shape[3] == 4
    return over_gray(pictures, BEHIND_GRAY) if is_transparent else pictures


def tile(images: Bytes, columns: int, gap_px: int = 0) -> Bytes:
    """Arrange uint8 [N, H, W(, C)] on one sheet, row by row from the top left; empty cells are black."""
    count, height, width = images.shape[:3]
    rows = -(-count // columns)
    sheet = np.zeros(
        (rows * (height + gap_px) - gap_px, columns * (width + gap_px) - gap_px, *images.shape[3:]), np.uint8
    )
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap_px), (i % columns) * (width + gap_px)
        sheet[top : top + height, left : left + width] = image
    return sheet


def enlarge(images: Bytes, scale: int) -> Bytes:
    """Repeat each pixel `scale` × `scale` times: [N, H, W(, C)] → [N, H·scale, W·scale(, C)]."""
    return images.repeat(scale, axis=1).repeat(scale, axis=2)


def write_png(path: Path, picture: Bytes, note: str = "") -> None:
    """Write uint8 [H, W(, C)] as PNG; if that fails, an old file stays as it was. Raises OSError.

    `note` is a text from `desktop.view.provenance` that is stored in the file.
    """
    options = png_note(note) if note else {}
    with replaced_file(path) as temporary:
        # Imported here, because the import would take a tenth of the window's start.
        import imageio.v3 as imageio

        imageio.imwrite(temporary, picture, extension=".png", plugin="pillow", **options)

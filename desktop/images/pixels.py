"""Probabilities → pictures: bytes, sheets of many, larger ones. No Qt."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.base.atomic_file import replaced_file
from desktop.images.note import png_note


def to_bytes(probabilities: Floats) -> Bytes:
    """float32 [N, C, H, W] in [0, 1] → uint8 [N, H, W] for one channel, [N, H, W, C] for more.

    What is not a number is black: far out, sums of a graph can overflow.
    """
    scaled = np.rint(np.clip(np.nan_to_num(probabilities), 0, 1) * 255).astype(np.uint8)
    return scaled[:, 0] if scaled.shape[1] == 1 else np.ascontiguousarray(scaled.transpose(0, 2, 3, 1))


def tile(images: Bytes, columns: int, gap_px: int = 0) -> Bytes:
    """uint8 [N, H, W(, C)] → one sheet, row by row from the top left; what is missing stays black."""
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
    """Each pixel becomes `scale` × `scale`: [N, H, W(, C)] → [N, H·scale, W·scale(, C)]."""
    return images.repeat(scale, axis=1).repeat(scale, axis=2)


def write_png(path: Path, picture: Bytes, note: str = "") -> None:
    """Write [H, W(, C)] as PNG; the old file stays whole if that fails. Raises OSError.

    `note` is a text of `desktop.view.provenance`, which the file carries.
    """
    options = png_note(note) if note else {}
    with replaced_file(path) as temporary:
        imageio.imwrite(temporary, picture, extension=".png", plugin="pillow", **options)

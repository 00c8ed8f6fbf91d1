"""Writes an MP4 in H.264 with imageio's PyAV plugin, if it is installed. No Qt."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from desktop.base.arrays import Bytes
from desktop.film.formats import AnimationError, Format, why_not
from desktop.film.gif import as_rgb

CODEC, PIXELS = "libx264", "yuv420p"  # a combination that every player supports


class Mp4Writer:
    """Writes frames uint8 [H, W], [H, W, 3] or [H, W, 4] to a file; transparency becomes black.

    H.264 needs even sides: if a side is odd, the last row or column is repeated. Raises AnimationError if
    PyAV is not installed.
    """

    def __init__(self, path: Path, frame_s: Fraction, comment: str = "") -> None:
        if reason := why_not(Format.MP4):
            raise AnimationError(reason)
        # Imported here, because this import is the slowest of all that films need.
        import imageio.v3 as imageio

        self._file: Any = imageio.imopen(path, "w", plugin="pyav", extension=".mp4", container="mp4")
        self._file.init_video_stream(CODEC, fps=float(1 / frame_s), pixel_format=PIXELS)
        if comment:
            self._file.container_metadata["comment"] = comment

    def add(self, frame: Bytes) -> None:
        """Write one more frame."""
        rgb = np.repeat(frame[..., np.newaxis], 3, axis=2) if frame.ndim == 2 else as_rgb(frame)
        height, width = rgb.shape[:2]
        self._file.write_frame(np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))

    def close(self) -> None:
        """End the file."""
        self._file.close()

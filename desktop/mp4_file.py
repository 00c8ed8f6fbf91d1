"""Frames → an MP4 in H.264, by whichever of imageio's video plugins is installed. No Qt."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import imageio.v2 as imageio_v2
import imageio.v3 as imageio
import numpy as np

from desktop.animation_formats import AnimationError, Format, video_plugin, why_not
from desktop.gif_file import as_rgb
from desktop.pictures import Bytes

CODEC, PIXELS = "libx264", "yuv420p"  # what every player plays


class Mp4Writer:
    """Writes frames uint8 [H, W], [H, W, 3] or [H, W, 4] to a file; alpha is over black.

    H.264 wants even sides: an odd one gets its last row or column twice. Raises AnimationError where no
    plugin is installed.
    """

    def __init__(self, path: Path, frame_s: Fraction, comment: str = "") -> None:
        self._file: Any
        self._add: Any
        if video_plugin() == "pyav":
            self._file = imageio.imopen(path, "w", plugin="pyav", extension=".mp4", container="mp4")
            self._file.init_video_stream(CODEC, fps=float(1 / frame_s), pixel_format=PIXELS)
            if comment:
                self._file.container_metadata["comment"] = comment
            self._add = self._file.write_frame
        elif video_plugin() == "FFMPEG":
            tags = ["-metadata", f"comment={comment}"] if comment else []
            self._file = imageio_v2.get_writer(
                path,
                format="FFMPEG",
                fps=float(1 / frame_s),
                codec=CODEC,
                pixelformat=PIXELS,
                macro_block_size=2,
                output_params=[*tags, "-f", "mp4"],
                ffmpeg_log_level="error",
            )
            self._add = self._file.append_data
        else:
            raise AnimationError(why_not(Format.MP4))

    def add(self, frame: Bytes) -> None:
        """One more frame."""
        rgb = np.repeat(frame[..., np.newaxis], 3, axis=2) if frame.ndim == 2 else as_rgb(frame)
        height, width = rgb.shape[:2]
        self._add(np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))

    def close(self) -> None:
        """End the file."""
        self._file.close()

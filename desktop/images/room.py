"""Checks whether a picture can be written and opened again, by its sides, pixels and memory. No Qt."""

from collections.abc import Callable
from dataclasses import dataclass

from desktop.base.errors import ReportedError
from desktop.base.machine import free_memory_bytes

# Few programs open larger pictures; Qt, for example, accepts no longer sides.
MAX_SIDE_PX, MAX_PIXELS = 32_767, 1 << 28
# The share of the free memory that may be used.
MEMORY_SHARE = 0.8
# The memory of a picture with its encoder's copy, relative to the picture alone. The copy has four bytes for
# a pixel of three.
COPIES = 2.5
# The z of all pictures of a sheet are in memory at once, and computing them takes a few times as much.
MAX_Z_BYTES = 256 << 20
GIB = 1 << 30


class RoomError(ReportedError):
    """Something does not fit into the memory or into a file."""


@dataclass(frozen=True)
class SheetSize:
    """The size of a sheet before it is decoded.

    Attributes:
        rows, columns: the number of cells down and across.
        cell_px: width and height of one cell.
        channels: the number of channels.
        latent_dim: the dimensions of each cell's z.
        gap_px: the gap between cells.
    """

    rows: int
    columns: int
    cell_px: tuple[int, int]
    channels: int
    latent_dim: int
    gap_px: int = 0

    def size_px(self, scale: int) -> tuple[int, int]:
        """Return the width and height of the sheet."""
        width, height = self.cell_px
        across, down = width + self.gap_px, height + self.gap_px
        return scale * (self.columns * across - self.gap_px), scale * (self.rows * down - self.gap_px)

    def z_bytes(self) -> int:
        """Return the memory of all z."""
        return 4 * self.rows * self.columns * self.latent_dim

    def why_not(self, scale: int, free_bytes: int) -> str:
        """An error text if the sheet cannot be written; empty if it can."""
        if reason := why_not_z(self.rows * self.columns, self.latent_dim, free_bytes):
            return reason
        width, height = self.size_px(scale)
        once_width, once_height = self.size_px(1)
        pixels = width * height * COPIES + once_width * once_height
        return why_not(width, height, round(pixels * self.channels) + self.z_bytes(), free_bytes)


@dataclass(frozen=True)
class NoRoom:
    """Why a sheet cannot be written, and which smaller sheet can.

    Attributes:
        reason: what was found and expected.
        scale: the largest scale that fits, or None.
        n: if no scale fits, the largest number of pictures per side that fits at scale 1, or None.
    """

    reason: str
    scale: int | None
    n: int | None


def no_room(size_of: Callable[[int], SheetSize], n: int, scale: int) -> NoRoom | None:
    """Return why the sheet `size_of(n)` cannot be written at a scale; None if it can."""
    free = free_memory_bytes()
    reason = size_of(n).why_not(scale, free)
    if not reason:
        return None
    scales = (less for less in range(scale - 1, 0, -1) if not size_of(n).why_not(less, free))
    fitting = next(scales, None)
    fewer = (less for less in range(n - 1, 0, -1) if not size_of(less).why_not(1, free))
    return NoRoom(reason, fitting, None if fitting is not None else next(fewer, None))


def why_not(
    width_px: int, height_px: int, size_bytes: int, free_bytes: int, max_side_px: int = MAX_SIDE_PX
) -> str:
    """An error text if a picture is too large for a file or the memory; empty if it is not."""
    found = f"found a picture of {width_px:,} × {height_px:,} pixels"
    if max(width_px, height_px) > max_side_px:
        return f"{found}, expected at most {max_side_px:,} per side"
    if width_px * height_px > MAX_PIXELS:
        return f"{found}, expected at most {MAX_PIXELS:,} in all"
    if size_bytes > MEMORY_SHARE * free_bytes:
        needed, most = size_bytes / GIB, MEMORY_SHARE * free_bytes / GIB
        return f"{found}, which takes {needed:.1f} GiB of memory, expected at most {most:.1f} GiB"
    return ""


def why_not_z(count: int, latent_dim: int, free_bytes: int) -> str:
    """An error text if the z of `count` pictures do not fit into memory; empty if they do."""
    one_bytes, most_bytes = 4 * latent_dim, int(min(MAX_Z_BYTES, MEMORY_SHARE * free_bytes))
    if count * one_bytes <= most_bytes:
        return ""
    most = most_bytes // one_bytes
    return (
        f"found {count:,} pictures with {latent_dim:,} numbers each, expected at most {most:,} so that "
        "they fit into memory"
    )


def check_z(count: int, latent_dim: int) -> None:
    """Raise RoomError if the z of `count` pictures do not fit into memory."""
    if reason := why_not_z(count, latent_dim, free_memory_bytes()):
        raise RoomError(f"{reason}; choose fewer pictures")

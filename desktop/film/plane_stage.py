"""Frames of a film that show the plane with a cursor, alone or beside the picture at the cursor. No Qt."""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Bytes, Doubles, Floats
from desktop.figure.backdrop import backdrop_z
from desktop.figure.figure import Figure, Ground, Part, Subject
from desktop.figure.layout import layout_of
from desktop.figure.plane_drawing import CURSOR_PX, placed_names
from desktop.figure.writing import figure_cost, figure_picture
from desktop.images.pixels import enlarge, opaque
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.chart import Projection
from desktop.latent.paths import path_line

# The plane is at least LEAST_PLANE_PX wide; if it is wider than LAYOUT_PX, its texts and lines grow with it.
LEAST_PLANE_PX, LAYOUT_PX = 240, 480
RING_PX, HALO_PX = 2.0, 4.5
RING, HALO = 255, 14


@dataclass(frozen=True, eq=False)
class Stage:
    """The plane on which the cursor moves.

    Attributes:
        background: the plane, uint8 [H, W, 3].
        projection: gives a z's place on the plane, in pixels at scale 1.
        corner_px: the upper left corner of the projection's area at scale 1.
        layout_scale: pixels of the background per pixel at scale 1.
        scale: every pixel of a picture becomes a block of `scale` × `scale`.
    """

    background: Bytes
    projection: Projection
    corner_px: tuple[float, float]
    layout_scale: float
    scale: int

    def frames(self, z: ArrayLike, pictures: Bytes | None = None) -> Bytes:
        """Return uint8 [N, H, W, 3] for z [N, d], or [N, H, W + w, 3] with their pictures [N, h, w(, C)]."""
        centers: Doubles = (self.projection.px_of(z) + self.corner_px) * self.layout_scale
        plane_height, plane_width = self.background.shape[:2]
        if pictures is None:
            found = np.repeat(self.background[np.newaxis], len(centers), axis=0)
        else:
            large = enlarge(opaque(pictures), self.scale)
            shown = large if large.ndim == 4 else np.repeat(large[..., np.newaxis], 3, axis=3)
            height, width = shown.shape[1:3]
            found = np.zeros((len(shown), plane_height, plane_width + width, 3), np.uint8)
            found[:, :, :plane_width] = self.background
            top = (plane_height - height) // 2
            found[:, top : top + height, plane_width:] = shown
        for frame, center in zip(found, centers, strict=True):
            draw_ring(frame[:, :plane_width], center, self.layout_scale)
        return found


def plane_px(image_px: tuple[int, int], scale: int, aspect: float = 1.0) -> tuple[int, int]:
    """Width and height of the plane beside an enlarged picture; `image_px` is its size before enlarging.

    Its shorter side is as long as the picture's longer one; `aspect` is the plane's width by its height.
    """
    size, factor = _size(image_px, scale, aspect)
    return round(size[0] * factor), round(size[1] * factor)


def holding_path(decoder: KeptDecoder, subject: Subject, scale: int, aspect: float = 1.0) -> Subject:
    """The subject, zoomed out if its path would leave the frame. Raises FigureError."""
    state = subject.state
    _, line = path_line(state.path, state.path_kind, state.path_closed)
    if not len(line):
        return subject
    projection = layout_of(subject, _figure(decoder, subject, scale, aspect)).projection
    held = projection.holding(state.chart.view_of(line), CURSOR_PX + HALO_PX)
    return replace(subject, state=replace(state, viewport=held.viewport))


def make_stage(
    decoder: KeptDecoder, subject: Subject, scale: int, aspect: float = 1.0
) -> Generator[Progress | None, None, Stage]:
    """Draw the plane with the layers of the view and its path. Raises FigureError."""
    figure = _figure(decoder, subject, scale, aspect)
    layout = layout_of(subject, figure)
    background = yield from figure_picture(decoder, subject, figure)
    return Stage(background, layout.projection, layout.area[:2], figure.scale, scale)


def stage_cost(decoder: KeptDecoder, subject: Subject, scale: int, aspect: float = 1.0) -> Cost:
    """The cost of decoding the plane, without the pictures beside it. Raises FigureError."""
    return figure_cost(decoder, subject, _figure(decoder, subject, scale, aspect))


def stage_z(decoder: KeptDecoder, subject: Subject, scale: int, aspect: float = 1.0) -> Floats:
    """The z [N, d] of the pictures on the plane. Raises FigureError."""
    figure = _figure(decoder, subject, scale, aspect)
    if Part.BACKDROP not in figure.parts:
        return np.zeros((0, decoder.model.latent_dim), np.float32)
    return backdrop_z(decoder, layout_of(subject, figure).projection, figure.scale)


def stage_names(
    decoder: KeptDecoder, subject: Subject, scale: int, aspect: float = 1.0
) -> dict[str, tuple[float, float]]:
    """The offsets of group names from the middles of their groups, by name. Raises FigureError."""
    figure = _figure(decoder, subject, scale, aspect)
    if not {Part.POINTS, Part.NAMES} <= figure.parts:
        return {}
    projection = layout_of(subject, figure).projection
    names = placed_names(subject, projection, figure.parts)
    return {name.text: name.offset_px for name in names}


def _figure(decoder: KeptDecoder, subject: Subject, scale: int, aspect: float) -> Figure:
    height, width = decoder.model.image_shape[1:]
    size, factor = _size((width, height), scale, aspect)
    return Figure(
        size_px=size,
        scale=factor,
        parts=subject.shown_parts() - {Part.CURSOR},
        has_legend=False,
        ground=Ground.DARK,
    )


def _size(image_px: tuple[int, int], scale: int, aspect: float) -> tuple[tuple[int, int], float]:
    """Width and height of the plane at layout scale 1, and pixels for each of these."""
    side = max(LEAST_PLANE_PX, scale * max(image_px))
    shorter = min(side, LAYOUT_PX)
    return (round(shorter * max(1, aspect)), round(shorter * max(1, 1 / aspect))), side / shorter


def draw_ring(picture: Bytes, center: Doubles, size: float) -> None:
    """Draw the cursor's ring, antialiased, around `center` (x, y) into a picture uint8 [H, W, 3]."""
    reach = size * (CURSOR_PX + HALO_PX)
    height, width = picture.shape[:2]
    left, top = (int(max(0, np.floor(place - reach))) for place in center)
    right, bottom = (
        int(min(most, np.ceil(place + reach) + 1))
        for place, most in zip(center, (width, height), strict=True)
    )
    if left >= right or top >= bottom:
        return
    x, y = np.arange(left, right) + 0.5 - center[0], np.arange(top, bottom) + 0.5 - center[1]
    off = np.abs(np.hypot(x, y[:, np.newaxis]) - size * CURSOR_PX)
    part = picture[top:bottom, left:right].astype(np.float32)
    for thick, gray in ((HALO_PX, HALO), (RING_PX, RING)):
        cover = np.clip(size * thick / 2 + 0.5 - off, 0, 1)[..., np.newaxis]
        part += cover * (gray - part)
    picture[top:bottom, left:right] = np.rint(part)

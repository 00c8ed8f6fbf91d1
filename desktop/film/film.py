"""Describes animations, and makes those of paths and epochs with their captions. No Qt."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.figure.figure import Subject as View
from desktop.film.captions import caption_number
from desktop.film.formats import Format, real_fps
from desktop.film.plane_stage import Stage, holding_path, make_stage, plane_px, stage_cost
from desktop.film.writer import BATCH, Look, Pictures, make_animation
from desktop.images.pixels import tile, to_bytes
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.route import Route, straight_walk, walk_route
from desktop.jobs.route_decoder import along
from desktop.latent.paths import CurveZ, PathKind, Walk, visual_z

# A function with the parameters of `make_animation`.
Make = Callable[[Path, int, Pictures, Look, int], Iterator[float]]
# A caption shows at most this many numbers of z: more would not fit into a line.
CAPTION_NUMBERS = 4
# The share of the progress bar for measuring the pace of a path.
PACE_SHARE = 0.2
# The share of the progress bar for loading and decoding epochs.
DECODE_SHARE = 0.8
# Pictures per side of a manifold grid in a film, as in the tutorial's figure.
GRID_SIDE = 20


class Subject(StrEnum):
    """What a film shows; the values are the names in the window."""

    PATH = "Path"
    EPOCHS = "Epochs"
    GRID_EPOCHS = "Epochs as manifold grids"


class Content(StrEnum):
    """What each frame of a film shows; the values are the names in the window."""

    PICTURE = "Picture"
    BESIDE = "Plane with picture"
    PLANE = "Plane"


class Caption(StrEnum):
    """What a caption can contain; the values are the names in the window."""

    NAME = "Model"
    Z = "z"
    EPOCH = "Epoch"


@dataclass(frozen=True)
class Film:
    """The settings of an animation.

    Attributes:
        subject: what the film shows.
        format: the file format.
        frame_count: the total number of frames of a path; epochs always get one frame each.
        fps: frames per second; the format may round it.
        scale: every pixel becomes a block of `scale` × `scale`.
        ping_pong: whether the film runs there and back.
        captions: the parts of the caption under each frame.
        content: what the frames show; frames of manifold grids show only pictures.
        plane_aspect: the plane's width by its height, as in the window.
    """

    subject: Subject = Subject.PATH
    format: Format = Format.GIF
    frame_count: int = 120
    fps: float = 20
    scale: int = 10
    ping_pong: bool = False
    captions: frozenset[Caption] = frozenset()
    content: Content = Content.PICTURE
    plane_aspect: float = 1.0

    @property
    def with_plane(self) -> bool:
        """Whether frames show the plane."""
        return self.subject is not Subject.GRID_EPOCHS and self.content is not Content.PICTURE

    @property
    def with_picture(self) -> bool:
        """Whether frames show pictures in their full size, beside the plane or alone."""
        return not self.with_plane or self.content is Content.BESIDE

    @property
    def once_s(self) -> float:
        """The seconds that a film takes to go along its path once, at the format's actual frame rate."""
        return self.frame_count / real_fps(self.format, self.fps) / (2 if self.ping_pong else 1)

    def details(self) -> dict[str, str | int | float | bool]:
        """The settings that are stored in the file beside the view's state."""
        return {
            "frames": self.frame_count,
            "fps": self.fps,
            "scale": self.scale,
            "ping_pong": self.ping_pong,
            "seconds": self.once_s,
            "content": self.content.value,
        }


def film_px(film: Film, image_px: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a frame without its caption, for pictures of this width and height."""
    width, height = (film.scale * side for side in image_px)
    if film.with_plane:
        plane_width, plane_height = plane_px(image_px, film.scale, film.plane_aspect)
        return plane_width + (width if film.with_picture else 0), plane_height
    grid = GRID_SIDE if film.subject is Subject.GRID_EPOCHS else 1
    return grid * width, grid * height


def path_cost(decoder: KeptDecoder, route: Route, film: Film, view: View | None = None) -> Cost:
    """Return the cost of decoding a route's film. A slow decoder's kept pictures are free. Raises ValueError.

    A film with the plane includes the plane's pictures. Raises FigureError if the plane cannot be drawn.
    """
    frames = film.frame_count // 2 + 1 if film.ping_pong else film.frame_count
    on_way = along(decoder, route)
    if route.kind is PathKind.VISUAL:  # the places of the frames are known only after measuring
        pace = on_way.cost(visual_z(route.curve, decoder.is_slow))
        cost = Cost(pace.pictures + frames * film.with_picture, pace.picture_s)
    elif film.with_picture:
        cost = on_way.cost(straight_walk(route).frames(film.frame_count, film.ping_pong))
    else:
        route.curve  # noqa: B018 - raises
        cost = Cost(0, decoder.model.picture_s)
    if not film.with_plane or view is None:
        return cost
    held = holding_path(decoder, view, film.scale, film.plane_aspect)
    plane = stage_cost(decoder, held, film.scale, film.plane_aspect)
    return Cost(cost.pictures + plane.pictures, cost.picture_s)


def path_film(
    decoder: KeptDecoder,
    route: Route,
    film: Film,
    path: Path,
    name: str = "",
    epoch: str = "",
    comment: str = "",
    view: View | None = None,
    make: Make = make_animation,
) -> Iterator[float | Progress]:
    """Write a walk along a route, yielding the share done. Raises ValueError, AnimationError and OSError.

    With a slow decoder, its Progress is yielded, too. A film with the plane needs the `view` to draw, which
    is zoomed out if its path would leave the frame, and may raise FigureError. `make` can keep the frames
    instead of writing them.
    """
    stage: Stage | None = None
    if film.with_plane and view is not None:
        held = holding_path(decoder, view, film.scale, film.plane_aspect)
        drawing = make_stage(decoder, held, film.scale, film.plane_aspect)
        try:
            while True:
                step = next(drawing)
                yield step if decoder.is_slow and step is not None else 0.0
        except StopIteration as end:
            stage = end.value
    decoder = along(decoder, route)
    pacing = walk_route(decoder, route)
    pace_share = 0.0
    try:
        while True:
            pace_share = PACE_SHARE * next(pacing)
            yield pace_share
    except StopIteration as end:
        walk: Walk = end.value
    z = walk.frames(film.frame_count, film.ping_pong)
    captions = _captions(z, film, name, epoch) if film.captions else ()
    # On a stage, pictures are enlarged already.
    look = Look(film.format, film.fps, film.scale if stage is None else 1, captions, comment)

    def pictures(indices: Sequence[int]) -> Bytes | None:
        part = z.part(list(indices))
        if stage is not None and not film.with_picture:
            return stage.frames(part[:])
        found = decoder.try_decode(part)
        if found is None:
            return None
        return to_bytes(found) if stage is None else stage.frames(part[:], to_bytes(found))

    keys = decoder.keys(z) if decoder.is_slow and film.with_picture else []
    total = decoder.missing(keys)
    if total:
        yield decoder.progress(0, total)
    for share in make(path, len(z), pictures, look, min(BATCH, decoder.step_pictures)):
        if total and (left := decoder.missing(keys)):
            yield decoder.progress(max(0, total - left), total)
        yield pace_share + (1 - pace_share) * share


def epoch_film(
    epochs: Iterator[tuple[int, Floats | None]],
    count: int,
    columns: int,
    film: Film,
    path: Path,
    name: str = "",
    z: Sequence[float] = (),
    comment: str = "",
    make: Make = make_animation,
) -> Iterator[float]:
    """Write one frame per epoch, there and back if `film.ping_pong`, yielding the share done.

    `epochs` covers `count` epochs. For each epoch it yields the pair of number and None while the epoch
    decodes, and then the pair of number and probabilities, float32 [N, C, H, W]. The pictures of an epoch
    become a sheet with `columns` columns. `z` is the z that all captions show. Raises AnimationError,
    OSError, and whatever `epochs` raises.
    """
    numbers: list[int] = []
    sheets: list[Bytes] = []
    for number, probabilities in epochs:
        if probabilities is not None:
            numbers.append(number)
            sheets.append(tile(to_bytes(probabilities), columns))
        yield DECODE_SHARE * (len(sheets) / count)
    order = epoch_order(count, film.ping_pong)
    captions = [caption(film, name, str(numbers[index]), z) for index in order] if film.captions else ()
    look = Look(film.format, film.fps, film.scale, captions, comment)
    for share in make(
        path, len(order), lambda frames: np.stack([sheets[order[frame]] for frame in frames]), look, BATCH
    ):
        yield DECODE_SHARE + (1 - DECODE_SHARE) * share


def epoch_order(count: int, ping_pong: bool) -> list[int]:
    """The indices of `count` epochs in the order of a film's frames."""
    return [*range(count), *(range(count - 2, 0, -1) if ping_pong else ())]


def _captions(z: CurveZ, film: Film, name: str, epoch: str) -> list[tuple[str, ...]]:
    return [caption(film, name, epoch, point[: CAPTION_NUMBERS + 1].tolist()) for point in z]


def caption(film: Film, name: str, epoch: str, z: Sequence[float]) -> tuple[str, ...]:
    """Return the parts of a frame's caption."""
    numbers = ", ".join(map(caption_number, z[:CAPTION_NUMBERS]))
    parts = {
        Caption.NAME: name,
        Caption.EPOCH: f"epoch {epoch}" if epoch else "",
        Caption.Z: f"z {numbers}" + (", ..." if len(z) > CAPTION_NUMBERS else "") if len(z) else "",
    }
    return tuple(text for part, text in parts.items() if part in film.captions)

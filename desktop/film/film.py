"""What an animation shows and says, frame by frame, and the steps that make it. No Qt."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.film.captions import caption_number
from desktop.film.formats import Format
from desktop.film.writer import Look, make_animation
from desktop.images.pixels import tile, to_bytes
from desktop.latent.paths import Curve, Decode, PathKind, Walk, even_walk, path_curve, visual_walk

# Of a caption's z: more numbers say little in a line of text.
CAPTION_NUMBERS = 4
# What measuring the pace takes of a film's progress.
PACE_SHARE = 0.2
# What loading and decoding epochs takes of it.
DECODE_SHARE = 0.8
# Pictures a side of a manifold grid in a film, as in the tutorial's figure.
GRID_SIDE = 20


class Subject(StrEnum):
    """What a film goes through; a value is its name in the window."""

    PATH = "The path"
    CURSOR_EPOCHS = "The epochs, at the cursor"
    PLANE_EPOCHS = "The epochs, as manifold grids"


class Caption(StrEnum):
    """What can stand under each frame; a value is its name in the window."""

    NAME = "Model"
    Z = "z"
    EPOCH = "Epoch"


@dataclass(frozen=True)
class Film:
    """What was asked for.

    Attributes:
        subject: what it goes through.
        format: of the file.
        frame_count: in all; of epochs there is one each, whatever this says.
        fps: frames a second, as near as the format can.
        scale: every pixel becomes so many a side.
        ping_pong: there and back.
        captions: what stands under each frame.
    """

    subject: Subject = Subject.PATH
    format: Format = Format.GIF
    frame_count: int = 120
    fps: float = 20
    scale: int = 10
    ping_pong: bool = False
    captions: frozenset[Caption] = frozenset()

    def details(self) -> dict[str, int | float | bool]:
        """What of it travels in the file, beside what was looked at."""
        return {
            "frames": self.frame_count,
            "fps": self.fps,
            "scale": self.scale,
            "ping_pong": self.ping_pong,
        }


@dataclass(frozen=True)
class Route:
    """A path to film: its points, d numbers each, whether it returns, and how it goes."""

    points: tuple[tuple[float, ...], ...]
    closed: bool = False
    kind: PathKind = PathKind.STRAIGHT

    @property
    def curve(self) -> Curve:
        """Raises ValueError for less than two different points."""
        return path_curve(self.points, self.kind, self.closed)


def walk_route(decode: Decode, route: Route) -> Generator[float, None, Walk]:
    """A route's walk at its own pace, yielding the share done."""
    if route.kind is PathKind.VISUAL:
        return (yield from visual_walk(decode, route.curve, route.closed))
    return even_walk(route.curve, route.closed)


def path_film(
    decode: Decode, route: Route, film: Film, path: Path, name: str = "", epoch: str = "", comment: str = ""
) -> Iterator[float]:
    """Write a walk along a route, yielding the share done. Raises ValueError, AnimationError, OSError."""
    pacing = walk_route(decode, route)
    pace_share = 0.0
    try:
        while True:
            pace_share = PACE_SHARE * next(pacing)
            yield pace_share
    except StopIteration as end:
        walk: Walk = end.value
    z = walk.frames(film.frame_count, film.ping_pong)
    captions = [caption(film, name, epoch, numbers) for numbers in z.tolist()] if film.captions else ()
    look = Look(film.format, film.fps, film.scale, captions, comment)
    for share in make_animation(path, len(z), lambda indices: to_bytes(decode(z[list(indices)])), look):
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
) -> Iterator[float]:
    """Write one frame an epoch, there and back if wanted, yielding the share done.

    `epochs` gives `count` epochs, each with its number: None while it decodes, then probabilities float32
    [N, C, H, W], which become a sheet of so many columns. `z` is what the captions say of all of them.
    Raises AnimationError, OSError, and what `epochs` raises.
    """
    numbers: list[int] = []
    sheets: list[Bytes] = []
    for number, probabilities in epochs:
        if probabilities is not None:
            numbers.append(number)
            sheets.append(tile(to_bytes(probabilities), columns))
        yield DECODE_SHARE * (len(sheets) / count)
    order = [*range(count), *(range(count - 2, 0, -1) if film.ping_pong else ())]
    captions = [caption(film, name, str(numbers[index]), z) for index in order] if film.captions else ()
    look = Look(film.format, film.fps, film.scale, captions, comment)
    for share in make_animation(
        path, len(order), lambda frames: np.stack([sheets[order[frame]] for frame in frames]), look
    ):
        yield DECODE_SHARE + (1 - DECODE_SHARE) * share


def caption(film: Film, name: str, epoch: str, z: Sequence[float]) -> tuple[str, ...]:
    """The parts of a frame's text."""
    numbers = ", ".join(map(caption_number, z[:CAPTION_NUMBERS]))
    parts = {
        Caption.NAME: name,
        Caption.EPOCH: f"epoch {epoch}" if epoch else "",
        Caption.Z: f"z {numbers}" + (", ..." if len(z) > CAPTION_NUMBERS else "") if len(z) else "",
    }
    return tuple(text for part, text in parts.items() if part in film.captions)

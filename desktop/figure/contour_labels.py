"""Places the numbers of contours on a figure's plane. No Qt."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from desktop.base.arrays import Doubles
from desktop.figure.layout import TICK_SIZE_PX
from desktop.figure.texts import width_px

Box = tuple[tuple[float, float], tuple[float, float]]  # middle, and width and height

TRIED = 48  # places that are tried along a contour
MOST_POINTS = 2_000  # if there are more points, an evenly spaced subset of about this size is used
GAP_PX = 1.0


def contour_labels(
    lines: Sequence[tuple[str, Doubles]],
    taken: Sequence[Box],
    room_px: tuple[float, float],
    points_px: Doubles,
) -> list[tuple[str, tuple[float, float]]]:
    """The texts of contours [K, 2], with the middles of their boxes, which lie within the room.

    The boxes do not overlap each other or those in `taken`, and cover few of the points [M, 2]. A contour
    without such a place gets no number.
    """
    points = points_px[:: -(-len(points_px) // MOST_POINTS) or 1]
    boxes, found = list(taken), []
    for text, line in lines:
        size = width_px(text, TICK_SIZE_PX) + 10, TICK_SIZE_PX + 7
        free = [place for place in _places(line, room_px) if _is_free(place, size, boxes, room_px)]
        if free:
            best = min(free, key=partial(_covered, size=size, points=points))
            boxes.append((best, size))
            found.append((text, best))
    return found


def _covered(place: tuple[float, float], size: tuple[float, float], points: Doubles) -> int:
    """The number of points that a box covers."""
    return int((np.abs(points - place) < np.asarray(size) / 2).all(axis=1).sum())


def _places(line: Doubles, room_px: tuple[float, float]) -> Iterator[tuple[float, float]]:
    """Places along a contour in the order of trial: the lower right one, then others on both sides of it."""
    if len(line) == 2:  # an upright line through the whole plane
        for share in (0.5, *np.linspace(0.1, 0.9, 9).tolist()):
            yield float(line[0, 0]), share * room_px[1]
        return
    first = 7 * len(line) // 8
    for step in range(TRIED):
        way = (step + 1) // 2 * (1 if step % 2 else -1)
        x, y = line[(first + way * len(line) // TRIED) % len(line)].tolist()
        yield x, y


def _is_free(
    place: tuple[float, float],
    size: tuple[float, float],
    boxes: Sequence[Box],
    room_px: tuple[float, float],
) -> bool:
    """Whether a box lies within the room and overlaps no other box."""
    for middle, side, room in zip(place, size, room_px, strict=True):
        if not side / 2 + GAP_PX <= middle <= room - side / 2 - GAP_PX:
            return False
    return all(
        any(
            abs(here - there) >= (side + other) / 2 + GAP_PX
            for here, there, side, other in zip(place, middle, size, sides, strict=True)
        )
        for middle, sides in boxes
    )

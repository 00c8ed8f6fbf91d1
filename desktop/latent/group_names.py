"""The names of groups of points on a plane: where they stand, and when one text speaks for several. No Qt."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles
from desktop.latent.plane import boxes_apart, spread_apart

DISTANCE_PX = 30.0
# Names are pushed apart, but not farther than this from their groups: a ring of names looks like data.
MOST_AWAY_PX = 48.0
# More than MOST_TOGETHER names whose groups lie within such a distance of each other become one text. The
# smallest distance is taken at which every name is near its group.
MOST_TOGETHER, TOGETHER_PX = 3, (12.0, 20.0, 32.0, 52.0, 84.0)
ABOVE_PX = 26.0  # from the middle of a crowd up to its text, so that the crowd is seen


@dataclass(frozen=True)
class GroupName:
    """A text on the plane.

    Attributes:
        text: the name of a group, or how many groups lie here.
        group: the number of the group; None if the text speaks for several.
        place_px: around which point it stands, (x, y).
    """

    text: str
    group: int | None
    place_px: tuple[float, float]


def group_names(
    names: Sequence[str], middles_px: ArrayLike, size_of: Callable[[GroupName], tuple[float, float]]
) -> list[GroupName]:
    """Return the texts for groups with these names and middles [N, 2], none of which covers another.

    `size_of` tells width and height of a text.
    """
    middles = np.asarray(middles_px, np.float64).reshape(-1, 2)
    placed: list[GroupName] = []
    for together_px in TOGETHER_PX:
        wanted = _texts(names, middles, together_px)
        places = spread_apart([name.place_px for name in wanted], DISTANCE_PX)
        places = boxes_apart(places, [size_of(name) for name in wanted])
        placed = [
            replace(name, place_px=(x, y)) for name, (x, y) in zip(wanted, places.tolist(), strict=True)
        ]
        if all(_away_px(name, middles) <= MOST_AWAY_PX for name in placed):
            break
    return placed


def _texts(names: Sequence[str], middles: Doubles, together_px: float) -> list[GroupName]:
    """The texts at the places where they would be without each other."""
    found = []
    for members in _gathered(middles, together_px):
        if len(members) <= MOST_TOGETHER:
            found += [GroupName(names[n], n, (middles[n, 0], middles[n, 1])) for n in members]
        else:
            x, y = middles[members].mean(axis=0).tolist()
            found.append(GroupName(f"{len(members)} labels here", None, (x, y - ABOVE_PX)))
    return found


def _away_px(name: GroupName, middles: Doubles) -> float:
    """How far a name is from its group; 0 for the text of several."""
    return 0.0 if name.group is None else math.dist(name.place_px, middles[name.group])


def _gathered(middles: Doubles, together_px: float) -> list[list[int]]:
    """The groups of middles [N, 2] that are joined by small distances, each in ascending order."""
    left, found = list(range(len(middles))), []
    while left:
        members, edge = [left.pop(0)], 0
        while edge < len(members):
            away = np.linalg.norm(middles[left] - middles[members[edge]], axis=1)
            near = [n for n, distance in zip(left, away.tolist(), strict=True) if distance < together_px]
            members += near
            left = [n for n in left if n not in near]
            edge += 1
        found.append(sorted(members))
    return found

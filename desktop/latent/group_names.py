"""The names of groups of points on a plane: where they stand, and when one text speaks for several. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles
from desktop.latent.plane import boxes_apart, spread_apart

DISTANCE_PX = 30.0
# More names than these, each within this distance of another, cannot be told apart, as before training.
# Pushed apart, they would make a ring that looks like data.
MOST_TOGETHER, TOGETHER_PX = 3, 12.0
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


def group_names(names: Sequence[str], middles_px: ArrayLike) -> list[GroupName]:
    """Return the texts for groups with these names and middles [N, 2]."""
    middles = np.asarray(middles_px, np.float64).reshape(-1, 2)
    found = []
    for members in _gathered(middles):
        if len(members) <= MOST_TOGETHER:
            found += [GroupName(names[n], n, (middles[n, 0], middles[n, 1])) for n in members]
        else:
            x, y = middles[members].mean(axis=0).tolist()
            found.append(GroupName(f"{len(members)} labels here", None, (x, y - ABOVE_PX)))
    return found


def names_apart(names: Sequence[GroupName], sizes: ArrayLike) -> Doubles:
    """Return the middles [N, 2] of texts with these sizes [N, 2], pushed off each other."""
    return boxes_apart(spread_apart([name.place_px for name in names], DISTANCE_PX), sizes)


def _gathered(middles: Doubles) -> list[list[int]]:
    """The groups of middles [N, 2] that are joined by small distances, each in ascending order."""
    left, found = list(range(len(middles))), []
    while left:
        members, edge = [left.pop(0)], 0
        while edge < len(members):
            away = np.linalg.norm(middles[left] - middles[members[edge]], axis=1)
            near = [n for n, distance in zip(left, away.tolist(), strict=True) if distance < TOGETHER_PX]
            members += near
            left = [n for n in left if n not in near]
            edge += 1
        found.append(sorted(members))
    return found

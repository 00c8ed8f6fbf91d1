"""Places the names of groups of points on a plane; one text may stand for several groups. No Qt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles

Size = tuple[float, float]
Place = tuple[float, float]
Edges = tuple[float, float, float, float]  # left, top, right, bottom

# A name's box is at most this far from the middle of its group, because a ring of names would look like data.
REACH_PX = 44.0
# If more than MOST_TOGETHER groups are within such a distance of each other, one text replaces their names.
# The distances are tried in turn until every name has a place.
MOST_TOGETHER, TOGETHER_PX = 3, (12.0, 20.0, 32.0, 52.0, 84.0, 136.0, 220.0)
ABOVE_PX = 26.0  # the text of several groups is this far above their middle, so that the groups stay visible
GAP_PX = 2.0  # between names
STEP_PX, CELL_PX = 8.0, 4.0  # the step between places that are tried, and the cell size for counting points
MOST_POINTS = 10_000  # if there are more points, an evenly spaced subset of about this size is used
# The cost of a place is 1 for covering MANY_SHARE of a group's average number of points, or FEW_POINTS if
# that is more. Further costs are for the distance from the group, for covering the middle of another group,
# for leaving the name's current place (LEAVE_COST if names should hardly ever move), and for each mark over
# the name.
MANY_SHARE, FEW_POINTS = 0.3, 8
FAR_COST, OTHER_COST, MOVE_COST, LEAVE_COST, MARK_COST = 0.5, 0.5, 0.15, 1.0, 2.0
MARK_PX = 12.0  # half the width of a mark


@dataclass(frozen=True)
class GroupName:
    """A text on the plane.

    Attributes:
        text: the name of a group, or the number of groups at this place.
        group: the number of the group; None if the text stands for several groups.
        middle_px: the middle of the group, or of the groups.
        offset_px: the offset from `middle_px` to the middle of the text.
        size_px: the width and height of the text's box.
        members: the numbers of the groups that the text stands for.
    """

    text: str
    group: int | None
    middle_px: Place
    offset_px: Place = (0.0, 0.0)
    size_px: Size = (0.0, 0.0)
    members: tuple[int, ...] = ()

    @property
    def place_px(self) -> Place:
        """The middle of the text's box."""
        return self.middle_px[0] + self.offset_px[0], self.middle_px[1] + self.offset_px[1]

    @property
    def leader_px(self) -> Place | None:
        """The offset from the group's middle to the nearest point of the box; None if that is inside."""
        x, y = (
            offset - min(side / 2, max(-side / 2, offset))
            for offset, side in zip(self.offset_px, self.size_px, strict=True)
        )
        return (x, y) if x or y else None


def group_names(
    names: Sequence[str],
    middles_px: ArrayLike,
    points_px: ArrayLike,
    size_of: Callable[[str, int | None], Size],
    before: Mapping[str, Place] | None = None,
    move_cost: float = MOVE_COST,
    marks_px: ArrayLike = (),
    room_px: Edges | None = None,
    boxes_px: ArrayLike = (),
) -> list[GroupName]:
    """Return texts for groups with these names and middles [N, 2]; the texts do not overlap if possible.

    Each text is at its group or near it, where it covers few of the points [M, 2]. `size_of` returns the
    width and height for a text and its group (or None). `before` has the current offsets by text; a text
    keeps its offset if another place is not better by more than `move_cost`, so that a small change of the
    view moves no name. Names keep off the marks [K, 2], such as the path's points, and the boxes [K, 4],
    which are drawn over them. With `room_px`, names of groups whose middle is within these edges stay inside.
    """
    middles = np.asarray(middles_px, np.float64).reshape(-1, 2)
    points = np.asarray(points_px, np.float64).reshape(-1, 2)
    points = points[:: -(-len(points) // MOST_POINTS) or 1]
    over = np.vstack([_boxes_of(marks_px), np.asarray(boxes_px, np.float64).reshape(-1, 4)])
    many = max(FEW_POINTS, MANY_SHARE * len(points) / max(1, len(middles)))
    costs: dict[GroupName, tuple[Doubles, Doubles]] = {}
    placed: list[GroupName] = []
    for together_px in TOGETHER_PX:
        wanted = _texts(names, middles, together_px, size_of)
        for name in wanted:
            if name not in costs:
                kept = (before or {}).get(name.text)
                ways, cost = _costs(name, points, many, middles, kept, move_cost)
                cost = cost + MARK_COST * _boxes_over(name, over, ways)
                costs[name] = (ways, cost) if room_px is None else _inside(name, ways, cost, room_px)
        placed, is_whole = _placed(wanted, costs)
        if is_whole:
            break
    return placed


def _texts(
    names: Sequence[str],
    middles: Doubles,
    together_px: float,
    size_of: Callable[[str, int | None], Size],
) -> list[GroupName]:
    """The texts at their default places, without regard to points or to each other."""
    found = []
    for members in _gathered(middles, together_px):
        texts: list[tuple[str, int | None, list[int]]] = [(names[n], n, [n]) for n in members]
        if len(members) > MOST_TOGETHER:
            texts = [(f"{len(members)} labels here", None, members)]
        for text, n, groups in texts:
            x, y = middles[groups].mean(axis=0).tolist()
            above = (0.0, -ABOVE_PX if n is None else 0.0)
            found.append(GroupName(text, n, (x, y), above, size_of(text, n), tuple(groups)))
    return found


def _costs(
    name: GroupName,
    points: Doubles,
    many: float,
    middles: Doubles,
    before: Place | None,
    move_cost: float,
) -> tuple[Doubles, Doubles]:
    """The offsets [K, 2] of the places for a name, and their costs [K]: 1 for covering `many` points."""
    ways, gaps = _ways(name.size_px)
    if before is not None and _gap(before, name.size_px) <= REACH_PX:
        ways, gaps = np.vstack([ways, before]), np.append(gaps, _gap(before, name.size_px))
    covered = _covered(np.asarray(name.middle_px), name.size_px, points, ways)
    far = gaps if name.group is not None else np.abs(ways - name.offset_px).sum(axis=1)
    # A tiny cost for the distance to the default place, so that without points the name is there.
    cost = covered / many + FAR_COST * far / REACH_PX
    cost += 1e-3 * np.linalg.norm(ways - name.offset_px, axis=1)
    own = -1 if name.group is None else name.group
    half = np.asarray(name.size_px) / 2
    for number, other in enumerate(middles - np.asarray(name.middle_px)):
        if number != own and name.group is not None and np.abs(other).max() < 2 * (REACH_PX + half.max()):
            cost += OTHER_COST * (np.abs(ways - other) < half).all(axis=1)
    if before is not None:
        cost[np.abs(ways - before).sum(axis=1) > STEP_PX / 2] += move_cost
    return ways, cost


def _inside(name: GroupName, ways: Doubles, cost: Doubles, room_px: Edges) -> tuple[Doubles, Doubles]:
    """The places at which the box is inside the room, or else the single nearest place inside.

    If the group itself is outside, all places are returned.
    """
    middle, half = np.asarray(name.middle_px), np.asarray(name.size_px) / 2
    if not _is_in(name.middle_px, room_px):
        return ways, cost
    low, high = room_px[:2] + half + GAP_PX - middle, room_px[2:] - half - GAP_PX - middle
    is_inside = ((ways >= low) & (ways <= high)).all(axis=1)
    if is_inside.any():
        return ways[is_inside], cost[is_inside]
    nearest: Doubles = np.maximum(low, np.minimum(high, name.offset_px))
    return nearest[np.newaxis], np.zeros(1)


def _is_in(place: Place, room_px: Edges) -> bool:
    left, top, right, bottom = room_px
    return left <= place[0] <= right and top <= place[1] <= bottom


def _boxes_of(marks_px: ArrayLike) -> Doubles:
    """The boxes [K, 4] of marks with these middles [K, 2]."""
    marks = np.asarray(marks_px, np.float64).reshape(-1, 2)
    return np.hstack([marks - MARK_PX, marks + MARK_PX])


def _boxes_over(name: GroupName, boxes: Doubles, ways: Doubles) -> Doubles:
    """The number of boxes over a name at each of the places [K]."""
    found = np.zeros(len(ways))
    half = np.asarray(name.size_px) / 2
    low, high = boxes[:, :2] - name.middle_px - half, boxes[:, 2:] - name.middle_px + half
    least, most = ways.min(axis=0), ways.max(axis=0)
    for n in np.flatnonzero(((low < most) & (high > least)).all(axis=1)).tolist():
        found += ((ways > low[n]) & (ways < high[n])).all(axis=1)
    return found


def has_marks_over(names: Sequence[GroupName], marks_px: ArrayLike) -> bool:
    """Whether one of the marks [K, 2] lies over one of the names."""
    return has_boxes_over(names, _boxes_of(marks_px))


def has_boxes_over(names: Sequence[GroupName], boxes_px: ArrayLike) -> bool:
    """Whether one of the boxes [K, 4] lies over one of the names."""
    boxes = np.asarray(boxes_px, np.float64).reshape(-1, 4)
    return any(bool(_boxes_over(name, boxes, np.array([name.offset_px])).any()) for name in names)


def leaves_room(names: Sequence[GroupName], room_px: Edges) -> bool:
    """Whether the name of a group whose middle is inside the room is partly outside."""
    for name in names:
        (x, y), (width, height) = name.place_px, name.size_px
        corners = (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)
        if _is_in(name.middle_px, room_px) and not all(_is_in(corner, room_px) for corner in corners):
            return True
    return False


@lru_cache(maxsize=256)
def _ways(size_px: Size) -> tuple[Doubles, Doubles]:
    """The offsets [K, 2] at which boxes of a size are within reach, and each box's distance [K]."""
    x, y = (np.arange(-(n := int((side / 2 + REACH_PX) // STEP_PX)), n + 1) * STEP_PX for side in size_px)
    ways = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    ways = np.vstack([ways, (0.0, -ABOVE_PX)])
    gaps = np.linalg.norm(np.maximum(np.abs(ways) - np.asarray(size_px) / 2, 0), axis=1)
    return ways[gaps <= REACH_PX], gaps[gaps <= REACH_PX]


def _gap(offset: Place, size_px: Size) -> float:
    """The distance from a group's middle to a box at this offset."""
    return float(np.linalg.norm(np.maximum(np.abs(offset) - np.asarray(size_px) / 2, 0)))


def _covered(middle: Doubles, size_px: Size, points: Doubles, ways: Doubles) -> Doubles:
    """The number of points that each box covers, [K]."""
    half = np.asarray(size_px) / 2
    reach = np.abs(ways).max(axis=0) + half + 2 * CELL_PX
    x, y = points[:, 0] - middle[0], points[:, 1] - middle[1]
    near = (x > -reach[0]) & (x < reach[0]) & (y > -reach[1]) & (y < reach[1])
    columns, rows = (np.ceil(2 * reach / CELL_PX).astype(np.intp) + 1).tolist()
    cells = ((y[near] + reach[1]) // CELL_PX).astype(np.intp) * columns
    cells += ((x[near] + reach[0]) // CELL_PX).astype(np.intp)
    counts = np.bincount(cells, minlength=rows * columns).reshape(rows, columns)
    sums = np.zeros((rows + 1, columns + 1))
    sums[1:, 1:] = counts.cumsum(axis=0).cumsum(axis=1)
    left, top = np.rint((ways - half + reach) / CELL_PX).astype(np.intp).T
    right, bottom = np.rint((ways + half + reach) / CELL_PX).astype(np.intp).T
    found: Doubles = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return found


def _placed(
    wanted: Sequence[GroupName], costs: Mapping[GroupName, tuple[Doubles, Doubles]]
) -> tuple[list[GroupName], bool]:
    """The names at their places, and whether no name had to cover another.

    Names with the highest median cost are placed first, because they have the fewest good places.
    """
    order = sorted(range(len(wanted)), key=lambda n: float(np.median(costs[wanted[n]][1])), reverse=True)
    boxes = np.empty((0, 4))  # the boxes' middles, and half their sizes
    found, is_whole = {}, True
    for n in order:
        name = wanted[n]
        ways, cost = costs[name]
        places, half = ways + name.middle_px, np.asarray(name.size_px) / 2
        apart = np.abs(places[:, None] - boxes[None, :, :2]) >= boxes[None, :, 2:] + half + GAP_PX
        is_free = np.all(apart.any(axis=2), axis=1)
        is_whole = is_whole and bool(is_free.any())
        best = int(np.where(is_free, cost, cost + 1e6).argmin())
        x, y = ways[best].tolist()
        found[n] = replace(name, offset_px=(x, y))
        boxes = np.vstack([boxes, [*places[best], *half]])
    return [found[n] for n in range(len(wanted))], is_whole


def _gathered(middles: Doubles, together_px: float) -> list[list[int]]:
    """Clusters of middles [N, 2] that are connected by small distances; each has its numbers in order."""
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

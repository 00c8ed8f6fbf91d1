"""The legend of a figure: what explains what is drawn. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from desktop.figure.figure import Figure, Part, Subject
from desktop.figure.in_view import InView
from desktop.figure.texts import shortened, width_px
from desktop.images.label_colors import label_color_name

LEGEND_TEXT_PX, LEGEND_LINE_PX = 12.0, 19.0
MARK_PX, SCALE_BAR_PX, SCALE_HEIGHT_PX = 26.0, 120.0, 50.0


class Mark(Enum):
    """What stands before a text of the legend."""

    NONE = auto()
    DOT = auto()
    DASH = auto()
    HATCH = auto()
    SCALE = auto()
    PATH = auto()
    RING = auto()
    SELECTED = auto()
    OWN = auto()
    TRUE = auto()


@dataclass(frozen=True)
class Entry:
    """A line of the legend; `color` is that of a dot."""

    mark: Mark
    text: str
    color: str = ""

    @property
    def height_px(self) -> float:
        """How much room it takes."""
        return SCALE_HEIGHT_PX if self.mark is Mark.SCALE else LEGEND_LINE_PX

    @property
    def width_px(self) -> float:
        """How wide it is with its mark."""
        if self.mark is Mark.SCALE:
            return max(SCALE_BAR_PX + 14, width_px(self.text, LEGEND_TEXT_PX))
        return width_px(self.text, LEGEND_TEXT_PX) + (0 if self.mark is Mark.NONE else MARK_PX)


def legend_of(subject: Subject, figure: Figure, seen: Sequence[InView]) -> list[Entry]:
    """The entries that explain what is seen, on both planes if there are two; `seen` is for each of them."""
    planes = subject.planes
    parts = figure.parts & frozenset().union(*(each.parts for each in seen))
    entries: list[Entry] = []
    if Part.POINTS in parts:
        for heading, labels in _groups(subject, seen):
            entries.append(Entry(Mark.NONE if labels else Mark.DOT, heading))
            entries += [Entry(Mark.DOT, name, label_color_name(n)) for n, name in labels.items()]
        if Part.SELECTED in parts:
            count = max(
                int(each.points[plane.selected].sum()) for plane, each in zip(planes, seen, strict=True)
            )
            entries.append(Entry(Mark.SELECTED, f"selected ({count:,})"))
    if Part.PRIOR in parts:
        name = "projected prior" if subject.is_projected else "prior"
        entries.append(Entry(Mark.DASH, f"{name}, 50, 90, 99 %"))
    if Part.HOLES in parts and not all(plane.has_too_few_for_holes for plane in planes):
        entries.append(Entry(Mark.HATCH, "holes: q < p / 10, in 99 %"))
    if Part.ENCODED in parts:
        entries.append(Entry(Mark.OWN, "encoder's q(z|x), 1, 2 σ"))
    if Part.TRUE_POSTERIOR in parts:
        entries.append(Entry(Mark.TRUE, "true p(z|x), 50, 95 %"))
    if Part.PATH in parts:
        entries.append(Entry(Mark.PATH, "path"))
    if Part.CURSOR in parts:
        entries.append(Entry(Mark.RING, "cursor"))
    if Part.DENSITY in parts:
        entries.append(
            Entry(Mark.SCALE, "q / max p, projected" if subject.is_projected else "q(z) / max p(z)")
        )
    return entries


def _groups(subject: Subject, seen: Sequence[InView]) -> list[tuple[str, dict[int, str]]]:
    """The points by what they are, each with the names of their labels; those of two planes once if equal."""
    found = [
        (plane.points_name, {n: plane.label_name(n) for n in plane.labels_among(each.points)})
        for plane, each in zip(subject.planes, seen, strict=True)
        if Part.POINTS in each.parts
    ]
    if len(found) < 2:
        return found
    (first, labels), (second, others) = found
    if first == second and all(others.get(n, name) == name for n, name in labels.items()):
        return [(first, dict(sorted({**labels, **others}.items())))]
    return [(f"A: {first}", labels), (f"B: {second}", others)]


def within_px(entries: list[Entry], most_px: float) -> list[Entry]:
    """The entries with texts that are no wider than there is room."""
    return [Entry(e.mark, shortened(e.text, most_px - MARK_PX, LEGEND_TEXT_PX), e.color) for e in entries]


def fitting(entries: list[Entry], room_px: float) -> list[Entry]:
    """The entries that fit; instead of dots that do not, a line says how many there are."""
    over = sum(entry.height_px for entry in entries) - room_px
    dots = [entry for entry in entries if entry.mark is Mark.DOT]
    if over <= 0 or len(dots) < 2:
        return entries
    left_out = min(len(dots) - 1, int(over // LEGEND_LINE_PX) + 2)
    last = entries.index(dots[-1])
    more = Entry(Mark.NONE, f"… and {left_out} more")
    return [*entries[: last + 1 - left_out], more, *entries[last + 1 :]]

"""The entries of a figure's legend, and their sizes and places. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from desktop.figure.figure import Figure, Part, Subject
from desktop.figure.in_view import InView
from desktop.figure.texts import ELLIPSIS, shortened, width_px, wrapped
from desktop.images.label_colors import label_color_name

LEGEND_TEXT_PX, LEGEND_LINE_PX, LEGEND_MORE_PX = 12.0, 19.0, 15.0  # the last: an entry's second line
COLUMN_GAP_PX = 14.0
MARK_PX, SCALE_BAR_PX, SCALE_HEIGHT_PX = 26.0, 120.0, 50.0


class Mark(Enum):
    """The symbol before a text of the legend."""

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
    """A mark with its text, which may have line breaks; `color` is the colour of a dot."""

    mark: Mark
    text: str
    color: str = ""

    @property
    def height_px(self) -> float:
        """The height of the entry."""
        first = SCALE_HEIGHT_PX if self.mark is Mark.SCALE else LEGEND_LINE_PX
        return first + LEGEND_MORE_PX * self.text.count("\n")

    @property
    def width_px(self) -> float:
        """The width of the entry with its mark."""
        widest = max(width_px(line, LEGEND_TEXT_PX) for line in self.text.split("\n"))
        return max(SCALE_BAR_PX + 14, widest) if self.mark is Mark.SCALE else widest + self.mark_px

    @property
    def mark_px(self) -> float:
        """The width of the mark, left of the text."""
        return 0.0 if self.mark in (Mark.NONE, Mark.SCALE) else MARK_PX


def legend_of(subject: Subject, figure: Figure, seen: Sequence[InView]) -> list[Entry]:
    """The entries for the visible content of all planes; `seen` has one item per plane."""
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
    """Headings for the points, each with the names of its labels; one if those of two planes are alike."""
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
    """The entries with their texts fitted into this width, on one or two lines."""
    return [replace(e, text="\n".join(_lines(e.text, most_px - e.mark_px))) for e in entries]


def least_px(entries: list[Entry]) -> float:
    """The least width at which no word of the entries has to be shortened."""
    return max(
        width_px(word, LEGEND_TEXT_PX) + e.mark_px for e in entries for word in e.text.split() or [e.text]
    )


def _lines(text: str, most_px: float) -> list[str]:
    """A text in one line, or in two of about the same length; an ellipsis replaces text without room."""
    if width_px(text, LEGEND_TEXT_PX) <= most_px:
        return [text]
    lines = wrapped(text, most_px, LEGEND_TEXT_PX) or [text]
    if len(lines) > 2:
        return [lines[0], shortened(" ".join(lines[1:]), most_px, LEGEND_TEXT_PX)]
    narrower = most_px
    while len(lines) == 2 and narrower > most_px / 2:
        narrower -= 4
        closer = wrapped(text, narrower, LEGEND_TEXT_PX)
        if len(closer) > 2 or any(ELLIPSIS in line for line in closer):
            break
        lines = closer
    return lines


def in_rows(entries: list[Entry], room_px: float) -> list[tuple[float, float]]:
    """The entries' upper left corners if they are arranged in rows of this width.

    A scale is at the right end of the first rows.
    """
    scale = next((entry for entry in entries if entry.mark is Mark.SCALE), None)
    scale_px = 0.0 if scale is None else scale.width_px + COLUMN_GAP_PX
    places, x, y, row_px = [], 0.0, 0.0, 0.0
    for entry in entries:
        if entry is scale:
            places.append((room_px - entry.width_px, 0.0))
            continue
        is_beside_scale = scale is not None and y < scale.height_px
        if x and x + entry.width_px > room_px - (scale_px if is_beside_scale else 0.0):
            x, y, row_px = 0.0, y + row_px, 0.0
        places.append((x, y))
        x, row_px = x + entry.width_px + COLUMN_GAP_PX, max(row_px, entry.height_px)
    return places


def fitting(entries: list[Entry], room_px: float) -> list[Entry]:
    """The entries that fit; a line with the number of the others replaces dots that do not fit."""
    over = sum(entry.height_px for entry in entries) - room_px
    dots = [entry for entry in entries if entry.mark is Mark.DOT]
    if over <= 0 or len(dots) < 2:
        return entries
    left_out = min(len(dots) - 1, int(over // LEGEND_LINE_PX) + 2)
    last = entries.index(dots[-1])
    more = Entry(Mark.NONE, f"… and {left_out} more")
    return [*entries[: last + 1 - left_out], more, *entries[last + 1 :]]

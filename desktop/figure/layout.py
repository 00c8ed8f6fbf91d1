"""Where the parts of a figure are: the plane, its axes, the legend and the caption. No Qt."""

from dataclasses import dataclass
from enum import Enum, auto

from desktop.figure.figure import Figure, FigureError, Part, Subject
from desktop.figure.texts import shortened, width_px, wrapped
from desktop.images.label_colors import label_color_name
from desktop.latent.axis_texts import axis_words, tick_texts
from desktop.latent.chart import Projection

TICK_SIZE_PX, NAME_SIZE_PX, TEXT_SIZE_PX = 11.0, 13.0, 12.0
CAPTION_LINE_PX, LEGEND_LINE_PX = 17.0, 19.0
MARGIN_PX, GAP_PX = 16.0, 18.0
TICK_PX, TICK_GAP_PX, TICK_EVERY_PX = 5.0, 4.0, 64.0
MARK_PX, SCALE_BAR_PX, SCALE_HEIGHT_PX = 26.0, 120.0, 50.0
LEGEND_SHARE, LEAST_AREA_PX = 0.3, 64.0


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
            return max(SCALE_BAR_PX + 14, width_px(self.text, TEXT_SIZE_PX))
        return width_px(self.text, TEXT_SIZE_PX) + (0 if self.mark is Mark.NONE else MARK_PX)


@dataclass(frozen=True)
class Layout:
    """The places in pixels at scale 1, with y downward.

    Attributes:
        area: left, top, width and height of the plane.
        projection: the plane in that area.
        across, upward: pixels along the area's lower and left edge, with the number there.
        names: of both axes.
        legend_px: the left upper corner of the legend.
        legend: its entries, from top to bottom.
        caption: its lines.
        caption_px: the left end of the first line's middle.
    """

    area: tuple[float, float, float, float]
    projection: Projection
    across: tuple[tuple[float, str], ...]
    upward: tuple[tuple[float, str], ...]
    names: tuple[str, str]
    legend_px: tuple[float, float]
    legend: tuple[Entry, ...]
    caption: tuple[str, ...]
    caption_px: tuple[float, float]


def layout_of(subject: Subject, figure: Figure) -> Layout:
    """Lay out a figure. Raises FigureError if no room is left for the plane."""
    width, height = figure.size_px
    left = top = MARGIN_PX
    right, bottom = width - MARGIN_PX, height - MARGIN_PX
    entries = legend_of(subject, figure) if figure.has_legend else []
    if entries:
        most = LEGEND_SHARE * width
        entries = [Entry(e.mark, shortened(e.text, most - MARK_PX, TEXT_SIZE_PX), e.color) for e in entries]
        right -= min(most, max(e.width_px for e in entries)) + GAP_PX
    caption = wrapped(figure.caption, width - 2 * MARGIN_PX, TEXT_SIZE_PX)
    bottom -= CAPTION_LINE_PX * len(caption) + (6 if caption else 0)
    caption_y = bottom + 6 + CAPTION_LINE_PX / 2
    chart, names = subject.chart, axis_words(subject.chart)
    if figure.has_axes:
        bottom -= TICK_PX + TICK_GAP_PX + TICK_SIZE_PX + 4 + NAME_SIZE_PX + 4
        top += TICK_SIZE_PX / 2 - 4
        if names[1]:
            left += NAME_SIZE_PX + 8
    # The numbers at the left take room, which hardly changes which ones they are.
    upward: list[tuple[float, str]] = []
    for _ in range(2 if figure.has_axes and names[1] else 1):
        widest = max((width_px(text, TICK_SIZE_PX) for _, text in upward), default=0)
        start = left + (widest + TICK_PX + TICK_GAP_PX + 4 if upward else 0)
        area = (start, top, right - start, bottom - top)
        if min(area[2:]) < LEAST_AREA_PX:
            raise FigureError(
                f"found {max(0, round(area[2]))} × {max(0, round(area[3]))} pixels left for the plane, "
                f"expected at least {LEAST_AREA_PX:.0f} × {LEAST_AREA_PX:.0f}; make the figure larger, "
                "or leave out legend or caption"
            )
        projection = Projection(chart, subject.viewport, area[2:])
        across, upward = _ticks(projection) if figure.has_axes else ([], [])
    fitting = _fitting(entries, height - 2 * MARGIN_PX - CAPTION_LINE_PX * len(caption))
    return Layout(
        area=area,
        projection=projection,
        across=tuple(across),
        upward=tuple(upward) if names[1] else (),
        names=(_name(names[0], area[2]), _name(names[1], area[3])) if figure.has_axes else ("", ""),
        legend_px=(right + GAP_PX, area[1]),
        legend=tuple(fitting),
        caption=tuple(caption),
        caption_px=(MARGIN_PX, caption_y),
    )


def _name(name: str, most_px: float) -> str:
    """The name of an axis of this length."""
    return shortened(name, most_px, NAME_SIZE_PX)


def legend_of(subject: Subject, figure: Figure) -> list[Entry]:
    """The entries that explain what is drawn."""
    parts = figure.parts & subject.possible()
    entries: list[Entry] = []
    if Part.POINTS in parts:
        labels = subject.labels_shown
        entries.append(Entry(Mark.NONE if labels else Mark.DOT, subject.points_name))
        entries += [Entry(Mark.DOT, subject.label_name(n), label_color_name(n)) for n in labels]
        if Part.SELECTED in parts:
            entries.append(Entry(Mark.SELECTED, f"selected ({len(subject.selected):,})"))
    if Part.PRIOR in parts:
        entries.append(Entry(Mark.DASH, "prior, 50, 90, 99 %"))
    if Part.HOLES in parts:
        entries.append(Entry(Mark.HATCH, "holes: q(z) < p(z) / 10"))
    if Part.ENCODED in parts:
        entries.append(Entry(Mark.OWN, "encoder's q(z|x), 1, 2 σ"))
    if Part.TRUE_POSTERIOR in parts:
        entries.append(Entry(Mark.TRUE, "true p(z|x), 50, 95 %"))
    if Part.PATH in parts:
        entries.append(Entry(Mark.PATH, "path"))
    if Part.CURSOR in parts:
        entries.append(Entry(Mark.RING, "cursor"))
    if Part.DENSITY in parts:
        entries.append(Entry(Mark.SCALE, "q(z) / max p(z)"))
    return entries


def _ticks(projection: Projection) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
    left, bottom, right, top = projection.edges
    limits = projection.chart.limits
    if limits is not None:
        left, bottom = max(left, limits[0]), max(bottom, limits[1])
        right, top = min(right, limits[2]), min(top, limits[3])
    width, height = projection.size_px
    # Long numbers, of a view that is far zoomed in, need more room.
    longest = max((width_px(text, TICK_SIZE_PX) for _, text in tick_texts(left, right, 4)), default=0)
    most = max(2, int(width / max(TICK_EVERY_PX, 1.6 * longest)))
    across = [(float(projection.view_px((x, 0))[0]), text) for x, text in tick_texts(left, right, most)]
    upward = [
        (float(projection.view_px((0, y))[1]), text)
        for y, text in tick_texts(bottom, top, max(2, int(height / TICK_EVERY_PX)))
    ]
    return across, upward


def _fitting(entries: list[Entry], room_px: float) -> list[Entry]:
    """The entries that fit; instead of dots that do not, a line says how many there are."""
    over = sum(entry.height_px for entry in entries) - room_px
    dots = [entry for entry in entries if entry.mark is Mark.DOT]
    if over <= 0 or len(dots) < 2:
        return entries
    left_out = min(len(dots) - 1, int(over // LEGEND_LINE_PX) + 2)
    last = entries.index(dots[-1])
    more = Entry(Mark.NONE, f"… and {left_out} more")
    return [*entries[: last + 1 - left_out], more, *entries[last + 1 :]]

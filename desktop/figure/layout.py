"""Lays out a figure: one or two planes with axes, the legend and the caption. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from desktop.figure.figure import POINTS_PER_MM, Figure, FigureError, Subject
from desktop.figure.in_view import everything, in_view
from desktop.figure.legend import Entry, Mark, fitting, in_rows, least_px, legend_of, within_px
from desktop.figure.texts import ELLIPSIS, shortened, width_px, within_lines, wrapped
from desktop.latent.axis_texts import axis_words, tick_texts
from desktop.latent.chart import Projection

TICK_SIZE_PX, NAME_SIZE_PX, TEXT_SIZE_PX = 11.0, 13.0, 12.0
CAPTION_LINE_PX, TITLE_LINE_PX = 17.0, 18.0
MARGIN_PX, GAP_PX, BETWEEN_PX = 16.0, 18.0, 28.0
TICK_PX, TICK_GAP_PX, TICK_EVERY_PX = 5.0, 4.0, 64.0
LEAST_AREA_PX = 64.0
# The legend beside the plane has up to this share of the figure's width; up to the second one if a word is
# too long for the first.
LEGEND_SHARE, MOST_LEGEND_SHARE = 0.3, 0.4
# The legend, or all of it except the labels, goes below the plane if the plane's shorter side gets
# WORTH_BELOW times as long by that. LEAST_BELOW times is enough if the legend does not fit beside the plane.
WORTH_BELOW, LEAST_BELOW = 1.25, 0.6
# A caption that gives way leaves the plane this share of the figure's height. Its first sentence always
# stays, with up to this many lines.
PLANE_SHARE, MOST_FIRST_LINES = 0.5, 3
OF_LABELS = frozenset({Mark.NONE, Mark.DOT, Mark.SELECTED})
CAPTION_GAP_PX = 6.0


@dataclass(frozen=True)
class PlaneLayout:
    """The layout of a plane, its axes and its title, in pixels at scale 1 with y downward.

    Attributes:
        area: left, top, width and height of the plane.
        projection: the plane in that area.
        across, upward: the ticks along the area's lower and left edge: pixels from its left and top, and the
            number there.
        names: the names of both axes; an axis without a name has an empty one.
        name_x_px: the x of the left axis's name.
        title: the lines above the plane.
    """

    area: tuple[float, float, float, float]
    projection: Projection
    across: tuple[tuple[float, str], ...]
    upward: tuple[tuple[float, str], ...]
    names: tuple[str, str]
    name_x_px: float
    title: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The layout of a figure, in pixels at scale 1 with y downward.

    Attributes:
        planes: the plane, or A and B from left to right.
        legend: the entries of the legend, beside the plane, below it, or both.
        legend_places_px: the upper left corners of the legend's entries.
        is_whole: whether the legend has room for all entries without shortened texts.
        caption: the lines of the caption.
        caption_px: the left end of the caption's first line, at half the line's height.
    """

    planes: tuple[PlaneLayout, ...]
    legend: tuple[Entry, ...]
    legend_places_px: tuple[tuple[float, float], ...]
    is_whole: bool
    caption: tuple[str, ...]
    caption_px: tuple[float, float]

    @property
    def area(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the first plane."""
        return self.planes[0].area

    @property
    def projections(self) -> list[Projection]:
        """Each plane in its area."""
        return [plane.projection for plane in self.planes]

    @property
    def shorter_px(self) -> float:
        """The shorter side of a plane."""
        return min(self.area[2:])

    @property
    def projection(self) -> Projection:
        """The first plane in its area."""
        return self.planes[0].projection


def in_print(size_mm: tuple[float, float], text_pt: float) -> tuple[tuple[int, int], float]:
    """For a size in print: the size of a figure in pixels at scale 1, and the points per such pixel.

    `text_pt` is the letter size of the caption and the legend; other texts are nearly as large.
    """
    unit_pt = text_pt / TEXT_SIZE_PX
    width, height = (max(1, round(side * POINTS_PER_MM / unit_pt)) for side in size_mm)
    return (width, height), unit_pt


def layout_of(subject: Subject, figure: Figure) -> Layout:
    """Lay out a figure. Raises FigureError if no room is left for the plane.

    The legend is placed as if everything were in view, so that its place does not depend on the view. If the
    legend has no entries, the plane gets the legend's room.
    """
    layout = _laid_out(subject, figure)
    if not figure.has_legend or layout.legend:
        return layout
    wider = _laid_out(subject, replace(figure, has_legend=False))
    is_nothing = not legend_of(subject, figure, in_view(subject, wider.projections))
    return wider if is_nothing else layout


def _laid_out(subject: Subject, figure: Figure) -> Layout:
    """Lay out a figure with the legend at the place that is best for the plane. Raises FigureError."""
    entries = legend_of(subject, figure, everything(subject)) if figure.has_legend else []
    if not entries:
        return _arranged(subject, figure, [], [])
    labels = [entry for entry in entries if entry.mark in OF_LABELS]
    others = [entry for entry in entries if entry.mark not in OF_LABELS]
    found: list[Layout] = []
    refused: FigureError | None = None
    for beside, below in ((entries, []), (labels, others), ([], entries)):
        try:
            found.append(_arranged(subject, figure, beside, below))
        except FigureError as error:
            refused = refused or error
    if not found:
        assert refused is not None
        raise refused
    first, *rest = found
    whole = [layout for layout in rest if layout.is_whole]
    best = max(whole, key=lambda layout: layout.shorter_px, default=first)
    least = WORTH_BELOW if first.is_whole else LEAST_BELOW
    return best if best.shorter_px > least * first.shorter_px else first


def _arranged(subject: Subject, figure: Figure, beside: list[Entry], below: list[Entry]) -> Layout:
    """Lay out a figure with room for these entries of the legend beside and below the plane.

    The layout has only the entries of content that is in view. Raises FigureError.
    """
    width, height = figure.size_px
    top, right, bottom = MARGIN_PX, width - MARGIN_PX, height - MARGIN_PX
    room = width - 2 * MARGIN_PX
    rows = within_px(below, room)
    column, most = beside, 0.0
    if beside:
        most = min(MOST_LEGEND_SHARE * width, max(LEGEND_SHARE * width, least_px(beside)))
        column = within_px(beside, most)
        right -= min(most, max(e.width_px for e in column)) + GAP_PX
    axes_px = TICK_PX + TICK_GAP_PX + TICK_SIZE_PX + 4 + NAME_SIZE_PX + 4 if figure.has_axes else 0.0
    if figure.has_axes:
        top += TICK_SIZE_PX / 2 - 4
    titles = _titles(subject, (right - MARGIN_PX) / len(subject.planes) - BETWEEN_PX - axes_px)
    title_lines = max(map(len, titles))
    top += TITLE_LINE_PX * title_lines + (CAPTION_GAP_PX if title_lines else 0)
    ends = [y + entry.height_px for entry, (_, y) in zip(rows, in_rows(rows, room), strict=True)]
    rows_px = max(ends) + CAPTION_GAP_PX if rows else 0.0
    # The caption leaves enough height for the plane's share, and for the legend beside it if that can fit.
    column_px = sum(entry.height_px for entry in column)
    least = PLANE_SHARE * height + axes_px
    if column_px + rows_px + CAPTION_GAP_PX + CAPTION_LINE_PX <= bottom - top:
        least = max(least, column_px)
    caption = _caption(figure, room, bottom - top - rows_px - least - CAPTION_GAP_PX)
    bottom -= CAPTION_LINE_PX * len(caption) + (CAPTION_GAP_PX if caption else 0)
    caption_y = bottom + CAPTION_GAP_PX + CAPTION_LINE_PX / 2
    bottom -= rows_px
    whole = [e.text.replace("\n", " ") for e in (*fitting(column, bottom - top), *rows)]
    planes = _planes(subject, figure, titles, right, top, bottom - axes_px)
    if beside or below:
        seen = legend_of(subject, figure, in_view(subject, [plane.projection for plane in planes]))
        is_beside = [bool(beside) and (not below or entry.mark in OF_LABELS) for entry in seen]
        column = within_px([entry for entry, is_it in zip(seen, is_beside, strict=True) if is_it], most)
        column = fitting(column, bottom - top)
        rows = within_px([entry for entry, is_it in zip(seen, is_beside, strict=True) if not is_it], room)
    places = [(right + GAP_PX, top + y) for y in _in_column(column)]
    places += [(MARGIN_PX + x, bottom + CAPTION_GAP_PX + y) for x, y in in_rows(rows, room)]
    return Layout(
        planes=planes,
        legend=(*column, *rows),
        legend_places_px=tuple(places),
        is_whole=whole == [e.text for e in (*beside, *below)],
        caption=tuple(caption),
        caption_px=(MARGIN_PX, caption_y),
    )


def _in_column(entries: list[Entry]) -> list[float]:
    """The top of each entry in a column."""
    return list(accumulate((entry.height_px for entry in entries), initial=0.0))[: len(entries)]


def _caption(figure: Figure, width_px: float, room_px: float) -> list[str]:
    """The caption's lines: all, or those that fit if it gives way, but at least its first sentence."""
    text = figure.caption.strip()
    if not figure.caption_gives_way:
        return wrapped(text, width_px, TEXT_SIZE_PX)
    first, stop, _ = text.partition(". ")
    least = len(wrapped(f"{first}{stop}{ELLIPSIS}", width_px, TEXT_SIZE_PX))
    fitting_lines = int(room_px // CAPTION_LINE_PX)
    return within_lines(text, width_px, TEXT_SIZE_PX, max(min(least, MOST_FIRST_LINES), fitting_lines))


def _planes(
    subject: Subject,
    figure: Figure,
    titles: Sequence[tuple[str, ...]],
    right: float,
    top: float,
    bottom: float,
) -> tuple[PlaneLayout, ...]:
    """Lay out planes of the same width side by side, up to `right`. Raises FigureError."""
    count, height = len(subject.planes), bottom - top
    names = [axis_words(plane.chart) if figure.has_axes else ("", "") for plane in subject.planes]
    if subject.shares_axes:
        names[1] = names[1][0], ""  # the numbers at the left are those of A
    names_px = [NAME_SIZE_PX + 8 if up else 0.0 for _, up in names]
    # The width of the numbers at the left depends slightly on the layout. A second round uses the widths from
    # the first.
    numbers_px = [0.0] * count
    found: list[PlaneLayout] = []
    for _ in range(2 if any(names_px) else 1):
        free = right - MARGIN_PX - BETWEEN_PX * (count - 1) - sum(names_px) - sum(numbers_px)
        width, x = free / count, MARGIN_PX
        if min(width, height) < LEAST_AREA_PX:
            raise FigureError(
                f"found {max(0, round(width))} × {max(0, round(height))} pixels left for the plane, "
                f"expected at least {LEAST_AREA_PX:.0f} × {LEAST_AREA_PX:.0f}; make the figure larger, "
                "or leave out legend or caption"
            )
        found = []
        for n, plane in enumerate(subject.planes):
            start = x + names_px[n] + numbers_px[n]
            projection = Projection(plane.chart, plane.viewport, (width, height))
            across, upward = _ticks(projection) if figure.has_axes else ([], [])
            found.append(
                PlaneLayout(
                    area=(start, top, width, height),
                    projection=projection,
                    across=tuple(across),
                    upward=tuple(upward) if names[n][1] else (),
                    names=(_name(names[n][0], width), _name(names[n][1], height)),
                    name_x_px=x + NAME_SIZE_PX / 2,
                    title=_title(titles[n], width),
                )
            )
            x = start + width + BETWEEN_PX
        widest = [max((width_px(text, TICK_SIZE_PX) for _, text in each.upward), default=0) for each in found]
        numbers_px = [each + TICK_PX + TICK_GAP_PX + 4 if each else 0.0 for each in widest]
    return tuple(found)


def _name(name: str, most_px: float) -> str:
    """The name of an axis, shortened to the axis's length."""
    return shortened(name, most_px, NAME_SIZE_PX)


def _titles(subject: Subject, most_px: float) -> list[tuple[str, ...]]:
    """The lines above planes of about this width; facts that are too long for one line get one each."""
    titles = [plane.title for plane in subject.planes]
    facts = [line for title in titles for line in title[1:]]
    if all(width_px(line, NAME_SIZE_PX) <= most_px for line in facts):
        return titles
    return [(*title[:1], *(part for line in title[1:] for part in line.split(", "))) for title in titles]


def _title(lines: tuple[str, ...], most_px: float) -> tuple[str, ...]:
    return tuple(shortened(line, most_px, NAME_SIZE_PX, is_bold=row == 0) for row, line in enumerate(lines))


def _ticks(projection: Projection) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
    left, bottom, right, top = projection.edges
    limits = projection.chart.limits
    if limits is not None:
        left, bottom = max(left, limits[0]), max(bottom, limits[1])
        right, top = min(right, limits[2]), min(top, limits[3])
    width, height = projection.size_px
    # Long numbers, as in a view that is zoomed in far, need more room.
    longest = max((width_px(text, TICK_SIZE_PX) for _, text in tick_texts(left, right, 4)), default=0)
    most = max(2, int(width / max(TICK_EVERY_PX, 1.6 * longest)))
    across = [(float(projection.view_px((x, 0))[0]), text) for x, text in tick_texts(left, right, most)]
    upward = [
        (float(projection.view_px((0, y))[1]), text)
        for y, text in tick_texts(bottom, top, max(2, int(height / TICK_EVERY_PX)))
    ]
    return across, upward

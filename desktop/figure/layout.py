"""Where the parts of a figure are: its plane or two of them, axes, the legend and the caption. No Qt."""

from dataclasses import dataclass, replace

from desktop.figure.figure import POINTS_PER_MM, Figure, FigureError, Subject
from desktop.figure.in_view import everything, in_view
from desktop.figure.legend import Entry, fitting, legend_of, within_px
from desktop.figure.texts import shortened, width_px, wrapped
from desktop.latent.axis_texts import axis_words, tick_texts
from desktop.latent.chart import Projection

TICK_SIZE_PX, NAME_SIZE_PX, TEXT_SIZE_PX = 11.0, 13.0, 12.0
CAPTION_LINE_PX, TITLE_LINE_PX = 17.0, 18.0
MARGIN_PX, GAP_PX, BETWEEN_PX = 16.0, 18.0, 28.0
TICK_PX, TICK_GAP_PX, TICK_EVERY_PX = 5.0, 4.0, 64.0
LEGEND_SHARE, LEAST_AREA_PX = 0.3, 64.0


@dataclass(frozen=True)
class PlaneLayout:
    """The place of a plane and of what is around it, in pixels at scale 1 with y downward.

    Attributes:
        area: left, top, width and height of the plane.
        projection: the plane in that area.
        across, upward: pixels along the area's lower and left edge, with the number there.
        names: of both axes; empty where there is none.
        name_x_px: the middle of the name at the left.
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
    """The places in pixels at scale 1, with y downward.

    Attributes:
        planes: the plane, or A and B from left to right.
        legend_px: the left upper corner of the legend.
        legend: its entries, from top to bottom.
        caption: its lines.
        caption_px: the left end of the first line's middle.
    """

    planes: tuple[PlaneLayout, ...]
    legend_px: tuple[float, float]
    legend: tuple[Entry, ...]
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
    def projection(self) -> Projection:
        """The first plane in its area."""
        return self.planes[0].projection


def in_print(size_mm: tuple[float, float], text_pt: float) -> tuple[tuple[int, int], float]:
    """The size of a figure in pixels at scale 1, and how many points such a pixel is, for a size in print.

    `text_pt` is the size of the caption and the legend; the other texts are nearly as large.
    """
    unit_pt = text_pt / TEXT_SIZE_PX
    width, height = (max(1, round(side * POINTS_PER_MM / unit_pt)) for side in size_mm)
    return (width, height), unit_pt


def layout_of(subject: Subject, figure: Figure) -> Layout:
    """Lay out a figure. Raises FigureError if no room is left for the plane.

    The legend has the width that it would have if everything were in view, so that it does not depend on what
    is. If there is nothing to explain, the plane gets its room.
    """
    layout = _laid_out(subject, figure)
    if not figure.has_legend or layout.legend:
        return layout
    wider = _laid_out(subject, replace(figure, has_legend=False))
    is_nothing = not legend_of(subject, figure, in_view(subject, wider.projections))
    return wider if is_nothing else layout


def _laid_out(subject: Subject, figure: Figure) -> Layout:
    width, height = figure.size_px
    top = MARGIN_PX
    right, bottom = width - MARGIN_PX, height - MARGIN_PX
    entries = legend_of(subject, figure, everything(subject)) if figure.has_legend else []
    most = LEGEND_SHARE * width
    if entries:
        entries = within_px(entries, most)
        right -= min(most, max(e.width_px for e in entries)) + GAP_PX
    caption = wrapped(figure.caption, width - 2 * MARGIN_PX, TEXT_SIZE_PX)
    bottom -= CAPTION_LINE_PX * len(caption) + (6 if caption else 0)
    caption_y = bottom + 6 + CAPTION_LINE_PX / 2
    if figure.has_axes:
        bottom -= TICK_PX + TICK_GAP_PX + TICK_SIZE_PX + 4 + NAME_SIZE_PX + 4
        top += TICK_SIZE_PX / 2 - 4
    titles = max(len(plane.title) for plane in subject.planes)
    top += TITLE_LINE_PX * titles + (6 if titles else 0)
    planes = _planes(subject, figure, right, top, bottom)
    if entries:
        seen = in_view(subject, [plane.projection for plane in planes])
        entries = within_px(legend_of(subject, figure, seen), most)
    shown = fitting(entries, caption_y - CAPTION_LINE_PX / 2 - planes[0].area[1])
    return Layout(
        planes=planes,
        legend_px=(right + GAP_PX, planes[0].area[1]),
        legend=tuple(shown),
        caption=tuple(caption),
        caption_px=(MARGIN_PX, caption_y),
    )


def _planes(
    subject: Subject, figure: Figure, right: float, top: float, bottom: float
) -> tuple[PlaneLayout, ...]:
    """Lay out the planes side by side up to the right edge, each as wide as the other."""
    count, height = len(subject.planes), bottom - top
    names = [axis_words(plane.chart) if figure.has_axes else ("", "") for plane in subject.planes]
    if subject.shares_axes:
        names[1] = names[1][0], ""  # the numbers at the left are those of A
    names_px = [NAME_SIZE_PX + 8 if up else 0.0 for _, up in names]
    # The numbers at the left take room, which hardly changes which ones they are.
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
                    title=_title(plane.title, width),
                )
            )
            x = start + width + BETWEEN_PX
        widest = [max((width_px(text, TICK_SIZE_PX) for _, text in each.upward), default=0) for each in found]
        numbers_px = [each + TICK_PX + TICK_GAP_PX + 4 if each else 0.0 for each in widest]
    return tuple(found)


def _name(name: str, most_px: float) -> str:
    """The name of an axis of this length."""
    return shortened(name, most_px, NAME_SIZE_PX)


def _title(lines: tuple[str, ...], most_px: float) -> tuple[str, ...]:
    return tuple(shortened(line, most_px, NAME_SIZE_PX, is_bold=row == 0) for row, line in enumerate(lines))


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

"""Draws a figure: the plane, and around it its axes, the legend and the caption. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from desktop.figure.backdrop import Backdrop
from desktop.figure.figure import Figure, Ground, Subject
from desktop.figure.layout import (
    CAPTION_LINE_PX,
    NAME_SIZE_PX,
    TEXT_SIZE_PX,
    TICK_GAP_PX,
    TICK_PX,
    TICK_SIZE_PX,
    TITLE_LINE_PX,
    Layout,
    PlaneLayout,
)
from desktop.figure.legend import (
    LEGEND_LINE_PX,
    LEGEND_MORE_PX,
    LEGEND_TEXT_PX,
    MARK_PX,
    SCALE_BAR_PX,
    Entry,
    Mark,
)
from desktop.figure.plane_drawing import PlaneDrawing
from desktop.figure.strokes import COLORS, Pen
from desktop.images.density_colors import HIGH_SHARE, LOW_SHARE, color_scale
from desktop.jobs.density_map import PosteriorMap

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

DENSITIES = (0.01, 0.1, 1.0, 10.0)  # the numbers below the density's colour bar
# Added to a picture's sides, because Matplotlib drops the fraction, and 839.9999 would become 839.
MORE_PX = 1e-6


@dataclass(frozen=True, eq=False)
class Content:
    """The computed layers of a plane; those that are None are not drawn."""

    backdrop: Backdrop | None = None
    density: PosteriorMap | None = None


def draw(
    subject: Subject,
    figure: Figure,
    layout: Layout,
    contents: Sequence[Content],
    is_vector: bool = False,
) -> "Canvas":
    """Draw the whole figure; with `is_vector`, pictures are not resampled."""
    from matplotlib.figure import Figure as Canvas

    width, height = figure.size_px
    colors = COLORS[figure.ground]
    ground = "none" if figure.ground is Ground.TRANSPARENT else colors.paper
    # A pixel at scale 1 is one point (1/72 inch).
    dpi = 72 * figure.scale
    inches = (width / 72, height / 72)
    if not is_vector:
        full_width, full_height = figure.full_px
        inches = ((full_width + MORE_PX) / dpi, (full_height + MORE_PX) / dpi)
    canvas = Canvas(figsize=inches, dpi=dpi, facecolor=ground)
    for seen, place, content in zip(subject.planes, layout.planes, contents, strict=True):
        left, top, across, down = place.area
        rectangle = (left / width, 1 - (top + down) / height, across / width, down / height)
        plane = canvas.add_axes(rectangle, xlim=(0, across), ylim=(down, 0))
        plane.set_axis_off()
        drawing = PlaneDrawing(seen, figure, place, Pen(plane, colors), is_vector)
        drawing.draw(content.backdrop, content.density)
    paper = canvas.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    paper.set_axis_off()
    pen = Pen(paper, colors)
    for place in layout.planes:
        _draw_title(pen, place)
        if figure.has_axes:
            _draw_axes(pen, place)
    for entry, (x, y) in zip(layout.legend, layout.legend_places_px, strict=True):
        _draw_entry(pen, entry, x, y)
    x, y = layout.caption_px
    for row, line in enumerate(layout.caption):
        pen.text(x, y + row * CAPTION_LINE_PX, line, TEXT_SIZE_PX, colors.ink)
    return canvas


def _draw_title(pen: Pen, layout: PlaneLayout) -> None:
    """Draw the lines above a plane, the first one in bold."""
    left, top, _, _ = layout.area
    for row, line in enumerate(layout.title):
        y = top - 6 - TITLE_LINE_PX * (len(layout.title) - row - 0.5)
        size, color = (NAME_SIZE_PX, pen.colors.ink) if row == 0 else (TEXT_SIZE_PX, pen.colors.muted)
        pen.text(left, y, line, size, color, is_bold=row == 0)


def _draw_axes(pen: Pen, layout: PlaneLayout) -> None:
    """Draw a frame around the plane, with numbers and names outside of it."""
    left, top, width, height = layout.area
    bottom, right, colors = top + height, left + width, pen.colors
    frame = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    pen.line(np.array(frame), colors.muted, 1)
    y = bottom + TICK_PX + TICK_GAP_PX + TICK_SIZE_PX / 2
    for x, text in layout.across:
        pen.line(np.array([(left + x, bottom), (left + x, bottom + TICK_PX)]), colors.muted, 1)
        pen.text(left + x, y, text, TICK_SIZE_PX, colors.muted, "center")
    x = left - TICK_PX - TICK_GAP_PX
    for from_top, text in layout.upward:
        pen.line(np.array([(left - TICK_PX, top + from_top), (left, top + from_top)]), colors.muted, 1)
        pen.text(x, top + from_top, text, TICK_SIZE_PX, colors.muted, "right")
    y = bottom + TICK_PX + 2 * TICK_GAP_PX + TICK_SIZE_PX + NAME_SIZE_PX / 2 + 2
    pen.text(left + width / 2, y, layout.names[0], NAME_SIZE_PX, colors.ink, "center")
    if layout.names[1]:
        pen.text(
            layout.name_x_px, top + height / 2, layout.names[1], NAME_SIZE_PX, colors.ink, "center", turned=90
        )


def _draw_entry(pen: Pen, entry: Entry, x: float, y: float) -> None:
    """Draw an entry of the legend with its upper left corner at (x, y)."""
    if entry.mark is Mark.SCALE:
        _draw_scale(pen, entry.text, x, y)
        return
    colors, middle = pen.colors, y + LEGEND_LINE_PX / 2
    center, ends = np.array([x + 9, middle]), np.array([(x, middle), (x + 18, middle)])
    if entry.mark is Mark.DOT:
        pen.circle(center, 4.5, entry.color or colors.muted, colors.edge, 0.5)
    elif entry.mark is Mark.DASH:
        pen.line(ends, colors.line, 1.2, dashes=(5, 3))
    elif entry.mark is Mark.HATCH:
        _draw_hatch(pen, x, middle)
    elif entry.mark is Mark.PATH:
        pen.line(ends, colors.path, 2)
        pen.diamond(center, 5, colors.path, colors.paper, 1)
    elif entry.mark is Mark.OWN:
        pen.line(ends, colors.ink, 1.6)
        pen.circle(center, 3.2, colors.ink, colors.paper, 1.2)
    elif entry.mark is Mark.TRUE:
        pen.line(ends, colors.own, 1.8)
    elif entry.mark is Mark.SELECTED:
        pen.circle(center, 3, colors.muted, colors.ink, 1.3)
    elif entry.mark is Mark.RING:
        pen.circle(center, 5, "none", colors.ink, 1.8)
    is_heading = entry.mark is Mark.NONE
    color = colors.muted if is_heading else colors.ink
    for row, line in enumerate(entry.text.split("\n")):
        y_text = middle + row * LEGEND_MORE_PX
        pen.text(x if is_heading else x + MARK_PX, y_text, line, LEGEND_TEXT_PX, color)


def _draw_hatch(pen: Pen, x: float, middle: float) -> None:
    from matplotlib.patches import Rectangle

    hatched = Rectangle(
        (x, middle - 6), 18, 12, fc="none", ec=pen.colors.hatch, lw=1, hatch="////", alpha=0.6
    )
    pen.axes.add_patch(hatched)


def _draw_scale(pen: Pen, name: str, x: float, y: float) -> None:
    """Draw the density's colour bar with its numbers, and the density's name below."""
    top = y + 6
    pen.picture(color_scale()[np.newaxis], np.array([(x, top), (x + SCALE_BAR_PX, top + 10)]), 3)
    low, high = np.log10([LOW_SHARE, HIGH_SHARE]).tolist()
    for value in DENSITIES:
        share = (np.log10(value) - low) / (high - low)
        align = "center" if share > 0 else "left"
        pen.text(x + share * SCALE_BAR_PX, top + 18, f"{value:g}", TICK_SIZE_PX, pen.colors.muted, align)
    for row, line in enumerate(name.split("\n")):
        pen.text(x, top + 34 + row * LEGEND_MORE_PX, line, LEGEND_TEXT_PX, pen.colors.ink)

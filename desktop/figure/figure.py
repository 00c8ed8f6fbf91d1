"""Defines a figure of the plane: its settings, and the view and points that it shows. No Qt."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles, Floats
from desktop.base.errors import ReportedError
from desktop.images.room import why_not
from desktop.latent.chart import AxisScale, Chart
from desktop.latent.holes import are_posteriors_too_few
from desktop.latent.plane import Viewport
from desktop.latent.selection import Indices, within
from desktop.view.state import OVER_BACKDROP, PALE_OPACITY, Layer, ViewState
from export.bundle import Posterior

LEAST_SIDE_PX, MAX_SIZE_PX, MAX_SCALE = 160, 8192, 8
START_SIZE_PX, START_PAIR_PX = (1200, 900), (1600, 840)  # default sizes with one plane and with two
START_SCALE = 2
# Default sizes in print, as wide as the text of a page, and the size of the caption's letters.
START_MM, START_PAIR_MM, START_TEXT_PT = (170, 128), (170, 110), 8
MM_RANGE, TEXT_PT_RANGE = (40, 900), (4, 24)
POINTS_PER_MM = 72 / 25.4
DENSITY_CELL_PX = 1.0  # finer than in the window, which draws the density while the plane is moved
# The memory that drawing and encoding take per pixel, in addition to the picture itself.
BYTES_PER_PIXEL = 14


class FigureError(ReportedError):
    """A figure cannot be made with the given settings."""


class Part(StrEnum):
    """The layers of a figure, from bottom to top; the values are the names in the window."""

    BACKDROP = "Decoded plane"
    DENSITY = "Aggregate posterior density"
    HOLES = "Holes in the aggregate posterior"
    PRIOR = "Prior contours (50, 90, 99 %)"
    POINTS = "Points by label"
    NAMES = "Names of the labels"
    SELECTED = "Selection"
    TRUE_POSTERIOR = "True posterior of your image"
    ENCODED = "Approximate posterior of your image"
    PINNED = "Pinned images"
    PATH = "Path"
    CURSOR = "Cursor"


# Parts that are drawn only together with the points.
OF_POINTS = frozenset({Part.NAMES, Part.SELECTED})

# The part of a figure for each layer of the view.
OF_LAYERS = {
    Layer.BACKDROP: Part.BACKDROP,
    Layer.DENSITY: Part.DENSITY,
    Layer.HOLES: Part.HOLES,
    Layer.PRIOR: Part.PRIOR,
    Layer.POINTS: Part.POINTS,
    Layer.TRUE_POSTERIOR: Part.TRUE_POSTERIOR,
    Layer.ENCODED: Part.ENCODED,
}
# If one of these parts is drawn over the decoded plane, the plane is pale, as on the screen.
OVER_PLANE = frozenset(OF_LAYERS[layer] for layer in OVER_BACKDROP)


class Ground(StrEnum):
    """The background of a figure; the values are the names in the window.

    On a transparent background, the colours are those for white paper.
    """

    WHITE = "White"
    DARK = "Dark"
    TRANSPARENT = "Transparent"


class FileKind(StrEnum):
    """The file formats of a figure; the values are the names in the window."""

    PNG = "PNG"
    SVG = "SVG"
    PDF = "PDF"

    @property
    def is_vector(self) -> bool:
        """Whether lines and texts are stored as such, so that they are sharp at any size."""
        return self is not FileKind.PNG

    @property
    def ending(self) -> str:
        """The extension of the format's file names."""
        return f".{self.value.lower()}"


@dataclass(frozen=True)
class Figure:
    """The settings of a figure.

    Attributes:
        size_px: width and height at scale 1; texts and lines have fixed sizes in these pixels.
        scale: pixels of the PNG per pixel of `size_px`. In SVG and PDF, a larger scale only keeps more
            pixels of decoded pictures that are larger than their place on the plane.
        parts: the layers that are drawn.
        has_axes, has_legend: whether axes and legend are drawn around the plane.
        caption: the text at the bottom; empty for none.
        ground: the background.
        opacity: the decoded plane's opacity from 0 to 1; with None the plane is pale under points and maps,
            and otherwise opaque.
        is_inverted: whether grey pictures are drawn dark on white; has no effect on dark ground.
        unit_pt: the points in print per pixel of `size_px`. If None, a pixel stays a pixel in SVG, and is
            one point in PDF.
        caption_gives_way: whether clauses at the caption's end are left out if the plane would get too
            little height. False for a caption that a person has written.
    """

    size_px: tuple[int, int] = START_SIZE_PX
    scale: float = START_SCALE
    parts: frozenset[Part] = frozenset(OF_LAYERS.values())
    has_axes: bool = True
    has_legend: bool = True
    caption: str = ""
    ground: Ground = Ground.WHITE
    opacity: float | None = None
    is_inverted: bool = True
    unit_pt: float | None = None
    caption_gives_way: bool = False

    @property
    def full_px(self) -> tuple[int, int]:
        """Width and height of the PNG in pixels."""
        width, height = self.size_px
        return round(width * self.scale), round(height * self.scale)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height in print."""
        width, height = (side * (self.unit_pt or 1.0) / POINTS_PER_MM for side in self.size_px)
        return width, height

    def opacity_under(self, parts: frozenset[Part]) -> float:
        """The opacity of the decoded plane if these parts are drawn."""
        if self.opacity is not None:
            return self.opacity
        return PALE_OPACITY if parts & OVER_PLANE else 1.0

    def details(self) -> dict[str, str | int | float | bool]:
        """The settings stored in the file beside the view's state; an automatic opacity is left out."""
        opacity = {} if self.opacity is None else {"opacity": round(100 * self.opacity)}
        return {
            "width": self.size_px[0],
            "height": self.size_px[1],
            "scale": self.scale,
            "axes": self.has_axes,
            "legend": self.has_legend,
            "ground": self.ground.value,
            "inverted": self.is_inverted,
            **opacity,
        }

    def why_not(self, free_bytes: int) -> str:
        """An error text if the figure is too large to be made; empty if it fits."""
        width, height = self.full_px
        return why_not(width, height, width * height * BYTES_PER_PIXEL, free_bytes)

    def largest_scale(self, free_bytes: int) -> int | None:
        """The largest whole scale below this one that fits; None if there is none."""
        smaller = range(math.ceil(self.scale) - 1, 0, -1)
        return next((n for n in smaller if not replace(self, scale=n).why_not(free_bytes)), None)


@dataclass(frozen=True, eq=False)
class OwnImage:
    """The posteriors of an image that was drawn or opened.

    Attributes:
        mean, logvar: the parameters of the approximate posterior, [d] each.
        contours: the contours of 50 and 95 % of the true posterior on the plane of the first two axes, each
            as curves (a, b) [K, 2]; empty if the true posterior is not known.
        gap_nats: log p(x) − ELBO, or None if this is not known.
    """

    mean: Floats
    logvar: Floats
    contours: tuple[tuple[Doubles, ...], ...] = ()
    gap_nats: float | None = None


@dataclass(frozen=True)
class Subject:
    """The content of a figure: a view of a model with its points.

    Attributes:
        state: the view.
        posterior: the approximate posteriors of the points, if there are any.
        encoded: the approximate posteriors of the images for density and holes; usually the same.
        label_names: the names of the labels; empty if the points have none.
        points_name: what the points are, such as "Test images".
        own: the image that was drawn or opened, or None.
        title: the lines above the plane.
        beside: the content of a second plane, B, to the right of this one, which is then A; or None.
        name_offsets: preferred places of group names by text, in pixels from the middle of the group.
    """

    state: ViewState
    posterior: Posterior | None = None
    encoded: Posterior | None = None
    label_names: tuple[str, ...] = ()
    points_name: str = "Test images"
    own: OwnImage | None = None
    title: tuple[str, ...] = ()
    beside: "Subject | None" = None
    name_offsets: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def planes(self) -> tuple["Subject", ...]:
        """The contents of the planes, from left to right."""
        return (self,) if self.beside is None else (self, self.beside)

    @property
    def shares_axes(self) -> bool:
        """Whether there are two planes that have the same z at the same place."""
        if self.beside is None:
            return False
        one, other = self.state, self.beside.state
        is_same_plane = len(one.z) == len(other.z) and one.plane == other.plane and one.scale == other.scale
        return is_same_plane and (one.scale is AxisScale.LINEAR or one.prior == other.prior)

    @property
    def chart(self) -> Chart:
        """The plane with the scale of its axes."""
        return self.state.chart

    @property
    def viewport(self) -> Viewport:
        """The part of the plane in view."""
        return self.state.viewport

    @property
    def is_projected(self) -> bool:
        """Whether z has more than two dimensions, so that points and maps are projected on the plane."""
        return len(self.state.z) > 2

    @property
    def has_too_few_for_holes(self) -> bool:
        """Whether there are too few images to tell holes from chance; then no holes are drawn."""
        state = self.state
        return self.encoded is not None and are_posteriors_too_few(
            state.plane, state.prior, self.encoded.logvar
        )

    @property
    def are_shown(self) -> NDArray[np.bool_]:
        """Whether each point is drawn, [N]."""
        if self.posterior is None:
            return np.zeros(0, np.bool_)
        return self.state.are_shown(len(self.posterior.mean), self.posterior.labels)

    @property
    def selected(self) -> Indices:
        """The selected points that are drawn, [K]."""
        shown = self.are_shown
        rows = within(self.state.selected, len(shown))
        return rows[shown[rows]]

    @property
    def labels_shown(self) -> list[int]:
        """The labels whose points are drawn, ascending; empty if the points have none."""
        return self.labels_among(self.are_shown)

    def labels_among(self, rows: NDArray[np.bool_]) -> list[int]:
        """The labels of some of the points [N], ascending; empty if the points have none."""
        labels = None if self.posterior is None else self.posterior.labels
        return [] if labels is None else sorted(set(labels[rows].tolist()))

    def label_name(self, label: int) -> str:
        """The label's name in legend and drawing; its number if it has no name."""
        return self.label_names[label] if label < len(self.label_names) else str(label)

    def possible_anywhere(self) -> frozenset[Part]:
        """The parts for which there is something to draw on one of the planes."""
        return frozenset().union(*(plane.possible() for plane in self.planes))

    def possible(self) -> frozenset[Part]:
        """The parts for which there is something to draw on this plane."""
        missing: set[Part] = set()
        if self.posterior is None:
            missing |= {Part.POINTS, Part.NAMES, Part.PINNED}
        elif self.posterior.labels is None:
            missing.add(Part.NAMES)
        if not len(self.selected):
            missing.add(Part.SELECTED)
        if self.encoded is None:
            missing |= {Part.DENSITY, Part.HOLES}
        if not self.state.pinned:
            missing.add(Part.PINNED)
        if not self.state.path:
            missing.add(Part.PATH)
        if self.own is None:
            missing.add(Part.ENCODED)
        if self.own is None or not self.own.contours or self.state.plane.axes != (0, 1):
            missing.add(Part.TRUE_POSTERIOR)
        return frozenset(Part) - missing

    def shown_parts(self) -> frozenset[Part]:
        """The parts that the view itself shows, except the cursor, which belongs to the window."""
        found = {part for layer, part in OF_LAYERS.items() if layer in self.state.layers}
        if Part.POINTS in found:
            found |= OF_POINTS
        return frozenset(found | {Part.PINNED, Part.PATH}) & self.possible_anywhere()

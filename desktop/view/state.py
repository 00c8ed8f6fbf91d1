"""The state of the view: one frozen value. Widgets draw it, and the window replaces it. No Qt."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from desktop.base.arrays import Array, Doubles
from desktop.base.vector import Vector, vector
from desktop.latent.chart import AxisScale, Chart
from desktop.latent.nearest import Nearness
from desktop.latent.paths import PathKind, fitted_times, times_after
from desktop.latent.plane import Plane, Viewport, axis_plane
from desktop.latent.prior import NORMAL, Prior
from desktop.latent.selection import shown_points
from desktop.reading.input_values import InputValues

START_VIEWPORT = Viewport()
START_Z = Vector((0.0, 0.0))
START_PLANE = axis_plane(START_Z)
# A view of more than this share of the home view shows most of the prior; quantile axes then show all of it.
MOST_OF_HOME = 2 / 3
# The view need not move for a cursor within this share of its shorter side, around the middle.
IN_VIEW = 0.92


class PictureMode(StrEnum):
    """How a decoder's output is drawn; the values are the names in the window."""

    PROBABILITIES = "Probabilities"
    THRESHOLDED = "Thresholded"
    SAMPLE = "Sample"


class Layer(StrEnum):
    """The layers of the plane, which can be shown or hidden.

    The values are the names in the window; files hold the member names in lower case.
    """

    BACKDROP = "Decoded plane"
    PRIOR = "Prior contours (50, 90, 99 %)"
    DENSITY = "Aggregate posterior density"
    HOLES = "Holes in the aggregate posterior"
    POINTS = "Test images by label"
    THUMBNAIL = "Test image under the pointer"
    ELLIPSE = "Its approximate posterior (1, 2 σ)"
    ENCODED = "Approximate posterior of your image"
    TRUE_POSTERIOR = "True posterior of your image"
    BOOKMARKS = "Bookmarks"


# Layers that the decoded plane is drawn paler for, so that they can be seen; they exist only with points.
OVER_BACKDROP = frozenset({Layer.POINTS, Layer.DENSITY, Layer.HOLES})
PALE_OPACITY = 0.62


# All layers except those that cover others. The layers of your image appear once there is an image.
START_LAYERS = frozenset(Layer) - {Layer.PRIOR, Layer.DENSITY, Layer.HOLES}


@dataclass(frozen=True)
class Opacities:
    """The opacities of the layers that can be translucent, from 0 to 1.

    The decoded plane's is None until a person sets it: the plane is then pale while a layer covers it.
    """

    backdrop: float | None = None
    density: float = 1.0
    points: float = 0.9

    def of(self, layer: Layer, is_covered: bool = True) -> float:
        """The opacity of a layer: 1 if it has none of its own. `is_covered` says if others lie over it."""
        name = OPACITY_NAMES.get(layer)
        opacity = 1.0 if name is None else getattr(self, name)
        if opacity is None:
            opacity = PALE_OPACITY if is_covered else 1.0
        return min(1.0, max(0.0, float(opacity)))

    def with_layer(self, layer: Layer, opacity: float) -> "Opacities":
        """The opacities with another value for one layer."""
        return replace(self, **{OPACITY_NAMES[layer]: opacity})


START_OPACITIES = Opacities()
OPACITY_NAMES = {Layer.BACKDROP: "backdrop", Layer.DENSITY: "density", Layer.POINTS: "points"}


@dataclass(frozen=True)
class ViewState:
    """What the window shows of a model.

    Attributes:
        z: the cursor, d numbers; always on the plane.
        plane: the plane that is drawn: an origin and two directions.
        scale: whether the axes are linear in z or in the prior's quantiles.
        viewport: the part of the plane in view, in view coordinates (`desktop.latent.chart`).
        layers: the layers that are shown.
        opacities: how opaque they are.
        hidden_labels: labels whose points are not drawn.
        pinned: the numbers of the test images that stay shown on the plane, in the order of pinning.
        selected: the numbers of the test images that are selected, in their order.
        only_selected: whether the points of the other test images are hidden.
        picture_mode: how the picture at the cursor is drawn.
        nearness: how the distance of the nearest test images is measured.
        epoch: the epoch whose model decodes; None is the bundle's own model, after the last epoch.
        path: the z of the path's points, in order.
        path_closed: whether the path returns to its first point.
        path_kind: how the path runs from point to point.
        path_times: the time of each leg in seconds; empty if the pace does not follow such times.
        path_inputs: the values of the model's further inputs at each point of the path; empty if all points
            have those of the view.
        prior: the prior of the model's reading, which quantile axes and contours follow.
        lens: whether the picture at the cursor is shown beside it on the plane.
        seed: the seed of the sample where the cursor was last, at the start or after drawing a random z.
        inputs: the values of the model's further inputs, such as a class; missing ones keep their values.
    """

    z: Vector = START_Z
    plane: Plane = START_PLANE
    scale: AxisScale = AxisScale.LINEAR
    viewport: Viewport = START_VIEWPORT
    layers: frozenset[Layer] = START_LAYERS
    opacities: Opacities = START_OPACITIES
    hidden_labels: frozenset[int] = frozenset()
    pinned: tuple[int, ...] = ()
    selected: tuple[int, ...] = ()
    only_selected: bool = False
    picture_mode: PictureMode = PictureMode.PROBABILITIES
    nearness: Nearness = Nearness.Z
    epoch: int | None = None
    path: tuple[Vector, ...] = ()
    path_closed: bool = False
    path_kind: PathKind = PathKind.STRAIGHT
    path_times: tuple[float, ...] = ()
    path_inputs: tuple[InputValues, ...] = ()
    prior: Prior = NORMAL
    lens: bool = True
    seed: int = 0
    inputs: InputValues = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "z", vector(self.z))
        if not all(isinstance(point, Vector) for point in self.path):
            object.__setattr__(self, "path", tuple(map(vector, self.path)))

    @property
    def needs_parameters(self) -> bool:
        """Whether the likelihood's parameters are needed: for a sample, or for the likelihood of images."""
        return self.picture_mode is PictureMode.SAMPLE or self.nearness is Nearness.PICTURE

    @property
    def chart(self) -> Chart:
        """The plane with the scale of its axes."""
        return Chart(self.plane, self.scale, self.prior)

    def opacity(self, layer: Layer, has_points: bool) -> float:
        """The opacity of a layer, for a model with or without points."""
        return self.opacities.of(layer, has_points and bool(self.layers & OVER_BACKDROP))

    @cached_property
    def cursor_ab(self) -> Doubles:
        """The (a, b) [2] of the cursor on the plane."""
        return self.plane.project(self.z)

    @property
    def legs(self) -> int:
        """How many legs the path has."""
        return len(self.path) if self.path_closed else max(0, len(self.path) - 1)

    @property
    def inputs_on_path(self) -> tuple[InputValues, ...]:
        """The values of the model's further inputs at each point of the path."""
        is_known = len(self.path_inputs) == len(self.path)
        return self.path_inputs if is_known else (self.inputs,) * len(self.path)

    @property
    def has_own_path_inputs(self) -> bool:
        """Whether a point of the path has other inputs than the view."""
        return any(each != self.inputs for each in self.inputs_on_path)

    @property
    def shown_only(self) -> tuple[int, ...] | None:
        """The numbers of the test images whose points are shown; None for all of them."""
        return self.selected if self.only_selected and self.selected else None

    def are_shown(self, count: int, labels: Array | None) -> NDArray[np.bool_]:
        """Whether each of `count` points with these labels, if they have any, is shown."""
        return shown_points(count, labels, self.hidden_labels, self.shown_only)

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """All vectors of the state, which take nearly all of its memory."""
        return (self.z, self.plane.origin, self.plane.u, self.plane.v, *self.path)

    def moved_to(self, z: Vector) -> "ViewState":
        """Return the state with the cursor at any z; the plane moves with it and keeps its directions."""
        return replace(self, z=z, plane=self.plane.through(z))

    def with_axes(self, right: int, up: int) -> "ViewState":
        """Return the state with the plane of two axes through the cursor."""
        return replace(self, plane=axis_plane(self.z, right, up))

    def with_plane(self, plane: Plane) -> "ViewState":
        """Return the state with another plane, and the cursor moved to the nearest point of it."""
        return replace(self, plane=plane).at(plane.project(self.z))

    def at(self, ab: ArrayLike) -> "ViewState":
        """Return the state with the cursor at a point (a, b) of the plane."""
        return replace(self, z=Vector(self.plane.embed(ab), is_own=True))

    def nudged(self, right: float, up: float) -> "ViewState":
        """Return the state with the cursor moved by view coordinates; on linear axes these are units of z."""
        view = self.chart.view(self.cursor_ab) + np.array([right, up])
        return self.at(self.chart.ab(view))

    def with_scale(self, scale: AxisScale) -> "ViewState":
        """Return the state with another scale, and the same part of the plane in view as far as possible."""
        if scale is self.scale:
            return self
        chart = Chart(self.plane, scale, self.prior)
        if scale is AxisScale.QUANTILES and self.viewport.span > self.prior.home_span * MOST_OF_HOME:
            return replace(self, scale=scale, viewport=chart.home)
        (x, y), half = self.viewport.center, self.viewport.span / 2
        corners = self.chart.ab([(x - half, y - half), (x + half, y + half)])
        low, high = chart.view(corners)
        if scale is AxisScale.LINEAR and self.viewport.span >= 0.9:
            return replace(self, scale=scale, viewport=chart.home)
        center, span = (low + high) / 2, float((high - low).max())
        least = chart.least_span((float(center[0]), float(center[1])))
        return replace(
            self, scale=scale, viewport=Viewport((float(center[0]), float(center[1])), max(span, least))
        )

    def with_cursor_in_view(self, share: float = IN_VIEW) -> "ViewState":
        """Return the state with the cursor in the middle, unless it is in the inner share of the view."""
        view = self.chart.view(self.cursor_ab)
        away = np.abs(view - np.array(self.viewport.center)).max()
        if away <= share * self.viewport.span / 2:
            return self
        x, y = view.tolist()
        return replace(self, viewport=Viewport((x, y), self.viewport.span))

    def around(self, z: ArrayLike) -> Viewport:
        """Return the viewport that holds many z [N, d]."""
        return self.chart.around(self.plane.project(z))

    def without_points(self) -> "ViewState":
        """Return the state without the fields that refer to points by their numbers or labels."""
        return replace(self, hidden_labels=frozenset(), pinned=(), selected=(), only_selected=False)

    def with_layer(self, layer: Layer, on: bool) -> "ViewState":
        """Return the state with a layer shown or hidden."""
        return replace(self, layers=self.layers | {layer} if on else self.layers - {layer})

    def with_path(
        self, path: tuple[Vector, ...], inputs: tuple[InputValues, ...] | None = None
    ) -> "ViewState":
        """Return the state with another path; legs that remain keep their times (see `times_after`).

        `inputs` are the further inputs at each point. By default they stay as they are; if the number of
        points has changed, all points get the view's inputs.
        """
        kept = self.path_inputs if len(path) == len(self.path) else ()
        return replace(self, path=path, path_inputs=kept if inputs is None else inputs)._with_times(
            times_after(self.path_times, self.path, path)
        )

    def with_path_inputs(self, indices: Iterable[int]) -> "ViewState":
        """Return the state with the view's inputs at some points of the path."""
        chosen = frozenset(indices)
        inputs = (self.inputs if index in chosen else each for index, each in enumerate(self.inputs_on_path))
        return replace(self, path_inputs=tuple(inputs))

    def with_path_closed(self, closed: bool) -> "ViewState":
        """Return the state with a path that returns to its first point, or ends at its last."""
        return replace(self, path_closed=closed)._with_times(self.path_times)

    def _with_times(self, times: tuple[float, ...]) -> "ViewState":
        return replace(self, path_times=fitted_times(times, self.legs))

    def with_label_switched(self, label: int) -> "ViewState":
        """Return the state with one label's points hidden, or shown if they were hidden."""
        return replace(self, hidden_labels=self.hidden_labels ^ {label})

    def with_pin_switched(self, index: int) -> "ViewState":
        """Return the state with a test image pinned, or unpinned if it was pinned."""
        kept = tuple(other for other in self.pinned if other != index)
        return replace(self, pinned=kept if index in self.pinned else (*kept, index))

    def with_selected(self, indices: Iterable[int]) -> "ViewState":
        """Return the state with these test images selected; with none of them, all points are shown again."""
        selected = tuple(sorted(set(indices)))
        return replace(self, selected=selected, only_selected=self.only_selected and bool(selected))


def start_state(latent_dim: int) -> ViewState:
    """Return the state of a newly opened model: the cursor is at the prior's mean."""
    z = Vector(np.zeros(latent_dim), is_own=True)
    return ViewState(z=z, plane=axis_plane(z, 0, min(1, latent_dim - 1)))

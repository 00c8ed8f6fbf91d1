"""What is being looked at: one frozen value without Qt. Widgets draw it; the window replaces it."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from desktop.latent.chart import AxisScale, Chart
from desktop.latent.nearest import Nearness
from desktop.latent.paths import PathKind
from desktop.latent.plane import Plane, Viewport, axis_plane

START_VIEWPORT = Viewport()
START_PLANE = axis_plane((0.0, 0.0))


class PictureMode(StrEnum):
    """How probabilities become a picture."""

    PROBABILITIES = "Probabilities"
    THRESHOLDED = "Thresholded"
    SAMPLE = "Bernoulli sample"


class Layer(StrEnum):
    """What can be drawn on the plane, each to be switched; a value is its name in the window."""

    BACKDROP = "Decoded plane"
    PRIOR = "Prior: 50, 90 and 99 % of it"
    DENSITY = "Density of the held-out posterior"
    HOLES = "Holes in that density"
    POINTS = "Held-out images by label"
    THUMBNAIL = "Image of the point under the pointer"
    ELLIPSE = "Its posterior: 1 and 2 σ"
    ENCODED = "Encoder's posterior of the drawn image"
    TRUE_POSTERIOR = "True posterior of the drawn image"


# All but what covers others; those of a drawn image show once there is one.
START_LAYERS = frozenset(Layer) - {Layer.PRIOR, Layer.DENSITY, Layer.HOLES}


@dataclass(frozen=True)
class ViewState:
    """What the window shows of a model.

    Attributes:
        z: the cursor, d numbers, on the plane.
        plane: the plane that is drawn: an origin and two directions.
        scale: whether the axes are even in z or in the prior's quantiles.
        viewport: the part of the plane in view, in view coordinates (`desktop.latent.chart`).
        layers: what is drawn on the plane.
        hidden_labels: labels whose points are not drawn.
        pinned: held-out images that stay shown on the plane, by their numbers, in the order of pinning.
        picture_mode: how the picture at the cursor is drawn.
        nearness: what the nearest held-out images are near in.
        epoch: of the bundle's fit, whose model decodes; None is the bundle's own, the last one.
        path: the z of the path's points, in order.
        path_closed: whether the path returns to its first point.
        path_kind: how the path goes from point to point.
    """

    z: tuple[float, ...] = (0.0, 0.0)
    plane: Plane = START_PLANE
    scale: AxisScale = AxisScale.LINEAR
    viewport: Viewport = START_VIEWPORT
    layers: frozenset[Layer] = START_LAYERS
    hidden_labels: frozenset[int] = frozenset()
    pinned: tuple[int, ...] = ()
    picture_mode: PictureMode = PictureMode.PROBABILITIES
    nearness: Nearness = Nearness.Z
    epoch: int | None = None
    path: tuple[tuple[float, ...], ...] = ()
    path_closed: bool = False
    path_kind: PathKind = PathKind.STRAIGHT

    @property
    def chart(self) -> Chart:
        """The plane under its scale."""
        return Chart(self.plane, self.scale)

    def moved_to(self, z: tuple[float, ...]) -> "ViewState":
        """With the cursor anywhere in the space; the plane goes with it, its directions stay."""
        return replace(self, z=z, plane=self.plane.through(z))

    def with_axes(self, right: int, up: int) -> "ViewState":
        """With the plane of two axes through the cursor."""
        return replace(self, plane=axis_plane(self.z, right, up))

    def with_plane(self, plane: Plane) -> "ViewState":
        """With another plane, and the cursor at the point of it that is nearest to where it was."""
        return replace(self, plane=plane).at(tuple(plane.project(self.z)))

    def at(self, ab: tuple[float, float]) -> "ViewState":
        """With the cursor moved within the plane."""
        return replace(self, z=tuple(float(value) for value in self.plane.embed(ab)))

    def nudged(self, right: float, up: float) -> "ViewState":
        """With the cursor moved by view coordinates: on linear axes by plane units."""
        view = self.chart.view_of(self.z) + np.array([right, up])
        a, b = self.chart.ab(view).tolist()
        return self.at((a, b))

    def with_scale(self, scale: AxisScale) -> "ViewState":
        """With other axes, and the same part of the plane in view as far as it can be."""
        if scale is self.scale:
            return self
        chart = Chart(self.plane, scale)
        if scale is AxisScale.QUANTILES and self.viewport.span > 4.0:
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

    def with_layer(self, layer: Layer, on: bool) -> "ViewState":
        """With a layer drawn, or not."""
        return replace(self, layers=self.layers | {layer} if on else self.layers - {layer})

    def with_label_switched(self, label: int) -> "ViewState":
        """With one label's points hidden, or shown again."""
        return replace(self, hidden_labels=self.hidden_labels ^ {label})

    def with_pin_switched(self, index: int) -> "ViewState":
        """With a held-out image pinned last, or not any more."""
        kept = tuple(other for other in self.pinned if other != index)
        return replace(self, pinned=kept if index in self.pinned else (*kept, index))


def start_state(latent_dim: int) -> ViewState:
    """The state that a newly opened model starts from: the cursor at the prior's mean."""
    z = (0.0,) * latent_dim
    return ViewState(z=z, plane=axis_plane(z, 0, min(1, latent_dim - 1)))

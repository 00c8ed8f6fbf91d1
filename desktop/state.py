"""What is being looked at: one frozen value without Qt. Widgets draw it; the window replaces it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from desktop.latent_plane import Plane, Viewport, axis_plane
from desktop.paths import PathKind

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
    POINTS = "Held-out images by label"


@dataclass(frozen=True)
class ViewState:
    """What the window shows of a model.

    Attributes:
        z: the cursor, d numbers, on the plane.
        plane: the plane that is drawn: an origin and two directions.
        viewport: the part of the plane in view.
        layers: what is drawn on the plane.
        hidden_labels: labels whose points are not drawn.
        picture_mode: how the picture at the cursor is drawn.
        path: the z of the path's points, in order.
        path_closed: whether the path returns to its first point.
        path_kind: how the path goes from point to point.
    """

    z: tuple[float, ...] = (0.0, 0.0)
    plane: Plane = START_PLANE
    viewport: Viewport = START_VIEWPORT
    layers: frozenset[Layer] = frozenset({Layer.BACKDROP, Layer.POINTS})
    hidden_labels: frozenset[int] = frozenset()
    picture_mode: PictureMode = PictureMode.PROBABILITIES
    path: tuple[tuple[float, ...], ...] = ()
    path_closed: bool = False
    path_kind: PathKind = PathKind.STRAIGHT

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

    def nudged(self, da: float, db: float) -> "ViewState":
        """With the cursor moved by plane units."""
        a, b = self.plane.project(self.z)
        return self.at((float(a) + da, float(b) + db))

    def with_layer(self, layer: Layer, on: bool) -> "ViewState":
        """With a layer drawn, or not."""
        return replace(self, layers=self.layers | {layer} if on else self.layers - {layer})

    def with_label_switched(self, label: int) -> "ViewState":
        """With one label's points hidden, or shown again."""
        return replace(self, hidden_labels=self.hidden_labels ^ {label})

    def with_path_point(self) -> "ViewState":
        """With the cursor added to the end of the path."""
        return replace(self, path=(*self.path, self.z))


def start_state(latent_dim: int) -> ViewState:
    """The state that a newly opened model starts from: the cursor at the prior's mean."""
    z = (0.0,) * latent_dim
    return ViewState(z=z, plane=axis_plane(z, 0, min(1, latent_dim - 1)))

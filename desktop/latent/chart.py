"""How the plane lies in the window: linear axes or prior quantiles, and pixels. No Qt.

Three kinds of coordinates: (a, b) on the plane; view coordinates, which are the same on linear axes and
the prior's cumulative probabilities on quantile axes; pixels, y downward. A viewport is in view coordinates.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles, Floats
from desktop.latent.plane import Edges, Plane, Viewport, viewport_around

# (a, b) [..., 2] → pixels [..., 2].
ToPx = Callable[[ArrayLike], Doubles]

PRIOR = NormalDist()
# Of the infinite plane, quantile axes reach up to some six standard deviations: nothing is told apart beyond.
OUTERMOST = 1e-9
# So many float32 numbers lie side by side along the shorter side of the smallest view: about one a picture.
LEAST_STEPS = 32
# Sums in a decoder have numbers of this size in them: smaller differences of z vanish in their rounding.
UNIT = 1.0
HOME_QUANTILES = Viewport((0.5, 0.5), 1.12)


class AxisScale(StrEnum):
    """What is even along an axis; a value is its name in the window."""

    LINEAR = "Linear z"
    QUANTILES = "Prior quantiles"


@dataclass(frozen=True)
class Chart:
    """A plane under a scale: what its points' view coordinates are. What a picture at a place depends on.

    On quantile axes they are Φ(a) and Φ(b), from 0 to 1, counted from the point nearest to the prior's mean:
    under the prior as much lies in every square as the square is large.
    """

    plane: Plane
    scale: AxisScale = AxisScale.LINEAR

    def view(self, ab: ArrayLike) -> Doubles:
        """(a, b) [..., 2] → view coordinates [..., 2]."""
        coordinates = np.asarray(ab, np.float64)
        if self.scale is AxisScale.LINEAR:
            return coordinates
        return _cumulative(coordinates - self._middle)

    def ab(self, view: ArrayLike) -> Doubles:
        """View coordinates [..., 2] → (a, b) [..., 2]; beyond 0 and 1 of quantiles, the outermost."""
        coordinates = np.asarray(view, np.float64)
        if self.scale is AxisScale.LINEAR:
            return coordinates
        inside = np.clip(coordinates, OUTERMOST, 1 - OUTERMOST)
        quantiles = np.array([PRIOR.inv_cdf(p) for p in inside.ravel().tolist()], np.float64)
        return quantiles.reshape(inside.shape) + self._middle

    def view_of(self, z: ArrayLike) -> Doubles:
        """Z [..., d] → view coordinates [..., 2] of the nearest point of the plane."""
        return self.view(self.plane.project(z))

    def z(self, view: ArrayLike) -> Floats:
        """View coordinates [..., 2] → z float32 [..., d]."""
        return self.plane.embed(self.ab(view))

    @property
    def limits(self) -> Edges | None:
        """Left, bottom, right and top of what there is, or None where there is no end."""
        return None if self.scale is AxisScale.LINEAR else (0.0, 0.0, 1.0, 1.0)

    @property
    def home(self) -> Viewport:
        """The view of the prior's middle; of all quantiles."""
        if self.scale is AxisScale.QUANTILES:
            return HOME_QUANTILES
        return Viewport()

    def around(self, ab: ArrayLike, share: float = 0.995) -> Viewport:
        """A view that holds `share` of the points (a, b) [N, 2] along each axis, and some room."""
        points = np.asarray(ab, np.float64).reshape(-1, 2)
        return viewport_around(self.view(points), share) if len(points) else self.home

    def least_span(self, center: tuple[float, float]) -> float:
        """The smallest span about a point in which float32 z of neighbouring pictures still differ."""
        ab = self.ab(center)
        z = np.abs(self.plane.embed(ab)).max(initial=UNIT)
        steps = LEAST_STEPS * float(np.spacing(z))
        if self.scale is AxisScale.LINEAR:
            return steps
        return steps * max(PRIOR.pdf(q) for q in (ab - self._middle).tolist())

    @property
    def _middle(self) -> Doubles:
        """The (a, b) of the point nearest to the prior's mean: (0, 0) on a plane of two axes."""
        return self.plane.project(np.zeros(len(self.plane.origin)))


@dataclass(frozen=True)
class Projection:
    """A part of a chart in pixels.

    Attributes:
        chart: of what.
        viewport: the part in view.
        size_px: of the window it fills, width and height.
    """

    chart: Chart
    viewport: Viewport
    size_px: tuple[float, float]

    def px(self, ab: ArrayLike) -> Doubles:
        """(a, b) [..., 2] → pixels [..., 2]."""
        return self.viewport.to_px(self.size_px, self.chart.view(ab))

    def px_of(self, z: ArrayLike) -> Doubles:
        """Z [..., d] → pixels [..., 2]."""
        return self.viewport.to_px(self.size_px, self.chart.view_of(z))

    def view_px(self, view: ArrayLike) -> Doubles:
        """View coordinates [..., 2] → pixels [..., 2]."""
        return self.viewport.to_px(self.size_px, view)

    def view(self, x_px: float, y_px: float) -> tuple[float, float]:
        """A pixel's view coordinates."""
        return self.viewport.to_plane(self.size_px, x_px, y_px)

    def ab(self, x_px: float, y_px: float) -> tuple[float, float]:
        """A pixel's (a, b)."""
        a, b = self.chart.ab(self.view(x_px, y_px)).tolist()
        return a, b

    @property
    def edges(self) -> Edges:
        """Left, bottom, right and top in view coordinates."""
        return self.viewport.edges(self.size_px)

    def with_margin(self, margin_px: float) -> "Projection":
        """The same scale with more to see on every side: pixels are `margin_px` larger."""
        width, height = (size + 2 * margin_px for size in self.size_px)
        span = self.viewport.units_per_px(self.size_px) * min(width, height)
        return replace(self, viewport=replace(self.viewport, span=span), size_px=(width, height))


def _cumulative(values: Doubles) -> Doubles:
    """Φ of each value: of a standard normal variable."""
    # By erfc, which keeps its digits in the left tail.
    scaled = (values * -(0.5**0.5)).ravel().tolist()
    return np.array([0.5 * math.erfc(value) for value in scaled], np.float64).reshape(values.shape)

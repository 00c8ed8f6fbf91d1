"""Maps the plane to the window: linear axes or prior quantiles, and pixels. No Qt.

There are three kinds of coordinates: (a, b) on the plane; view coordinates, which equal (a, b) on linear axes
and are the prior's cumulative probabilities on quantile axes; pixels, with y downward. A viewport is in view
coordinates.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Doubles, Floats
from desktop.latent.plane import Edges, Plane, Viewport, viewport_around
from desktop.latent.plane_prior import PRIOR_MASSES, PriorOnPlane
from desktop.latent.prior import NORMAL, Marginal, Prior

# (a, b) [..., 2] → pixels [..., 2].
ToPx = Callable[[ArrayLike], Doubles]

# Quantile axes end at about six standard deviations. Points beyond cannot be told apart.
OUTERMOST = 1e-9
# The smallest view spans this many adjacent float32 numbers along its shorter side, about one per picture.
LEAST_STEPS = 32
# A decoder adds z to numbers of this size, so differences of z below its rounding are lost.
UNIT = 1.0
HOME_MARGIN = 1.09  # the margin around the prior's outermost contour, which is larger on a slanted plane
HOME_QUANTILES = Viewport((0.5, 0.5), 1.12)


class AxisScale(StrEnum):
    """The quantity that is linear along an axis. A value is its name in the window."""

    LINEAR = "Linear z"
    QUANTILES = "Prior quantiles"


@dataclass(frozen=True)
class Chart:
    """A plane with an axis scale, which together map view coordinates to z.

    On quantile axes the view coordinates are the cumulative probabilities of a and b under the prior, from 0
    to 1, with a and b measured from the point nearest to the prior's mean. For a normal prior these are Φ(a)
    and Φ(b), and the prior's mass in every square equals the square's area.
    """

    plane: Plane
    scale: AxisScale = AxisScale.LINEAR
    prior: Prior = NORMAL

    def view(self, ab: ArrayLike) -> Doubles:
        """(a, b) [..., 2] → view coordinates [..., 2]."""
        coordinates = np.asarray(ab, np.float64)
        if self.scale is AxisScale.LINEAR:
            return coordinates
        offsets = coordinates - self._middle
        shares = [self._marginals[side].cdf(offsets[..., side]) for side in (0, 1)]
        return np.stack(shares, axis=-1)

    def ab(self, view: ArrayLike) -> Doubles:
        """View coordinates [..., 2] → (a, b) [..., 2]. Quantiles outside 0 to 1 give the outermost points."""
        coordinates = np.asarray(view, np.float64)
        if self.scale is AxisScale.LINEAR:
            return coordinates
        inside = np.clip(coordinates, OUTERMOST, 1 - OUTERMOST)
        quantiles = [self._marginals[side].quantile(inside[..., side]) for side in (0, 1)]
        return np.stack(quantiles, axis=-1) + self._middle

    def view_of(self, z: ArrayLike) -> Doubles:
        """Z [..., d] → view coordinates [..., 2] of the nearest point of the plane."""
        return self.view(self.plane.project(z))

    def z(self, view: ArrayLike) -> Floats:
        """View coordinates [..., 2] → z float32 [..., d]."""
        return self.plane.embed(self.ab(view))

    def zoomed(self, viewport: Viewport, factor: float, about: tuple[float, float]) -> tuple[Viewport, bool]:
        """The view with its span times `factor`, and whether float32 can tell no closer z apart."""
        wanted = viewport.zoomed(factor, about, min(self.least_span(about), viewport.span))
        return wanted, factor < 1 and wanted.span > viewport.span * factor * (1 + 1e-9)

    @property
    def limits(self) -> Edges | None:
        """The left, bottom, right and top end of the axes, or None if they have no end."""
        return None if self.scale is AxisScale.LINEAR else (0.0, 0.0, 1.0, 1.0)

    @property
    def home(self) -> Viewport:
        """The default view: the middle of the prior, or all quantiles."""
        if self.scale is AxisScale.QUANTILES:
            return HOME_QUANTILES
        if self.prior == NORMAL:
            return Viewport()
        a, b = self._middle.tolist()
        around = HOME_MARGIN * 2 * PriorOnPlane(self.plane, self.prior).radius(max(PRIOR_MASSES))
        return Viewport((a, b), max(self.prior.home_span, around))

    def around(self, ab: ArrayLike, share: float = 0.995) -> Viewport:
        """A view that contains `share` of the points (a, b) [N, 2] along each axis, with a margin."""
        points = np.asarray(ab, np.float64).reshape(-1, 2)
        return viewport_around(self.view(points), share) if len(points) else self.home

    def least_span(self, center: tuple[float, float]) -> float:
        """The smallest span around a point in which neighbouring pictures still have different float32 z."""
        ab = self.ab(center)
        z = np.abs(self.plane.embed(ab)).max(initial=UNIT)
        steps = LEAST_STEPS * float(np.spacing(z))
        if self.scale is AxisScale.LINEAR:
            return steps
        offsets = (ab - self._middle).tolist()
        density = max(m.pdf(offset) for m, offset in zip(self._marginals, offsets, strict=True))
        return steps * density if density else HOME_QUANTILES.span

    @property
    def _middle(self) -> Doubles:
        """The (a, b) of the point nearest to the prior's mean: (0, 0) on a plane of two axes."""
        return self.plane.project_even(self.prior.center)

    @property
    def _marginals(self) -> tuple[Marginal, Marginal]:
        return self.prior.marginal(self.plane.u), self.prior.marginal(self.plane.v)


@dataclass(frozen=True)
class Projection:
    """A part of a chart in pixels.

    Attributes:
        chart: the whole chart.
        viewport: the part in view.
        size_px: width and height of the area that the part fills.
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
        """The view coordinates of a pixel."""
        return self.viewport.to_plane(self.size_px, x_px, y_px)

    def ab(self, x_px: float, y_px: float) -> tuple[float, float]:
        """The (a, b) of a pixel."""
        a, b = self.chart.ab(self.view(x_px, y_px)).tolist()
        return a, b

    @property
    def edges(self) -> Edges:
        """Left, bottom, right and top in view coordinates."""
        return self.viewport.edges(self.size_px)

    def holding(self, view: ArrayLike, margin_px: float) -> "Projection":
        """The projection with room for points [N, 2] in view coordinates and all that is in view now.

        It is the same if the points are in view already, so far from the edges.
        """
        points = np.asarray(view, np.float64).reshape(-1, 2)
        px, size = self.view_px(points), np.asarray(self.size_px)
        if ((px >= margin_px) & (px <= size - margin_px)).all():
            return self
        left, bottom, right, top = self.edges
        low, high = (
            np.minimum(points.min(axis=0), (left, bottom)),
            np.maximum(points.max(axis=0), (right, top)),
        )
        units_per_px = float(((high - low) / np.maximum(1, size - 2 * margin_px)).max())
        a, b = ((low + high) / 2).tolist()
        return replace(self, viewport=Viewport((a, b), units_per_px * min(self.size_px)))

    def with_margin(self, margin_px: float) -> "Projection":
        """The projection at the same scale with `margin_px` more on every side, which shifts its pixels."""
        width, height = (size + 2 * margin_px for size in self.size_px)
        span = self.viewport.units_per_px(self.size_px) * min(width, height)
        return replace(self, viewport=replace(self.viewport, span=span), size_px=(width, height))

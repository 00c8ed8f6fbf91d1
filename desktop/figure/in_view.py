"""Finds which parts and points of a plane are within a figure's area. No Qt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Doubles
from desktop.figure.figure import Part, Subject
from desktop.latent.chart import Projection
from desktop.latent.normals import ellipse, project_normals
from desktop.latent.paths import path_line
from desktop.latent.plane_prior import PriorOnPlane

FAR_PX = 1e5  # coordinates are limited to this, so that curves that go far out do not overflow
RADII = (1.0, 2.0)


@dataclass(frozen=True, eq=False)
class InView:
    """The visible content of a plane.

    Attributes:
        parts: the parts that are at least partly in view.
        points: whether each point is drawn and in view, [N].
    """

    parts: frozenset[Part]
    points: NDArray[np.bool_]


def everything(subject: Subject) -> list[InView]:
    """All content of each plane, in view or not."""
    return [InView(plane.possible(), plane.are_shown) for plane in subject.planes]


def in_view(subject: Subject, projections: Sequence[Projection]) -> list[InView]:
    """The visible content of each plane; `projections` say which area of each plane is drawn."""
    return [_on(plane, projection) for plane, projection in zip(subject.planes, projections, strict=True)]


def _on(subject: Subject, projection: Projection) -> InView:
    points = subject.are_shown.copy()
    if subject.posterior is not None:
        points &= _are_inside(projection.px_of(subject.posterior.mean), projection)
    hidden = {part for part in subject.possible() if not _is_seen(part, subject, projection, points)}
    return InView(subject.possible() - hidden, points)


def _is_seen(part: Part, subject: Subject, projection: Projection, points: NDArray[np.bool_]) -> bool:
    """Whether a part is at least partly in view; the decoded plane and the density always are."""
    state, own = subject.state, subject.own
    if part in (Part.POINTS, Part.NAMES):
        return bool(points.any())
    if part is Part.SELECTED:
        return bool(points[subject.selected].any())
    if part is Part.PRIOR:
        prior = PriorOnPlane(state.plane, state.prior)
        return _crosses((curve for _, curves in prior.contours() for curve in curves), projection)
    if part is Part.HOLES and not state.plane.is_line:
        # They lie within the outermost contour.
        (_, within), *_ = reversed(PriorOnPlane(state.plane, state.prior).contours())
        return _crosses(within, projection, is_filled=True)
    if part is Part.PINNED and subject.posterior is not None:
        rows = [n for n in state.pinned if 0 <= n < len(subject.posterior.mean)]
        return bool(_are_inside(projection.px_of(subject.posterior.mean[rows]), projection).any())
    if part is Part.ENCODED and own is not None:
        normals = project_normals(state.plane, own.mean[None], own.logvar[None])
        outlines = [ellipse(normals, 0, radius) for radius in RADII]
        return _crosses([*outlines, normals.mean], projection)
    if part is Part.TRUE_POSTERIOR and own is not None:
        return _crosses((curve for curves in own.contours for curve in curves), projection)
    if part is Part.PATH:
        _, z = path_line(state.path, state.path_kind, state.path_closed)
        return _crosses([state.plane.project(z)], projection)
    if part is Part.CURSOR:
        return bool(_are_inside(projection.px(state.cursor_ab), projection))
    return True


def _are_inside(px: Doubles, projection: Projection) -> NDArray[np.bool_]:
    """Whether pixels [..., 2] are within the area."""
    return np.asarray(((px >= 0) & (px <= np.array(projection.size_px))).all(axis=-1))


def _crosses(curves: Iterable[Doubles], projection: Projection, is_filled: bool = False) -> bool:
    """Whether one of the curves (a, b) [K, 2], or a single point, is at least partly within the area."""
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    area = Bbox([(0, 0), projection.size_px])
    drawn = (np.clip(projection.px(curve), -FAR_PX, FAR_PX) for curve in curves)
    return any(
        bool(_are_inside(px, projection).any())
        or (len(px) > 1 and Path(px).intersects_bbox(area, filled=is_filled))
        for px in drawn
    )

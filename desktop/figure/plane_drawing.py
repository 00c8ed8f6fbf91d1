"""Draws the plane of a figure: the decoded plane and everything that lies on it. No Qt."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Bytes, Doubles
from desktop.figure.backdrop import Backdrop
from desktop.figure.contour_labels import contour_labels
from desktop.figure.figure import Figure, Ground, Part, Subject
from desktop.figure.in_view import FAR_PX, RADII
from desktop.figure.layout import NAME_SIZE_PX, TICK_SIZE_PX, PlaneLayout
from desktop.figure.strokes import Pen
from desktop.figure.texts import shortened, width_px
from desktop.images.dots import FAINT_SHARE
from desktop.images.label_colors import label_color_name
from desktop.images.pixels import to_bytes
from desktop.jobs.density_map import PosteriorMap
from desktop.latent.chart import Projection
from desktop.latent.group_names import LEAVE_COST, GroupName, group_names
from desktop.latent.normals import ellipse, project_normals
from desktop.latent.paths import path_line, path_places, point_name
from desktop.latent.plane_prior import PriorOnPlane
from desktop.models.own_posterior import OwnPosterior, name_of, pictures_of
from desktop.view.state import Layer

POINT_PX, POINTS_AT_ONCE = 3.4, 1000
# Points get smaller if, side by side, they would cover a larger share of the plane than this.
POINTS_SHARE, LEAST_POINT_PX = 0.6, 1.6
RING_PX, HOLE_PX = 7.5, 5.2  # the outer and inner diameter of the ring around a selected point
# Names are left out if there are more than MOST_NAMES, because they would cover each other and the points. If
# they would cover more than NAMES_SHARE of the plane, they are written in small letters.
MOST_NAME_PX, MOST_NAMES, NAMES_SHARE = 160.0, 24, 0.15
SMALL_NAME_PX, NAME_EDGE_PX = 10.0, 12.0
MIDDLE_PX = 6.0, 6.0  # room that is kept free where a line from a name ends
CURSOR_PX, PATH_POINT_PX, PATH_TEXT_PX = 7.0, 12.0, 9
CARD_PX, CARD_PAD_PX, CARD_GAP_PX = 56.0, 5.0, 16.0
MARKS_OF_CURVE = 12  # points per curve that names keep off
MAX_PINNED = 64  # an opened view may come from a stranger and pin any number of images


class PlaneDrawing:
    """Draws on the plane's own axes.

    Args:
        subject: the content of the plane.
        figure: the settings of the figure.
        layout: the layout of the plane.
        pen: draws on axes of the size of the layout's area.
        is_vector: whether pictures keep their own pixels instead of being resampled.
    """

    def __init__(
        self, subject: Subject, figure: Figure, layout: PlaneLayout, pen: Pen, is_vector: bool
    ) -> None:
        self._subject, self._figure, self._pen, self._colors = subject, figure, pen, pen.colors
        self._projection = layout.projection
        self._parts = figure.parts & subject.possible()
        self._names: list[GroupName] = []
        if {Part.POINTS, Part.NAMES} <= self._parts:
            self._names = placed_names(subject, self._projection, self._parts)
        # Vector files hold the pictures as they were decoded; programs that show the file enlarge them.
        self._smooth = "none" if is_vector else "antialiased"

    def draw(self, backdrop: Backdrop | None, density: PosteriorMap | None) -> None:
        """Draw the parts from bottom to top."""
        if backdrop is not None and Part.BACKDROP in self._parts:
            self._draw_backdrop(backdrop)
        if density is not None and Part.DENSITY in self._parts:
            corners = self._projection.px(density.corners)
            smooth = "none" if self._smooth == "none" else "bilinear"
            opacity = self._subject.state.opacities.of(Layer.DENSITY)
            self._pen.picture(density.picture, corners, 2, opacity, smooth)
        if density is not None and Part.HOLES in self._parts:
            self._draw_holes(density)
        if Part.PRIOR in self._parts:
            self._draw_prior()
        if Part.POINTS in self._parts:
            self._draw_points()
        self._draw_own()
        if Part.PINNED in self._parts:
            self._draw_pinned()
        if Part.PATH in self._parts:
            self._draw_path()
        if Part.CURSOR in self._parts:
            center = self._px(self._subject.state.cursor_ab)
            for color, thick in ((self._colors.paper, 4.5), (self._colors.ink, 2.0)):
                self._pen.circle(center, CURSOR_PX, "none", color, thick, 9)

    def _draw_backdrop(self, backdrop: Backdrop) -> None:
        from matplotlib.patches import Rectangle

        left, bottom, right, top = backdrop.edges
        corners = self._projection.view_px([(left, top), (right, bottom)])
        picture, figure = backdrop.picture, self._figure
        if figure.is_inverted and figure.ground is not Ground.DARK and picture.ndim == 2:
            picture = 255 - picture
        image = self._pen.picture(picture, corners, 1, figure.opacity_under(self._parts), self._smooth)
        limits = self._projection.chart.limits
        if limits is not None:
            (x0, y0), (x1, y1) = self._projection.view_px([(limits[0], limits[3]), (limits[2], limits[1])])
            room = self._pen.axes.viewLim
            x0, x1 = max(x0, room.x0), min(x1, room.x1)
            y0, y1 = max(y0, min(room.y0, room.y1)), min(y1, max(room.y0, room.y1))
            image.set_clip_path(Rectangle((x0, y0), x1 - x0, y1 - y0, transform=self._pen.axes.transData))

    def _draw_holes(self, density: PosteriorMap) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        rings = [ring for region in density.holes for ring in region.rings]
        if not rings:
            return
        path = Path.make_compound_path(*(Path(self._px(ring), closed=True) for ring in rings))
        for hatch, opacity in (("////", 0.45), ("", 0.7)):
            self._pen.axes.add_patch(
                PathPatch(
                    path,
                    facecolor="none",
                    edgecolor=self._colors.hatch,
                    hatch=hatch or None,
                    linewidth=0 if hatch else 1,
                    alpha=opacity,
                    zorder=3,
                )
            )

    def _draw_prior(self) -> None:
        chart = self._projection.chart
        lines = [
            (f"{mass:.0%}", self._px(curve))
            for mass, curves in PriorOnPlane(chart.plane, chart.prior).contours()
            for curve in curves
        ]
        for _, line in lines:
            self._pen.line(line, self._colors.paper, 3.0, 4, opacity=0.6)
            self._pen.line(line, self._colors.line, 1.2, 4, dashes=(5, 3))
        taken = [(name.place_px, name.size_px) for name in self._names]
        taken += [(name.middle_px, MIDDLE_PX) for name in self._names]
        posterior = self._subject.posterior
        points = np.empty((0, 2))
        if posterior is not None and Part.POINTS in self._parts:
            points = self._projection.px_of(posterior.mean)[self._subject.are_shown]
        for text, place in contour_labels(lines, taken, self._projection.size_px, points):
            self._pen.name(*place, text, TICK_SIZE_PX, "none", 5.5)

    def _draw_points(self) -> None:
        posterior = self._subject.posterior
        assert posterior is not None
        px = self._projection.px_of(posterior.mean)
        labels, shown = posterior.labels, self._subject.labels_shown
        seen = ((px > -RING_PX) & (px < np.array(self._projection.size_px) + RING_PX)).all(axis=1)
        are_shown = self._subject.are_shown
        seen &= are_shown
        is_chosen = np.zeros_like(seen)
        if Part.SELECTED in self._parts:
            is_chosen[self._subject.selected] = True
            self._draw_rings(px[seen & is_chosen])
        for is_drawn, share in ((~is_chosen, FAINT_SHARE if is_chosen.any() else 1.0), (is_chosen, 1.0)):
            (rows,) = np.nonzero(seen & is_drawn)
            # Points are drawn in the file's order, so that no label covers all others, and in parts, because
            # Matplotlib holds Python's global lock while it draws one part.
            for start in range(0, len(rows), POINTS_AT_ONCE):
                part = rows[start : start + POINTS_AT_ONCE]
                names = [] if labels is None else labels[part].tolist()
                dots = self._colors.muted if labels is None else list(map(label_color_name, names))
                self._dots(px[part], dots, share)
        size = names_px(self._subject, self._projection)
        for name in self._names:
            color = self._colors.muted if name.group is None else label_color_name(shown[name.group])
            if name.leader_px is not None:
                self._draw_leader(name, color)
            if name.group is None:
                self._pen.name(*name.place_px, name.text, min(size, TICK_SIZE_PX), color, 6)
            else:
                self._pen.name(*name.place_px, name.text, size, color, 6, is_bold=True)

    def _draw_leader(self, name: GroupName, color: str) -> None:
        """Draw a thin line from a name to the middle of its group."""
        assert name.leader_px is not None
        start = np.array(name.middle_px)
        line = np.array([start, start + name.leader_px])
        self._pen.line(line, self._colors.paper, 2.6, 5.5)
        self._pen.line(line, color, 1.0, 5.6)
        self._pen.circle(start, 2.2, color, self._colors.paper, 0.8, 5.7)

    def _draw_rings(self, px: Doubles) -> None:
        """Draw rings around points; rings that overlap become one outline."""
        for color, size, zorder in ((self._colors.ink, RING_PX, 4.8), (self._colors.paper, HOLE_PX, 4.9)):
            self._pen.axes.scatter(px[:, 0], px[:, 1], s=size**2, c=color, linewidths=0, zorder=zorder)

    def _dots(self, px: Doubles, colors: str | list[str], share: float = 1.0) -> None:
        size = point_px(self._subject, self._projection)
        self._pen.axes.scatter(
            px[:, 0],
            px[:, 1],
            s=size**2,
            c=colors,
            alpha=share * self._subject.state.opacities.of(Layer.POINTS),
            edgecolors=self._colors.edge,
            # Some programs draw an edge of any width one pixel wide, and faint points would look like
            # circles.
            linewidths=0.2 if self._colors.edge != "none" and share == 1 and size == POINT_PX else 0,
            zorder=5,
        )

    def _draw_own(self) -> None:
        """Draw the true and the approximate posterior of the drawn or opened image."""
        own, colors = self._subject.own, self._colors
        if own is None:
            return
        if Part.TRUE_POSTERIOR in self._parts:
            for curves, thick in zip(own.contours, (1.8, 1.2), strict=True):
                for curve in map(self._px, curves):
                    self._pen.line(curve, colors.paper, thick + 2, 6.5)
                    self._pen.line(curve, colors.own, thick, 6.5)
        if Part.ENCODED in self._parts:
            normals = project_normals(self._subject.state.plane, own.mean[None], own.logvar[None])
            for radius, dashes in zip(RADII, (None, (4, 3)), strict=True):
                curve = self._px(ellipse(normals, 0, radius))
                self._pen.line(curve, colors.paper, 3.8, 6.6)
                self._pen.line(curve, colors.ink, 1.6, 6.6, dashes=dashes)
            self._pen.circle(self._px(normals.mean[0]), 3.2, colors.ink, colors.paper, 1.2, 6.7)

    def _draw_pinned(self) -> None:
        posterior, state = self._subject.posterior, self._subject.state
        assert posterior is not None
        for index in [n for n in state.pinned[-MAX_PINNED:] if 0 <= n < len(posterior.mean)]:
            row = slice(index, index + 1)
            normals = project_normals(state.plane, posterior.mean[row], posterior.logvar[row])
            label = None if posterior.labels is None else int(posterior.labels[index])
            color = self._colors.muted if label is None else label_color_name(label)
            if not (isinstance(posterior, OwnPosterior) and posterior.is_z):
                for radius in RADII:
                    curve = self._px(ellipse(normals, 0, radius))
                    self._pen.line(curve, self._colors.paper, 3.5, 7)
                    self._pen.line(curve, color, 1.6, 7)
            x, y = self._px(normals.mean[0]).tolist()
            if not self._is_inside(x, y, 0):
                continue
            self._pen.circle(np.array([x, y]), 3.2, self._colors.ink, self._colors.paper, 1.2, 7)
            name = name_of(posterior, index)
            if not name:
                name = f"#{index}" if label is None else f"{self._subject.label_name(label)} · #{index}"
            self._draw_card(x, y, self._image_of(index), name, color)

    def _image_of(self, index: int) -> Bytes | None:
        posterior = self._subject.posterior
        if posterior is None or posterior.images is None:
            return None
        image: Bytes = to_bytes(pictures_of(posterior, slice(index, index + 1)))[0]
        return image

    def _draw_card(self, x: float, y: float, image: Bytes | None, name: str, color: str) -> None:
        """Draw an image and its name beside a point, to the lower right if there is room."""
        width = max(0 if image is None else CARD_PX, width_px(name, TICK_SIZE_PX)) + 2 * CARD_PAD_PX
        high = 0.0 if image is None else CARD_PX * min(1.0, image.shape[0] / image.shape[1])
        height = high + TICK_SIZE_PX + 3 * CARD_PAD_PX
        room_x, room_y = self._projection.size_px
        left = x + CARD_GAP_PX if x + CARD_GAP_PX + width < room_x else x - CARD_GAP_PX - width
        top = y + CARD_GAP_PX if y + CARD_GAP_PX + height < room_y else y - CARD_GAP_PX - height
        self._pen.line(np.array([(x, y), (left + width / 2, top + height / 2)]), color, 1.2, 7)
        self._pen.box((left, top), (width, height), color, 1.0, 7)
        if image is not None:
            wide = high * image.shape[1] / image.shape[0]
            start = left + (width - wide) / 2
            corners = np.array([(start, top + CARD_PAD_PX), (start + wide, top + CARD_PAD_PX + high)])
            self._pen.picture(image, corners, 7.5, smooth=self._smooth)
        y_text = top + height - CARD_PAD_PX - TICK_SIZE_PX / 2
        self._pen.text(left + width / 2, y_text, name, TICK_SIZE_PX, self._colors.ink, "center", 7.6)

    def _draw_path(self) -> None:
        state = self._subject.state
        _, z = path_line(state.path, state.path_kind, state.path_closed)
        line = self._px(state.plane.project(z))
        self._pen.line(line, self._colors.paper, 4, 8)
        self._pen.line(line, self._colors.path, 2, 8)
        for index, point in enumerate(self._px(state.plane.project(state.path))):
            self._pen.diamond(point, PATH_POINT_PX, self._colors.path, self._colors.paper, 1.5, 8.5)
            x, y = point.tolist()
            if self._is_inside(x, y, 0):
                self._pen.text(x, y, point_name(index), PATH_TEXT_PX, self._colors.paper, "center", 8.6)

    def _px(self, ab: ArrayLike) -> Doubles:
        found: Doubles = np.clip(self._projection.px(ab), -FAR_PX, FAR_PX)
        return found

    def _is_inside(self, x: float, y: float, margin: float) -> bool:
        width, height = self._projection.size_px
        return margin <= x <= width - margin and margin <= y <= height - margin


def point_px(subject: Subject, projection: Projection) -> float:
    """The diameter of the points, which is smaller for many points on a small plane."""
    width, height = projection.size_px
    share = POINTS_SHARE * width * height / max(1, int(subject.are_shown.sum()))
    return float(np.clip(2 * np.sqrt(share / np.pi), LEAST_POINT_PX, POINT_PX))


def placed_names(
    subject: Subject, projection: Projection, parts: frozenset[Part] = frozenset()
) -> list[GroupName]:
    """The names of the groups in view on a plane, with places inside the projection's area.

    They keep off the path and the posteriors of a drawn image, if these are in `parts`.
    """
    posterior, labels = subject.posterior, subject.labels_shown
    if posterior is None or posterior.labels is None or not 0 < len(labels) <= MOST_NAMES:
        return []
    are_shown, room = subject.are_shown, projection.size_px
    view = projection.chart.view_of(posterior.mean)
    all_middles = projection.view_px(
        [np.median(view[are_shown & (posterior.labels == label)], axis=0) for label in labels]
    )
    in_view = [n for n, (x, y) in enumerate(all_middles.tolist()) if 0 <= x <= room[0] and 0 <= y <= room[1]]
    size = names_px(subject, projection)
    most_px = min(MOST_NAME_PX, room[0] - 2 * NAME_EDGE_PX)

    def size_of(text: str, group: int | None) -> tuple[float, float]:
        """Width and height of the name of a group, or of several."""
        return width_px(text, size, is_bold=group is not None) + NAME_EDGE_PX + 1, size + 10

    found = group_names(
        [shortened(subject.label_name(labels[n]), most_px, size, is_bold=True) for n in in_view],
        all_middles[in_view],
        projection.px_of(posterior.mean)[are_shown],
        size_of,
        subject.name_offsets,
        LEAVE_COST,
        _marks(subject, projection, parts),
        (0.0, 0.0, *room),
    )
    return [
        replace(
            name,
            group=None if name.group is None else in_view[name.group],
            members=tuple(in_view[n] for n in name.members),
        )
        for name in found
    ]


def names_px(subject: Subject, projection: Projection) -> float:
    """The letter size of the names, which is smaller if they would cover much of the plane."""
    names = [shortened(subject.label_name(n), MOST_NAME_PX, NAME_SIZE_PX) for n in subject.labels_shown]
    widths = (width_px(name, NAME_SIZE_PX, is_bold=True) + NAME_EDGE_PX for name in names)
    width, height = projection.size_px
    is_much = sum(widths) * (NAME_SIZE_PX + 10) > NAMES_SHARE * width * height
    return SMALL_NAME_PX if is_much else NAME_SIZE_PX


def _marks(subject: Subject, projection: Projection, parts: frozenset[Part]) -> Doubles:
    """The points [K, 2] that names keep off: those of the path, and of a drawn image's posteriors."""
    state, own = subject.state, subject.own
    plane = state.plane
    marks: list[Doubles] = []
    if Part.PATH in parts and state.path:
        marks.append(plane.project(path_places(state.path, state.path_kind, state.path_closed)))
    if own is not None and Part.ENCODED in parts:
        marks.append(plane.project(own.mean[None]))
    if own is not None and Part.TRUE_POSTERIOR in parts:
        curves = [curve for curves in own.contours for curve in curves]
        marks += [curve[:: -(-len(curve) // MARKS_OF_CURVE)] for curve in curves if len(curve)]
    return projection.px(np.concatenate(marks)) if marks else np.empty((0, 2))

"""Test images on a plane: the one under the pointer and the pinned ones, with cards and menu entries."""

import numpy as np
from PySide6.QtCore import QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QMenu

from desktop.app.plane_subject import PlaneSubject
from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.images.pixels import to_bytes
from desktop.latent.chart import Chart
from desktop.latent.normals import ellipse, project_normals
from desktop.latent.plane import decimals_in, format_z
from desktop.models.own_posterior import pictures_of, title_of
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.plain_text import menu_text
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.plane.held_out_overlay import HeldOut, HeldOutOverlay
from desktop.widgets.plane.plane_menu import add_title
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.pointer import PointerHandler
from export.bundle import Posterior

HOVER_MS = 140
REACH_PX = 9.0
RADII = (1.0, 2.0)
MAX_Z_NUMBERS = 4
MAX_PINNED = 64  # shown at once; an opened view may come from a stranger and pin many more


class HeldOutControl(QObject, PointerHandler):
    """Shows the test image under the pointer and those that are pinned, on one plane.

    Args:
        subject: the model on the plane, and the state that changes.
        plane: the plane.
    """

    copy_wanted = Signal(object)  # z of an image's mean
    path_wanted = Signal(object)  # z of an image's mean, to be added to the path
    pin_wanted = Signal(int)  # pin this image, or unpin it
    near_shown = Signal(object)  # the number of the image that is shown at the pointer now, or None

    def __init__(self, subject: PlaneSubject, plane: PlaneView) -> None:
        super().__init__(plane)
        self._subject = subject
        self._explorer = explorer = subject.shown
        self._view = plane
        self._overlay = HeldOutOverlay(plane, plane.to_px)
        self._near: int | None = None  # under the pointer
        self._beside: int | None = None  # under the pointer on another plane
        self._told: int | None = None
        self._placed: tuple[Chart, Doubles] | None = None
        self._px: Doubles | None = None
        self._soon = QTimer(self, singleShot=True, interval=HOVER_MS)
        self._soon.timeout.connect(self._show)
        self._view.resized.connect(self._on_moved)
        explorer.opened.connect(self._on_opened)
        explorer.points_changed.connect(self._on_opened)
        explorer.state_changed.connect(self._on_state)
        explorer.model_changed.connect(lambda: self._on_state(explorer.state))
        self._state = explorer.state
        self._posterior: Posterior | None = None

    @property
    def _is_z(self) -> bool:
        return self._explorer.points.are_z

    @property
    def hovered(self) -> int | None:
        """The number of the test image that is shown at the pointer, or None."""
        return None if self._overlay.hovered is None else self._overlay.hovered.index

    def show_beside(self, index: int | None) -> None:
        """Show the test image that is at the pointer on another plane; None shows none."""
        if index != self._beside:
            self._beside = index
            self._show()

    def press(self, event: QMouseEvent) -> bool:
        """Handle Ctrl-clicks, which pin or unpin an image, and clicks on your own z, which go there."""
        if (
            event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        ):
            found = self._index_at(event.position().x(), event.position().y())
            if found is not None and self._subject.has_same_points():
                self.pin_wanted.emit(found)
            return True
        self.leave()
        if (
            self._is_z
            and event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
        ):
            found = self._index_at(event.position().x(), event.position().y())
            if found is not None and self._posterior is not None:
                self._subject.go_to(Vector(self._posterior.mean[found]))
                return True
        return False

    def move(self, event: QMouseEvent) -> bool:
        """Show the test image under the pointer, unless a button is held."""
        if event.buttons() != Qt.MouseButton.NoButton:
            self.leave()
        else:
            self._point_at(event.position().x(), event.position().y())
        return False

    def lose_gesture(self) -> None:
        """Hide the test image at the pointer, because the pointer now drags a point of the path."""
        self.leave()

    def leave(self) -> None:
        """Hide the test image at the pointer."""
        self._near = None
        self._soon.stop()
        if self._overlay.hovered is not None:
            self._show()

    def fill_menu(self, menu: QMenu, position: QPointF) -> bool:
        """Add entries about the test image under a pixel."""
        index = self._index_at(position.x(), position.y())
        if index is None or self._posterior is None:
            return False
        z = Vector(self._posterior.mean[index])
        add_title(menu, menu_text(title_of(self._posterior, index, self._explorer.points.label_names)))
        subject, there = self._subject, "it" if self._is_z else "its mean"
        menu.addAction(f"&Go to {there}", lambda: subject.go_to(z))
        if subject.has_same_points():
            pin = "Un&pin it" if index in self._state.pinned else "&Pin it"
            menu.addAction(pin, lambda: self.pin_wanted.emit(index))
        if subject.has_same_z:
            menu.addAction(f"&Add {there} to the path", lambda: self.path_wanted.emit(z))
        menu.addAction("Copy its &z", lambda: self.copy_wanted.emit(z))
        return False

    def _point_at(self, x: float, y: float) -> None:
        found = self._index_at(x, y)
        if found == self._near:
            return
        self._near = found
        if found is None:
            self.leave()
        elif self._overlay.hovered is not None:
            self._show()  # an image is shown already, so the next one needs no delay
        else:
            self._soon.start()

    def _index_at(self, x: float, y: float) -> int | None:
        """The number of the shown point nearest to a pixel, if one is within reach.

        Comparing all of 10,000 points takes about 20 µs, less than an index of them would cost.
        """
        if self._posterior is None or Layer.POINTS not in self._state.layers:
            return None
        if self._px is None:
            self._px = self._shown_px(self._posterior)
        dx, dy = self._px[0] - x, self._px[1] - y
        squares = dx * dx
        squares += dy * dy
        nearest = int(squares.argmin()) if len(squares) else 0
        return nearest if len(squares) and squares[nearest] <= REACH_PX**2 else None

    def _shown_px(self, posterior: Posterior) -> Doubles:
        """Return the pixels of all points [2, N]; those of hidden labels are infinite."""
        chart = self._state.chart
        if self._placed is None or self._placed[0] != chart:
            self._placed = chart, chart.view_of(posterior.mean)
        px = self._view.projection.view_px(self._placed[1])
        px[~self._state.are_shown(len(posterior.mean), posterior.labels)] = np.inf
        return np.ascontiguousarray(px.T)

    def _on_opened(self) -> None:
        self._posterior = None  # `_on_state` sets it
        self._overlay.setAccessibleName(self._explorer.points.words.heading("on the plane"))
        self._show()

    def _on_state(self, state: ViewState) -> None:
        posterior, old = self._explorer.points.posterior, self._state
        self._state = state
        if posterior is not self._posterior:
            self._posterior, self._placed, self._px = posterior, None, None
            self._near = self._beside = None
        elif (old.chart, old.viewport, old.hidden_labels, old.shown_only) != (
            state.chart,
            state.viewport,
            state.hidden_labels,
            state.shown_only,
        ):
            self._px, self._near = None, None
        elif (old.layers, old.pinned) == (state.layers, state.pinned):
            return  # only the cursor moved
        self._show()

    def _on_moved(self) -> None:
        self._px, self._near = None, None
        self._show()

    def _show(self) -> None:
        posterior = self._posterior
        if not self._view.isVisible():  # `resized` calls this again when it is shown
            return
        if posterior is None:
            self._overlay.show_images((), None)
            self._view.set_cards([])
            return
        count = len(posterior.mean)
        pinned = tuple(
            self._held_out(posterior, n, pinned=True)
            for n in self._state.pinned[-MAX_PINNED:]
            if 0 <= n < count
        )
        wanted = {Layer.THUMBNAIL, Layer.ELLIPSE} & self._state.layers
        shows_near = wanted and Layer.POINTS in self._state.layers
        here = self._near if shows_near else None
        near = self._beside if here is None and shows_near else here
        hovered = None if near is None else self._held_out(posterior, near)
        self._overlay.show_images(pinned, hovered, self._view.marks())
        self._view.set_cards(self._overlay.cards)
        if here != self._told:
            self._told = here
            self.near_shown.emit(here)

    def _held_out(self, posterior: Posterior, index: int, pinned: bool = False) -> HeldOut:
        mean, plane = posterior.mean[index], self._state.plane
        normals = project_normals(plane, mean[np.newaxis], posterior.logvar[index : index + 1])
        a, b = normals.mean[0].tolist()
        with_card = pinned or Layer.THUMBNAIL in self._state.layers
        with_ellipse = (pinned or Layer.ELLIPSE in self._state.layers) and not self._is_z
        images = posterior.images
        image = None
        if with_card and images is not None:
            image = to_qimage(to_bytes(pictures_of(posterior, slice(index, index + 1)))[0])
        label = None if posterior.labels is None else int(posterior.labels[index])
        name = title_of(posterior, index, self._explorer.points.label_names)
        shortened = " …" if len(mean) > MAX_Z_NUMBERS else ""
        # Two decimals fewer than elsewhere, because the card is small.
        decimals = decimals_in(self._state.viewport.span) - 2
        z = f"z {format_z(mean[:MAX_Z_NUMBERS].tolist(), decimals=decimals)}{shortened}"
        return HeldOut(
            index=index,
            ab=(a, b),
            curves=tuple(ellipse(normals, 0, radius) for radius in RADII) if with_ellipse else (),
            image=image,
            lines=((name,) if pinned else (name, z)) if with_card else (),
            color=colors.AXIS if label is None else colors.label_color(label),
        )

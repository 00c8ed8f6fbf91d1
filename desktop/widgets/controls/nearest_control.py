"""Shows the test images nearest to the cursor, which the worker finds."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMenu

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.base.minus import with_minus
from desktop.base.vector import Vector
from desktop.images.pixels import to_bytes
from desktop.images.shrink import shrink
from desktop.jobs.decode import Decoded
from desktop.jobs.points_of_z import THUMBNAIL_PX
from desktop.latent.elbo import logits_of
from desktop.latent.likelihood import Family, Parameters
from desktop.latent.nearest import (
    Nearness,
    Neighbour,
    nearest_by_difference,
    nearest_by_likelihood,
    nearest_by_picture,
    nearest_by_z,
)
from desktop.models.own_posterior import name_of, pictures_of, white_of
from desktop.view.state import ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.commands import add_choice_menu
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.panels.nearest_panel import COUNT, NearestPanel, Shown
from desktop.widgets.panels.side_panel import SidePanel
from export.bundle import Posterior

# How long the cursor rests before a search: by z it is fast, by picture it reads all images.
REST_MS = {Nearness.Z: 60, Nearness.PICTURE: 120}
# The time between two searches while the cursor moves. Nobody can follow pictures that change more often.
MOVING_MS = 200
NAME = "nearest"
MOST_NAMES = 64  # at most so many names of own pictures are measured


class NearestControl(QObject):
    """Shows the nearest test images above the panel's sections if the bundle has test images."""

    def __init__(self, explorer: Explorer, side_panel: SidePanel, view: QMenu) -> None:
        super().__init__(side_panel)
        self._explorer = explorer
        self._decoded: Decoded | None = None
        self._posterior: object = None
        self.panel = NearestPanel()
        self.panel.hide()
        side_panel.add_above_sections(self.panel)
        add_choice_menu(view, "&Nearest images", self.panel.nearness, [self.panel])
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._ask)
        self._waits_since_s = 0.0  # `time.perf_counter` of the first move that waits for a search
        self._nearness = explorer.state.nearness
        self.panel.nearness_wanted.connect(lambda nearness: explorer.change(nearness=nearness))
        self.panel.chosen.connect(self._go_to)
        explorer.opened.connect(self._on_opened)
        explorer.points_changed.connect(self._on_points)
        explorer.picture_decoded.connect(self._on_decoded)
        explorer.state_changed.connect(self._on_state)
        explorer.model_changed.connect(lambda: self._on_state(explorer.state))

    def _on_opened(self) -> None:
        self._decoded = None
        self._on_points()

    def _on_points(self) -> None:
        self.panel.set_words(self._explorer.points.words)
        self.panel.show_images(())
        self.panel.set_names(self._names())
        self._show_or_hide()

    def _names(self) -> Sequence[str]:
        """Return names that can stand below the images."""
        posterior = self._explorer.points.posterior
        if posterior is None:
            return ()
        if posterior.labels is not None:
            return self._explorer.points.label_names
        return [name_of(posterior, index) for index in range(min(len(posterior.mean), MOST_NAMES))]

    def _show_or_hide(self) -> None:
        posterior = self._explorer.points.posterior
        self.panel.setVisible(
            posterior is not None and posterior.images is not None and len(posterior.images) > 0
        )

    def _on_decoded(self, decoded: Decoded) -> None:
        self._decoded = decoded
        self._ask_soon()

    def _on_state(self, state: ViewState) -> None:
        self.panel.set_nearness(state.nearness)
        if state.nearness is not self._nearness or self._explorer.points.posterior is not self._posterior:
            self._nearness, self._posterior = state.nearness, self._explorer.points.posterior
            self.panel.set_names(self._names())
            self._show_or_hide()
            self._ask_soon()

    def _ask_soon(self) -> None:
        now_s = time.perf_counter()
        if not self._soon.isActive():
            self._waits_since_s = now_s
        left_ms = MOVING_MS - round(1e3 * (now_s - self._waits_since_s))
        self._soon.start(max(0, min(REST_MS[self._explorer.state.nearness], left_ms)))

    def _ask(self) -> None:
        posterior, decoded = self._explorer.points.posterior, self._decoded
        if posterior is None or posterior.images is None or decoded is None:
            return
        nearness, likelihood = self._explorer.state.nearness, self._explorer.likelihood
        steps: Iterator[tuple[Neighbour, ...] | None]
        if nearness is Nearness.Z:
            steps = nearest_by_z(posterior.mean, decoded.z, COUNT)
        elif likelihood is None or not self._has_likelihood(posterior):
            picture = decoded.probabilities
            if self._explorer.points.are_z:
                picture = shrink(picture[np.newaxis], THUMBNAIL_PX)[0]
            steps = nearest_by_difference(posterior.images, white_of(posterior), picture, COUNT)
        elif posterior.levels == 2 and likelihood.family is Family.BERNOULLI:
            steps = nearest_by_picture(posterior.images, decoded.probabilities, COUNT)
        else:
            parameters = decoded.parameters
            if likelihood.family is Family.BERNOULLI:
                parameters = Parameters(logits_of(decoded.probabilities[np.newaxis]))
            if parameters is None:  # the same picture follows with its parameters
                return
            steps = nearest_by_likelihood(posterior.images, likelihood, parameters, COUNT)
        self._explorer.worker.request(
            NAME, Priority.GRID, steps, lambda found: self._on_found(found, nearness, posterior)
        )

    def _has_likelihood(self, posterior: Posterior) -> bool:
        """Whether log p(x|z) of the images can be computed; thumbnails have none."""
        if self._explorer.points.are_z:
            return False
        likelihood = self._explorer.likelihood
        return likelihood is not None and likelihood.levels == posterior.levels

    def _on_found(
        self, found: tuple[Neighbour, ...] | None, nearness: Nearness, posterior: Posterior
    ) -> None:
        # Own pictures may have come or gone meanwhile.
        if found is None or posterior is not self._explorer.points.posterior or posterior.images is None:
            return
        names = self._explorer.points.label_names
        of_picture = "nats, −log p(x|z)" if self._has_likelihood(posterior) else "root mean square difference"
        shown = []
        for neighbour in found:
            index = neighbour.index
            label = None if posterior.labels is None else int(posterior.labels[index])
            known = label is not None and label < len(names)
            own_name = name_of(posterior, index)
            number = own_name or f"#{index}"
            name = number if label is None else names[label] if known else str(label)
            unit = "from the cursor in z" if nearness is Nearness.Z else of_picture
            shown.append(
                Shown(
                    index=index,
                    title=", ".join(dict.fromkeys([own_name or f"Test image {index}", name])),
                    image=to_qimage(to_bytes(pictures_of(posterior, slice(index, index + 1)))[0]),
                    name=name,
                    color=colors.AXIS if label is None else colors.label_color(label),
                    distance=with_minus(f"{neighbour.distance:.4g}") + f" {unit}",
                )
            )
        self.panel.show_images(shown)

    def _go_to(self, index: int) -> None:
        posterior = self._explorer.points.posterior
        if posterior is not None and index < len(posterior.mean):
            self._explorer.set_state(self._explorer.state.moved_to(Vector(posterior.mean[index])))

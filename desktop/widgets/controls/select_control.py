"""Selects points on the plane, and shows the selection in its section of the panel."""

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QImage, QPainter

from desktop.app.worker import Priority
from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.images.dots import dot_coverage, draw_dots
from desktop.images.pixels import to_bytes
from desktop.jobs.decode import Decoded, decode_picture
from desktop.jobs.selection_file import save_csv
from desktop.latent.chart import Chart, ToPx
from desktop.latent.selection import (
    box_corners,
    chosen_labels,
    counts_by_label,
    in_polygon,
    labels_of_part,
    of_labels,
    shown_points,
    within,
)
from desktop.models.own_posterior import pictures_of, title_of
from desktop.view.state import Layer, ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.qimage import draw_words, to_qimage
from desktop.widgets.common.save_dialog import ask_where
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.label_counts import LabelCount
from desktop.widgets.panels.select_panel import SelectPanel
from desktop.widgets.plane.selector import Mode, Selector, Tool
from export.bundle import Posterior

NAME = "selection mean"
SECTION = "points"
RING_PX, RING_WIDTH_PX = 8.0, 1.3


class SelectControl(QObject):
    """Joins the plane's boxes and lassos, the menu and the section of the selection to the explorer.

    Attributes:
        selector: draws boxes and lassos.
        panel: the section.
        menu: the menu of what can be selected.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        self._plane = shell.plane
        self.selector = Selector(shell.plane)
        self.panel = panel = SelectPanel()
        self._posterior: Posterior | None = None
        self._selected: tuple[int, ...] = ()
        self._counted: tuple[int, ...] = ()  # what the bars count, of which all or some labels are selected
        self._placed: tuple[Chart, Doubles] | None = None
        self._mean: Vector | None = None
        shell.panel.add_section(SECTION, "Select and find", panel)
        shell.plane.add_under_points(self._draw_rings)
        self.selector.drawn.connect(self._on_drawn)
        self.selector.tool_changed.connect(panel.show_tool)
        panel.tool_wanted.connect(self._set_tool)
        panel.clear_wanted.connect(lambda: self._select(()))
        panel.only_wanted.connect(lambda on: explorer.change(only_selected=on))
        panel.go_to_mean_wanted.connect(self._go_to_mean)
        panel.save_wanted.connect(self._save)
        panel.counts.chosen.connect(self._choose_labels)
        panel.grid.chosen.connect(self.go_to)
        explorer.opened.connect(self._on_points)
        explorer.points_changed.connect(self._on_points)
        explorer.model_changed.connect(self._on_points)
        explorer.state_changed.connect(self._on_state)
        self.menu = menu = shell.menus["select"]
        add_action(menu, "Select in a &box", "B", partial(self._switch_tool, Tool.BOX))
        add_action(menu, "Select in a &lasso", "Shift+B", partial(self._switch_tool, Tool.LASSO))
        menu.addSeparator()
        add_action(menu, "Select &all", "Ctrl+A", lambda: self._select(self._shown()))
        add_action(menu, "Select what is in &view", "Shift+V", self._select_view)
        add_action(menu, "&Invert the selection", "Ctrl+I", self._invert)
        add_action(menu, "&Clear the selection", "Ctrl+Shift+A", lambda: self._select(()))
        menu.addSeparator()
        add_action(menu, "Show &only the selection", "Shift+O", self._switch_only)
        add_action(menu, "Go to its &mean", None, self._go_to_mean)
        add_action(menu, "&Save it as CSV…", None, self._save)
        menu.addSeparator()

    def select(self, indices: Iterable[int]) -> None:
        """Select these points and show the section."""
        self._select(indices)
        self._shell.panel.show_section(self.panel)

    def go_to(self, index: int) -> None:
        """Move the cursor to a point's mean, and bring it into view."""
        posterior = self._explorer.posterior
        if posterior is not None and index < len(posterior.mean):
            state = self._explorer.state.moved_to(Vector(posterior.mean[index]))
            self._explorer.set_state(state.with_cursor_in_view())

    # ---- what is selected

    def _set_tool(self, tool: Tool | None) -> None:
        self.selector.set_tool(tool)
        self._plane.setFocus()

    def _switch_tool(self, tool: Tool) -> None:
        self._set_tool(None if self.selector.tool is tool else tool)

    def _on_drawn(self, polygon: Doubles, mode: Mode) -> None:
        posterior = self._explorer.posterior
        if posterior is None:
            return
        inside = in_polygon(self._plane.projection.view_px(self._view_of(posterior)), polygon)
        found = set(np.flatnonzero(inside & self._are_shown(posterior)).tolist())
        before = set(self._explorer.state.selected)
        self.select({Mode.REPLACE: found, Mode.ADD: before | found, Mode.REMOVE: before - found}[mode])

    def _select(self, indices: Iterable[int]) -> None:
        self._explorer.set_state(self._explorer.state.with_selected(indices))

    def _choose_labels(self, labels: frozenset[int], adds: bool) -> None:
        """Select the points of these labels among those that the bars count."""
        of_points = None if self._posterior is None else self._posterior.labels
        if of_points is None:
            return
        before = labels_of_part(of_points, self._counted, self._selected) or frozenset()
        every = frozenset(of_points[list(self._counted)].tolist())
        chosen = chosen_labels(before, every, labels, adds)
        self._select(of_labels(of_points, self._counted, chosen))

    def _shown(self) -> list[int]:
        """The numbers of the points that are shown."""
        posterior = self._explorer.posterior
        return [] if posterior is None else np.flatnonzero(self._are_shown(posterior)).tolist()

    def _select_view(self) -> None:
        self._on_drawn(box_corners((0, 0), self._plane.size_px()), Mode.REPLACE)

    def _invert(self) -> None:
        self._select(set(self._shown()) - set(self._explorer.state.selected))

    def _switch_only(self) -> None:
        state = self._explorer.state
        if state.selected:
            self._explorer.change(only_selected=not state.only_selected)

    def _are_shown(self, posterior: Posterior) -> NDArray[np.bool_]:
        state = self._explorer.state
        if Layer.POINTS not in state.layers:
            return np.zeros(len(posterior.mean), np.bool_)
        return shown_points(len(posterior.mean), posterior.labels, state.hidden_labels, state.shown_only)

    def _view_of(self, posterior: Posterior) -> Doubles:
        """The points in view coordinates [N, 2]."""
        chart = self._explorer.state.chart
        if self._placed is None or self._placed[0] != chart:
            self._placed = chart, chart.view_of(posterior.mean)
        return self._placed[1]

    # ---- what is shown

    def _on_points(self) -> None:
        self._on_state(self._explorer.state)

    def _on_state(self, state: ViewState) -> None:
        posterior = self._explorer.posterior
        self.panel.only.setChecked(state.only_selected)
        if posterior is self._posterior and state.selected == self._selected:
            return
        if posterior is not self._posterior:
            self._placed, self._counted = None, ()
        self._posterior, self._selected = posterior, state.selected
        self._plane.redraw_under_points()
        self._show(posterior)

    def _show(self, posterior: Posterior | None) -> None:
        panel, words = self.panel, self._explorer.words
        if posterior is None:
            panel.show_count(0, 0, words)
            return
        rows = within(self._selected, len(posterior.mean))
        panel.show_count(len(rows), len(posterior.mean), words)
        names = self._explorer.label_names
        panel.counts.show_counts(self._counts(posterior, rows.tolist(), names), colors.AXIS)
        has_images = posterior.images is not None and len(rows) > 0
        panel.grid.setVisible(has_images)
        panel.grid.points.set_points(
            rows.tolist() if has_images else (), partial(self._picture, posterior, names)
        )
        self._mean = Vector(posterior.mean[rows].mean(axis=0, dtype=np.float64)) if len(rows) else None
        self._ask_mean()

    def _counts(self, posterior: Posterior, rows: list[int], names: tuple[str, ...]) -> list[LabelCount]:
        """Count the selection by label; that of before, if some of its labels are what is selected now."""
        labels = posterior.labels
        chosen = labels_of_part(labels, self._counted, rows)
        if chosen is None:
            self._counted, chosen = tuple(rows), frozenset()
        return [
            LabelCount(
                names[label] if label < len(names) else str(label),
                colors.label_color(label),
                count,
                frozenset({label}),
                not chosen or label in chosen,
            )
            for label, count in counts_by_label(labels, self._counted)
        ]

    def _picture(
        self, posterior: Posterior, names: tuple[str, ...], index: int
    ) -> tuple[QImage, QColor, str]:
        image = to_qimage(to_bytes(pictures_of(posterior, slice(index, index + 1)))[0])
        label = None if posterior.labels is None else int(posterior.labels[index])
        color = colors.AXIS if label is None else colors.label_color(label)
        return image, color, title_of(posterior, index, names)

    def _ask_mean(self) -> None:
        """Have the picture at the mean decoded; one of a slow decoder is shown if it is there."""
        decoder, mean = self._explorer.decoder, self._mean
        self.panel.mean.set_image(None)
        if decoder is not None and mean is not None and (not decoder.is_slow or decoder.has(mean)):
            self._explorer.worker.request(NAME, Priority.GRID, decode_picture(decoder, mean), self._on_mean)

    def _on_mean(self, decoded: Decoded) -> None:
        if decoded.z == self._mean:
            self.panel.mean.set_image(to_qimage(to_bytes(decoded.probabilities[np.newaxis])[0]))

    def _go_to_mean(self) -> None:
        if self._mean is not None:
            self._explorer.set_state(self._explorer.state.moved_to(self._mean).with_cursor_in_view())

    def _save(self) -> None:
        posterior, explorer = self._explorer.posterior, self._explorer
        if posterior is None or not explorer.state.selected:
            self._shell.message.show_note("Nothing is selected; select points first")
            return
        refuse = self._shell.message.show_message
        path = ask_where(self._shell.window, "Save selection", "selection.csv", "CSV (*.csv)", refuse)
        if path is not None:
            job = save_csv(path, posterior, explorer.state.selected, explorer.label_names)
            explorer.worker.request(f"save {path}", Priority.SAVE, job, explorer.saved.emit, of_model=False)

    def _draw_rings(self, painter: QPainter, to_px: ToPx, state: ViewState) -> Iterator[None]:
        """Draw a ring around each selected point that is shown; rings that meet become one outline."""
        posterior = self._explorer.posterior
        if posterior is None or not state.selected or Layer.POINTS not in state.layers:
            return
        rows = within(state.selected, len(posterior.mean))
        rows = rows[self._are_shown(posterior)[rows]]
        device = painter.device()
        ratio = device.devicePixelRatio()
        margin = 2 * RING_PX  # for rings that are cut off by an edge
        centers = (to_px(state.plane.project(posterior.mean[rows])) + margin) * ratio
        size = [round(side_px + 2 * margin * ratio) for side_px in (device.height(), device.width())]
        words = np.zeros(size, np.uint32)
        of_all = np.zeros(len(rows), np.intp)
        for color, diameter_px in ((colors.CURSOR, RING_PX), (colors.CANVAS, RING_PX - 2 * RING_WIDTH_PX)):
            palette = np.array([[color.red(), color.green(), color.blue()]], np.uint8)
            yield from draw_dots(words, centers, palette, of_all, dot_coverage(diameter_px * ratio))
        draw_words(painter, words, (round(-margin * ratio),) * 2, ratio)

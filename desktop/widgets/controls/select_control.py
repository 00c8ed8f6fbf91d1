"""Selects points on the planes, and shows the selection in its section of the panel."""

from collections.abc import Iterable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage

from desktop.app.plane_subject import PlaneSubject
from desktop.app.saving import save_file
from desktop.app.worker import Priority
from desktop.base.vector import Vector
from desktop.images.pixels import to_bytes
from desktop.jobs.decode import Decoded, decode_picture
from desktop.jobs.selection_file import save_csv
from desktop.latent.directions import direction_to
from desktop.latent.selection import chosen_labels, counts_by_label, labels_of_part, of_labels, within
from desktop.models.opened import same_images
from desktop.models.own_posterior import pictures_of, title_of
from desktop.view.state import ViewState
from desktop.widgets.common import colors
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import name_command
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.save_dialog import ask_save_path
from desktop.widgets.common.usable import NO_POINTS, NOTHING_SELECTED, set_usable
from desktop.widgets.controls.plane_selection import PlaneSelection, are_on_plane
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.label_counts import LabelCount
from desktop.widgets.panels.select_panel import SelectPanel
from desktop.widgets.plane.plane_view import PlaneView
from desktop.widgets.plane.selector import Mode, Selector, Tool
from export.bundle import Posterior

NAME = "selection mean"
SECTION = "points"


class SelectControl(QObject):
    """Connects the plane's boxes and lassos, the menu and the section of the selection to the explorer.

    Attributes:
        selector: draws boxes and lassos on the window's own plane.
        panel: the section.
        menu: the menu of what can be selected.
    """

    direction_wanted = Signal(object)  # Directions from the cursor

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        self._planes: list[PlaneSelection] = []
        self.panel = panel = SelectPanel()
        self._posterior: Posterior | None = None
        self._selected: tuple[int, ...] = ()
        self._counted: tuple[int, ...] = ()  # the points that the bars count; some or all labels are selected
        self._mean: Vector | None = None
        shell.panel.add_section(SECTION, "Select and find", panel)
        self.selector = self.add_plane(PlaneSubject.of(explorer), shell.plane)
        panel.tool_wanted.connect(self._set_tool)
        panel.clear_wanted.connect(lambda: self._select(()))
        panel.only_wanted.connect(lambda on: explorer.change(only_selected=on))
        panel.go_to_mean_wanted.connect(self._go_to_mean)
        panel.direction_wanted.connect(self._make_direction)
        panel.save_wanted.connect(self._save)
        panel.counts.chosen.connect(self._choose_labels)
        panel.grid.chosen.connect(self.go_to)
        explorer.opened.connect(self._on_points)
        explorer.points_changed.connect(self._on_points)
        explorer.model_changed.connect(self._on_points)
        explorer.state_changed.connect(self._on_state)
        self.menu = menu = shell.menus["select"]
        box = add_action(menu, "Select in a &box", "B", partial(self._switch_tool, Tool.BOX))
        lasso = add_action(menu, "Select in a &lasso", "Shift+B", partial(self._switch_tool, Tool.LASSO))
        menu.addSeparator()
        every = add_action(menu, "Select &all", "Ctrl+A", lambda: self.select(self._shown()))
        in_view = add_action(menu, "Select what is in &view", "Shift+V", self._select_view)
        invert = add_action(menu, "&Invert the selection", "Ctrl+I", self._invert)
        self._of_points = (box, lasso, every, in_view, invert)  # the entries that need points
        clear = add_action(menu, "&Clear the selection", "Ctrl+Shift+A", lambda: self._select(()))
        menu.addSeparator()
        only = add_action(menu, "Show &only the selection", "Shift+O", self._switch_only)
        go_to_mean = add_action(menu, "Go to its &mean", None, self._go_to_mean)
        direction = add_action(menu, "Make a &direction to its mean", None, self._make_direction)
        save = add_action(menu, "&Save it as CSV…", None, self._save)
        menu.addSeparator()
        self._of_selection = (clear, only, go_to_mean, direction, save)
        for entry, button in (
            (box, panel.box),
            (lasso, panel.lasso),
            (clear, panel.clear),
            (only, panel.only),
            (go_to_mean, panel.go_to_mean),
            (direction, panel.direction),
            (save, panel.save),
        ):
            name_command(entry, button)

    def add_plane(self, subject: PlaneSubject, plane: PlaneView) -> Selector:
        """Let people select on this plane too, which may show another model; return its selector."""
        selection = PlaneSelection(subject, plane)
        self._planes.append(selection)
        selection.found.connect(self._on_found)
        selection.selector.tool_changed.connect(self._on_tool)
        return selection.selector

    def select(self, indices: Iterable[int]) -> None:
        """Select these points and show the section."""
        self._select(indices)
        self._shell.panel.show_section(self.panel)

    def go_to(self, index: int) -> None:
        """Move the cursor to a point's mean, and bring it into view."""
        posterior = self._explorer.points.posterior
        if posterior is not None and index < len(posterior.mean):
            state = self._explorer.state.moved_to(Vector(posterior.mean[index]))
            self._explorer.set_state(state.with_cursor_in_view())

    # ---- what is selected

    def _set_tool(self, tool: Tool | None) -> None:
        self._on_tool(tool)
        seen = [each.plane for each in self._planes if each.plane.isVisible()]
        if seen and not any(plane.hasFocus() for plane in seen):
            seen[0].setFocus()

    def _on_tool(self, tool: Tool | None) -> None:
        """Set the same tool on all planes."""
        for each in self._planes:
            each.selector.set_tool(tool)
        self.panel.show_tool(tool)

    def _switch_tool(self, tool: Tool) -> None:
        self._set_tool(None if self.selector.tool is tool else tool)

    def _on_found(self, found: set[int], mode: Mode) -> None:
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
        posterior = self._explorer.points.posterior
        if posterior is None:
            return []
        return np.flatnonzero(are_on_plane(posterior, self._explorer.state)).tolist()

    def _select_view(self) -> None:
        """Select the points in view on the plane that is shown."""
        seen = [each for each in self._planes if each.plane.isVisible()]
        (seen or self._planes)[0].find_in_view()

    def _invert(self) -> None:
        self.select(set(self._shown()) - set(self._explorer.state.selected))

    def _switch_only(self) -> None:
        state = self._explorer.state
        if state.selected:
            self._explorer.change(only_selected=not state.only_selected)

    # ---- what is shown

    def _on_points(self) -> None:
        exist = self._explorer.points.exist
        for entry in self._of_points:
            set_usable(entry, "" if exist else NO_POINTS)
        self.panel.set_has_points(exist)
        if not exist:
            self._on_tool(None)
        self._on_state(self._explorer.state)

    def _on_state(self, state: ViewState) -> None:
        posterior = self._explorer.points.posterior
        self.panel.only.setChecked(state.only_selected)
        if posterior is self._posterior and state.selected == self._selected:
            return
        if posterior is not self._posterior and not same_images(posterior, self._posterior):
            self._counted = ()
        self._posterior, self._selected = posterior, state.selected
        self._show(posterior)

    def _show(self, posterior: Posterior | None) -> None:
        panel, words = self.panel, self._explorer.points.words
        reason = NO_POINTS if posterior is None else "" if self._selected else NOTHING_SELECTED
        for entry in self._of_selection:
            set_usable(entry, reason)
        if posterior is None:
            panel.show_count(0, 0, words)
            return
        rows = within(self._selected, len(posterior.mean))
        panel.show_count(len(rows), len(posterior.mean), words)
        names = self._explorer.points.label_names
        chosen = labels_of_part(posterior.labels, self._counted, rows.tolist())
        if chosen is None:  # otherwise the bars keep counting the points of all labels
            self._counted, chosen = tuple(rows.tolist()), frozenset()
        panel.counts.show_counts(self._counts(posterior, chosen, names), colors.AXIS)
        has_images = posterior.images is not None and len(rows) > 0
        panel.grid.setVisible(has_images)
        panel.grid.points.set_points(
            rows.tolist() if has_images else (), partial(self._picture, posterior, names)
        )
        self._mean = Vector(posterior.mean[rows].mean(axis=0, dtype=np.float64)) if len(rows) else None
        self._ask_mean()

    def _counts(
        self, posterior: Posterior, chosen: frozenset[int], names: tuple[str, ...]
    ) -> list[LabelCount]:
        """Count by label; if some labels are chosen, the others are shown as left out."""
        return [
            LabelCount(
                names[label] if label < len(names) else str(label),
                colors.label_color(label),
                count,
                frozenset({label}),
                not chosen or label in chosen,
            )
            for label, count in counts_by_label(posterior.labels, self._counted)
        ]

    def _picture(
        self, posterior: Posterior, names: tuple[str, ...], index: int
    ) -> tuple[QImage, QColor, str]:
        image = to_qimage(to_bytes(pictures_of(posterior, slice(index, index + 1)))[0])
        label = None if posterior.labels is None else int(posterior.labels[index])
        color = colors.AXIS if label is None else colors.label_color(label)
        return image, color, title_of(posterior, index, names)

    def _ask_mean(self) -> None:
        """Request the picture at the mean; a slow decoder's is shown only if it was decoded before."""
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

    def _make_direction(self) -> None:
        """Make a direction from the cursor to the mean of the selection."""
        posterior, explorer = self._posterior, self._explorer
        if self._mean is None or posterior is None:
            return
        rows, labels = within(self._selected, len(posterior.mean)), posterior.labels
        name = f"to {len(rows):,} selected"
        if labels is not None and np.array_equal(rows, np.flatnonzero(labels == labels[rows[0]])):
            label, names = int(labels[rows[0]]), explorer.points.label_names
            name = f"to {names[label] if label < len(names) else label}"
        try:
            found = direction_to(self._mean, explorer.state.z, name)
        except ValueError as error:
            self._shell.message.show_error(error)
            return
        self._shell.message.dismiss()
        self.direction_wanted.emit(found)

    def _save(self) -> None:
        posterior, explorer = self._explorer.points.posterior, self._explorer
        if posterior is None or not explorer.state.selected:
            return
        # Taken before the dialog opens, because behind it playing epochs and a growing bundle go on.
        selected, names = explorer.state.selected, explorer.points.label_names
        show_message = self._shell.message.show_message
        window, source = self._shell.window, explorer.source
        path = ask_save_path(window, "Save selection", "selection.csv", "CSV (*.csv)", show_message, source)
        if path is not None:
            save_file(explorer, path, save_csv(path, posterior, selected, names), of_model=False)

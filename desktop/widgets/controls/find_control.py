"""Finds points by label, name or number, and tours the found, selected, worst or misplaced points."""

import math
from functools import partial

from PySide6.QtCore import QObject, Signal

from desktop.app.found_points import Found, misplaced_steps, worst_steps
from desktop.app.worker import Priority
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.sheets import KnownScores
from desktop.latent.selection import find_points, within
from desktop.models.own_posterior import title_of
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.usable import NO_POINTS, set_usable
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.find_panel import FindPanel, Tour
from export.bundle import Posterior

NAME = "tour"
SECTION = "points"  # holds the panel, below the selection


class FindControl(QObject):
    """Keeps the points of a tour, and the current place in it."""

    point_wanted = Signal(int)  # go to its mean
    selection_wanted = Signal(object)  # tuple of numbers

    def __init__(self, shell: Shell, panel: FindPanel) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        self._panel = panel
        self._tour = Tour.FOUND
        self._text = ""
        self._points: tuple[int, ...] | None = None  # None until they are found
        self._words: list[str] = []
        self._place: int | None = None
        self._selects = False  # whether what is found is to be selected
        self._step = 0  # the step to take once the points are found
        self._known = KnownScores()
        self._posterior: Posterior | None = None
        self._selected: tuple[int, ...] = ()
        panel.searched.connect(self._search)
        panel.select_found_wanted.connect(self._select_found)
        panel.tour_wanted.connect(lambda tour: self.begin(tour))
        panel.tour_changed.connect(self._take)
        panel.step_wanted.connect(self.step)
        panel.field.left.connect(shell.plane.setFocus)
        save_input("find.tour", panel.tour)
        panel.cost.start_wanted.connect(lambda: self._find(math.inf))
        panel.cost.stop_wanted.connect(self._stop)
        explorer.opened.connect(self._on_points)
        explorer.points_changed.connect(self._on_points)
        explorer.model_changed.connect(self._on_points)
        explorer.state_changed.connect(self._on_state)
        menu = shell.menus["select"]
        find = add_action(menu, "&Find…", "Ctrl+F", self._focus)
        reveal = self._reveal
        add_button(menu, "Select those fo&und", panel.select, reveal=reveal)
        found, selected = (
            add_action(menu, text, None, partial(self.begin, tour))
            for text, tour in (
                ("Go through those found", Tour.FOUND),
                ("Go through the selection", Tour.SELECTED),
            )
        )
        worst = add_action(
            menu, "Go through the &worst reconstructions", None, lambda: self.begin(Tour.WORST)
        )
        misplaced = add_action(menu, "Go through the misplace&d", None, lambda: self.begin(Tour.MISPLACED))
        select_misplaced = add_action(
            menu, "Selec&t the misplaced", None, lambda: self.begin(Tour.MISPLACED, selects=True)
        )
        following = add_action(menu, "&Next point", ".", lambda: self.step(1))
        previous = add_action(menu, "&Previous point", ",", lambda: self.step(-1))
        for entry, widget in ((worst, panel.tour), (following, panel.next), (previous, panel.before)):
            name_command(entry, widget)
        # The entries that need points.
        self._of_points = (find, found, selected, worst, misplaced, select_misplaced, following, previous)
        cost = panel.cost
        add_button(menu, "Decode or stop the comparison", cost.button, within=[cost], reveal=reveal)

    def begin(self, tour: Tour, selects: bool = False) -> None:
        """Start a tour at its first point, and select all of its points if `selects`."""
        self._tour, self._selects = tour, selects
        self._panel.show_tour(tour)
        self._forget()
        self._reveal()
        self.step(1)

    def step(self, by: int) -> None:
        """Go to the next or the previous point; after the last comes the first."""
        self._step = by
        if self._points is None:
            self._find(ASK_FROM_S)
        else:
            self._go_on()

    def _take(self, tour: Tour) -> None:
        """Change the tour without moving; the next step goes to its first point."""
        if tour is not self._tour:
            self._tour = tour
            self._forget()

    def _reveal(self) -> None:
        self._shell.panel.reveal(SECTION)

    def _focus(self) -> None:
        self._reveal()
        self._panel.field.setFocus()
        self._panel.field.selectAll()

    def _search(self, text: str) -> None:
        if self._tour is not Tour.FOUND or text != self._text:
            self._text = text
            self.begin(Tour.FOUND)
        else:
            self.step(1)

    def _select_found(self, text: str) -> None:
        found = self._found(text)
        if found:
            self.selection_wanted.emit(found)
        else:
            self._panel.show_place(self._nothing(text))

    def _found(self, text: str) -> tuple[int, ...]:
        points = self._explorer.points
        posterior = points.posterior
        if posterior is None:
            return ()
        names = () if points.own is None else points.own.names
        return find_points(text, len(posterior.mean), posterior.labels, points.label_names, names)

    def _nothing(self, text: str) -> str:
        if not text.strip():
            return "Type a label, a name or a number first."
        return f"None of the {self._explorer.points.words.bare} is “{text.strip()}”."

    def _find(self, most_s: float) -> None:
        """Find the points of the tour; ask first if that takes more than `most_s`."""
        posterior = self._explorer.points.posterior
        if posterior is None:
            self._panel.show_place("There are no points.")
        elif self._tour is Tour.FOUND:
            self._text = self._panel.field.text()
            self._on_found((self._found(self._text), []))
        elif self._tour is Tour.SELECTED:
            rows = within(self._explorer.state.selected, len(posterior.mean))
            self._on_found((tuple(rows.tolist()), []))
        else:
            is_worst = self._tour is Tour.WORST
            steps = worst_steps(self._explorer, self._known, most_s) if is_worst else None
            if not is_worst:
                steps = misplaced_steps(self._explorer)
            if steps is None:
                no_images = f"The {self._explorer.points.words.bare} have no pictures to compare."
                no_labels = f"The {self._explorer.points.words.bare} have no labels."
                self._panel.show_place(no_images if is_worst else no_labels)
                return
            self._panel.cost.hide()
            self._panel.show_place("Comparing …")
            self._explorer.worker.request(NAME, Priority.GRID, steps, self._on_step)

    def _stop(self) -> None:
        self._explorer.worker.cancel(NAME)
        self._panel.cost.hide()
        self._panel.show_place("")

    def _on_step(self, step: Found | Progress | Cost | None) -> None:
        if isinstance(step, Progress):
            self._panel.cost.show_progress(step)
        elif isinstance(step, Cost):
            self._panel.show_place("")
            self._panel.cost.ask(step)
        elif step is not None:
            self._panel.cost.hide()
            self._on_found(step)

    def _on_found(self, found: Found) -> None:
        self._points, self._words = found
        self._place = None
        if self._selects:
            self._selects = False
            self.selection_wanted.emit(self._points)
        self._go_on()

    def _go_on(self) -> None:
        """Take the pending step."""
        points, posterior = self._points, self._explorer.points.posterior
        by, self._step = self._step, 0
        if not points or posterior is None:
            nothing = {
                Tour.FOUND: self._nothing(self._text),
                Tour.SELECTED: "Nothing is selected.",
                Tour.MISPLACED: "Each point's nearest neighbour has the same label.",
                Tour.WORST: "There are no points.",
            }
            self._panel.show_place(nothing[self._tour])
            return
        if not by:
            return
        start = -1 if by > 0 else 0
        self._place = ((start if self._place is None else self._place) + by) % len(points)
        index = points[self._place]
        title = title_of(posterior, index, self._explorer.points.label_names)
        about = self._words[self._place] if self._words else ""
        self._panel.show_place(f"{self._place + 1:,} of {len(points):,}: {title}", about)
        self.point_wanted.emit(index)

    def _forget(self) -> None:
        self._points, self._words, self._place = None, [], None
        self._explorer.worker.cancel(NAME)
        self._panel.cost.hide()
        self._panel.show_place("")

    def _on_points(self) -> None:
        posterior = self._explorer.points.posterior
        if posterior is not self._posterior:
            self._posterior = posterior
            self._known = KnownScores()
            self._forget()
        for entry in self._of_points:
            set_usable(entry, "" if self._explorer.points.exist else NO_POINTS)

    def _on_state(self, state: ViewState) -> None:
        if state.selected != self._selected:
            self._selected = state.selected
            if self._tour is Tour.SELECTED:
                self._forget()
        self._on_points()

"""The pages of many pictures: decodes them when they are shown, saves them, and goes to a picture's z."""

import math
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QMenu, QPushButton, QWidget

from desktop.app import pages
from desktop.app.saving import note_of, save_picture, save_sheet
from desktop.app.worker import Priority
from desktop.base.vector import Vector
from desktop.images.room import RoomError, no_room
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.sheet_steps import Sheet
from desktop.jobs.sheets import KnownScores, Order, Scores
from desktop.view.state import ViewState
from desktop.widgets.common.choices import add_choices
from desktop.widgets.common.commands import add_button, add_choice_menu
from desktop.widgets.common.count_box import CountBox
from desktop.widgets.common.save_dialog import ask_save_path
from desktop.widgets.common.saved_inputs import WANTED, save_input, saved_for
from desktop.widgets.common.usable import set_usable
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.grid_page import MAX_SEED, MAX_SIDE, NOT_FULL, GridPage
from desktop.widgets.panels.pages import Pages

SAMPLES, MANIFOLD, RECONSTRUCTIONS, TRAVERSALS = "samples", "manifold", "reconstructions", "traversals"
TO_COMPARE = "Decode compares every image with its reconstruction, because the order depends on it."
COMPARING = "Comparing every image with its reconstruction …"
# Once somebody has agreed to decode a number of pictures on a page, up to so many times this number need no
# further question.
AGREED_TIMES = 1.5
AT_QUANTILES = "The manifold grid: pictures at the prior quantiles 0.05 to 0.95 along both axes."
AT_EVEN_STEPS = "Pictures at even steps around the samples of the prior that the plane goes through."
BY_RATE = (
    "One row per latent dimension, the highest rate first: the cursor's z, with this coordinate varied "
    "across the prior."
)
BY_NUMBER = (
    "One row per latent dimension, by number, because rates need test images: the cursor's z, with this "
    "coordinate varied across the prior."
)
ELBOS = "shown elbos"  # the worker's request
NO_IMAGES = "The open model has no test images, so there is nothing to reconstruct."


class GridsControl(QObject):
    """Adds the pages to the window's tabs and connects them to the explorer."""

    sheet_shown = Signal(str)  # key of its page
    # The arguments of `_save`. The signal is queued, because the file dialog blocks the emitter.
    _save_due = Signal(str, int)

    def __init__(self, shell: Shell, tabs: Pages) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._tabs = tabs
        self._explorer = shell.explorer
        self._known = KnownScores()
        self._agreed: dict[str, int] = {}  # by page: the number of pictures that somebody agreed to decode
        self._decodes_nothing = False
        self._pending = ""  # the page whose sheet is being made; until then it shows the old one
        # Page and scale of a sheet that is to be saved once it is made.
        self._to_save: tuple[str, int] | None = None
        self._save_due.connect(self._save, Qt.ConnectionType.QueuedConnection)
        self._state = shell.explorer.state
        self.samples_n, self.manifold_n = _spin(1, MAX_SIDE, 8), _spin(1, MAX_SIDE, 20)
        self.pairs_n, self.traversal_n = _spin(1, MAX_SIDE // 2, 8), _spin(2, MAX_SIDE, 11)
        self.dimensions_n = _spin(1, MAX_SIDE, 10)
        self._want_dimensions(self.dimensions_n.value())
        self.dimensions_n.valueChanged.connect(self._want_dimensions)
        self.seed = _spin(0, MAX_SEED, 0)
        self.seed.setAccessibleName("Seed of the samples")
        self.resample = QPushButton("Resample")
        self.resample.setToolTip("Draw new samples with the next seed.")
        self.order = QComboBox()
        add_choices(self.order, Order)
        self.order.setToolTip(
            "Sort by the ELBO of each image, estimated by one draw from its approximate posterior. This can\n"
            "differ by some nats from the ELBO that you see when you point at a picture."
        )
        self.samples = self._page(
            "&Samples",
            SAMPLES,
            "Pictures at samples of the prior. Click a picture to go to its z.",
            [("Pictures per side", self.samples_n), ("Seed", self.seed), ("", self.resample)],
        )
        self.manifold = self._page(
            "&Manifold",
            MANIFOLD,
            AT_QUANTILES,
            [("Pictures per side", self.manifold_n)],
        )
        self.reconstructions = self._page(
            "&Reconstructions",
            RECONSTRUCTIONS,
            "Each image with the picture decoded at its posterior mean on the right.",
            [("Pairs per row", self.pairs_n), ("Order", self.order)],
        )
        self.traversals = self._page(
            "&Traversals",
            TRAVERSALS,
            BY_RATE,
            [("Pictures per row", self.traversal_n), ("Dimensions", self.dimensions_n)],
        )
        self._pages = {
            SAMPLES: self.samples,
            MANIFOLD: self.manifold,
            RECONSTRUCTIONS: self.reconstructions,
            TRAVERSALS: self.traversals,
        }
        for name, page in self._pages.items():
            save_input(f"{name}.scale", page.scale)
        save_input("samples.n", self.samples_n)
        save_input("samples.seed", self.seed)
        save_input("manifold.n", self.manifold_n)
        save_input("reconstructions.n", self.pairs_n)
        save_input("reconstructions.order", self.order)
        save_input("traversals.titles", self.traversals.titles)
        save_input("traversals.n", self.traversal_n)
        save_input("traversals.dimensions", self.dimensions_n)
        self.resample.clicked.connect(lambda: self.seed.setValue((self.seed.value() + 1) % MAX_SEED))
        for spin in (
            self.samples_n,
            self.seed,
            self.manifold_n,
            self.pairs_n,
            self.traversal_n,
            self.dimensions_n,
        ):
            spin.valueChanged.connect(self._fill)
        self.order.currentIndexChanged.connect(self._fill)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.points_changed.connect(self._on_points)
        self._explorer.model_changed.connect(self._on_model)
        self._explorer.state_changed.connect(self._on_state)
        tabs.currentChanged.connect(self._fill)

    def fill_menu(self, menu: QMenu) -> None:
        """Add entries for the pages' buttons; each shows its page first."""
        show = self._tabs.show_key
        menu.addSeparator()
        save = menu.addMenu("Sa&ve pictures")
        add_choice_menu(menu, "&Order of the reconstructions", self.order)
        add_button(menu, "&New samples", self.resample, reveal=partial(show, SAMPLES))
        for name, page in self._pages.items():
            add_button(save, f"&{name.capitalize()} as PNG…", page.save, reveal=partial(show, name))
            add_button(save, f"Titles in the saved {name}", page.titles)
            text, cost = f"Decode or stop the {name}", page.cost
            add_button(menu, text, cost.button, within=[cost], reveal=partial(show, name))

    def _page(self, text: str, name: str, hint: str, controls: Sequence[tuple[str, QWidget]]) -> GridPage:
        page = GridPage(hint, controls)
        page.save_wanted.connect(partial(self._save, name))
        page.cell_clicked.connect(partial(self._go_to_cell, name))
        page.cost.start_wanted.connect(partial(self._start, name))
        page.cost.stop_wanted.connect(self._stop)
        self._tabs.add_page(name, text, page)
        return page

    def _on_opened(self) -> None:
        self._known = KnownScores()
        self._agreed.clear()
        self._limit_dimensions(self._explorer.latent_dim or MAX_SIDE)
        for page in self._pages.values():
            page.set_sheet(None)
        self._fill()

    def _limit_dimensions(self, latent_dim: int) -> None:
        """Limit the rows to the model's dimensions; the number that a person set comes back if it fits."""
        self.dimensions_n.blockSignals(True)
        self.dimensions_n.setMaximum(min(MAX_SIDE, latent_dim))
        self.dimensions_n.setValue(self._dimensions_wanted)
        self.dimensions_n.blockSignals(False)

    def _want_dimensions(self, count: int) -> None:
        self._dimensions_wanted = count
        self.dimensions_n.setProperty(WANTED, count)

    def _on_points(self) -> None:
        """Drop the reconstructions, because the points are others now; `_on_model` is called next."""
        self._explorer.worker.cancel("grid")
        self._explorer.worker.cancel(ELBOS)
        self.reconstructions.set_sheet(None)

    def _on_model(self) -> None:
        """Decode the page with another epoch's model; the old pictures stay until it is done."""
        self._known = KnownScores()
        self._fill()

    def _on_state(self, state: ViewState) -> None:
        old, self._state = self._state, state
        current = self._tabs.key()
        if (current == MANIFOLD and old.plane != state.plane) or (current == TRAVERSALS and old.z != state.z):
            self._fill()

    def _fill(self, *_: object, most_s: float | None = None) -> None:
        """Request the page in front with its inputs and the state; ask first if it takes more than `most_s`.

        By default, `most_s` is what never needs a question, or what somebody agreed to on this page if more.
        """
        name, model = self._tabs.key(), self._explorer.model
        self._explorer.worker.cancel(ELBOS)
        if most_s is None:
            agreed_s = 0.0 if model is None else self._agreed.get(name, 0) * model.picture_s
            most_s = max(ASK_FROM_S, AGREED_TIMES * agreed_s)
        self._decodes_nothing = most_s == 0
        self._say_what_is_shown(name)
        steps = self._steps(name, most_s) if name in self._pages else None
        if self._to_save is not None and (steps is None or self._to_save[0] != name):
            self._to_save = None
        if steps is not None:
            self._pending = name
            self._pages[name].cost.hide()
            self._explorer.worker.request(
                "grid", Priority.GRID, steps, partial(self._on_step, name), partial(self._on_error, name)
            )
            self._explorer.interrupt()  # what a slow decoder does now can wait

    def _say_what_is_shown(self, name: str) -> None:
        """Update the hint of a page whose pictures depend on the model or the plane."""
        if name == MANIFOLD:
            is_around = self._explorer.samples_viewport is not None
            self.manifold.set_hint(AT_EVEN_STEPS if is_around else AT_QUANTILES)
        elif name == TRAVERSALS:
            points = self._explorer.points.encoded
            has_rates = points is not None and len(points.mean) > 0
            self.traversals.set_hint(BY_RATE if has_rates else BY_NUMBER)

    def _start(self, name: str) -> None:
        """Decode what the page asked about, and from now on as many of its pictures without a question."""
        page = self._pages[name]
        there = 0 if page.sheet is None else len(page.sheet.z)
        self._agreed[name] = max(there, 0 if page.cost.asked is None else page.cost.asked.pictures)
        self._fill(most_s=math.inf)

    def _stop(self) -> None:
        """Stop decoding; the decoded pictures stay."""
        self._agreed.pop(self._tabs.key(), None)
        self._fill(most_s=0.0)

    def _on_error(self, name: str, error: Exception) -> None:
        self._to_save, self._pending = None, ""
        set_usable(self._pages[name].save, NOT_FULL)  # the old sheet stays there
        for page in self._pages.values():
            page.cost.hide()
        if isinstance(error, RoomError):  # the page's inputs cause it, so it stays until they change
            self._pages[name].set_sheet(None, str(error))
        else:
            self._explorer.failed.emit(error)
            if name == self._tabs.key() and not self._decodes_nothing:
                self._stop()  # this also offers to decode the rest

    def _steps(self, name: str, most_s: float) -> pages.Steps | None:
        """Return the job that decodes a page; None if there is nothing to decode."""
        explorer = self._explorer
        if explorer.source is None:
            return None
        if name == SAMPLES:
            return pages.samples_steps(explorer, self.samples_n.value(), self.seed.value(), most_s)
        if name == MANIFOLD:
            return pages.manifold_steps(explorer, self.manifold_n.value(), most_s)
        if name == TRAVERSALS:
            rows, columns = self.dimensions_n.value(), self.traversal_n.value()
            return pages.traversals_steps(explorer, rows, columns, most_s)
        order = Order(self.order.currentData())
        steps = pages.reconstructions_steps(explorer, self._known, order, self.pairs_n.value(), most_s)
        if steps is None:
            self.reconstructions.set_sheet(None, NO_IMAGES)
        return steps

    def _on_step(self, name: str, step: Sheet | Scores | Progress | Cost | None) -> None:
        page = self._pages[name]
        if isinstance(step, Progress):
            page.cost.show_progress(step)
            self._tell_about_scores(name, COMPARING)
        elif isinstance(step, Cost):
            sheet = page.sheet
            self._to_save, self._pending = None, ""
            page.cost.ask(step, sheet is not None and sheet.missing < len(sheet.z))
            self._tell_about_scores(name, TO_COMPARE)
        elif isinstance(step, Sheet):
            page.set_sheet(step)
            if not step.missing:
                page.cost.hide()
                due, self._to_save, self._pending = self._to_save, None, ""
                self.sheet_shown.emit(name)
                if name == RECONSTRUCTIONS:
                    self._find_elbos(step)
                if due is not None:
                    self._save_due.emit(*due)

    def _find_elbos(self, sheet: Sheet) -> None:
        """Request captions with the ELBO as in the section Your image, instead of the one-draw estimate."""
        explorer, order = self._explorer, Order(self.order.currentData())
        steps = pages.elbos_steps(explorer, self._known, order, sheet)
        if steps is not None:
            renew = self.reconstructions.renew_captions
            explorer.worker.request(ELBOS, Priority.TABLE, steps, renew)

    def _tell_about_scores(self, name: str, note: str) -> None:
        """While the scores are not known, say on the empty page that the comparison comes first."""
        page = self._pages[name]
        if name == RECONSTRUCTIONS and self._known.scores is None and page.sheet is None:
            page.set_sheet(None, note)

    def _go_to_cell(self, name: str, index: int) -> None:
        sheet = self._pages[name].sheet
        if sheet is not None:
            self._explorer.set_state(self._explorer.state.moved_to(Vector(sheet.z[index])))

    def _save(self, name: str, scale: int) -> None:
        """Ask for a path and save the page's present sheet, or do so once a sheet in the making is ready."""
        if name == self._pending:
            self._to_save = name, scale
            return
        # Taken before the dialog opens, because behind it playing epochs and a growing bundle go on.
        window, sheet, decoder = self._shell.window, self._pages[name].sheet, self._explorer.decoder
        if sheet is None or decoder is None:
            return
        show_message = self._shell.message.show_message
        size = sheet.plan.size(decoder.model.image_shape)
        if (found := no_room(lambda _: size, 1, scale)) is not None:
            fits = "choose fewer pictures" if found.scale is None else f"scale {found.scale} fits"
            show_message(f"{found.reason}; {fits}")
            return
        # Also taken before the dialog opens.
        note = note_of(self._explorer, name, **saved_for(window, name))
        path = ask_save_path(
            window, f"Save {name}", f"{name}.png", "PNG (*.png)", show_message, self._explorer.source
        )
        if path is None:
            return
        titles = sheet.plan.titles if self._pages[name].titles.isChecked() else None
        if sheet.is_reduced:
            save_sheet(self._explorer, decoder, path, sheet.plan, scale, note, titles)
        else:
            save_picture(self._explorer, path, sheet.picture, scale, note, titles)


def _spin(low: int, high: int, value: int) -> CountBox:
    spin = CountBox()
    spin.setRange(low, high)
    spin.setValue(value)
    return spin

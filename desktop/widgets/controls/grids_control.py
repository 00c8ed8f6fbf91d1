"""The pages of many pictures: decoded when they are looked at, saved, and a way to each picture's z."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QSpinBox, QWidget

from desktop.app.worker import Priority
from desktop.jobs import sheets
from desktop.jobs.sheets import Order, Scores, Sheet
from desktop.view.state import ViewState
from desktop.widgets.common.save_dialog import ask_where
from desktop.widgets.common.saved_inputs import keep
from desktop.widgets.panels.grid_page import MAX_SEED, MAX_SIDE, GridPage

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow

SAMPLES, MANIFOLD, RECONSTRUCTIONS, TRAVERSALS = "samples", "manifold", "reconstructions", "traversals"
NO_IMAGES = "The open model comes without held-out images: there is nothing to reconstruct."


class GridsControl(QObject):
    """Adds the pages to the window's tabs and wires them to the explorer."""

    sheet_shown = Signal(str)

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._explorer = window.explorer
        self._scores: Scores | None = None
        self._state = window.explorer.state
        self.samples_n, self.manifold_n = _spin(1, MAX_SIDE, 8), _spin(1, MAX_SIDE, 20)
        self.pairs_n, self.traversal_n = _spin(1, MAX_SIDE // 2, 8), _spin(2, MAX_SIDE, 11)
        self.dimensions_n = _spin(1, MAX_SIDE, 10)
        self.seed = _spin(0, MAX_SEED, 0)
        self.seed.setAccessibleName("Seed of the samples")
        self.resample = QPushButton("Resample")
        self.resample.setToolTip("Draw new samples: the next seed")
        self.order = QComboBox()
        self.order.addItems([order.value for order in Order])
        self.order.setToolTip("By the bound of each image, with one draw from its posterior")
        self.samples = self._page(
            "&Samples",
            SAMPLES,
            "Pictures at samples of the prior. Click one to go to its z.",
            [("Pictures a side", self.samples_n), ("Seed", self.seed), ("", self.resample)],
        )
        self.manifold = self._page(
            "&Manifold",
            MANIFOLD,
            "The manifold grid: pictures at the prior's quantiles 0.05 to 0.95 along both axes.",
            [("Pictures a side", self.manifold_n)],
        )
        self.reconstructions = self._page(
            "&Reconstructions",
            RECONSTRUCTIONS,
            "Held-out images, each with what the decoder makes of its posterior mean to its right.",
            [("Pairs a row", self.pairs_n), ("Order", self.order)],
        )
        self.traversals = self._page(
            "&Traversals",
            TRAVERSALS,
            "A row for each latent dimension, by its rate: the cursor's z with that number from −3 to 3.",
            [("Pictures a row", self.traversal_n), ("Dimensions", self.dimensions_n)],
        )
        self._pages = {
            SAMPLES: self.samples,
            MANIFOLD: self.manifold,
            RECONSTRUCTIONS: self.reconstructions,
            TRAVERSALS: self.traversals,
        }
        for name, page in self._pages.items():
            keep(f"{name}.scale", page.scale)
        keep("samples.n", self.samples_n)
        keep("samples.seed", self.seed)
        keep("manifold.n", self.manifold_n)
        keep("reconstructions.n", self.pairs_n)
        keep("reconstructions.order", self.order)
        keep("traversals.n", self.traversal_n)
        keep("traversals.dimensions", self.dimensions_n)
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
        self._explorer.model_changed.connect(self._on_model)
        self._explorer.state_changed.connect(self._on_state)
        window.tabs.currentChanged.connect(self._fill)

    def show_samples(self, n: int, seed: int) -> None:
        """Bring the samples of a seed to the front."""
        for spin, value in ((self.samples_n, n), (self.seed, seed)):
            with QSignalBlocker(spin):
                spin.setValue(value)
        self._bring(self.samples)

    def show_manifold(self, n: int) -> None:
        """Bring the manifold grid to the front."""
        with QSignalBlocker(self.manifold_n):
            self.manifold_n.setValue(n)
        self._bring(self.manifold)

    def _bring(self, page: GridPage) -> None:
        if self._window.tabs.currentWidget() is page:
            self._fill()
        else:
            self._window.tabs.setCurrentWidget(page)

    def _page(self, text: str, name: str, hint: str, controls: Sequence[tuple[str, QWidget]]) -> GridPage:
        page = GridPage(hint, controls)
        page.save_wanted.connect(partial(self._save, name))
        page.cell_clicked.connect(partial(self._go_to_cell, name))
        self._window.add_page(text, page)
        return page

    def _on_opened(self) -> None:
        self._scores = None
        for page in self._pages.values():
            page.set_sheet(None)
        self._fill()

    def _on_model(self) -> None:
        """Another epoch's model: what is shown stays until it is decoded anew."""
        self._scores = None
        self._fill()

    def _on_state(self, state: ViewState) -> None:
        old, self._state = self._state, state
        current = self._window.tabs.currentWidget()
        if (current is self.manifold and old.plane != state.plane) or (
            current is self.traversals and old.z != state.z
        ):
            self._fill()

    def _fill(self) -> None:
        """Have the page in front decoded, as its controls and the state say."""
        current = self._window.tabs.currentWidget()
        name = next((name for name, page in self._pages.items() if page is current), None)
        steps = None if name is None else self._steps(name)
        if name is not None and steps is not None:
            self._explorer.worker.request("grid", Priority.GRID, steps, partial(self._on_step, name))

    def _steps(self, name: str) -> Iterator[Sheet | Scores | None] | None:
        """What decodes a page; None where there is nothing to decode."""
        model, posterior = self._explorer.model, self._explorer.posterior
        if model is None:
            return None
        if name == SAMPLES:
            return sheets.samples_sheet(model, self.samples_n.value(), self.seed.value())
        if name == MANIFOLD:
            return sheets.manifold_sheet(model, self._explorer.state.plane, self.manifold_n.value())
        if name == TRAVERSALS:
            rows = sheets.by_rate(posterior, model.latent_dim)
            return sheets.traversals_sheet(
                model, self._explorer.state.z, rows[: self.dimensions_n.value()], self.traversal_n.value()
            )
        if posterior is None or posterior.images is None:
            self.reconstructions.set_sheet(None, NO_IMAGES)
            return None
        if self._scores is None and self.reconstructions.sheet is None:
            self.reconstructions.set_sheet(None, "Computing the bound of every held-out image …")
        order = Order(self.order.currentText())
        return sheets.reconstructions_sheet(model, posterior, self._scores, order, self.pairs_n.value())

    def _on_step(self, name: str, step: Sheet | Scores | None) -> None:
        if isinstance(step, Scores):
            self._scores = step
        elif step is not None:
            self._pages[name].set_sheet(step)
            self.sheet_shown.emit(name)

    def _go_to_cell(self, name: str, index: int) -> None:
        sheet = self._pages[name].sheet
        if sheet is not None:
            z = tuple(float(value) for value in sheet.z[index])
            self._explorer.set_state(self._explorer.state.moved_to(z))

    def _save(self, name: str, scale: int) -> None:
        window, sheet = self._window, self._pages[name].sheet
        path = ask_where(window, f"Save {name}", f"{name}.png", "PNG (*.png)", window.message.show_message)
        if path is not None and sheet is not None:
            note = window.provenance_control.note(name)
            self._explorer.save_picture(path, sheet.picture, scale, note)


def _spin(low: int, high: int, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    return spin

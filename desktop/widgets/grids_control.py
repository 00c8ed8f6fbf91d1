"""The pages of many pictures: filled when they are looked at, saved, and a way to each picture's z."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.pictures import Bytes
from desktop.widgets.grid_page import GridPage
from desktop.widgets.images import to_qimage
from desktop.widgets.save_dialog import ask_where

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow

SAMPLES, MANIFOLD = "samples", "manifold"


class GridsControl(QObject):
    """Adds the pages to the window's tabs and wires them to the explorer."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._explorer = window.explorer
        self._sheets: dict[str, Bytes] = {}
        self.samples = GridPage(
            8, seeded=True, hint="Pictures at samples of the prior. Click one to go to its z."
        )
        self.manifold = GridPage(
            20,
            seeded=False,
            hint="The manifold grid: pictures at the prior's quantiles 0.05 to 0.95 along both axes.",
        )
        self._pages = {SAMPLES: self.samples, MANIFOLD: self.manifold}
        window.add_page("&Samples", self.samples)
        window.add_page("&Manifold", self.manifold)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.model_changed.connect(self._fill)
        self._explorer.sheet_decoded.connect(self._on_sheet)
        window.tabs.currentChanged.connect(self._fill)
        for name, page in self._pages.items():
            page.wanted.connect(self._fill)
            page.save_wanted.connect(partial(self._save, name))
            page.cell_clicked.connect(partial(self._go_to_cell, name))

    def _on_opened(self) -> None:
        self._sheets.clear()
        for page in self._pages.values():
            page.set_image(None)
        self._fill()

    def _fill(self) -> None:
        page = self._window.tabs.currentWidget()
        if page is self.samples:
            self._explorer.request_samples(SAMPLES, self.samples.n.value(), self.samples.seed.value())
        elif page is self.manifold:
            self._explorer.request_manifold(MANIFOLD, self.manifold.n.value())

    def _on_sheet(self, name: str, sheet: Bytes) -> None:
        self._sheets[name] = sheet
        self._pages[name].set_image(to_qimage(sheet))

    def _go_to_cell(self, name: str, index: int) -> None:
        z = self._explorer.grid_z(name, index)
        if z is not None:
            self._explorer.set_state(self._explorer.state.moved_to(z))

    def _save(self, name: str, scale: int) -> None:
        window = self._window
        path = ask_where(window, f"Save {name}", f"{name}.png", "PNG (*.png)", window.message.show_message)
        if path is not None:
            self._explorer.save_picture(path, self._sheets[name], scale)

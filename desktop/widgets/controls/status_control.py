"""The status bar: what is open or under the pointer, how long a decode takes, and where the model runs."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QLabel, QStatusBar

from desktop.app.explorer import Explorer
from desktop.app.report import device_text
from desktop.base.words import one_line
from desktop.jobs.decode import Decoded
from desktop.latent.plane import decimals_in, format_z
from desktop.models.opened import Opened
from desktop.view.first_view import sample_seed
from desktop.view.state import ViewState
from desktop.widgets.common.buttons import push_button
from desktop.widgets.common.folders import open_folder_of
from desktop.widgets.common.plain_text import ElidedLabel, menu_text, tip_text
from desktop.widgets.common.theme import GRID_PX
from desktop.widgets.dialogs.about_model import in_words

MESSAGE_MS, SAVED_MS = 6000, 60_000
SAVED_CHARS = 32
UPDATE_MS = 60


class StatusControl(QObject):
    """Keeps the labels of the status bar up to date.

    Each new text lays out the bar again, so the labels change at most once in UPDATE_MS.

    Attributes:
        saved: names the file that was written last, for a minute; a click opens its folder.
    """

    def __init__(self, explorer: Explorer, bar: QStatusBar) -> None:
        super().__init__(bar)
        self._explorer = explorer
        self._bar = bar
        self._device, self._timing, self._place = QLabel(), QLabel(), ElidedLabel()
        self._device.setTextFormat(Qt.TextFormat.PlainText)
        self._pointer_ab: tuple[float, float] | None = None
        self._opening = ""
        self._epoch, self._z = explorer.state.epoch, explorer.state.z
        self._decoded: Decoded | None = None
        self._soon = QTimer(self, singleShot=True, interval=UPDATE_MS)
        self._soon.timeout.connect(self._show)
        self.saved = push_button("", "")
        self.saved.setFlat(True)
        self.saved.clicked.connect(self._open_folder)
        self.saved.hide()
        self._saved_path = Path()
        self._forget_saved = QTimer(self, singleShot=True, interval=SAVED_MS)
        self._forget_saved.timeout.connect(self.saved.hide)
        bar.setContentsMargins(GRID_PX - 2, 0, 0, 0)  # the bar has 2 px of its own
        bar.addWidget(self._place, 1)
        bar.addPermanentWidget(self.saved)
        bar.addPermanentWidget(self._timing)
        bar.addPermanentWidget(self._device)
        explorer.opened.connect(self._on_opened)
        explorer.renewed.connect(self._on_renewed)
        explorer.open_failed.connect(self._on_failed)
        explorer.state_changed.connect(self._on_state)
        explorer.picture_decoded.connect(self._on_decoded)
        explorer.saved.connect(self._on_saved)

    def tell(self, text: str) -> None:
        """Show a text for a few seconds."""
        self._bar.showMessage(one_line(text), MESSAGE_MS)

    def show_opening(self, path: object) -> None:
        """Show that a model is being opened, until it is open or has failed."""
        self._opening, self._pointer_ab = f"opening {path} …", None
        self._show()

    def set_pointer(self, ab: tuple[float, float] | None) -> None:
        """Show the z at the pointer's (a, b); after the pointer has left (None), show the model."""
        self._pointer_ab = ab
        self._show_soon()

    def _on_opened(self, opened: Opened) -> None:
        self._decoded, self._pointer_ab = None, None
        self._on_renewed(opened)

    def _on_renewed(self, _opened: Opened) -> None:
        self._opening = ""
        self._show_device()
        self._show()

    def _on_failed(self) -> None:
        self._opening = ""
        self._show()

    def _on_state(self, state: ViewState) -> None:
        if state.epoch != self._epoch or (self._pointer_ab is None and state.z != self._z):
            self._epoch, self._z = state.epoch, state.z
            self._show_soon()

    def _on_saved(self, path: Path) -> None:
        self._saved_path = path.absolute()
        self.saved.setText(menu_text(f"saved {one_line(path.name, SAVED_CHARS)}"))
        self.saved.setToolTip(tip_text(f"{self._saved_path}\nOpen its folder."))
        self.saved.show()
        self._forget_saved.start()

    def _open_folder(self) -> None:
        open_folder_of(self._saved_path)

    def _show_device(self) -> None:
        device = self._explorer.running_on
        if device is not None:
            self._device.setText(device_text(device))
            about = f"Not on a GPU: {device.reason}" if device.reason else device.description
            self._device.setToolTip(tip_text(about))

    def _on_decoded(self, decoded: Decoded) -> None:
        self._decoded = decoded
        self._show_soon()

    def _show_soon(self) -> None:
        if not self._soon.isActive():  # a restart would postpone it for as long as the pointer moves
            self._soon.start()

    def _show(self) -> None:
        if self._decoded is not None:
            self._timing.setText(f"last decode {_took(self._decoded.decode_ms)}")
        source = self._explorer.source
        if self._pointer_ab is None:
            words = "" if source is None else in_words(source, self._epoch)
            seed = None if source is None else sample_seed(self._explorer.state)
            words += "" if seed is None else f", cursor at a sample of the prior (seed {seed})"
            self._place.show_text(self._opening or words)
        else:
            plane, viewport = self._explorer.state.plane, self._explorer.state.viewport
            numbers = plane.first_numbers(self._pointer_ab)
            z = format_z(numbers, decimals=decimals_in(viewport.span))
            self._place.show_numbers(f"z  {z}".split(", "), len(plane.origin))


def _took(decode_ms: float) -> str:
    return f"{decode_ms:.2f} ms" if decode_ms < 1000 else f"{decode_ms / 1e3:.1f} s"

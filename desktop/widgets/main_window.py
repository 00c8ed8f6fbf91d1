"""The window: its parts and their places. What each part does stands in a control of its own."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.app.explorer import Explorer
from desktop.app.report import error_text
from desktop.base.command_line import describe_os_error
from desktop.base.machine import distribution_warning
from desktop.latent.plane import format_z
from desktop.models.opened import Opened
from desktop.models.source import UnreadError
from desktop.reading.overrides import Wanted
from desktop.view.state import ViewState
from desktop.widgets.common import settings
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.message_bar import Action, MessageBar
from desktop.widgets.common.saved_inputs import keep
from desktop.widgets.controls.coordinates_control import CoordinatesControl
from desktop.widgets.controls.grids_control import GridsControl
from desktop.widgets.controls.held_out_control import HeldOutControl
from desktop.widgets.controls.help_control import HelpControl
from desktop.widgets.controls.history_control import HistoryControl
from desktop.widgets.controls.image_control import ImageControl
from desktop.widgets.controls.layers_menu import LayersMenu
from desktop.widgets.controls.map_control import MapControl
from desktop.widgets.controls.nearest_control import NearestControl
from desktop.widgets.controls.path_control import PathControl
from desktop.widgets.controls.picture_control import PictureControl
from desktop.widgets.controls.plane_control import PlaneControl
from desktop.widgets.controls.provenance_control import ProvenanceControl
from desktop.widgets.controls.reading_control import ReadingControl
from desktop.widgets.controls.recent_menu import RecentMenu
from desktop.widgets.controls.session_control import SessionControl
from desktop.widgets.controls.time_control import TimeControl
from desktop.widgets.controls.true_posterior_control import TruePosteriorControl
from desktop.widgets.dialogs.about_model import in_words, show_about
from desktop.widgets.panels.side_panel import SidePanel
from desktop.widgets.plane.plane_view import PlaneView

STATUS_MS = 6000
STATUS_UPDATE_MS = 60
# Errors that say something of the program's own code, not of what people gave it.
FAULTS = (TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, NotImplementedError)
OPEN_KINDS = (
    "Models and exports (manifest.json *.latent *.onnx *.png *.apng *.gif *.webp);;"
    "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp);;All files (*)"
)
MENUS = {"file": "&File", "edit": "&Edit", "view": "&View", "path": "&Path", "help": "&Help"}


class MainWindow(QMainWindow):
    """Latent Plane's window.

    Args:
        explorer: the model and the state; the window closes it when it closes.

    Attributes:
        plane: the latent plane.
        below_plane: what stands under it, a layout to add to.
        panel: the panel beside it.
        tabs: the pages, the plane first.
        menus: by their names: file, edit, view, path, help.
        message: what went wrong.
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self.setWindowTitle("Latent Plane")
        self.setAcceptDrops(True)
        self.plane = PlaneView()
        self.panel = SidePanel()
        self.message = MessageBar()
        self.tabs = QTabWidget()
        self.below_plane = QVBoxLayout()
        self._device = QLabel()
        self._timing = QLabel()
        self._pointer = QLabel()
        self._pointer.setTextFormat(Qt.TextFormat.PlainText)
        self._pointer_ab: tuple[float, float] | None = None
        self._soon = QTimer(self, singleShot=True, interval=STATUS_UPDATE_MS)
        self._soon.timeout.connect(self._show_status)
        self._lay_out()
        self.menus: dict[str, QMenu] = {name: self.menuBar().addMenu(text) for name, text in MENUS.items()}
        self._make_file_menu()
        self.history = HistoryControl(self)
        self.picture_control = PictureControl(self)
        self.plane_control = PlaneControl(self)
        self.layers_menu = LayersMenu(self)
        self.menus["view"].addMenu(self.layers_menu)
        self.map_control = MapControl(self)
        self.held_out = HeldOutControl(self)
        self.nearest = NearestControl(self)
        self.path_control = PathControl(self)
        self.image = ImageControl(self)
        self.true_posterior = TruePosteriorControl(self, self.image)
        self.time_control = TimeControl(self)
        self.coordinates = CoordinatesControl(self)
        self._pages_separator = self.menus["view"].addSeparator()
        self.add_page("&Plane", self._plane_page)
        self.grids = GridsControl(self)
        self._make_last_entries()
        explorer.opened.connect(self._on_opened)
        explorer.renewed.connect(self._show_source)
        explorer.open_failed.connect(self._on_open_failed)
        explorer.failed.connect(self.show_error)
        explorer.state_changed.connect(self._on_state)
        explorer.picture_decoded.connect(self._show_status_soon)
        explorer.saved.connect(lambda path: self.show_status(f"saved {path}"))
        self.plane.pointer_moved.connect(self._on_pointer)
        # After the window itself has taken a model: what these have to say of it stays.
        self.session = SessionControl(self)
        self.provenance_control = ProvenanceControl(self)
        self.provenance_control.image_pasted.connect(self.image.set_image)
        self.help = HelpControl(self)
        self.plane.set_handlers([self.history, self.path_control, self.path_control.handles, self.held_out])
        keep("page", self.tabs)
        keep("section", self.panel.sections)

    def restore_place(self) -> bool:
        """Go where the window was last; False if that is not known."""
        return self.restoreGeometry(settings.window_geometry())

    def open_path(self, path: Path, wishes: Wanted | None = None) -> None:
        """Open a bundle's folder, its manifest.json, a `.latent` file or a bare `.onnx`."""
        self._pointer.setText(f"opening {path} …")
        self.explorer.open(path.parent if path.name == "manifest.json" else path, wishes)

    def add_page(self, text: str, page: QWidget) -> None:
        """One more tab, with an entry in the view menu and Ctrl with its number."""
        index = self.tabs.addTab(page, text.replace("&", ""))
        add_action(self.menus["view"], text, f"Ctrl+{index + 1}", partial(self.tabs.setCurrentWidget, page))

    def show_page(self, name: str) -> None:
        """Bring the page or else the section of a name to the front, in any case; the plane for no page's."""
        pages = [self.tabs.tabText(index).lower() for index in range(self.tabs.count())]
        self.tabs.setCurrentIndex(pages.index(name.lower()) if name.lower() in pages else 0)
        sections = self.panel.sections
        for index in range(sections.count()):
            if sections.tabText(index).lower() == name.lower():
                sections.setCurrentIndex(index)

    def show_error(self, error: Exception, expected: bool = True, actions: Sequence[Action] = ()) -> None:
        """Say in the window what went wrong; what is not `expected` is told as a fault of the program.

        Each action is a button's text and what it does.
        """
        text = describe_os_error(error) if isinstance(error, OSError) else str(error)
        if not expected or isinstance(error, FAULTS):
            text = f"something unexpected went wrong ({type(error).__name__}: {text}); the program goes on"
        self.message.show_message(" ".join(text.split()), error_text(error), actions)

    def device_text(self) -> str:
        """Where the open model runs."""
        return self._device.text()

    def encode_picture(self, path: Path) -> None:
        """Fit a picture in a file to the model and encode it; the cursor goes to its mean."""
        self.image.open_file(path)

    def show_status(self, text: str) -> None:
        """Say something in the status bar for some seconds."""
        self.statusBar().showMessage(text, STATUS_MS)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window's place and end what runs in the background."""
        settings.remember_window_geometry(self.saveGeometry())
        self.session.close()
        self.explorer.close()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what could be a model or a picture."""
        urls = event.mimeData().urls()  # hasUrls() is true of an empty list
        if urls and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped, go on from an export, or encode a picture; with Alt encode any picture."""
        event.acceptProposedAction()
        path = Path(event.mimeData().urls()[0].toLocalFile())
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self.provenance_control.open(path, as_picture=alt)

    def _lay_out(self) -> None:
        self.tabs.setDocumentMode(True)
        self._plane_page = QWidget()
        in_page = QVBoxLayout(self._plane_page)
        in_page.setContentsMargins(0, 0, 0, 0)
        in_page.setSpacing(0)
        in_page.addWidget(self.plane, 1)
        in_page.addLayout(self.below_plane)
        scroll = QScrollArea()
        scroll.setWidget(self.panel)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(self.panel.width() + scroll.verticalScrollBar().sizeHint().width())
        middle = QHBoxLayout()
        middle.addWidget(self.tabs, 1)
        middle.addWidget(scroll)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        layout.addLayout(middle, 1)
        self.setCentralWidget(central)
        self.statusBar().addWidget(self._pointer, 1)
        self.statusBar().addPermanentWidget(self._timing)
        self.statusBar().addPermanentWidget(self._device)

    def _make_file_menu(self) -> None:
        file = self.menus["file"]
        add_action(file, "&Open…", QKeySequence.StandardKey.Open, self.choose_model)
        self.reading = ReadingControl(self)
        self.reading.wished.connect(self.explorer.open)
        file.addAction(self.reading.action)
        self.recent = RecentMenu(self)
        self.recent.chosen.connect(self.open_path)
        file.addMenu(self.recent)
        add_action(file, "Re&load", QKeySequence.StandardKey.Refresh, self.explorer.reload)
        file.addSeparator()

    def _make_last_entries(self) -> None:
        """What stands below everything that the controls added."""
        file, help_menu = self.menus["file"], self.menus["help"]
        file.addSeparator()
        add_action(file, "&Quit", QKeySequence.StandardKey.Quit, self.close)
        add_action(help_menu, "About this &model", None, self._show_about)

    def _on_opened(self, opened: Opened) -> None:
        source = opened.model.source
        settings.remember_bundle(source.path)
        self.message.hide()
        self._show_notes(opened)
        self._pointer.setText(in_words(source))
        self._show_source(opened)

    def _show_source(self, opened: Opened) -> None:
        """What the window says of a model wherever it says it."""
        source, device = opened.model.source, opened.model.device
        labels = source.bundle.label_names if source.bundle is not None else ()
        self.reading.set_source(source)
        self.setWindowTitle(f"{source.name} — Latent Plane")
        reason = f" ({device.reason})" if device.reason else ""
        self._device.setText(device.description + reason)
        self._device.setToolTip(f"Not on a GPU: {device.reason}" if device.reason else device.description)
        self.panel.set_model(source.reading.latent_dim, labels, opened.posterior is not None)

    def _show_notes(self, opened: Opened) -> None:
        """What people should know of a model that was opened all the same."""
        source = opened.model.source
        guesses = source.guess_note and f"{source.guess_note} (File, How the model is read)"
        notes = [guesses, *source.notes, opened.model.warning, distribution_warning()]
        if any(notes):
            self.message.show_note("; ".join(filter(None, notes)))

    def _on_open_failed(self, error: Exception) -> None:
        self._pointer.clear()
        if self.reading.show_error(error):
            return
        if isinstance(error, UnreadError):
            self.show_error(error, actions=[("How is it read?", lambda: self.reading.open_dialog(error))])
        else:
            self.show_error(error)

    def _on_state(self, state: ViewState) -> None:
        self.panel.set_state(state)

    def _on_pointer(self, ab: tuple[float, float] | None) -> None:
        self._pointer_ab = ab
        self._show_status_soon()

    def _show_status_soon(self) -> None:
        if not self._soon.isActive():  # a new start would put it off for as long as the pointer moves
            self._soon.start()

    def _show_status(self) -> None:
        """The status bar is laid out anew with every text: often enough to read, not for every event."""
        if self.picture_control.decoded is not None:
            self._timing.setText(f"last decode {self.picture_control.decoded.decode_ms:.2f} ms")
        if self._pointer_ab is not None:
            self._pointer.setText(
                f"z  {format_z(self.explorer.state.plane.embed(self._pointer_ab).tolist())}"
            )

    def choose_model(self) -> bool:
        """Ask for a file and open it; False if none was chosen."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a bundle, a decoder or an export", "", OPEN_KINDS)
        if chosen:
            self.provenance_control.open(Path(chosen))
        return bool(chosen)

    def _show_about(self) -> None:
        source = self.explorer.source
        if source is not None:
            show_about(self, source, self._device.text())

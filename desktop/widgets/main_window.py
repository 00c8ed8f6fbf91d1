"""The window: wires plane, panel, pages and menus to the explorer."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
)
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

from desktop import jobs
from desktop.command_line import describe_os_error
from desktop.device import distribution_warning
from desktop.explorer import Explorer
from desktop.image_file import is_image
from desktop.latent_plane import (
    Plane,
    Viewport,
    format_z,
    plane_through,
    principal_plane,
    viewport_around,
)
from desktop.pictures import Bytes, to_bytes
from desktop.state import PictureMode, ViewState
from desktop.wanted import Wanted
from desktop.widgets import settings
from desktop.widgets.grid_page import GridPage
from desktop.widgets.help_dialogs import in_words, show_about, show_shortcuts
from desktop.widgets.images import to_qimage
from desktop.widgets.message_bar import MessageBar
from desktop.widgets.plane_view import PlaneView
from desktop.widgets.reading_control import ReadingControl
from desktop.widgets.recent_menu import RecentMenu
from desktop.widgets.side_panel import SidePanel

SAMPLES, MANIFOLD = "samples", "manifold"
SAVED_PICTURE_SCALE = 10
STATUS_MS = 6000
STATUS_UPDATE_MS = 60


class MainWindow(QMainWindow):
    """Latent Plane's window.

    Args:
        explorer: the model and the state; the window closes it when it closes.
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.explorer = explorer
        self._picture: Bytes | None = None
        self._warning = ""
        self._decoded: jobs.Decoded | None = None
        self._picture_mode = explorer.state.picture_mode
        self._sheets: dict[str, Bytes] = {}
        self._points_z: NDArray[np.float32] | None = None
        self._labels: NDArray[np.uint8] | None = None
        self._points_plane = self.explorer.state.plane
        self.setWindowTitle("Latent Plane")
        self.setAcceptDrops(True)
        self.plane = PlaneView()
        self.panel = SidePanel()
        self.message = MessageBar()
        self.samples = GridPage(
            8, seeded=True, hint="Pictures at samples of the prior. Click one to go to its z."
        )
        self.manifold = GridPage(
            20,
            seeded=False,
            hint="The manifold grid: pictures at the prior's quantiles 0.05 to 0.95 along both axes.",
        )
        self._pages = {SAMPLES: self.samples, MANIFOLD: self.manifold}
        self._device = QLabel()
        self._timing = QLabel()
        self._pointer = QLabel()
        self._pointer.setTextFormat(Qt.TextFormat.PlainText)
        self._pointer_ab: tuple[float, float] | None = None
        self._soon = QTimer(self, singleShot=True, interval=STATUS_UPDATE_MS)
        self._soon.timeout.connect(self._show_status)
        self._lay_out()
        self._make_menus()
        self._connect()

    def restore_place(self) -> bool:
        """Go where the window was last; False if that is not known."""
        return self.restoreGeometry(settings.window_geometry())

    def open_path(self, path: Path, wishes: Wanted | None = None) -> None:
        """Open a bundle's folder, its manifest.json, a `.latent` file or a bare `.onnx`."""
        self._pointer.setText(f"opening {path} …")
        self.explorer.open(path.parent if path.name == "manifest.json" else path, wishes)

    def show_error(self, error: Exception) -> None:
        """Say in the window what went wrong."""
        text = describe_os_error(error) if isinstance(error, OSError) else str(error)
        self.message.show_message(" ".join(text.split()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window's place and end what runs in the background."""
        settings.remember_window_geometry(self.saveGeometry())
        self.explorer.close()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what could be a model or a picture."""
        urls = event.mimeData().urls()  # hasUrls() is true of an empty list
        if urls and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped; a picture is encoded, and the cursor goes to its mean."""
        event.acceptProposedAction()
        path = Path(event.mimeData().urls()[0].toLocalFile())
        if is_image(path):
            self.explorer.encode_image(path)
        else:
            self.open_path(path)

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.plane, "Plane")
        self.tabs.addTab(self.samples, "Samples")
        self.tabs.addTab(self.manifold, "Manifold")
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

    def _make_menus(self) -> None:
        file = self.menuBar().addMenu("&File")
        self._action(file, "&Open…", QKeySequence.StandardKey.Open, self._choose_bundle)
        self.reading = ReadingControl(self)
        self.reading.wished.connect(self.explorer.open)
        file.addAction(self.reading.action)
        self.recent = RecentMenu(self)
        self.recent.chosen.connect(self.open_path)
        file.addMenu(self.recent)
        file.addSeparator()
        self._action(file, "&Save picture…", QKeySequence.StandardKey.Save, self._save_picture)
        self._action(file, "&Copy picture", QKeySequence.StandardKey.Copy, self._copy_picture)
        file.addSeparator()
        self._action(file, "&Quit", QKeySequence.StandardKey.Quit, self.close)
        view = self.menuBar().addMenu("&View")
        self._action(view, "&Home", "Home", lambda: self._look_at(Viewport()))
        self._action(view, "&Fit to the held-out images", "F", self._fit)
        view.addSeparator()
        for index, name in enumerate(("&Plane", "&Samples", "&Manifold")):
            self._action(view, name, f"Ctrl+{index + 1}", partial(self.tabs.setCurrentIndex, index))
        path = self.menuBar().addMenu("&Path")
        self._action(path, "&Add the cursor", "P", self._add_to_path)
        self._action(path, "&Remove the last point", "Shift+P", self._remove_from_path)
        self._action(path, "&Clear", None, self._clear_path)
        help_menu = self.menuBar().addMenu("&Help")
        self._action(help_menu, "&Shortcuts", "F1", partial(show_shortcuts, self))
        self._action(help_menu, "&About this model", None, self._show_about)

    def _action(
        self,
        menu: QMenu,
        text: str,
        shortcut: QKeySequence.StandardKey | str | None,
        call: Callable[[], object],
    ) -> QAction:
        action = menu.addAction(text)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda: call())
        return action

    def _connect(self) -> None:
        explorer, plane, panel = self.explorer, self.plane, self.panel
        explorer.opened.connect(self._on_opened)
        explorer.open_failed.connect(self._on_open_failed)
        explorer.failed.connect(self.show_error)
        explorer.state_changed.connect(self._on_state)
        explorer.picture_decoded.connect(self._on_picture)
        explorer.backdrop_decoded.connect(lambda b: plane.set_backdrop(to_qimage(b.picture), b.edges))
        explorer.sheet_decoded.connect(self._on_sheet)
        explorer.gif_progressed.connect(panel.path.set_progress)
        explorer.saved.connect(lambda path: self.statusBar().showMessage(f"saved {path}", STATUS_MS))

        plane.cursor_moved.connect(lambda a, b: explorer.set_state(explorer.state.at((a, b))))
        plane.nudged.connect(lambda a, b: explorer.set_state(explorer.state.nudged(a, b)))
        plane.viewport_wanted.connect(self._look_at)
        plane.path_point_wanted.connect(
            lambda a, b: explorer.set_state(explorer.state.at((a, b)).with_path_point())
        )
        plane.pointer_moved.connect(self._on_pointer)
        plane.resized.connect(lambda: explorer.set_view_size(plane.size_px()))

        panel.z_typed.connect(self._move_to)
        panel.mode_wanted.connect(lambda mode: self._change(picture_mode=mode))
        panel.axes_wanted.connect(self._set_axes)
        panel.principal_wanted.connect(self._set_principal_plane)
        panel.through_path_wanted.connect(self._set_plane_through_path)
        panel.backdrop_wanted.connect(lambda on: self._change(show_backdrop=on))
        panel.points_wanted.connect(lambda on: self._change(show_points=on))
        panel.legend.switched.connect(
            lambda label: explorer.set_state(explorer.state.with_label_switched(label))
        )
        panel.copy_wanted.connect(self._copy_picture)
        panel.save_wanted.connect(self._save_picture)
        panel.path.add_wanted.connect(self._add_to_path)
        panel.path.remove_wanted.connect(self._remove_from_path)
        panel.path.clear_wanted.connect(self._clear_path)
        panel.path.gif_wanted.connect(self._save_gif)
        panel.path.cancel_wanted.connect(explorer.cancel_gif)

        self.tabs.currentChanged.connect(self._fill_page)
        for name, page in self._pages.items():
            page.wanted.connect(self._fill_page)
            page.save_wanted.connect(partial(self._save_sheet, name))
            page.cell_clicked.connect(partial(self._go_to_cell, name))

    def _change(self, **changes: object) -> None:
        self.explorer.set_state(replace(self.explorer.state, **changes))  # type: ignore[arg-type]

    def _move_to(self, z: tuple[float, ...]) -> None:
        self.explorer.set_state(self.explorer.state.moved_to(z))

    def _look_at(self, viewport: Viewport) -> None:
        self._change(viewport=viewport)

    def _fit(self) -> None:
        if self._points_z is not None:
            self._look_at(viewport_around(self.explorer.state.plane.project(self._points_z)))

    def _set_axes(self, right: int, up: int) -> None:
        if right == up:
            self.panel.set_state(self.explorer.state)
            self.statusBar().showMessage("the plane needs two different axes", STATUS_MS)
        else:
            self.explorer.set_state(self.explorer.state.with_axes(right, up))

    def _set_principal_plane(self) -> None:
        points = self._points_z
        if points is not None:
            self._set_plane(lambda: principal_plane(points))

    def _set_plane_through_path(self) -> None:
        self._set_plane(lambda: plane_through(*self.explorer.state.path[-3:]))

    def _set_plane(self, make: Callable[[], Plane]) -> None:
        try:
            plane = make()
        except ValueError as error:
            self.show_error(error)
            return
        state = self.explorer.state.with_plane(plane)
        points = self._points_z if self._points_z is not None else [*state.path, state.z]
        view = viewport_around(plane.project(points), share=0.995 if self._points_z is not None else 1.0)
        self.explorer.set_state(replace(state, viewport=view))

    def _add_to_path(self) -> None:
        self.explorer.set_state(self.explorer.state.with_path_point())

    def _remove_from_path(self) -> None:
        self._change(path=self.explorer.state.path[:-1])

    def _clear_path(self) -> None:
        self._change(path=())

    def _on_opened(self, opened: jobs.Opened) -> None:
        source, device = opened.model.source, opened.model.device
        labels = source.bundle.label_names if source.bundle is not None else ()
        settings.remember_bundle(source.path)
        self.message.hide()
        self.reading.set_source(source)
        self._show_notes(opened)
        self.setWindowTitle(f"{source.name} — Latent Plane")
        reason = f" ({device.reason})" if device.reason else ""
        self._device.setText(device.description + reason)
        self._device.setToolTip(f"Not on a GPU: {device.reason}" if device.reason else device.description)
        self._pointer.setText(in_words(source))
        self._picture, self._decoded = None, None
        self._sheets.clear()
        posterior = opened.posterior
        self._points_z = None if posterior is None else posterior.mean
        self._labels = None if posterior is None else posterior.labels
        self.panel.set_model(source.reading.latent_dim, labels, posterior is not None)
        self.plane.set_backdrop(None, (0.0, 0.0, 1.0, 1.0))
        self.plane.set_thumbnail(None)
        for page in self._pages.values():
            page.set_image(None)
        self._project_points()
        self.plane.setFocus()
        self._fill_page()

    def _show_notes(self, opened: jobs.Opened) -> None:
        """What people should know of a model that was opened all the same."""
        source = opened.model.source
        guesses = source.guess_note and f"{source.guess_note} (File, How the model is read)"
        notes = [guesses, *source.notes, opened.model.warning, distribution_warning()]
        if any(notes):
            self.message.show_note("; ".join(filter(None, notes)))

    def _on_open_failed(self, error: Exception) -> None:
        self._pointer.clear()
        if not self.reading.show_error(error):
            self.show_error(error)

    def _project_points(self) -> None:
        source = self.explorer.source
        self._points_plane = self.explorer.state.plane
        if self._points_z is None or source is None or source.bundle is None:
            self.plane.set_points(np.empty((0, 2)), None, ())
        else:
            ab = self.explorer.state.plane.project(self._points_z)
            self.plane.set_points(ab, self._labels, source.bundle.label_names)

    def _on_state(self, state: ViewState) -> None:
        if state.plane != self._points_plane:
            self._project_points()
        self.plane.set_state(state)
        self.panel.set_state(state)
        if self._decoded is not None and state.picture_mode is not self._picture_mode:
            self._show_picture(self._decoded, state.picture_mode)

    def _on_picture(self, decoded: jobs.Decoded) -> None:
        self._decoded = decoded
        if decoded.warning and decoded.warning != self._warning:
            self.message.show_note(decoded.warning)
        self._warning = decoded.warning
        self._show_picture(decoded, self.explorer.state.picture_mode)
        self._show_status_soon()

    def _show_picture(self, decoded: jobs.Decoded, mode: PictureMode) -> None:
        self._picture_mode = mode
        probabilities = decoded.probabilities
        if mode is PictureMode.THRESHOLDED:
            probabilities = (probabilities > 0.5).astype(np.float32)
        elif mode is PictureMode.SAMPLE:
            # The same noise for every picture, so that only the picture moves.
            noise = np.random.default_rng(0).random(probabilities.shape, np.float32)
            probabilities = (noise < probabilities).astype(np.float32)
        self._picture = to_bytes(probabilities[np.newaxis])[0]
        image = to_qimage(self._picture)
        self.panel.picture.set_image(image)
        self.plane.set_thumbnail(image)
        self.reading.set_image(image)

    def _on_pointer(self, ab: tuple[float, float] | None) -> None:
        self._pointer_ab = ab
        self._show_status_soon()

    def _show_status_soon(self) -> None:
        if not self._soon.isActive():  # a new start would put it off for as long as the pointer moves
            self._soon.start()

    def _show_status(self) -> None:
        """The status bar is laid out anew with every text: often enough to read, not for every event."""
        if self._decoded is not None:
            self._timing.setText(f"last decode {self._decoded.decode_ms:.2f} ms")
        if self._pointer_ab is not None:
            self._pointer.setText(
                f"z  {format_z(self.explorer.state.plane.embed(self._pointer_ab).tolist())}"
            )

    def _fill_page(self) -> None:
        page = self.tabs.currentWidget()
        if page is self.samples:
            self.explorer.request_samples(SAMPLES, self.samples.n.value(), self.samples.seed.value())
        elif page is self.manifold:
            self.explorer.request_manifold(MANIFOLD, self.manifold.n.value())

    def _on_sheet(self, name: str, sheet: Bytes) -> None:
        self._sheets[name] = sheet
        self._pages[name].set_image(to_qimage(sheet))

    def _go_to_cell(self, name: str, index: int) -> None:
        z = self.explorer.grid_z(name, index)
        if z is not None:
            self._move_to(z)

    def _copy_picture(self) -> None:
        image = self.panel.picture.image()
        if image is not None:
            QGuiApplication.clipboard().setImage(image)
            self.statusBar().showMessage("picture copied", STATUS_MS)

    def _save_picture(self) -> None:
        if self._picture is not None:
            path = self._ask_where("Save picture", "picture.png", "PNG (*.png)")
            if path is not None:
                self.explorer.save_picture(path, self._picture, SAVED_PICTURE_SCALE)

    def _save_sheet(self, name: str, scale: int) -> None:
        path = self._ask_where(f"Save {name}", f"{name}.png", "PNG (*.png)")
        if path is not None:
            self.explorer.save_picture(path, self._sheets[name], scale)

    def _save_gif(self, frame_count: int, fps: int, closed: bool) -> None:
        path = self._ask_where("Save the path", "walk.gif", "GIF (*.gif)")
        if path is not None:
            try:
                self.explorer.save_gif(path, frame_count, fps, closed)
            except ValueError as error:
                self.show_error(error)

    def _ask_where(self, title: str, name: str, kind: str) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(self, title, name, kind)
        if not chosen:
            return None
        path, ending = Path(chosen), Path(name).suffix
        if path.suffix.lower() == ending:
            return path
        path = path.with_name(path.name + ending)
        if path.exists():  # the dialog has asked about another name
            self.message.show_message(
                f"{path}: found a file there; choose it by its whole name to replace it"
            )
            return None
        return path

    def _choose_bundle(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a bundle or a decoder", "", "Models (manifest.json *.latent *.onnx);;All files (*)"
        )
        if chosen:
            self.open_path(Path(chosen))

    def _show_about(self) -> None:
        source = self.explorer.source
        if source is not None:
            show_about(self, source, self._device.text())

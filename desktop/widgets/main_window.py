"""The window: makes its parts, lays them out and connects them. Each part's behaviour is in its own file."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.app.explorer import Explorer
from desktop.app.plane_subject import PlaneSubject
from desktop.base.shipped import shipped_bundle
from desktop.base.vector import Vector
from desktop.reading.overrides import Overrides
from desktop.widgets.common import settings
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.click_focus import ClickFocus
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.common.copied_numbers import CopiedNumbers
from desktop.widgets.common.drop_window import DropWindow
from desktop.widgets.common.field_keys import share_keys
from desktop.widgets.common.menus import hide_when_empty, menus_of
from desktop.widgets.common.message_bar import MessageBar
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.tab_order import follow_screen, scroll_to_focus
from desktop.widgets.common.wheel import leave_wheel_to_scrolling
from desktop.widgets.controls.bookmarks_control import BookmarksControl
from desktop.widgets.controls.clipboard_control import ClipboardControl
from desktop.widgets.controls.compare_control import CompareControl
from desktop.widgets.controls.coordinates_control import CoordinatesControl
from desktop.widgets.controls.dim_control import DimControl
from desktop.widgets.controls.directions_control import DirectionsControl
from desktop.widgets.controls.drop_control import DropControl
from desktop.widgets.controls.figure_control import FigureControl
from desktop.widgets.controls.file_control import FileControl
from desktop.widgets.controls.film_control import FilmControl
from desktop.widgets.controls.find_control import FindControl
from desktop.widgets.controls.full_screen import FullScreenControl
from desktop.widgets.controls.grids_control import GridsControl
from desktop.widgets.controls.held_out_control import HeldOutControl
from desktop.widgets.controls.help_control import HelpControl
from desktop.widgets.controls.hints_control import HintsControl
from desktop.widgets.controls.history_control import HistoryControl
from desktop.widgets.controls.image_control import ImageControl
from desktop.widgets.controls.inputs_control import InputsControl
from desktop.widgets.controls.layers_menu import LayersMenu
from desktop.widgets.controls.legend_control import LegendControl
from desktop.widgets.controls.map_control import MapControl
from desktop.widgets.controls.model_control import ModelControl
from desktop.widgets.controls.nearest_control import NearestControl
from desktop.widgets.controls.opening_control import OpeningControl
from desktop.widgets.controls.opening_messages import OpeningMessages
from desktop.widgets.controls.own_pictures_control import OwnPicturesControl
from desktop.widgets.controls.page_control import PageControl
from desktop.widgets.controls.panel_control import PanelControl
from desktop.widgets.controls.path_control import PathControl
from desktop.widgets.controls.path_strip_control import PathStripControl
from desktop.widgets.controls.picture_control import PictureControl
from desktop.widgets.controls.pins_control import PinsControl
from desktop.widgets.controls.plane_control import PlaneControl
from desktop.widgets.controls.plane_gestures import PlaneGestures
from desktop.widgets.controls.plane_progress import PlaneProgressBar
from desktop.widgets.controls.playing_strip import PlayingStrip
from desktop.widgets.controls.presets_menu import PresetsMenu
from desktop.widgets.controls.provenance_control import ProvenanceControl
from desktop.widgets.controls.quit_control import QuitControl
from desktop.widgets.controls.reading_control import ReadingControl
from desktop.widgets.controls.recent_menu import RecentMenu
from desktop.widgets.controls.saved_control import SavedControl
from desktop.widgets.controls.select_control import SelectControl
from desktop.widgets.controls.shell import Shell
from desktop.widgets.controls.status_control import StatusControl
from desktop.widgets.controls.theme_control import ThemeControl
from desktop.widgets.controls.time_control import TimeControl
from desktop.widgets.controls.true_posterior_control import TruePosteriorControl
from desktop.widgets.controls.z_control import ZControl
from desktop.widgets.panels.grid_page import GridPage
from desktop.widgets.panels.pages import Pages
from desktop.widgets.panels.side_panel import SidePanel
from desktop.widgets.panels.window_splitter import WindowSplitter
from desktop.widgets.plane.empty_plane import EmptyPlane
from desktop.widgets.plane.plane_view import PlaneView

PLANE = "plane"
TITLE_BAR_PX = 40  # the most that a title bar takes on most desktops
MENUS = {
    "file": "&File",
    "edit": "&Edit",
    "view": "&View",
    "pages": "Pa&ges",
    "select": "&Select",
    "bookmarks": "&Bookmarks",
    "path": "&Path",
    "draw": "&Draw",
    "help": "&Help",
}


class MainWindow(DropWindow):
    """Latent Plane's window.

    Args:
        explorer: holds the model and the state; the window closes it at the end.

    Attributes:
        plane: the latent plane.
        panel: the panel beside it.
        tabs: the pages; the plane is the first.
        message: the bar for errors and notes.
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self.setWindowTitle("Latent Plane")
        CopiedNumbers(self)
        self.explorer = explorer
        self.plane = PlaneView()
        self.panel = SidePanel()
        self.splitter = WindowSplitter()
        self.message = MessageBar()
        menus = {name: self.menuBar().addMenu(text) for name, text in MENUS.items()}
        hide_when_empty(menus["draw"])
        self.theme = ThemeControl(menus["view"])
        self.tabs = Pages(menus["pages"])
        self.tabs.currentChanged.connect(self._tell_hidden)
        self.status = StatusControl(explorer, self.statusBar())
        self.empty = EmptyPlane(self.plane)
        self.opening = OpeningControl(explorer, self.message, self.empty)
        self.plane_progress = PlaneProgressBar(explorer.tiles, self.statusBar())
        shell = Shell(explorer, self.plane, self.panel, menus, self.message, window=self)
        self._make_controls(shell)
        self.playing = PlayingStrip(self.path_control.player, self.statusBar())
        name_command(self.path_control.play_entry, self.playing.pause)
        self._connect_explorer(shell)
        # These may show messages when a model is opened, so they follow OpeningMessages, which hides them.
        self.saved_control = SavedControl(shell)
        self.provenance_control = ProvenanceControl(
            shell, self.saved_control.path_of, self.compare.comparison, self.files.choose
        )
        self.clipboard = ClipboardControl(shell)
        self.drop = DropControl(shell, self.image.panel.canvas, self.compare.page.right)
        self.help = HelpControl(shell)
        self.hints = HintsControl(shell)
        self.quitting = QuitControl(explorer.files, self)
        self._lay_out()
        self._connect_controls()
        save_input("page", self.tabs)
        save_input("section", self.panel.sections)
        save_input("splitter", self.splitter)
        self.theme.complete()

    def restore_place(self) -> bool:
        """Restore the window's last geometry; return False if none is saved."""
        return self.restoreGeometry(settings.window_geometry())

    def resize_within_screen(self, width_px: int, height_px: int) -> None:
        """Resize the window to this size, or to less if the screen has no room for it."""
        room = self.screen().availableGeometry().adjusted(0, 0, 0, -TITLE_BAR_PX).size()
        self.resize(QSize(width_px, height_px).boundedTo(room))

    def open_path(self, path: Path, overrides: Overrides | None = None) -> None:
        """Open a bundle's folder, its manifest.json, a `.latent` file or a bare `.onnx`."""
        self.status.show_opening(path)
        self.explorer.open(path.parent if path.name == "manifest.json" else path, overrides)

    def show_page(self, key: str) -> None:
        """Show the page with this key, or else the plane, and open the section with this key.

        Keys are compared in lower case, because exports of earlier versions have them in either case.
        """
        key = key.lower()
        if not self.tabs.show_key(key):
            self.tabs.show_key(PLANE)
        self.panel.show_section(key)

    def focusNextPrevChild(self, next_one: bool) -> bool:
        """Let Tab follow the order on the screen; a hidden or disabled widget only passes the keyboard on."""
        last = self.focusWidget()
        if last is not None and not (last.isVisible() and last.isEnabled()):
            return super().focusNextPrevChild(next_one)
        follow_screen(self)
        moved = super().focusNextPrevChild(next_one)
        scroll_to_focus(self)
        return moved

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save the views and the window's geometry, and end the background threads.

        The window stays open while a file is being written and somebody is asked whether to wait for it.
        """
        if not self.quitting.may_close():
            event.ignore()
            return
        settings.save_window_geometry(self.saveGeometry())
        self.saved_control.close()
        self.page_control.close()
        self.explorer.close()
        super().closeEvent(event)

    def _make_controls(self, shell: Shell) -> None:
        """Make the controls, in the order of their entries in the menus."""
        explorer, plane, panel, menus = shell.explorer, shell.plane, shell.panel, shell.menus
        file, view = menus["file"], menus["view"]
        self.reading = ReadingControl(self)
        self.recent = RecentMenu(self)
        self.files = FileControl(shell)
        name_command(self.files.open_entry, self.empty.open)
        file.addAction(self.reading.action)
        file.addMenu(self.recent)
        example = add_action(file, "Open the e&xample", None, self.empty.example_wanted.emit)
        name_command(example, self.empty.example)
        add_action(file, "Re&load", QKeySequence.StandardKey.Refresh, explorer.reload)
        file.addSeparator()
        self.history = HistoryControl(explorer, menus["edit"], self)
        self.picture_control = PictureControl(shell)
        self.z_control = ZControl(shell)
        self.page_control = PageControl(shell, lambda: self.bookmarks.marks)
        self.plane_control = PlaneControl(shell)
        self.layers_menu = LayersMenu(explorer, self)
        view.addMenu(self.layers_menu)
        for layer, entry in self.layers_menu.entries.items():
            name_command(entry, panel.view.layers[layer])
        self.presets_menu = PresetsMenu(explorer, self)
        view.addMenu(self.presets_menu)
        self.map_control = MapControl(explorer, plane)
        self.map_control.mapped.connect(self.panel.view.set_map)
        self.held_out = HeldOutControl(PlaneSubject.of(explorer), plane)
        self.pins = PinsControl(shell)
        self.legend = LegendControl(explorer, panel.view.legend, view)
        self.select = SelectControl(shell)
        self.finding = FindControl(shell, self.select.panel.finder)
        self.nearest = NearestControl(explorer, panel, view)
        self.bookmarks = BookmarksControl(shell, lambda: self.time_control.timeline.is_shown)
        self.path_control = PathControl(shell)
        self.path_strip = PathStripControl(shell)
        self.film_control = FilmControl(shell)
        self.figure_control = FigureControl(shell)
        self.image = ImageControl(shell)
        self.dim = DimControl(view, self.image.panel.canvas, self._places_of_image)
        self.dim.add_plane(plane)
        self.dim.looked.connect(self.image.set_looked_at)
        self.own_pictures = OwnPicturesControl(shell)
        self.true_posterior = TruePosteriorControl(explorer, plane, self.image.panel, self.image.marks)
        self.inputs = InputsControl(shell)
        self.time_control = TimeControl(explorer, view, self.message, self)
        self.coordinates = CoordinatesControl(explorer, panel, menus["draw"])
        self.directions = DirectionsControl(shell)
        view.addSeparator()
        self.panel_control = PanelControl(shell)
        self.plane_progress.add_to(view)
        self.full_screen = FullScreenControl(self, view, self.tabs.tabBar())
        self.full_screen_action = self.full_screen.action
        self.tabs.add_page(PLANE, "&Plane", self.plane)
        self.grids = GridsControl(shell, self.tabs)
        self.compare = CompareControl(shell, self.tabs)
        self.grids.fill_menu(menus["pages"])
        for compared in (self.compare.page.left, self.compare.page.right):
            self.dim.add_plane(compared)
        file.addSeparator()
        add_button(file, "Open the folder of the saved file", self.status.saved)
        add_action(file, "&Quit", QKeySequence.StandardKey.Quit, self.close)

    def _places_of_image(self) -> list[Vector]:
        """The encoder's mean and the true posterior's mode for the drawing, as far as they are known."""
        encoded, located = self.image.encoded, self.true_posterior.located
        found = [] if encoded is None else [encoded.mean]
        return [Vector(z) for z in (*found, *(() if located is None else [located.posterior.mode]))]

    def _tell_hidden(self) -> None:
        """Leave a slow decoder to the page in front while that page shows no plane."""
        self.explorer.tiles.set_hidden(isinstance(self.tabs.currentWidget(), GridPage))

    def _lay_out(self) -> None:
        leave_wheel_to_scrolling(self.panel)
        for _, menu in menus_of(self):
            menu.setToolTipsVisible(True)  # they say why an entry cannot be used
        # Parts are added from the outside in, because a new parent costs time for everything in the part.
        central = QWidget()
        self.setCentralWidget(central)
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.message)  # below, so that nothing moves down when it appears
        self.splitter.fill(self.tabs, self.time_control.bar, self.panel)
        share_keys(self)  # after all fields have become children of the window
        ClickFocus(self, self.tabs.currentWidget)

    def _connect_explorer(self, shell: Shell) -> None:
        explorer = shell.explorer
        opening = OpeningMessages(explorer, self.message, self.status, self.reading)
        opening.open_wanted.connect(self.open_path)
        ModelControl(shell, self.reading)
        explorer.state_changed.connect(self.panel.set_state)
        explorer.state_changed.connect(self.dim.follow)

    def _connect_controls(self) -> None:
        """Connect the parts that need each other."""
        gestures = PlaneGestures(
            self.history,
            self.path_control,
            self.select,
            self.pins,
            self.bookmarks,
            self.plane_control,
            self.z_control.copy,
            [
                *self.plane_control.view_entries,
                self.clipboard.copy_entry,
                self.figure_control.action,
                self.select.menu.menuAction(),
                self.bookmarks.menu.menuAction(),
            ],
        )
        own = PlaneSubject.of(self.explorer)
        selector, handles = self.select.selector, self.path_control.handles
        self.plane_menu = gestures.connect_plane(own, self.plane, self.held_out, selector, handles)
        self.compare.set_gestures(gestures)
        self.plane.resized.connect(self.empty.place)
        self.empty.open_wanted.connect(self.files.choose)
        self.empty.example_wanted.connect(lambda: self.open_path(shipped_bundle()))
        self.plane.pointer_moved.connect(self.status.set_pointer)
        for teller in (
            self.plane_control,
            self.pins,
            self.picture_control,
            self.z_control,
            self.time_control,
            self.bookmarks,
            self.own_pictures,
            self.compare,
            self.clipboard,
            self.provenance_control,
            self.drop,
            self.layers_menu,
        ):
            teller.told.connect(self.status.tell)
        for part in (self.plane_control, self.path_control):
            part.copy_wanted.connect(self.z_control.copy)
        self.coordinates.stroke_began.connect(self.history.begin_gesture)
        self.coordinates.stroke_ended.connect(self.history.end_gesture)
        self.z_control.points_wanted.connect(self.own_pictures.show_z)
        self.z_control.not_shown_again.connect(lambda: self.saved_control.keep_pictures(None))
        self.z_control.directions_wanted.connect(self.directions.open)
        self.select.direction_wanted.connect(self.directions.add)
        self.z_control.shown.connect(self.panel.show_section)
        self.finding.point_wanted.connect(self.select.go_to)
        self.finding.selection_wanted.connect(self.select.select)
        self.picture_control.shown.connect(self.reading.set_picture)
        self.picture_control.shown.connect(self.film_control.set_picture)
        self.picture_control.shown.connect(self.bookmarks.set_picture)
        self.image.changed.connect(self.true_posterior.set_encoded)
        self.image.stepped.connect(self.history.record_drawing)
        self.image.moved.connect(self.history.add_to_drawing)
        self.image.stepped.connect(self.hints.follow_drawing)
        self.path_control.handles.point_chosen.connect(self.hints.follow_click)
        self.path_control.player.running_changed.connect(partial(self.hints.set_playing, "path"))
        self.time_control.playing_changed.connect(partial(self.hints.set_playing, "epochs"))
        self.history.drawing_wanted.connect(self.image.show_again)
        self.image.changed.connect(self.figure_control.set_encoded)
        compared = self.compare.image
        self.image.changed.connect(lambda encoded: compared.set_encoded(self.image.drawing, encoded))
        self.compare.comparison.second.opened.connect(self.saved_control.keep_second)
        self.figure_control.set_comparison(self.compare.comparison)
        self.compare.stepped.connect(self.history.record_other)
        self.history.other_wanted.connect(self.compare.show_other)
        self.compare.pointer_moved.connect(self.status.set_pointer)
        self.true_posterior.changed.connect(self.figure_control.set_located)
        self.true_posterior.changed.connect(compared.set_located)
        self.true_posterior.went_on.connect(self.history.go_on)
        self.reading.overrides_set.connect(self.explorer.open)
        for model_wanted in (
            self.recent.chosen,
            self.files.model_wanted,
            self.provenance_control.open_wanted,
            self.saved_control.open_wanted,
            self.drop.model_wanted,
        ):
            model_wanted.connect(self.open_path)
        self.saved_control.picture_wanted.connect(self.files.open)
        self.saved_control.pictures_wanted.connect(self.own_pictures.restore)
        self.own_pictures.z_restored.connect(self.z_control.show_again)
        self.bookmarks.stepped.connect(self.history.record_bookmarks)
        self.history.bookmarks_wanted.connect(self.bookmarks.show_again)
        self.bookmarks.outdated.connect(self.history.forget_pictures)
        self.bookmarks.kept.connect(self.saved_control.keep_bookmarks)
        self.saved_control.bookmarks_found.connect(self.bookmarks.show)
        self.image.drawn.connect(self.saved_control.keep_drawing)
        self.saved_control.drawing_found.connect(self.image.restore)
        self.saved_control.drawing_found.connect(self.dim.look_away)
        self.bookmarks.path_made.connect(self.panel.path.seconds.setValue)
        self.own_pictures.kept.connect(self.saved_control.keep_pictures)
        self.provenance_control.picture_wanted.connect(self.image.open_file)
        self.provenance_control.beside_wanted.connect(self.compare.open_other)
        self.files.view_found.connect(self.provenance_control.restore_view)
        self.files.picture_wanted.connect(self.image.open_file)
        self.files.numbers_wanted.connect(self.z_control.open)
        self.files.pictures_wanted.connect(self.own_pictures.show)
        self.files_dragged.connect(self.drop.hover)
        self.drag_ended.connect(self.drop.leave)
        self.files_dropped.connect(self.drop.drop)
        self.drop.path_wanted.connect(self.files.open)
        self.drop.comparison_wanted.connect(self.compare.open)
        self.drop.pictures_wanted.connect(self.own_pictures.show)
        files = (self.figure_control, self.film_control, self.page_control)
        for strip in (self.own_pictures.progress, *(each.progress for each in files)):
            self.statusBar().insertPermanentWidget(1, strip)
        self.quitting.close_wanted.connect(self.close)
        self.clipboard.view_pasted.connect(self.provenance_control.restore_view)
        self.clipboard.files_pasted.connect(self.drop.open)
        self.clipboard.points_pasted.connect(self.z_control.ask)
        self.clipboard.image_pasted.connect(self.image.set_image)
        self.provenance_control.page_wanted.connect(self.show_page)
        self.help.escaped.connect(self.full_screen.leave)
        self.panel.picture.escaped.connect(self.message.dismiss)
        self.help.end_wanted.connect(self.quitting.force)
        self.help.end_wanted.connect(self.close)

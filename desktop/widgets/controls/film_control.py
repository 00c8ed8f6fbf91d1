"""Exports animations: opens the dialog, shows its preview, and asks where to save the file.

The modules that make films are imported at the first export, so that the window starts without them.
"""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer

from desktop.app.saving import is_still_open
from desktop.base.arrays import Bytes
from desktop.images.pixels import enlarge
from desktop.jobs.cost import Cost
from desktop.jobs.route import route_of
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.choices import show_choice
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.common.progress_strip import ProgressStrip
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.save_dialog import ask_save_path
from desktop.widgets.common.saved_inputs import restore_inputs
from desktop.widgets.controls.shell import Shell

if TYPE_CHECKING:
    from desktop.app.film_export import AnimationExport
    from desktop.film.film import Film
    from desktop.widgets.dialogs.export_dialog import ExportDialog

PREVIEW_PIXELS, SOON_MS = 4_000_000, 200
DRAWING = "Drawing …"


class FilmControl(QObject):
    """Exports animations of the path and of the epochs.

    Attributes:
        dialog: the export dialog, or None before it is first opened.
        progress: for the status bar; hidden while no file is being written.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = shell.explorer
        self._picture: Bytes | None = None
        self.dialog: ExportDialog | None = None
        panel = shell.panel.path
        panel.export_wanted.connect(self._ask)
        self.progress = ProgressStrip()
        for button in (panel, self.progress):
            button.cancel_wanted.connect(lambda: self.exports.cancel())
        # The frames are made soon after the last change, and not for each step of a number box.
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._play)
        shell.explorer.opened.connect(self._on_opened)
        menu = shell.menus["path"]
        name_command(add_action(menu, "&Export animation…", "Ctrl+E", self._ask), panel.export)
        name_command(add_button(menu, "Stop the e&xport", panel.cancel), self.progress.cancel)

    @cached_property
    def exports(self) -> "AnimationExport":
        """Makes the animations."""
        from desktop.app.film_export import AnimationExport

        exports, panel = AnimationExport(self._explorer), self._shell.panel.path
        exports.progressed.connect(panel.set_progress)
        exports.progressed.connect(self._on_progress)
        exports.told.connect(panel.show_pictures)
        exports.cost_known.connect(self._on_cost)
        exports.previewed.connect(self._on_previewed)
        return exports

    def set_picture(self, picture: Bytes | None) -> None:
        """Set the picture at the cursor, uint8 [H, W(, C)], which the dialog's preview shows."""
        self._picture = picture

    def _on_progress(self, share: float | None) -> None:
        if share is None:
            self.progress.hide()
        else:
            self.progress.show_progress(self.exports.writing, round(100 * share), 100)

    def _on_opened(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()
            self._fit(self.dialog)

    def _ask(self) -> None:
        if self._explorer.source is None:
            return
        if self.dialog is None:
            from desktop.widgets.dialogs.export_dialog import ExportDialog  # not before it is first opened

            self.dialog = ExportDialog(self._shell.window)
            self.dialog.wanted.connect(self._save)
            self.dialog.changed.connect(self._preview)
            self.dialog.finished.connect(self._stop_preview)
            self._fit(self.dialog)
            restore_inputs(self._shell.window, self.dialog)
        plane = self._shell.plane.size()
        self.dialog.set_plane_aspect(plane.width() / max(1, plane.height()))
        self.dialog.set_has_path(route_of(self._explorer.state).is_walkable)
        self.dialog.set_duration(self._shell.panel.path.seconds.value())
        self._preview()
        self.dialog.open()

    def _fit(self, dialog: "ExportDialog") -> None:
        image_shape, source = self._explorer.image_shape, self._explorer.source
        if image_shape is not None and source is not None:
            height, width = image_shape[1:]
            dialog.set_model((width, height), len(source.bundle.epochs) if source.bundle else 0)

    def _preview(self) -> None:
        """Show the picture at the cursor as one frame of the animation, until the animation plays."""
        from desktop.app.film_export import epoch_shown
        from desktop.film.captions import CaptionStrip
        from desktop.film.film import Subject, caption

        dialog, picture, source = self.dialog, self._picture, self._explorer.source
        if dialog is None or picture is None or source is None:
            return
        film = dialog.film()
        state = self._explorer.state
        width, height = dialog.frame_px()
        of_grids = film.subject is Subject.GRID_EPOCHS
        epoch = epoch_shown(source, state.epoch)
        texts = [caption(film, source.name, epoch, () if of_grids else state.z)] if film.captions else []
        strip = CaptionStrip(texts, width)
        decoder = self._explorer.decoder
        comes_soon = film.subject is not Subject.PATH or route_of(state).is_walkable
        if of_grids:
            dialog.set_preview(None)
        elif film.with_plane and decoder is not None and not decoder.is_slow and comes_soon:
            dialog.set_preview(None, DRAWING)
        elif film.with_plane:
            dialog.set_preview(to_qimage(enlarge(picture[np.newaxis], film.scale)[0]))
        elif width * height > PREVIEW_PIXELS:  # too large to make, only to shrink it
            dialog.set_preview(to_qimage(picture))
        else:
            dialog.set_preview(to_qimage(strip.under(enlarge(picture[np.newaxis], film.scale)[0], 0)))
        dialog.set_size(width, height + strip.height_px)
        self.exports.ask_cost(film)
        self._soon.start()

    def _play(self) -> None:
        """Request the preview's frames, unless the dialog was closed meanwhile."""
        if self.dialog is not None and self.dialog.isVisible():
            self.exports.preview(self.dialog.film())

    def _on_previewed(self, frames: list[Bytes], seconds: float) -> None:
        if self.dialog is not None and self.dialog.isVisible() and not self._soon.isActive():
            self.dialog.play([to_qimage(frame) for frame in frames], seconds)

    def _stop_preview(self) -> None:
        self._soon.stop()
        self.exports.stop_preview()

    def _on_cost(self, cost: Cost) -> None:
        if self.dialog is not None:
            self.dialog.set_cost(cost)

    def _save(self, film: "Film") -> None:
        from desktop.film.duration import lasting
        from desktop.film.film import Subject
        from desktop.film.formats import ENDINGS, format_of, why_not
        from desktop.widgets.dialogs.export_dialog import MAX_FRAMES

        message, ending, source = self._shell.message, film.format.ending, self._shell.explorer.source
        name = f"walk{ending}" if film.subject is Subject.PATH else f"epochs{ending}"
        kind = f"{film.format.value} (*{ending})"
        window, show_message = self._shell.window, message.show_message
        path = ask_save_path(window, "Export animation", name, kind, show_message, source, ENDINGS)
        if path is None or source is None or not is_still_open(self._explorer, source, path):
            return
        if film.format is not (of_name := format_of(path)):  # the ending that was typed decides
            if reason := why_not(of_name):
                show_message(reason)
                return
            film = replace(film, format=of_name)
            if self.dialog is not None:
                show_choice(self.dialog.format, of_name)
        seconds = self._shell.panel.path.seconds
        if film.subject is Subject.PATH and lasting(film, seconds.value(), MAX_FRAMES) != film:
            seconds.setValue(film.once_s)  # the path plays as long as its film from now on
        try:
            self.exports.save(path, film)
        except ValueError as error:
            message.show_error(error)

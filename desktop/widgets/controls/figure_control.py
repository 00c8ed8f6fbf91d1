"""Exports the view as a figure: the dialog with its preview, where to save, and the progress.

The modules that draw figures are imported at the first export, so that the window starts without them.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.app.comparison import Comparison
from desktop.app.saving import is_still_open
from desktop.base.arrays import Bytes
from desktop.jobs.cost import Progress
from desktop.jobs.encode import Encoded, Located
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.choices import show_choice
from desktop.widgets.common.commands import add_button
from desktop.widgets.common.progress_strip import ProgressStrip
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.save_dialog import ask_save_path
from desktop.widgets.common.saved_inputs import restore_inputs
from desktop.widgets.controls.shell import Shell

if TYPE_CHECKING:
    from desktop.app.figure_export import FigureExport
    from desktop.figure.figure import Figure, FigureError, FileKind
    from desktop.widgets.dialogs.figure_dialog import FigureDialog


class FigureControl(QObject):
    """Adds the entry to the File menu.

    Attributes:
        action: the entry.
        dialog: the export dialog, or None before it is first opened.
        progress: for the status bar; hidden while no file is being written.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self.dialog: FigureDialog | None = None
        self._encoded: Encoded | None = None
        self._located: Located | None = None
        self._comparison: Comparison | None = None
        self.progress = ProgressStrip()
        self.progress.cancel_wanted.connect(lambda: self.exports.cancel())
        shell.explorer.opened.connect(self._on_opened)
        file = shell.menus["file"]
        self.action = add_action(file, "Export the &view…", "Ctrl+Shift+E", self._ask)
        add_button(file, "Stop exporting the view", self.progress.cancel, within=[self.progress])

    @cached_property
    def exports(self) -> "FigureExport":
        """Makes the figures."""
        from desktop.app.figure_export import FigureExport, own_image

        exports = FigureExport(self._shell.explorer)
        exports.own = own_image(self._encoded, self._located)
        if self._comparison is not None:
            exports.set_comparison(self._comparison)
        exports.progressed.connect(self._on_progress)
        exports.previewed.connect(self._on_previewed)
        return exports

    def set_comparison(self, comparison: Comparison) -> None:
        """Set the comparison; figures show both of its models while its page is shown."""
        self._comparison = comparison

    def set_encoded(self, encoded: Encoded | None) -> None:
        """Set the drawn image's approximate posterior, or None."""
        self._encoded = encoded
        self._set_own()

    def set_located(self, located: Located | None) -> None:
        """Set the drawn image's true posterior, or None."""
        self._located = located
        self._set_own()

    def _set_own(self) -> None:
        if "exports" in vars(self):  # otherwise they get these values when they are made
            from desktop.app.figure_export import own_image

            self.exports.own = own_image(self._encoded, self._located)

    def _on_opened(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def _ask(self) -> None:
        if self._shell.explorer.source is None:
            return
        if self.dialog is None:
            from desktop.widgets.dialogs.figure_dialog import FigureDialog  # not before it is first opened

            self.dialog = FigureDialog(self._shell.window)
            restore_inputs(self._shell.window, self.dialog)
            self.dialog.wanted.connect(self._save)
            self.dialog.changed.connect(self._preview)
            self.dialog.finished.connect(self.exports.stop_preview)
            self.exports.cost_known.connect(self.dialog.show_cost)
            self.exports.captioned.connect(self.dialog.set_caption)
        subject = self.exports.subject
        self.dialog.set_pair(self.exports.is_pair)
        self.dialog.set_parts(subject.possible_anywhere(), subject.shown_parts(), self.exports.can_be_finer)
        self.dialog.set_is_gray(self.exports.is_gray)
        self.dialog.set_caption(self.exports.quick_caption(self.dialog.figure()))
        self._preview()
        self.dialog.open()

    def _preview(self) -> None:
        """Request a preview of the figure with the dialog's settings, and a caption that fits it."""
        assert self.dialog is not None
        self.exports.preview(self.dialog.figure(), self.dialog.preview_px())

    def _on_previewed(self, found: "Bytes | FigureError") -> None:
        from desktop.figure.figure import FigureError

        if self.dialog is None:
            return
        if isinstance(found, FigureError):
            self.dialog.show_error(str(found))
        else:
            self.dialog.show_preview(to_qimage(found))

    def _save(self, figure: "Figure", kind: "FileKind") -> None:
        window, show_message = self._shell.window, self._shell.message.show_message
        name, files = f"view{kind.ending}", f"{kind.value} (*{kind.ending})"
        explorer, source = self._shell.explorer, self._shell.explorer.source
        endings = [each.ending for each in type(kind)]
        path = ask_save_path(window, "Export the view", name, files, show_message, source, endings)
        if path is None or source is None or not is_still_open(explorer, source, path):
            return
        of_name = next(each for each in type(kind) if each.ending == path.suffix.lower())
        if of_name is not kind and self.dialog is not None:  # the ending that was typed decides
            show_choice(self.dialog.format, of_name)
            figure = self.dialog.figure()
        self.exports.save(path, figure)

    def _on_progress(self, progress: Progress | None) -> None:
        if progress is None:
            self.progress.hide()
        else:
            text = f": {progress.in_words()}" if progress.total else ""
            self.progress.show_progress(f"{self.exports.writing}{text}", progress.done, progress.total)

"""Shares the open model as a web page: says what the page has, asks for a path, and reports the result."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from desktop.app.page_look import look_words, page_look
from desktop.app.saving import is_still_open
from desktop.app.share_page import PageExport
from desktop.app.written_files import OneFile
from desktop.base.errors import ModelError
from desktop.view.bookmarks import Bookmark
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button
from desktop.widgets.common.folders import open_folder_of
from desktop.widgets.common.progress_strip import ProgressStrip
from desktop.widgets.common.save_dialog import ask_save_path
from desktop.widgets.controls.shell import Shell

# The export command's words for a page that cannot decode, and for what such a page lacks.
BEFOREHAND, LEFT_OUT = "decoded beforehand", "left out: "


class PageControl(QObject):
    """Adds *Share as a page…* to the File menu.

    Attributes:
        progress: for the status bar; hidden while no page is being written.
    """

    def __init__(self, shell: Shell, bookmarks: Callable[[], Sequence[Bookmark]]) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._bookmarks = bookmarks
        self.export = PageExport(self)
        self.export.written.connect(self._on_written)
        self.export.failed.connect(self._on_failed)
        self.progress = ProgressStrip()
        self.progress.cancel_wanted.connect(self.close)
        self._file = OneFile(shell.explorer.files, of_model=False)
        file = shell.menus["file"]
        add_action(file, "Share as a pa&ge…", None, self._ask)
        add_button(file, "Stop writing the page", self.progress.cancel, within=[self.progress])

    def close(self) -> None:
        """Stop writing a page."""
        self.export.stop()
        self._end()

    def _ask(self) -> None:
        explorer, message = self._shell.explorer, self._shell.message
        source = explorer.source
        if source is None:
            message.show_message("Found no open model; open one to share it as a page.")
            return
        from desktop.widgets.dialogs.share_dialog import ShareDialog  # not before the first page

        seconds = self._shell.panel.path.playback().duration_s
        along, left_out = look_words(source, explorer.state, self._bookmarks(), seconds)
        dialog = ShareDialog(self._shell.window, along, left_out)
        dialog.accepted.connect(self._save)
        for left in (explorer.opened, explorer.model_closed):
            left.connect(dialog.reject)  # the dialog is about a model that is no longer open
        dialog.open()

    def _save(self) -> None:
        """Ask for a path, and write the page with the view at that moment."""
        explorer, message = self._shell.explorer, self._shell.message
        asked_of = explorer.source
        window, show_message = self._shell.window, message.show_message
        path = ask_save_path(window, "Share as a page", ".html", "HTML (*.html)", show_message, asked_of)
        source = explorer.source  # the file may have changed while the dialog was open
        if path is None or asked_of is None or not is_still_open(explorer, asked_of, path) or source is None:
            return
        seconds = self._shell.panel.path.playback().duration_s
        look = page_look(explorer.state, self._bookmarks(), seconds, explorer.points.test_means)
        try:
            self.export.start(source, path, look)
        except ModelError as error:
            message.show_error(error)
            return
        self._file.begin(path)
        self.progress.show_progress(f"writing {path.name}", 0, 0)

    def _end(self) -> None:
        """Note that the page was not written, and hide the progress."""
        self._file.end(is_written=False)
        self.progress.hide()

    def _on_failed(self, text: str) -> None:
        self._end()
        self._shell.message.queue(partial(self._shell.message.show_message, text))

    def _on_written(self, path: Path, words: str) -> None:
        self._file.end(is_written=True)
        self.progress.hide()
        self._shell.explorer.saved.emit(path)
        place = path.absolute()
        size = re.search(r"[\d.]+ MB", words.removeprefix(f"page {path}"))
        about = f" ({size[0]})" if size else ""
        how = "; its pictures were decoded beforehand" if BEFOREHAND in words else ""
        left_out = words.removeprefix(f"page {path}").partition(LEFT_OUT)[2]
        how += f", without {left_out}" if left_out else ""
        text = f"{path.name}{about} is written: it opens in any browser, and needs nothing else{how}"
        actions = [
            ("Open in browser", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(place)))),
            ("Open its folder", lambda: open_folder_of(place)),
        ]
        self._shell.message.queue(lambda: self._shell.message.show_note(text, actions))

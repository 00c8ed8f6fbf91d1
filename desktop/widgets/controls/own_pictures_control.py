"""One's own pictures as points: opened or dropped, encoded with progress, and removed again."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from desktop.app.own_pictures import OwnPictures
from desktop.jobs.own_pictures import Progress
from desktop.models.own_posterior import OwnPosterior
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.progress_strip import ProgressStrip
from desktop.widgets.controls.shell import Shell

TITLE = "Open pictures as points"
KINDS = "Zipped pictures and arrays (*.zip *.npz);;All files (*)"
NO_MODEL = "pictures need a model that has an encoder, and none is open; open one, then the pictures again"
NO_ENCODER = (
    "pictures cannot be shown as points, because the open model has no encoder; open a model that has "
    "one, or choose its encoder in File › How the model is read…"
)
NO_ENCODER_IN_BUNDLE = (
    "pictures cannot be shown as points, because the open bundle has no encoder; export it again with its "
    "encoder, or open another"
)
REMOVE, SHOW_TEST_IMAGES = "Re&move your images", "Show the model's own test i&mages"
NO_ENCODER_NOW = "The model of this epoch has no encoder, so your pictures are not shown"


class OwnPicturesControl(QObject):
    """Adds the entries for own pictures to the File menu, and tells how their encoding goes.

    Attributes:
        progress: for the status bar; it is hidden while nothing is encoded.
    """

    told = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = shell.explorer
        self._pictures = OwnPictures(shell.explorer)
        self.progress = ProgressStrip()
        file = shell.menus["file"]
        add_action(file, "Open a &folder of images as points…", None, self._choose_folder)
        add_action(file, "Open a &zip or .npz of images as points…", None, self._choose_file)
        self.remove = add_action(file, REMOVE, None, self._pictures.remove)
        self.remove.setEnabled(False)
        self.progress.cancel_wanted.connect(self._cancel)
        self._pictures.progressed.connect(self._on_progress)
        self._pictures.shown.connect(self._on_shown)
        self._pictures.unencoded.connect(lambda: self.told.emit(NO_ENCODER_NOW))
        self._explorer.opened.connect(self._on_points)
        self._explorer.points_changed.connect(self._on_points)

    def show(self, path: Path) -> None:
        """Encode the pictures in a folder, a zip or an `.npz`, and show them as points."""
        source = self._explorer.source
        if source is None:
            self._shell.message.show_message(f"{path}: {NO_MODEL}")
        elif not self._pictures.can_encode:
            words = NO_ENCODER if source.bundle is None else NO_ENCODER_IN_BUNDLE
            self._shell.message.show_message(f"{path}: {words}")
        else:
            self._pictures.show(path)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._shell.window, TITLE)
        if chosen:
            self.show(Path(chosen))

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._shell.window, TITLE, "", KINDS)
        if chosen:
            self.show(Path(chosen))

    def _cancel(self) -> None:
        self._pictures.cancel()
        self.told.emit("encoding cancelled")

    def _on_progress(self, progress: Progress | None) -> None:
        if progress is None:
            self.progress.hide()
            return
        count = f": {progress.done:,} of {progress.total:,}" if progress.total else " …"
        self.progress.show_progress(f"{progress.doing}{count}", progress.done, progress.total)

    def _on_points(self) -> None:
        own = self._explorer.own
        self.remove.setEnabled(own is not None)
        whole = self._explorer.whole
        has_test_images = whole is not None and whole.posterior is not None
        self.remove.setText(SHOW_TEST_IMAGES if has_test_images else REMOVE)

    def _on_shown(self, own: OwnPosterior) -> None:
        labels = f", {len(own.label_names)} labels" if own.label_names else ""
        text = f"{own.title}: {len(own.names):,} pictures shown as points{labels}"
        if own.note:
            text = f"{text}; {own.note}"
        self._shell.message.show_note(text, [(self.remove.text().replace("&", ""), self._pictures.remove)])

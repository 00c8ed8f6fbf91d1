"""Your own pictures or z as points: opened or dropped, shown with progress, and removed again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from desktop.app.own_pictures import OwnPictures
from desktop.app.worker import Priority
from desktop.images.picture_set import is_picture_set
from desktop.jobs.own_pictures import Progress
from desktop.latent.named_points import NamedPoints
from desktop.latent.number_file import is_number_file
from desktop.models.own_posterior import OwnPosterior
from desktop.models.point_words import OWN_PICTURES
from desktop.view.saved_views import SavedPictures
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button
from desktop.widgets.common.message_bar import Action
from desktop.widgets.common.progress_strip import ProgressStrip
from desktop.widgets.common.usable import set_usable
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
REMOVE, SHOW_TEST_IMAGES = "Re&move {}", "Show the model's own test i&mages"
PRINCIPAL = "Show their principal plane"
NO_ENCODER_NOW = "The model of this epoch has no encoder, so your pictures are not shown"

NO_OWN = "No pictures or z of yours are shown."


class OwnPicturesControl(QObject):
    """Adds the entries for own pictures to the File menu, and shows the progress of their encoding.

    Attributes:
        progress: for the status bar; hidden while nothing is being encoded.
    """

    told = Signal(str)
    kept = Signal(object)  # SavedPictures to show again at the next start, or None
    z_restored = Signal(object)  # Path of a file of z that were shown at an earlier start

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = shell.explorer
        self._pictures = OwnPictures(shell.explorer)
        self.progress = ProgressStrip()
        file = shell.menus["file"]
        add_action(file, "Open a &folder of images as points…", None, self._choose_folder)
        add_action(file, "Open a &zip or .npz of images as points…", None, self._choose_file)
        self.remove = add_action(file, REMOVE.format("your pictures"), None, self._pictures.remove)
        set_usable(self.remove, NO_OWN)
        add_button(file, "Stop encoding the images", self.progress.cancel, within=[self.progress])
        self.progress.cancel_wanted.connect(self._cancel)
        self._pictures.progressed.connect(self._on_progress)
        self._pictures.shown.connect(self._on_shown)
        self._pictures.kept.connect(self.kept)
        self._pictures.restore_failed.connect(self._on_restore_failed)
        self._pictures.unencoded.connect(lambda: self.told.emit(NO_ENCODER_NOW))
        self._explorer.opened.connect(self._on_points)
        self._explorer.points_changed.connect(self._on_points)

    def show(self, path: Path, only: Sequence[Path] = ()) -> None:
        """Encode the pictures in a folder, a zip or an `.npz`, and show them as points.

        From a folder, only the files and folders in `only` are taken, unless `only` is empty.
        """
        source = self._explorer.source
        self._shell.message.hide_error()
        if source is None:
            self._shell.message.show_message(f"{path}: {NO_MODEL}")
        elif not self._pictures.can_encode:
            words = NO_ENCODER if source.bundle is None else NO_ENCODER_IN_BUNDLE
            self._shell.message.show_message(f"{path}: {words}")
        else:
            self._pictures.show(path, only)

    def restore(self, pictures: SavedPictures) -> None:
        """Show pictures or z that were shown with this model at an earlier start; the status bar says so."""
        path = pictures.path

        def look() -> Iterator[tuple[bool]]:
            yield (is_number_file(path) and not is_picture_set(path),)

        def on_looked(are_z: tuple[bool]) -> None:
            if are_z[0]:
                self.z_restored.emit(path)
            elif self._pictures.can_encode:
                self._pictures.show(path, pictures.only, restored=True)

        self._explorer.opener.request("look again", Priority.OPEN, look(), on_looked)

    def show_z(
        self, points: NamedPoints, title: str, path: Path | None = None, restored: bool = False
    ) -> None:
        """Show z as points, with thumbnails that are decoded. `path` is their file, if any."""
        self._pictures.show_z(points, title, path, restored)

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
        self.told.emit(f"{'decoding' if self._explorer.points.are_z else 'encoding'} cancelled")

    def _on_progress(self, progress: Progress | None) -> None:
        if progress is None:
            self.progress.hide()
            return
        count = f": {progress.done:,} of {progress.total:,}" if progress.total else " …"
        self.progress.show_progress(f"{progress.doing}{count}", progress.done, progress.total)

    def _on_points(self) -> None:
        points, whole = self._explorer.points, self._explorer.whole
        set_usable(self.remove, NO_OWN if points.own is None else "")
        words = OWN_PICTURES if points.own is None else points.words
        has_test_images = whole is not None and whole.posterior is not None
        self.remove.setText(SHOW_TEST_IMAGES if has_test_images else REMOVE.format(words.many))

    def _on_restore_failed(self, path: Path, error: Exception) -> None:
        why = " ".join(str(error).split()) if path.exists() else f"{path} is no longer there"
        self.told.emit(f"your pictures are not shown again: {why}")

    def _on_shown(self, own: OwnPosterior) -> None:
        labels = f", {len(own.label_names)} labels" if own.label_names else ""
        kind = "points shown" if own.is_z else "pictures shown as points"
        text = f"{own.title}: {len(own.names):,} {kind}{labels}"
        if own.note:
            text = f"{text}; {own.note}"
        if self._pictures.is_restored:
            self.told.emit(text)
            return
        actions: list[Action] = [(self.remove.text().replace("&", ""), self._pictures.remove)]
        if own.mean.shape[1] > 2 and len(own.mean) > 2:
            actions.insert(0, (PRINCIPAL, self._shell.panel.view.principal_wanted.emit))
        self._shell.message.show_note(text, actions)

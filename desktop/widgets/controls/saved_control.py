"""Saves the views and inputs soon after a change and at the end, and restores them at the start."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.app.worker import Priority
from desktop.base.shipped import shipped_bundle
from desktop.images.picture_kinds import is_image
from desktop.models.opened import Opened
from desktop.models.source import Source
from desktop.reading.input_values import without
from desktop.reading.overrides import Overrides
from desktop.view.bookmarks import Bookmark
from desktop.view.saved_drawing import SavedDrawing
from desktop.view.saved_views import SavedPictures, SavedViews, read_views, save_views
from desktop.view.state import ViewState
from desktop.widgets.common.saved_inputs import saved_values, set_saved_values
from desktop.widgets.controls.shell import Shell

WRITE_MS = 2000
ANSWER_MS = 5000  # a network drive that is gone does not answer at all


class SavedControl(QObject):
    """Saves and restores nothing until `start` is called.

    Attributes:
        views: the saved views, updated with those of this session.
        recovering: whether the bundle that ships is being opened because the last model could not be.
    """

    open_wanted = Signal(object, object)  # Path, Overrides or None
    picture_wanted = Signal(object)  # Path of a picture to open
    pictures_wanted = Signal(object)  # SavedPictures to show again
    bookmarks_found = Signal(object)  # tuple of Bookmark, of the model that was opened
    drawing_found = Signal(object)  # SavedDrawing or None, of the model that was opened

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._window = shell.window
        self._message = shell.message
        self._explorer = shell.explorer
        self._started = False
        self._restoring = True
        self._latest: tuple[Source, ViewState] | None = None
        self._picture: Path | None = None
        self._pictures: SavedPictures | None = None
        self._bookmarks: tuple[Bookmark, ...] = ()
        self._drawing: SavedDrawing | None = None
        self._fallback = False
        self.recovering = False
        self._note = ""
        self.views = SavedViews()
        self._saved = self.views
        self._place = Path()
        self._unanswered = QTimer(self, singleShot=True, interval=ANSWER_MS)
        self._later = QTimer(self, singleShot=True, interval=WRITE_MS)
        self._later.timeout.connect(self._write_soon)
        self._explorer.opening_began.connect(self._on_opening)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.renewed.connect(lambda _: self._on_state(self._explorer.state))
        self._explorer.open_failed.connect(self._on_open_failed)
        self._explorer.state_changed.connect(self._on_state)

    def start(
        self,
        model: Path | None,
        overrides: Overrides | None = None,
        fresh: bool = False,
        saves: bool = True,
    ) -> None:
        """Open `model`; without one, the model that was open last, or else the bundle that ships.

        If `model` is a picture, it is handled like a dropped picture once a model is open. With `fresh`, only
        bookmarks are restored; what was saved for other models stays saved. Without `saves`, nothing is saved
        or restored.
        """
        self._started = saves
        found = read_views()
        self.views = self._saved = replace(found, last="", controls={}) if fresh else found
        self._restoring = not fresh
        self._note = "" if fresh else found.note
        if not fresh:
            set_saved_values(self._window, dict(found.controls))
            self._restore_layers()
        if model is not None and is_image(model):
            model, self._picture = None, model
        last = self.views.last_path
        if model is None and last is not None:
            self._open_last(last, overrides)
        else:
            self.open_wanted.emit(model or shipped_bundle(), overrides)

    def _open_last(self, last: Path, overrides: Overrides | None) -> None:
        """Open the last model if it is still there, or else the bundle that ships."""

        def look() -> Iterator[tuple[bool]]:
            found = last.exists()
            if last.is_file():  # the system may remember that it exists, but must fetch its content
                with last.open("rb") as file:
                    file.read(1)
            yield (found,)

        def looked(found: tuple[bool]) -> None:
            (self._fallback,) = found
            if not self._fallback:
                self._note = (
                    f"{last}: the last model is no longer there; the bundle that ships is open instead"
                )
            self.open_wanted.emit(last if self._fallback else shipped_bundle(), overrides)

        def unanswered() -> None:
            self._note = (
                f"{last}: the last model's drive does not answer; the bundle that ships is open instead"
            )
            self.open_wanted.emit(shipped_bundle(), overrides)

        self._unanswered.timeout.connect(unanswered)
        self._unanswered.start()
        # If the path cannot be read, opening it shows why.
        self._explorer.opener.request(
            "last", Priority.OPEN, look(), looked, lambda _: looked((True,)), of_model=False
        )

    def keep_pictures(self, pictures: SavedPictures | None) -> None:
        """Show these own pictures again at the next start with the open model; None for none."""
        self._pictures = pictures
        self._save_later()

    def keep_bookmarks(self, bookmarks: tuple[Bookmark, ...]) -> None:
        """Save these bookmarks with the open model."""
        self._bookmarks = bookmarks
        self._save_later()

    def keep_drawing(self, drawing: SavedDrawing | None) -> None:
        """Save this drawing with the open model; None for none."""
        # While another model is being opened, the canvas changes for that model, not for the one before.
        source = self._explorer.source
        if self._latest is None or source is None or self._latest[0].path == source.path:
            self._drawing = drawing
            self._save_later()

    def keep_second(self, opened: Opened) -> None:
        """Save the path of the second model in Compare, so that exports that show it find it again."""
        source = opened.model.source
        self.views = self.views.with_second(source.sha256, source.path.resolve())
        self._save_later()

    def path_of(self, sha256: str) -> Path | None:
        """Return the path of the model with this decoder if it was open before, as A or B, and exists."""
        known = self.views.path_of(sha256)
        return known if known is not None and known.exists() else None

    def close(self) -> None:
        """Save for the last time, before the window closes."""
        self._later.stop()
        self._unanswered.stop()
        if self._started and self._latest is not None:
            with contextlib.suppress(OSError):  # the window is closing and cannot show the error
                save_views(self._now(), self._saved)

    def _restore_layers(self) -> None:
        """Set the last model's layers and picture mode, which a model without a saved view keeps."""
        state = self.views.state_of(self.views.last)
        if state is not None:
            self._explorer.state = replace(
                self._explorer.state,
                layers=state.layers,
                opacities=state.opacities,
                picture_mode=state.picture_mode,
            )

    def _on_opening(self) -> None:
        """Stop waiting for the last model, because it or another model is being opened."""
        self._unanswered.stop()
        self._explorer.opener.cancel("last")

    def _on_opened(self, opened: Opened) -> None:
        source = opened.model.source
        self._fallback = self.recovering = False
        before, self._latest = self._latest, None
        other = before is None or before[0].sha256 != source.sha256
        if before is not None:
            self.views = self.views.with_model(
                before[0].sha256, self._place, before[1], self._pictures, self._bookmarks, self._drawing
            )
        self._place = source.path.resolve()  # now, because its drive may be gone when it is saved
        restoring, self._restoring = self._restoring, True
        if self._started and other and restoring:
            state = self.views.state_of(source.sha256, opened.model.latent_dim)
            if state is not None and state.prior == source.reading.prior:
                state = replace(state, inputs=without(state.inputs, self._explorer.given_inputs))
                self._explorer.set_state(state, record=False)
        if other:
            has = self._started
            self._bookmarks = self.views.bookmarks_of(source.sha256, opened.model.latent_dim) if has else ()
            self.bookmarks_found.emit(self._bookmarks)
            self._pictures = self.views.pictures_of(source.sha256) if restoring else None
            image_shape = opened.model.image_shape
            has = has and restoring
            self.drawing_found.emit(self.views.drawing_of(source.sha256, image_shape) if has else None)
        if self._started and self._pictures is not None:
            self.pictures_wanted.emit(self._pictures)
        if self._note:
            self._message.show_note(self._note)
            self._note = ""
        if self._picture is not None:
            picture, self._picture = self._picture, None
            self.picture_wanted.emit(picture)

    def _on_open_failed(self, error: Exception) -> None:
        self.recovering, self._fallback = self._fallback, False
        if self.recovering:
            words = " ".join(str(error).split())
            self._note = f"the last model cannot be opened ({words}); the bundle that ships is open instead"
            self.open_wanted.emit(shipped_bundle(), None)

    def _on_state(self, state: ViewState) -> None:
        if self._explorer.points.own is not None:
            # At the next start, the numbers of own points would mean the model's own test images.
            state = state.without_points()
        if self._explorer.source is not None:
            self._latest = self._explorer.source, state
        self._save_later()

    def _save_later(self) -> None:
        if self._started and not self._later.isActive():
            self._later.start()

    def _write_soon(self) -> None:
        views = self._now()

        def write() -> Iterator[None]:
            with contextlib.suppress(OSError):
                save_views(views, self._saved)
                self._saved = views
            yield None

        self._explorer.worker.request("saved", Priority.SAVE, write(), lambda _: None, of_model=False)

    def _now(self) -> SavedViews:
        if self._latest is not None:
            source, state = self._latest
            self.views = self.views.with_model(
                source.sha256, self._place, state, self._pictures, self._bookmarks, self._drawing
            )
        self.views = replace(self.views, controls=saved_values(self._window), note="")
        return self.views

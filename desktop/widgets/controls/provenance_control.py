"""Exports that open again: what is dropped, opened or pasted is looked into, and taken up where it was."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop.app.worker import Priority
from desktop.base.shipped import shipped_bundle
from desktop.images.note import read_note
from desktop.images.read_image import is_image
from desktop.latent.plane import parse_z
from desktop.models.opened import Opened
from desktop.models.source import Source
from desktop.view.provenance import Detail, Provenance, from_text, is_provenance
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.message_bar import Action
from desktop.widgets.common.saved_inputs import kept_values, set_kept_values
from desktop.widgets.controls.picture_control import NOTE_TYPE
from export.bundle import DECODER_FILE, epoch_file, open_bundle

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow

SHORT_HASH = 12


class ProvenanceControl(QObject):
    """Takes files and texts that the program wrote, and says what the pages are to take up from them.

    Args:
        window: its explorer's state is set, and can be undone.
    """

    restored = Signal(object)  # Provenance, when its state and inputs have been set
    image_pasted = Signal(object)  # QImage

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._explorer = window.explorer
        self._pending: tuple[Provenance, str, Path | None] | None = None
        self._explorer.opened.connect(self._on_opened)
        self._explorer.open_failed.connect(self._forget)
        edit = window.menus["edit"]
        add_action(edit, "&Paste", "Ctrl+V", self.paste)
        add_action(edit, "Copy &view as text", "Ctrl+Shift+C", self.copy_text)

    def open(self, path: Path, as_picture: bool = False) -> None:
        """Open a model, go on from an export, or encode a picture; `as_picture` encodes any picture."""
        if not is_image(path):
            self._window.open_path(path)
        elif as_picture:
            self._encode(path)
        else:

            def read() -> Iterator[tuple[str | None]]:
                yield (read_note(path),)  # the worker takes None for a step without a result

            self._explorer.worker.request(
                "note", Priority.PICTURE, read(), partial(self._on_read, path), of_model=False
            )

    def note(self, kind: str, **details: Detail) -> str:
        """The text that an export carries: what is looked at, and what is set in the inputs kept for it."""
        start = f"{kind}."
        kept = kept_values(self._window)
        inputs = {name.removeprefix(start): value for name, value in kept.items() if name.startswith(start)}
        return self._explorer.note(kind, **inputs | details)

    def paste(self) -> None:
        """Take what is on the clipboard: a view, z, files, or a picture."""
        data = QGuiApplication.clipboard().mimeData()
        note = bytes(data.data(NOTE_TYPE).data()).decode("ascii", errors="replace")
        text = note or data.text()
        urls = data.urls()
        if is_provenance(text):
            self.go_on(text, "the clipboard")
        elif urls and urls[0].isLocalFile():
            self.open(Path(urls[0].toLocalFile()))
        elif data.hasImage():
            self.image_pasted.emit(QGuiApplication.clipboard().image())
        elif text.strip() and self._explorer.model is not None:
            try:
                z = parse_z(text, self._explorer.model.latent_dim)
            except ValueError as error:
                self._window.show_error(error)
            else:
                self._explorer.set_state(self._explorer.state.moved_to(z))
        else:
            self._window.show_status("found nothing on the clipboard to paste here")

    def copy_text(self) -> None:
        """Put what is looked at on the clipboard, as a text to send and to paste."""
        text = self._explorer.note("view")
        if text:
            QGuiApplication.clipboard().setText(text)
            self._window.show_status("view copied as text; paste it into this program to come back to it")

    def go_on(self, text: str, name: str, picture: Path | None = None) -> None:
        """Look at what a text of `desktop.view.provenance` says, with the model it needs.

        `name` says to people where the text was; `picture` is the file that holds it.
        """
        try:
            carried = from_text(text)
            if carried.state is None:
                raise ValueError("found no view in it, expected one; it was too large to be carried")
        except ValueError as error:
            self._window.message.show_message(f"{name}: {error}")
            return
        source = self._explorer.source
        if source is not None and _is_in(source, carried):
            self._apply(carried, name, picture)
            return

        def find() -> Iterator[tuple[Path | None]]:
            yield (self._find(carried.decoder_sha256),)

        self._explorer.worker.request(
            "find", Priority.PICTURE, find(), partial(self._on_found, carried, name, picture), of_model=False
        )

    def _find(self, sha256: str) -> Path | None:
        """Where the needed model was when it was open before, or the bundle that ships if it is that one.

        What is opened there is compared once more: it may have been replaced.
        """
        known = self._window.session.path_of(sha256)
        if known is not None:
            return known
        shipped = open_bundle(shipped_bundle())
        return shipped.path if shipped.manifest["files"][DECODER_FILE]["sha256"] == sha256 else None

    def _on_read(self, path: Path, note: tuple[str | None]) -> None:
        (text,) = note
        if text is None:
            self._encode(path)
        else:
            self.go_on(text, path.name, path)

    def _on_found(
        self, carried: Provenance, name: str, picture: Path | None, places: tuple[Path | None]
    ) -> None:
        (found,) = places
        if found is not None:
            self._pending = carried, name, picture
            self._window.open_path(found)
        else:
            self._say_what_is_needed(carried, name, picture)

    def _say_what_is_needed(self, carried: Provenance, name: str, picture: Path | None) -> None:
        hint = f", {carried.bundle}" if carried.bundle and carried.bundle != carried.model else ""
        words = (
            f"{name} needs the model {carried.model or 'without a name'} "
            f"(decoder {carried.decoder_sha256[:SHORT_HASH]}{hint}), which is not open; open it to go on"
        )

        def choose() -> None:
            self._pending = carried, name, picture
            if not self._window.choose_model():
                self._pending = None

        self._window.message.show_note(words, [("Open…", choose), *self._encode_action(picture)])

    def _on_opened(self, opened: Opened) -> None:
        if self._pending is None:
            return
        pending, self._pending = self._pending, None
        if _is_in(opened.model.source, pending[0]):
            self._apply(*pending)
        else:
            self._say_what_is_needed(*pending)

    def _forget(self) -> None:
        self._pending = None

    def _apply(self, carried: Provenance, name: str, picture: Path | None) -> None:
        model, state = self._explorer.model, carried.state
        assert model is not None
        assert state is not None
        if len(state.z) != model.latent_dim:
            found = f"found z of {len(state.z)} numbers, expected the model's {model.latent_dim}"
            self._window.message.show_message(f"{name}: {found}")
            return
        source = self._explorer.source
        if source is not None and source.sha256 != carried.decoder_sha256:
            state = replace(state, epoch=_epoch_of(source, carried.decoder_sha256))
        self._explorer.set_state(state)
        details = {f"{carried.kind}.{name}": value for name, value in carried.details.items()}
        set_kept_values(self._window, details)
        self._window.show_page(carried.kind)
        self.restored.emit(carried)
        actions = self._encode_action(picture)
        if actions:
            self._window.message.show_note(f"{name}: this is where it was made", actions)
        else:
            self._window.message.hide()
            self._window.show_status(f"{name}: this is where it was made")

    def _encode_action(self, picture: Path | None) -> list[Action]:
        model = self._explorer.model
        if picture is None or model is None or not model.has_encoder:
            return []
        return [("Encode the picture instead", partial(self._encode, picture))]

    def _encode(self, path: Path) -> None:
        self._window.encode_picture(path)


def _is_in(source: Source, carried: Provenance) -> bool:
    """Whether a source has the needed model: as its own, or as an epoch of a bundle that has grown."""
    return carried.decoder_sha256 == source.sha256 or _epoch_of(source, carried.decoder_sha256) is not None


def _epoch_of(source: Source, sha256: str) -> int | None:
    if source.bundle is None:
        return None
    files = source.bundle.manifest["files"]
    hashes = {files[epoch_file(epoch, DECODER_FILE)]["sha256"]: epoch for epoch in source.bundle.epochs}
    return hashes.get(sha256)

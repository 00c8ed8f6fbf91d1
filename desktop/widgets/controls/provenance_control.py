"""Restores the view of an export that is opened, or of a text that is pasted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.app.comparison import Comparison
from desktop.app.worker import Priority
from desktop.base.shipped import shipped_bundle
from desktop.models.opened import Opened
from desktop.view.comparison import Other
from desktop.view.provenance import (
    OF_BESIDE,
    SHORT_HASH,
    Beside,
    Provenance,
    beside_of,
    differences_from,
    epoch_of,
    from_text,
    is_in,
    other_reading,
)
from desktop.widgets.common.message_bar import Action
from desktop.widgets.common.saved_inputs import set_exported_values
from desktop.widgets.controls.shell import Shell
from export.bundle import DECODER_FILE, BundleError, open_bundle


@dataclass(frozen=True)
class _Wanted:
    """A view that is to be restored.

    Attributes:
        carried: the provenance in the file or text.
        name: where it was found, for people.
        picture: the file that holds it, if any.
        model: where the model that it needs was found, or None.
        beside: where the second model was found, or None.
    """

    carried: Provenance
    name: str
    picture: Path | None
    model: Path | None = None
    beside: Path | None = None


class ProvenanceControl(QObject):
    """Restores views from files and texts that the program wrote, with the models that they need.

    Args:
        shell: the state of its explorer is set; this can be undone.
        path_of: returns where the model with a decoder of this SHA-256 was open before, or None. It is called
            on the worker's thread.
        comparison: holds the second model.
        choose: asks for a file and opens it; False if none was chosen.
    """

    open_wanted = Signal(object)  # Path of a model
    picture_wanted = Signal(object)  # Path of a picture to encode
    beside_wanted = Signal(object)  # Other: the second model of an export that shows two
    page_wanted = Signal(str)  # key of a page or section, after the state and its inputs were set
    told = Signal(str)

    def __init__(
        self,
        shell: Shell,
        path_of: Callable[[str], Path | None],
        comparison: Comparison,
        choose: Callable[[], bool],
    ) -> None:
        super().__init__(shell.window)
        self._window = shell.window
        self._message = shell.message
        self._explorer = shell.explorer
        self._path_of = path_of
        self._comparison = comparison
        self._choose = choose
        self._pending: _Wanted | None = None
        self._expected: _Wanted | None = None  # the view whose second model is being opened
        self._explorer.opening_began.connect(self._on_opening)
        self._explorer.opened.connect(self._on_opened)
        self._explorer.open_failed.connect(self._forget)
        comparison.second.opened.connect(self._on_beside_opened)
        comparison.second.open_failed.connect(self._expect_no_beside)

    def restore_view(self, text: str, name: str, picture: Path | None = None) -> None:
        """Restore the view that a text of `desktop.view.provenance` describes, with the model it needs.

        `name` tells people where the text was found; `picture` is the file that holds it, if any.
        """
        try:
            carried = from_text(text)
            if carried.state is None:
                raise ValueError(
                    "found no view, expected one; the view was too large to be saved in the file"
                )
        except ValueError as error:
            self._message.show_message(f"{name}: {error}")
            return
        is_open, beside = self._is_open(carried), beside_of(carried.details)
        # Found before a model is opened, which replaces the open one; that may be the second model.
        there = None if beside is None else self._open_beside(beside)
        if is_open and (beside is None or there is not None):
            self._apply(_Wanted(carried, name, picture))
            return
        kept = self._comparison.other

        def find() -> Iterator[tuple[Path | None, Path | None]]:
            model = None if is_open else self._find(carried.decoder_sha256)
            if there is not None:
                yield model, there.path
            else:
                yield model, None if beside is None else self._find(beside.decoder_sha256, kept)

        def found(places: tuple[Path | None, Path | None]) -> None:
            self._on_found(_Wanted(carried, name, picture, *places))

        self._explorer.worker.request("find", Priority.PICTURE, find(), found, of_model=False)

    def _find(self, sha256: str, kept: Other | None = None) -> Path | None:
        """Return where a model was open before, or else the bundle that ships, or `kept`, if it is the model.

        Once the model is open, its hash is compared again, because the file may have been replaced.
        """
        known = self._path_of(sha256)
        if known is not None:
            return known
        for path in (shipped_bundle(), *(() if kept is None else (kept.path,))):
            try:
                bundle = open_bundle(path)
            except (BundleError, OSError):
                continue
            if bundle.manifest["files"][DECODER_FILE]["sha256"] == sha256:
                return bundle.path
        return None

    def _is_open(self, carried: Provenance) -> bool:
        source = self._explorer.source
        return source is not None and is_in(source, carried.decoder_sha256)

    def _open_beside(self, beside: Beside) -> Other | None:
        """The second model if it is open already: as A, as an epoch of A, or as B."""
        sha256 = beside.decoder_sha256
        for source in (self._explorer.source, self._comparison.second.source):
            if source is not None and is_in(source, sha256):
                is_own = source.sha256 == sha256
                return Other(source.path, beside.epoch if is_own else epoch_of(source, sha256))
        return None

    def _on_found(self, wanted: _Wanted) -> None:
        if self._is_open(wanted.carried):
            self._apply(wanted)
        elif wanted.model is not None:
            self._pending = wanted
            self.open_wanted.emit(wanted.model)
        else:
            self._say_what_is_needed(wanted)

    def _say_what_is_needed(self, wanted: _Wanted) -> None:
        carried = wanted.carried
        hint = f", {carried.bundle}" if carried.bundle and carried.bundle != carried.model else ""
        words = (
            f"{wanted.name} needs the model {carried.model or 'without a name'} "
            f"(decoder {carried.decoder_sha256[:SHORT_HASH]}{hint}), which is not open; open it to continue"
        )

        def choose() -> None:
            self._pending = replace(wanted, model=None)
            if not self._choose():
                self._pending = None

        self._message.show_note(words, [("Open…", choose), *self._encode_action(wanted.picture)])

    def _on_opening(self, path: Path) -> None:
        """Forget a view whose model was being opened, if another one is opened instead."""
        if self._pending is not None and self._pending.model not in (None, path):
            self._pending = None

    def _on_opened(self, opened: Opened) -> None:
        if self._pending is None:
            return
        pending, self._pending = self._pending, None
        if is_in(opened.model.source, pending.carried.decoder_sha256):
            self._apply(pending)
        else:
            self._say_what_is_needed(pending)

    def _forget(self) -> None:
        self._pending = None

    def _apply(self, wanted: _Wanted) -> None:
        carried, name = wanted.carried, wanted.name
        state, latent_dim = carried.state, self._explorer.latent_dim
        assert state is not None
        if len(state.z) != latent_dim:
            found = f"found z of {len(state.z)} numbers, expected the model's {latent_dim}"
            self._message.show_message(f"{name}: {found}")
            return
        source = self._explorer.source
        if source is not None and source.sha256 != carried.decoder_sha256:
            state = replace(state, epoch=epoch_of(source, carried.decoder_sha256))
        self._explorer.set_state(state)
        from desktop.film.duration import noted_seconds  # films are not needed at the start

        details = {name: value for name, value in carried.details.items() if name not in OF_BESIDE}
        if carried.kind == "path" and (seconds := noted_seconds(carried.details)) is not None:
            details["seconds"] = seconds
        set_exported_values(self._window, carried.kind, details)
        missing = self._restore_beside(wanted)
        actions = self._encode_action(wanted.picture)
        missing += [] if source is None else differences_from(carried, self._explorer.state, source)
        if source is not None and other_reading(carried, source):
            actions.insert(0, ("Read the model as it was read then", partial(self._read_as_then, wanted)))
        if missing:
            words = f"{name}: this is the view that it was made from, but {'; '.join(missing)}"
            self._message.show_note(words, actions)
        elif actions:
            self._message.show_note(f"{name}: this is the view that it was made from", actions)
        else:
            self._message.dismiss()
            self.told.emit(f"{name}: this is the view that it was made from")

    def _restore_beside(self, wanted: _Wanted) -> list[str]:
        """Show the page that the file shows, with both models if it has two; return what is missing."""
        beside = beside_of(wanted.carried.details)
        if beside is None:
            self.page_wanted.emit(wanted.carried.kind)
            return []
        other, self._expected = self._open_beside(beside), None
        if other is None and wanted.beside is not None:
            other, self._expected = Other(wanted.beside, beside.epoch), wanted
        if other is not None:
            self.page_wanted.emit("compare")
            self.beside_wanted.emit(other)
            return []
        self.page_wanted.emit(wanted.carried.kind)
        return [beside.not_found]

    def _on_beside_opened(self, opened: Opened) -> None:
        """Say so if the second model's file holds another model now."""
        wanted, self._expected = self._expected, None
        beside = None if wanted is None else beside_of(wanted.carried.details)
        source = opened.model.source
        if wanted is None or beside is None or source.path != wanted.beside:
            return
        if not is_in(source, beside.decoder_sha256):
            self._message.show_note(f"{wanted.name}: {beside.not_found}")

    def _expect_no_beside(self) -> None:
        self._expected = None

    def _read_as_then(self, wanted: _Wanted) -> None:
        """Open the model again with the reading that the export had, and then restore the view."""
        source = self._explorer.source
        if source is not None:
            overrides = dict(source.overrides) | other_reading(wanted.carried, source)
            self._pending = replace(wanted, model=None)
            self._explorer.open(source.path, overrides)

    def _encode_action(self, picture: Path | None) -> list[Action]:
        if picture is None or not self._explorer.has_encoder:
            return []
        return [("Encode the picture instead", partial(self.picture_wanted.emit, picture))]

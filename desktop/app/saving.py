"""Writes files of the explorer's view, with a note that says where they came from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.base.arrays import Bytes
from desktop.images.titles import Titles
from desktop.jobs.decode import save_png
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheet_steps import save_sheet as sheet_job
from desktop.jobs.sheets import Plan
from desktop.models.source import Source
from desktop.view.provenance import Detail, provenance, to_text
from desktop.view.state import Layer


def note_of(
    explorer: Explorer, kind: str, layers: frozenset[Layer] | None = None, /, **details: Detail
) -> str:
    """Return the note for an export of the current view; empty while no model is open.

    `kind` and `details` say what is exported and how, as in `desktop.view.provenance`; `layers` are the
    layers in the export, if they differ from the view's.
    """
    source, state = explorer.source, explorer.state
    if explorer.points.own is not None:
        # When the note is read, the numbers of own pictures would refer to the model's own test images.
        state = state.without_points()
    state = state if layers is None else replace(state, layers=layers)
    return "" if source is None else to_text(provenance(source, state, kind, **details))


def is_still_open(explorer: Explorer, source: Source, path: Path) -> bool:
    """Whether a model is still open after a person chose the name for its file.

    Another model may have been opened behind that dialog. Then `files.lost` is emitted, because the file is
    not written.
    """
    if explorer.source is not None and explorer.source.path == source.path:
        return True
    explorer.files.lost.emit(path)
    return False


def save_picture(
    explorer: Explorer, path: Path, picture: Bytes, scale: int, note: str = "", titles: Titles | None = None
) -> None:
    """Write a PNG with `note`, a text from `note_of`; a sheet also has `titles`."""
    save_file(explorer, path, save_png(path, picture, scale, note, titles), of_model=False)


def save_sheet(
    explorer: Explorer,
    decoder: KeptDecoder,
    path: Path,
    plan: Plan,
    scale: int,
    note: str = "",
    titles: Titles | None = None,
) -> None:
    """Decode a sheet in full size and write it as `save_picture` does, if its model is still open."""
    if decoder.model.is_closed:  # another model was opened while a person chose the file's name
        explorer.files.lost.emit(path)
        return
    save_file(explorer, path, sheet_job(decoder, plan, path, scale, note, titles))


def save_file(explorer: Explorer, path: Path, job: Iterator[Path | None], of_model: bool = True) -> None:
    """Write a file by a job whose last step yields its path; then `saved` or `failed` is emitted."""

    def tell(path: Path) -> None:
        explorer.files.end(path, is_written=True)
        explorer.saved.emit(path)

    def fail(error: Exception) -> None:
        explorer.files.end(path, is_written=False)
        explorer.failed.emit(error)

    explorer.files.begin(path, of_model)
    explorer.worker.request(f"save {path}", Priority.SAVE, job, tell, fail, of_model=of_model)

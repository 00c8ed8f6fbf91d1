"""Makes figures of the view on the worker: a preview, and the file with progress and cancel."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal

from desktop.app.explorer import Explorer
from desktop.app.file_export import FileExport
from desktop.app.worker import Priority
from desktop.base.arrays import Bytes
from desktop.figure.backdrop import can_be_finer
from desktop.figure.caption import caption_of
from desktop.figure.figure import OF_LAYERS, Figure, FigureError, OwnImage, Part, Subject
from desktop.figure.writing import figure_cost, figure_picture, save_figure
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.view.provenance import provenance, to_text


class FigureExport(FileExport):
    """Draws what the explorer shows.

    Attributes:
        own: the drawn image, which is drawn too, or None.
    """

    previewed = Signal(object)  # the picture uint8 [H, W, 3 or 4], or the FigureError why there is none
    cost_known = Signal(object)  # Cost of the decoded plane of the figure that was previewed

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "figure")
        self.own: OwnImage | None = None

    @property
    def subject(self) -> Subject:
        """The view as it is now, with its points."""
        return replace(subject_of(self._explorer), own=self.own)

    @property
    def can_be_finer(self) -> bool:
        """Whether decoded pictures have more pixels than a figure at scale 1 keeps of them."""
        decoder = self._explorer.decoder
        return decoder is not None and can_be_finer(decoder)

    def caption(self, parts: frozenset[Part]) -> str:
        """The caption of a figure of the view with these layers, until somebody writes another one."""
        source = self._explorer.source
        return "" if source is None else caption_of(source, self.subject, parts)

    def preview(self, figure: Figure, most_px: int) -> None:
        """Have a figure drawn that is at most so large; a slow decoder's plane is left out."""
        decoder, subject = self._explorer.decoder, self.subject
        if decoder is None:
            return
        small = replace(figure, scale=min(figure.scale, most_px / max(figure.size_px)))

        def steps() -> Iterator[Bytes | Cost | FigureError | None]:
            shown = small
            try:
                cost = figure_cost(decoder, subject, figure)
                yield cost
                if decoder.is_slow and figure_cost(decoder, subject, small).seconds > ASK_FROM_S:
                    shown = replace(small, parts=small.parts - {Part.BACKDROP})
                drawing = figure_picture(decoder, subject, shown)
                while True:
                    next(drawing)
                    yield None
            except StopIteration as end:
                yield end.value
            except FigureError as error:
                yield error

        self._explorer.worker.request(self.preview_name, Priority.SAVE, steps(), self._on_previewed)

    def save(self, path: Path, figure: Figure) -> None:
        """Start to make a file, of the view as it is now."""
        explorer, decoder, source = self._explorer, self._explorer.decoder, self._explorer.source
        if decoder is None or source is None:
            return
        possible = self.subject.possible()
        layers = {layer for layer, part in OF_LAYERS.items() if part in figure.parts}
        # What there is nothing to draw of stays as it is in the window.
        layers |= {layer for layer in explorer.state.layers if OF_LAYERS.get(layer) not in possible}
        shown = replace(explorer.state, layers=frozenset(layers))
        note = to_text(provenance(source, shown, "view", **figure.details()))
        self._make(path, Progress(0, 0, 0.0), save_figure(decoder, self.subject, figure, path, note))

    def _on_previewed(self, found: Bytes | Cost | FigureError | None) -> None:
        if isinstance(found, Cost):
            self.cost_known.emit(found)
        elif found is not None:
            self.previewed.emit(found)


def subject_of(explorer: Explorer) -> Subject:
    """What the explorer shows now: the view with its points."""
    name = explorer.words.heading("").strip()
    return Subject(explorer.state, explorer.posterior, explorer.encoded, explorer.label_names, name)

"""Makes figures of the view on the worker: a preview, and the file with progress and cancel.

A figure of two compared models has a plane for each. The content of B's plane is computed on B's worker
before A's worker draws both.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from PySide6.QtCore import Signal

from desktop.app.comparison import Comparison
from desktop.app.explorer import Explorer
from desktop.app.file_export import FileExport
from desktop.app.saving import note_of
from desktop.app.worker import Priority
from desktop.base.arrays import Bytes
from desktop.figure.backdrop import can_be_finer
from desktop.figure.caption import caption_of, quick_caption, title_of
from desktop.figure.drawing import Content
from desktop.figure.figure import OF_LAYERS, Figure, FigureError, OwnImage, Part, Subject
from desktop.figure.writing import NOTHING, figure_cost, figure_picture, plane_content, save_figure
from desktop.jobs.cost import ASK_FROM_S, Cost, Progress
from desktop.jobs.encode import Encoded, Located
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.models.source import Source
from desktop.view.provenance import Beside, Detail

BEGUN = Progress(0, 0, 0.0)
FREE = Cost(0, 0.0)


class FigureExport(FileExport):
    """Draws the view of the explorer; while a comparison is shown, the views of both its explorers.

    Attributes:
        own: the image that a person drew, to be marked in the figure, or None.
    """

    captioned = Signal(str)  # the program's caption for the figure that is previewed
    previewed = Signal(object)  # the picture uint8 [H, W, 3 or 4], or the FigureError that prevents it
    cost_known = Signal(object)  # Cost of the decoded planes of the figure that was previewed

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer, "figure")
        self.own: OwnImage | None = None
        self._comparison: Comparison | None = None
        self._waits_for_second = False  # whether a file waits for the content of B's plane
        explorer.opened.connect(self._drop_second)

    def set_comparison(self, comparison: Comparison) -> None:
        """Draw both models of a comparison while it is shown."""
        self._comparison = comparison
        for gone in (comparison.second.opened, comparison.second.model_closed):
            gone.connect(self._on_second_gone)

    @property
    def is_pair(self) -> bool:
        """Whether a figure has two planes now."""
        return self._second is not None

    @property
    def is_gray(self) -> bool:
        """Whether the pictures of one of the planes are grey."""
        shapes = [each.image_shape for each in (self._explorer, self._second) if each is not None]
        return any(shape is not None and shape[0] == 1 for shape in shapes)

    @property
    def subject(self) -> Subject:
        """The current view with its points, and beside it the view of B if both models are shown."""
        explorer, second = self._explorer, self._second
        found = replace(subject_of(explorer), own=self.own)
        if second is None or self._comparison is None or explorer.source is None or second.source is None:
            return found
        beside = replace(
            subject_of(second),
            own=own_image(self._comparison.encoded, self._comparison.finder.located),
            title=title_of("B", second.source, second.state.epoch),
        )
        return replace(found, title=title_of("A", explorer.source, explorer.state.epoch), beside=beside)

    @property
    def can_be_finer(self) -> bool:
        """Whether decoded pictures have more pixels than a figure at scale 1 shows."""
        decoders = [each.decoder for each in (self._explorer, self._second) if each is not None]
        return any(decoder is not None and can_be_finer(decoder) for decoder in decoders)

    def quick_caption(self, figure: Figure) -> str:
        """A caption whose counts include points out of view; `captioned` brings the exact one later."""
        source, second = self._explorer.source, self._second
        beside = None if second is None else second.source
        return "" if source is None else quick_caption(source, self.subject, figure, beside)

    def preview(self, figure: Figure, most_px: int) -> None:
        """Have a figure drawn with a longer side of at most `most_px`, without a plane that takes too long.

        Its caption comes first.
        """
        decoder, subject, source = self._explorer.decoder, self.subject, self._explorer.source
        if decoder is None or source is None:
            return
        small = replace(figure, scale=min(figure.scale, most_px / max(figure.size_px)))

        second = self._second
        other = None if second is None else second.source

        def draw(beside: Content = NOTHING, cost: Cost = FREE) -> None:
            drawing = _preview_steps(decoder, subject, figure, small, beside, cost)
            steps = chain(_caption_steps(source, subject, figure, other), drawing)
            self._explorer.worker.request(self.preview_name, Priority.SAVE, steps, self._on_previewed)

        if second is None or second.decoder is None:
            draw()
            return

        def on_step(found: tuple[Content, Cost] | FigureError) -> None:
            if isinstance(found, FigureError):
                self.previewed.emit(found)
            elif self._explorer.decoder is decoder:
                draw(*found)

        steps = _second_steps(second.decoder, subject, figure, small)
        second.worker.request(self.preview_name, Priority.SAVE, steps, on_step)

    def stop_preview(self) -> None:
        """Stop the preview, because nobody sees it any more."""
        super().stop_preview()
        if self._comparison is not None:
            self._comparison.second.worker.cancel(self.preview_name)

    def save(self, path: Path, figure: Figure) -> None:
        """Start to make a file of the current view."""
        explorer, decoder = self._explorer, self._explorer.decoder
        if decoder is None:
            return
        subject = self.subject
        possible = subject.possible_anywhere()
        layers = {layer for layer, part in OF_LAYERS.items() if part in figure.parts}
        # The note keeps the window's setting for layers that have nothing to draw.
        layers |= {layer for layer in explorer.state.layers if OF_LAYERS.get(layer) not in possible}
        beside = {} if subject.beside is None else self._beside_details()
        note = note_of(explorer, "view", frozenset(layers), **figure.details(), **beside)

        def make(beside: Content = NOTHING) -> None:
            self._request(path, save_figure(decoder, subject, figure, path, note, beside))

        self._begin(path, BEGUN)
        second = self._second
        if second is None or second.decoder is None:
            make()
            return
        self._make_after_second(plane_content(second.decoder, subject, figure, plane=1), make)

    def cancel(self) -> None:
        """Stop making the file; an existing file stays as it was."""
        self._drop_second()
        super().cancel()

    @property
    def _second(self) -> Explorer | None:
        """The explorer of B, if both models are shown."""
        comparison = self._comparison
        if comparison is None or not comparison.is_shown or comparison.second.source is None:
            return None
        return comparison.second

    def _beside_details(self) -> dict[str, Detail]:
        """The facts about B for the note."""
        second = self._second
        if second is None or second.source is None:
            return {}
        return Beside(second.source.name, second.source.sha256, second.state.epoch).details()

    def _make_after_second(
        self, content: Generator[Progress | None, None, Content], make: Callable[[Content], None]
    ) -> None:
        """Compute the content of B's plane, and then make the file."""
        assert self._comparison is not None
        second = self._comparison.second

        def on_step(step: Progress | Content) -> None:
            if isinstance(step, Content):
                self._waits_for_second = False
                make(step)
            else:
                self._on_step(step)

        def on_failed(error: Exception) -> None:
            self._waits_for_second = False
            self._on_failed(error)

        self._waits_for_second = True
        second.worker.request(self._name, Priority.FILM, _with_result(content), on_step, on_failed)

    def _drop_second(self, _: object = None) -> None:
        """Cancel the request for the content of B's plane."""
        if self._waits_for_second and self._comparison is not None:
            self._waits_for_second = False
            self._comparison.second.worker.cancel(self._name)
            self._comparison.second.interrupt()

    def _on_second_gone(self, _: object = None) -> None:
        """Stop making a file whose B was closed or replaced, and report it."""
        if self._waits_for_second and self.path is not None:
            name = self.path.name
            self._drop_second()
            self._on_failed(FigureError(f"{name} was not written, because B was closed or replaced"))

    def _on_previewed(self, found: Bytes | Cost | FigureError | str | None) -> None:
        if isinstance(found, str):
            self.captioned.emit(found)
        elif isinstance(found, Cost):
            self.cost_known.emit(found)
        elif found is not None:
            self.previewed.emit(found)


def _with_result(
    content: Generator[Progress | None, None, Content],
) -> Iterator[Progress | Content | None]:
    """Yield the steps of a generator, and at the end the content that it returns."""
    yield (yield from content)


def _caption_steps(
    source: Source, subject: Subject, figure: Figure, beside: Source | None
) -> Iterator[str | None]:
    """Yield the caption of a figure."""
    yield None  # the next step may import the module that draws texts
    yield caption_of(source, subject, figure, beside)


def _preview_steps(
    decoder: KeptDecoder, subject: Subject, figure: Figure, small: Figure, beside: Content, more: Cost
) -> Iterator[Bytes | Cost | FigureError | None]:
    """Yield the cost of the figure and B's plane, and at the end the small picture; or the error."""
    try:
        cost = figure_cost(decoder, subject, figure)
        pictures = cost.pictures + more.pictures
        yield Cost(pictures, (cost.seconds + more.seconds) / max(1, pictures))
        drawing = figure_picture(decoder, subject, _quick(decoder, subject, small), beside)
        while True:
            next(drawing)
            yield None
    except StopIteration as end:
        yield end.value
    except FigureError as error:
        yield error


def _second_steps(
    decoder: KeptDecoder, subject: Subject, figure: Figure, small: Figure
) -> Iterator[tuple[Content, Cost] | FigureError | None]:
    """Yield at the end the content of B's plane in a preview, with its cost in the figure; or the error."""
    try:
        cost = figure_cost(decoder, subject, figure, plane=1)
        content = plane_content(decoder, subject, _quick(decoder, subject, small, plane=1), plane=1)
        while True:
            next(content)
            yield None
    except StopIteration as end:
        yield end.value, cost
    except FigureError as error:
        yield error


def _quick(decoder: KeptDecoder, subject: Subject, small: Figure, plane: int = 0) -> Figure:
    """The figure without the decoded plane, if the plane takes long to decode."""
    if decoder.is_slow and figure_cost(decoder, subject, small, plane).seconds > ASK_FROM_S:
        return replace(small, parts=small.parts - {Part.BACKDROP})
    return small


def own_image(encoded: Encoded | None, located: Located | None) -> OwnImage | None:
    """The place of a drawn image by the encoder, and by its true posterior if that is known."""
    if encoded is None:
        return None
    if located is None:
        return OwnImage(encoded.mean, encoded.logvar)
    return OwnImage(encoded.mean, encoded.logvar, located.picture.contours, located.gap_nats(encoded))


def subject_of(explorer: Explorer) -> Subject:
    """The explorer's current view with its points, as the subject of a figure."""
    points = explorer.points
    name = points.words.heading("").strip()
    return Subject(explorer.state, points.posterior, points.encoded, points.label_names, name)

"""Makes a figure in short steps for the worker, and writes it as PNG, SVG or PDF. No Qt."""

import io
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from desktop.base.arrays import Bytes
from desktop.base.atomic_file import replaced_file
from desktop.base.machine import free_memory_bytes
from desktop.base.words import NAME_CHARS, one_line
from desktop.figure.backdrop import Backdrop, backdrop_cost, decode_backdrop
from desktop.figure.drawing import Content, draw
from desktop.figure.figure import DENSITY_CELL_PX, Figure, FigureError, FileKind, Ground, Part, Subject
from desktop.figure.layout import layout_of
from desktop.images.pixels import write_png
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.density_map import PosteriorMap, posterior_map
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.chart import Projection
from desktop.latent.normals import project_normals

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

POLL_S = 0.004
NOTHING = Content()
CREATOR = "Latent Plane"
# Matplotlib makes ids in SVG from this, so that the same figure always gives the same file.
SALT = "latent-plane"
TRUE_TYPE = 42  # the font type with which other programs can edit a PDF's texts
Found = TypeVar("Found")


def kind_of(path: Path) -> FileKind:
    """The format for a file's extension. Raises FigureError for any other extension."""
    for kind in FileKind:
        if path.suffix.lower() == kind.ending:
            return kind
    *others, last = (kind.ending for kind in FileKind)
    expected = f"{', '.join(others)} or {last}"
    raise FigureError(f"{path}: found the ending {path.suffix or 'none'!r}, expected {expected}")


def figure_cost(decoder: KeptDecoder, subject: Subject, figure: Figure, plane: int = 0) -> Cost:
    """The cost of decoding a figure's plane number `plane` with its own decoder. Raises FigureError."""
    layout = layout_of(subject, figure)
    if Part.BACKDROP not in figure.parts:
        return Cost(0, decoder.model.picture_s)
    return backdrop_cost(decoder, layout.planes[plane].projection, figure.scale)


def plane_content(
    decoder: KeptDecoder, subject: Subject, figure: Figure, plane: int = 0
) -> Generator[Progress | None, None, Content]:
    """Compute the content of a figure's plane number `plane` with its own decoder. Raises FigureError.

    Yields the Progress of decoding.
    """
    projection = layout_of(subject, figure).planes[plane].projection
    backdrop = None
    if Part.BACKDROP in figure.parts:
        for step in decode_backdrop(decoder, projection, figure.scale):
            backdrop = step if isinstance(step, Backdrop) else backdrop
            yield step if isinstance(step, Progress) else None
    density = yield from _density(subject.planes[plane], figure, projection)
    return Content(backdrop, density)


def save_figure(
    decoder: KeptDecoder,
    subject: Subject,
    figure: Figure,
    path: Path,
    note: str = "",
    beside: Content = NOTHING,
) -> Iterator[Progress | None]:
    """Make a figure and write it in the format of the file's extension. Raises FigureError and OSError.

    `beside` is the content of the second plane if there is one, from that plane's own decoder. Yields the
    Progress of decoding. A PNG stores `note`, a text from `desktop.view.provenance`.
    """
    kind = kind_of(path)
    if kind is FileKind.PNG:
        picture = yield from figure_picture(decoder, subject, figure, beside)
        yield from aside(lambda: write_png(path, picture, note))
        return
    titles = [plane.title[0] for plane in subject.planes if plane.title]
    title = " | ".join(titles) or one_line(decoder.model.source.name, NAME_CHARS)
    encode = {FileKind.SVG: _svg, FileKind.PDF: _pdf}[kind]
    data = yield from _drawn(
        decoder, subject, figure, beside, lambda canvas: encode(canvas, figure, title), is_vector=True
    )

    def write() -> None:
        with replaced_file(path) as temporary:
            temporary.write_bytes(data)

    yield from aside(write)


def figure_picture(
    decoder: KeptDecoder, subject: Subject, figure: Figure, beside: Content = NOTHING
) -> Generator[Progress | None, None, Bytes]:
    """Make a figure as a picture uint8 [H, W, 3], or [H, W, 4] on transparent ground. Raises FigureError."""
    channels = 4 if figure.ground is Ground.TRANSPARENT else 3
    return (yield from _drawn(decoder, subject, figure, beside, lambda canvas: _pixels(canvas, channels)))


def _drawn(
    decoder: KeptDecoder,
    subject: Subject,
    figure: Figure,
    beside: Content,
    finish: Callable[["Canvas"], Found],
    is_vector: bool = False,
) -> Generator[Progress | None, None, Found]:
    """Decode and draw a figure, and return the result of `finish`."""
    if reason := figure.why_not(free_memory_bytes()):
        raise FigureError(reason)
    layout = layout_of(subject, figure)
    content = yield from plane_content(decoder, subject, figure)
    contents = (content, beside)[: len(subject.planes)]

    def make() -> Found:
        import matplotlib

        with matplotlib.rc_context():
            matplotlib.rcdefaults()  # a user's own Matplotlib settings have no effect here
            matplotlib.rcParams["svg.hashsalt"] = SALT
            matplotlib.rcParams["pdf.fonttype"] = TRUE_TYPE
            return finish(draw(subject, figure, layout, contents, is_vector))

    return (yield from aside(make))


def _pixels(canvas: "Canvas", channels: int) -> Bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    agg: Any = FigureCanvasAgg(canvas)
    agg.draw()
    return np.array(agg.buffer_rgba())[..., :channels].copy()


def _svg(canvas: "Canvas", figure: Figure, title: str) -> bytes:
    file = io.BytesIO()
    canvas.set_dpi(72)
    facts = {"Title": title, "Description": figure.caption, "Creator": CREATOR, "Date": None}
    canvas.savefig(file, format="svg", metadata=facts)
    # Matplotlib writes the size in points, and a browser shows a point as 4/3 pixels.
    width, height = figure.size_px
    points = f'width="{width}pt" height="{height}pt"'.encode()
    size = f'width="{width}" height="{height}"'
    if figure.unit_pt is not None:
        size = 'width="{:.2f}mm" height="{:.2f}mm"'.format(*figure.size_mm)
    return file.getvalue().replace(points, size.encode(), 1)


def _pdf(canvas: "Canvas", figure: Figure, title: str) -> bytes:
    """A PDF of one page, on which a pixel at scale 1 is `figure.unit_pt` points, or one."""
    from matplotlib.backends import backend_mixed, backend_pdf

    pdf: Any = backend_pdf  # without types
    mixed: Any = backend_mixed
    buffer, unit = io.BytesIO(), figure.unit_pt or 1.0
    width, height = (side / 72 for side in figure.size_px)
    pdf.FigureCanvasPdf(canvas)  # the figure draws on it from now on
    canvas.set_dpi(72)
    facts = {"Title": title, "Subject": figure.caption, "Creator": CREATOR, "CreationDate": None}
    # The steps of Matplotlib's own `savefig`, with a scale.
    file = pdf.PdfFile(buffer, metadata={name: fact for name, fact in facts.items() if fact != ""})
    try:
        file.newPage(width * unit, height * unit)
        file.width, file.height = width, height  # nothing is drawn beyond them
        file.output(unit, 0, 0, unit, 0, 0, pdf.Op.concat_matrix)
        page = pdf.RendererPdf(file, 72, height, width)
        renderer = mixed.MixedModeRenderer(canvas, width, height, 72, page)
        canvas.draw(renderer)
        renderer.finalize()
        file.finalize()
    finally:
        file.close()
    return buffer.getvalue()


def _density(
    subject: Subject, figure: Figure, projection: Projection
) -> Generator[None, None, PosteriorMap | None]:
    """Compute density and holes of the aggregate posterior in view; None if neither is drawn."""
    if subject.encoded is None or not figure.parts & {Part.DENSITY, Part.HOLES}:
        return None
    found = None
    plane = projection.chart.plane
    normals = project_normals(plane, subject.encoded.mean, subject.encoded.logvar)
    for step in posterior_map(normals, projection, DENSITY_CELL_PX):
        found = step
        yield None
    return found


def aside(work: Callable[[], Found]) -> Generator[None, None, Found]:
    """Run long work in a separate thread, and yield None while it runs."""
    pool = ThreadPoolExecutor(1, "figure")
    running = pool.submit(work)
    pool.shutdown(wait=False)  # a person who cancels does not wait until the drawing ends
    while not running.done():
        wait([running], POLL_S)
        yield None
    return running.result()

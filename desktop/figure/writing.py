"""Makes a figure in the worker's steps, and writes it as PNG or SVG. No Qt."""

import io
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from desktop.base.arrays import Bytes
from desktop.base.atomic_file import replaced_file
from desktop.base.machine import free_memory_bytes
from desktop.figure.backdrop import Backdrop, backdrop_cost, decode_backdrop
from desktop.figure.drawing import draw
from desktop.figure.figure import Figure, FigureError, FileKind, Part, Subject
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
# The same ids in each SVG, so that the same figure is the same file.
SALT = "latent-plane"
Found = TypeVar("Found")


def kind_of(path: Path) -> FileKind:
    """The format that a file's name asks for. Raises FigureError for another ending."""
    for kind in FileKind:
        if path.suffix.lower() == kind.ending:
            return kind
    expected = " or ".join(kind.ending for kind in FileKind)
    raise FigureError(f"{path}: found the ending {path.suffix or 'none'!r}, expected {expected}")


def figure_cost(decoder: KeptDecoder, subject: Subject, figure: Figure) -> Cost:
    """What the decoded plane of a figure costs. Raises FigureError."""
    layout = layout_of(subject, figure)
    if Part.BACKDROP not in figure.parts:
        return Cost(0, decoder.model.picture_s)
    return backdrop_cost(decoder, layout.projection, figure.scale)


def save_figure(
    decoder: KeptDecoder, subject: Subject, figure: Figure, path: Path, note: str = ""
) -> Iterator[Progress | None]:
    """Make a figure and write it, as its name's ending says. Raises FigureError and OSError.

    Yields the Progress of decoding. A PNG carries `note`, a text from `desktop.view.provenance`.
    """
    kind = kind_of(path)
    if kind is FileKind.PNG:
        picture = yield from figure_picture(decoder, subject, figure)
        yield from aside(lambda: write_png(path, picture, note))
        return
    text = yield from _drawn(decoder, subject, figure, lambda canvas: _svg(canvas, figure), is_vector=True)

    def write() -> None:
        with replaced_file(path) as temporary:
            temporary.write_bytes(text)

    yield from aside(write)


def figure_picture(
    decoder: KeptDecoder, subject: Subject, figure: Figure
) -> Generator[Progress | None, None, Bytes]:
    """Make a figure as a picture uint8 [H, W, 3]. Raises FigureError."""
    return (yield from _drawn(decoder, subject, figure, _pixels))


def _drawn(
    decoder: KeptDecoder,
    subject: Subject,
    figure: Figure,
    finish: Callable[["Canvas"], Found],
    is_vector: bool = False,
) -> Generator[Progress | None, None, Found]:
    """Decode and draw a figure, and return what `finish` makes of it."""
    if reason := figure.why_not(free_memory_bytes()):
        raise FigureError(reason)
    layout = layout_of(subject, figure)
    backdrop = None
    if Part.BACKDROP in figure.parts:
        for step in decode_backdrop(decoder, layout.projection, figure.scale):
            backdrop = step if isinstance(step, Backdrop) else backdrop
            yield step if isinstance(step, Progress) else None
    density = yield from _density(subject, figure, layout.projection)

    def make() -> Found:
        import matplotlib

        with matplotlib.rc_context():
            matplotlib.rcdefaults()  # what people set for their own plots has no effect here
            matplotlib.rcParams["svg.hashsalt"] = SALT
            return finish(draw(subject, figure, layout, backdrop, density, is_vector))

    return (yield from aside(make))


def _pixels(canvas: "Canvas") -> Bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    agg: Any = FigureCanvasAgg(canvas)
    agg.draw()
    return np.array(agg.buffer_rgba())[..., :3].copy()


def _svg(canvas: "Canvas", figure: Figure) -> bytes:
    file = io.BytesIO()
    canvas.set_dpi(72)
    canvas.savefig(
        file, format="svg", metadata={"Date": None, "Creator": "Latent Plane", "Description": figure.caption}
    )
    # Matplotlib's unit is the point, of which a browser makes 4/3 pixels.
    width, height = figure.size_px
    points = f'width="{width}pt" height="{height}pt"'.encode()
    return file.getvalue().replace(points, f'width="{width}" height="{height}"'.encode(), 1)


def _density(
    subject: Subject, figure: Figure, projection: Projection
) -> Generator[None, None, PosteriorMap | None]:
    """Return density and holes of the aggregate posterior in view, if they are drawn."""
    if subject.encoded is None or not figure.parts & {Part.DENSITY, Part.HOLES}:
        return None
    found = None
    plane = projection.chart.plane
    normals = project_normals(plane, subject.encoded.mean, subject.encoded.logvar)
    for step in posterior_map(normals, projection):
        found = step
        yield None
    return found


def aside(work: Callable[[], Found]) -> Generator[None, None, Found]:
    """Run something that takes long in a thread of its own, yielding None while it runs."""
    pool = ThreadPoolExecutor(1, "figure")
    running = pool.submit(work)
    pool.shutdown(wait=False)  # somebody who cancels does not wait for what is being drawn
    while not running.done():
        wait([running], POLL_S)
        yield None
    return running.result()

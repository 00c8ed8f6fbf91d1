"""Figures of one model, and of two compared models: the content of the planes, and the written file."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from desktop.app.comparison import Comparison
from desktop.app.figure_export import FigureExport, own_image
from desktop.app.worker import Priority
from desktop.figure.figure import Figure, Part
from desktop.images.drawing import blank
from desktop.images.note import read_note
from desktop.models.own_posterior import OwnPosterior
from desktop.view.comparison import Other
from desktop.view.provenance import from_text
from desktop.view.state import Layer
from tests.desktop.small_bundles import encoder_graph
from tests.waiting import SOON_MS

SHAPE = (1, 12, 12)


@pytest.fixture
def pair(make_explorer, make_bundle, qtbot):
    """The figures of two models whose comparison is shown, and the comparison."""
    first = make_explorer(make_bundle())
    comparison = Comparison(first, first)
    comparison.set_shown(True)
    exports = FigureExport(first)
    exports.set_comparison(comparison)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(seed=5, name="second", encoder=encoder_graph(SHAPE, 1))))
    return exports, comparison


def test_each_plane_has_the_true_posterior_by_its_model(pair, qtbot):
    """B's is part of a figure as soon as it is found, beside A's."""
    exports, comparison = pair
    comparison.finder.side = 32
    comparison.encode(replace(blank(SHAPE), pixels=np.eye(12, dtype=np.float32)[None]))
    qtbot.waitUntil(lambda: comparison.finder.located is not None, timeout=SOON_MS)
    qtbot.waitUntil(lambda: comparison.encoded is not None, timeout=SOON_MS)
    exports.own = own_image(comparison.encoded, comparison.finder.located)
    assert Part.TRUE_POSTERIOR in exports.subject.possible()
    beside = exports.subject.beside
    assert beside.own.contours is comparison.finder.located.picture.contours
    assert Part.TRUE_POSTERIOR in beside.possible()


def test_a_figure_that_waits_for_b_is_being_written(pair, make_bundle, tmp_path, qtbot):
    """It is listed from the start, and its end is announced: written, cancelled, or lost with A or B."""
    exports, comparison = pair
    files, path, told = comparison.first.files, tmp_path / "both.png", []
    files.lost.connect(told.append)
    comparison.first.failed.connect(lambda error: told.append(str(error)))

    def save():
        exports.save(path, Figure((400, 300), scale=1))
        assert exports.writing == "writing both.png"
        assert files.paths == (path,)

    save()
    exports.cancel()
    assert (exports.path, files.paths) == (None, ())
    save()
    comparison.close_second()
    assert (exports.path, files.paths) == (None, ())
    assert told == ["both.png was not written, because B was closed or replaced"]
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(seed=5, name="second")))
    save()
    with qtbot.waitSignal(comparison.first.saved, timeout=SOON_MS):
        save()
    assert (exports.path, files.paths) == (None, ())
    assert path.exists()
    told.clear()
    may_go_on = Event()

    def hold():
        may_go_on.wait()
        yield None

    comparison.second.worker.request("hold", Priority.PICTURE, hold(), told.append)
    save()
    with qtbot.waitSignal(comparison.first.opened, timeout=SOON_MS):
        comparison.first.open(make_bundle(name="third"))
    may_go_on.set()
    assert (exports.path, files.paths) == (None, ())
    assert told == [path]


def test_the_note_has_no_numbers_of_own_pictures(explorer, tmp_path, qtbot):
    """Later the numbers would refer to test images. The note's layers are those of the figure."""
    mean = np.eye(2, dtype=np.float32)
    explorer.show_pictures(OwnPosterior(mean, mean))
    explorer.change(pinned=(1,), selected=(0, 1))
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS):
        parts = frozenset({Part.PRIOR})
        FigureExport(explorer).save(tmp_path / "view.png", Figure((400, 300), scale=1, parts=parts))
    carried = from_text(read_note(tmp_path / "view.png")).state
    assert (carried.pinned, carried.selected) == ((), ())
    assert Layer.PRIOR in carried.layers
    assert Layer.BACKDROP not in carried.layers

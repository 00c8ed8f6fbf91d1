"""Several dropped files: those that belong together are opened, and a message names the others."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QDragLeaveEvent

from desktop.app.own_pictures import OwnPictures
from desktop.widgets.controls.drop_control import drop_words
from tests.desktop.dropping import drag, drop
from tests.desktop.small_bundles import decoder_graph, encoder_graph
from tests.waiting import SOON_MS

SHAPE = (3, 12, 12)


@pytest.fixture
def pair(tmp_path):
    """A decoder and an encoder in different folders, with names that do not match."""
    decoder, encoder = tmp_path / "a" / "faces.onnx", tmp_path / "b" / "vae_enc.onnx"
    for path, graph in ((decoder, decoder_graph(2, SHAPE)), (encoder, encoder_graph(SHAPE, 0))):
        path.parent.mkdir()
        path.write_bytes(graph)
    return decoder, encoder


@pytest.fixture
def pictures(tmp_path):
    """Two pictures and a folder with two more, beside a picture that is not dropped."""
    folder = tmp_path / "holiday"
    (folder / "sea").mkdir(parents=True)
    for name in ("a.png", "b.png", "c.png", "sea/d.png", "sea/e.png"):
        picture = np.random.default_rng(len(name)).integers(0, 256, (12, 12, 3), np.uint8)
        imageio.imwrite(folder / name, picture, extension=".png", plugin="pillow")
    return folder


def test_a_decoder_and_its_encoder_open_together(open_window, pair, qtbot):
    """They do so in either order; a message names a file that was dropped with them."""
    window = open_window()
    for paths in (pair, (pair[1].with_name("z.npy"), *reversed(pair))):
        with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
            drop(window, *paths)
        assert window.explorer.source.path == pair[0]
        assert window.explorer.has_encoder
    assert window.message.text().endswith("not opened, because they do not go together: z.npy")


def test_of_several_models_the_first_opens(open_window, make_bundle, qtbot):
    """A message names the others once it is open."""
    window = open_window()
    first, *others = (make_bundle(name=name) for name in ("one", "two", "three"))
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        drop(window, first, *others)
    assert window.explorer.source.name == "one"
    assert window.message.text() == "not opened, because they do not go together: two, three"


def test_several_pictures_become_points_together(open_window, pair, pictures, qtbot):
    """Dropped folders count too, and their names are labels; pictures that were not dropped are left out."""
    window = open_window()
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        drop(window, *pair)
    own, told = window.explorer.findChild(OwnPictures), []
    window.drop.told.connect(told.append)
    with qtbot.waitSignal(own.shown, timeout=SOON_MS):
        drop(window, pictures / "a.png", pictures / "b.png", pictures / "sea", pictures / "notes.txt")
    assert window.explorer.points.own.names == ("a.png", "b.png", "sea/d.png", "sea/e.png")
    assert window.explorer.points.own.title == "holiday"
    assert window.explorer.points.label_names == ("sea", "no folder")
    assert told == ["not opened, because they do not go together: notes.txt"]


def test_without_an_encoder_several_pictures_are_told(open_window, make_bundle, pictures, qtbot):
    """The message is the same as for a folder."""
    window = open_window(make_bundle())
    drop(window, pictures / "a.png", pictures / "b.png")
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert "pictures cannot be shown as points" in window.message.text()


@pytest.mark.parametrize(
    ("names", "is_canvas", "words"),
    [
        (("a.onnx",), False, "Open the model a.onnx"),
        (("manifest.json",), False, "Open the model manifest.json"),
        (("a.png",), True, "Encode a.png"),
        (("a.png",), False, "Encode a.png, or show the view that it was exported from"),
        (("holiday",), False, "Open holiday"),
        (("z.npy",), False, "Open z.npy"),
        (("a.png", "b.onnx"), False, "Open 2 files"),
    ],
)
def test_a_drop_says_before_what_it_would_do(names, is_canvas, words):
    """It needs only the names."""
    assert drop_words([Path(name) for name in names], is_canvas) == words


def test_what_a_file_is_dragged_over_lights_up(open_window, make_bundle, qtbot):
    """A picture over the canvas lights up the canvas; anything else, and a model anywhere, the window."""
    window = open_window(make_bundle())
    overlay, canvas = window.drop.overlay, window.image.panel.canvas
    over_canvas = canvas.mapTo(window, canvas.rect().center())
    drag(window, over_canvas, Path("a.png"))
    assert (overlay.text(), overlay.size()) == ("Encode a.png", canvas.size())
    drag(window, over_canvas, Path("a.onnx"))
    assert (overlay.text(), overlay.size()) == ("Open the model a.onnx", window.size())
    drag(window, QPoint(50, 200), Path("a.png"))
    assert overlay.size() == window.size()
    window.event(QDragLeaveEvent())
    assert not overlay.isVisible()
    drag(window, QPoint(50, 200), Path("missing.npy"))
    assert overlay.isVisible()
    with qtbot.waitSignal(window.explorer.failed, timeout=SOON_MS):
        drop(window, Path("missing.npy"))
    assert not overlay.isVisible()

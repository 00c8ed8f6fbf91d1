"""A drawing is encoded while it changes: the newest last, and only by the open model."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.app.drawing_encoder import DrawingEncoder
from desktop.images.drawing import blank
from tests.desktop.small_bundles import encoder_graph
from tests.waiting import SOON_MS

SHAPE = (1, 12, 12)


@pytest.fixture
def explorer(make_explorer, make_bundle):
    return make_explorer(make_bundle(encoder=encoder_graph(SHAPE, 0)))


def drawing(rows):
    """A drawing with this many white rows."""
    pixels = np.zeros(SHAPE, np.float32)
    pixels[:, :rows] = 1
    return replace(blank(SHAPE), pixels=pixels)


def test_of_many_drawings_the_first_and_the_last_are_encoded(explorer, qtbot):
    """Drawings that arrive while the encoder is busy are skipped, except the newest."""
    encoder, found = DrawingEncoder(explorer, explorer), []
    encoder.encoded.connect(found.append)
    for rows in range(1, 6):
        encoder.encode(drawing(rows))
    qtbot.waitUntil(lambda: len(found) == 2, timeout=SOON_MS)
    assert [int(each.x.sum()) for each in found] == [12, 60]


def test_an_empty_drawing_is_told_at_once(explorer, qtbot):
    """The result of an encoding that is still running does not arrive after it."""
    encoder, found = DrawingEncoder(explorer, explorer), []
    encoder.encoded.connect(found.append)
    encoder.encode(drawing(3))
    encoder.encode(blank(SHAPE))
    assert found == [None]
    encoder.encode(drawing(4))
    qtbot.waitUntil(lambda: len(found) == 2, timeout=SOON_MS)
    assert int(found[1].x.sum()) == 48


def test_another_model_ends_what_the_last_one_gave(explorer, make_bundle, qtbot):
    """Its mean may have another number of dimensions than the plane has now."""
    encoder, found = DrawingEncoder(explorer, explorer), []
    encoder.encoded.connect(found.append)
    encoder.encode(drawing(3))
    qtbot.waitUntil(lambda: len(found) == 1, timeout=SOON_MS)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(latent_dim=3))
    assert found[1:] == [None]

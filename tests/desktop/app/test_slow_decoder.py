"""With a slow decoder a nearby picture is shown at once, the wanted one comes next, then the plane."""

import pytest

from desktop.latent.chart import Projection
from tests.desktop.foreign_models import decoder
from tests.waiting import SOON_MS


@pytest.fixture
def slow(request, make_explorer, tmp_path, qtbot):
    """An explorer with a decoder that counts as slow, and its first plane decoded."""
    request.getfixturevalue("all_are_slow")
    explorer = make_explorer(decoder(tmp_path / "decoder.onnx", image_shape=(1, 24, 24)))
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        explorer.set_view_size((200, 200))
    return explorer


def go_to(explorer, qtbot, ab):
    """Move the cursor and wait for its picture."""
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS) as decoded:
        explorer.set_state(explorer.state.at(ab))
    return decoded.args[0]


def test_while_a_picture_is_decoded_the_nearest_one_is_told(slow, qtbot):
    """It comes with the time that the wanted picture will probably take."""
    far, near = go_to(slow, qtbot, (2.0, 2.0)), go_to(slow, qtbot, (-1.0, -1.0))
    pending = []
    slow.picture_pending.connect(pending.append)
    go_to(slow, qtbot, (-1.013, -1.011))
    assert pending[0].nearest.z == near.z
    assert pending[0].nearest.probabilities is near.probabilities
    assert far.z != near.z
    assert pending[0].expected_s > 0


def test_a_picture_that_is_there_is_not_decoded_again(slow, qtbot):
    """Going back shows the same picture at once."""
    first = go_to(slow, qtbot, (1.0, 0.0))
    go_to(slow, qtbot, (0.0, 1.0))
    pending = []
    slow.picture_pending.connect(pending.append)
    assert go_to(slow, qtbot, (1.0, 0.0)).probabilities is first.probabilities
    assert pending == []


def test_a_quick_decoder_is_not_waited_for(explorer, qtbot):
    """No picture is pending or kept, and the plane has no progress."""
    told = []
    explorer.picture_pending.connect(told.append)
    explorer.tiles.progressed.connect(told.append)
    go_to(explorer, qtbot, (1.0, 1.0))
    assert [one for one in told if one is not None] == []


def test_the_plane_is_counted_and_can_be_paused(slow, qtbot):
    """While paused, nothing is decoded; going on finishes the plane, and the progress ends."""
    progress = []
    slow.tiles.progressed.connect(progress.append)
    slow.tiles.set_paused(True)
    slow.set_state(slow.state.with_axes(1, 0))
    count = len(progress)
    assert progress[-1].done == 0
    assert progress[-1].total > 1
    assert progress[-1].left_s > 0
    go_to(slow, qtbot, (0.5, 0.5))
    assert progress[count:] == []
    with qtbot.waitSignal(slow.backdrop_finished, timeout=SOON_MS):
        slow.tiles.set_paused(False)
    assert progress[-1] is None
    done = [one.done for one in progress if one is not None]
    assert done == sorted(done)


def test_a_picture_interrupts_the_plane_and_the_plane_is_finished_all_the_same(slow, qtbot):
    """The interrupted tile is decoded again; in the end every tile of the view is decoded."""
    slow.set_state(slow.state.with_axes(1, 0))
    for a in range(5):
        go_to(slow, qtbot, (a / 7, 0.3))
    if not slow.tiles.is_complete:
        with qtbot.waitSignal(slow.backdrop_finished, timeout=SOON_MS):
            pass
    cut = slow.tiles.shown
    projection = Projection(slow.state.chart, slow.state.viewport, (200, 200))
    level = cut.pyramid.level(projection.viewport.units_per_px((200, 200)))
    tiles = cut.pyramid.meeting(projection.edges, level)
    assert all(slow.tiles.cache.get(cut.space, tile) is not None for tile in tiles)


def test_a_picture_in_a_file_is_not_decoded_again(slow, qtbot, monkeypatch):
    """A picture that does not fit into memory comes back without being pending."""
    first = go_to(slow, qtbot, (1.013, 0.0))
    monkeypatch.setattr(slow._pictures, "_memory_bytes", 0)
    go_to(slow, qtbot, (0.017, 1.0))
    pending, decoder = [], slow.decoder
    slow.picture_pending.connect(pending.append)
    z = slow.state.at((1.013, 0.0)).z
    assert decoder.in_memory(z) is None
    assert decoder.has(z)
    again = go_to(slow, qtbot, (1.013, 0.0))
    assert (again.probabilities == first.probabilities).all()
    assert pending == []

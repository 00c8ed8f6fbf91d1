"""Animations are made by the worker, with progress and cancel, while everything else goes on."""

from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from desktop.app.film_export import AnimationExport
from desktop.film.film import Content, Film, Subject, film_px
from desktop.images.note import read_note
from desktop.images.pixels import tile, to_bytes
from desktop.latent.paths import PathKind
from desktop.latent.plane import manifold_grid
from desktop.view.provenance import from_text
from export.bundle import BundleError
from tests.desktop.path_points import path_points
from tests.waiting import SOON_MS


@pytest.fixture
def exports(explorer):
    """The animation export of the explorer."""
    return AnimationExport(explorer)


def heard(*signals):
    """The signals emitted from now on."""
    events = []
    for signal in signals:
        signal.connect(lambda *values: events.append(values))
    return events


def with_path(explorer):
    explorer.set_state(replace(explorer.state, path=((-2.0, 0.0), (2.0, 0.0), (0.0, 1.5))))


def test_a_film_is_the_path_with_progress_from_nothing_to_all(
    explorer, exports, tmp_path, qtbot, gif_frames, plain_decoder, same_picture
):
    """Shares rise from 0 to 1 and end with None; the frames are the decoded path, enlarged."""
    with_path(explorer)
    explorer.change(path_closed=True)
    shares = []
    exports.progressed.connect(shares.append)
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS) as saved:
        exports.save(tmp_path / "a.gif", Film(frame_count=40, fps=10, scale=23))
    assert saved.args == [tmp_path / "a.gif"]
    assert shares[0] == 0.0
    assert shares[-2:] == [1.0, None]
    assert shares[:-1] == sorted(shares[:-1])
    frames = gif_frames(tmp_path / "a.gif")
    expected = to_bytes(plain_decoder(explorer.source.path)(path_points(explorer.state.path, 40, True)))
    assert frames.shape == (40, 276, 276)
    assert same_picture(frames[:, ::23, ::23], expected)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.info["duration"] == 100


def test_a_film_carries_what_was_looked_at(explorer, exports, tmp_path, qtbot):
    """The metadata hold the path, its kind, and the model."""
    with_path(explorer)
    explorer.change(path_kind=PathKind.SPHERICAL)
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS):
        exports.save(tmp_path / "a.gif", Film(frame_count=8, scale=1))
    carried = from_text(read_note(tmp_path / "a.gif"))
    assert carried.decoder_sha256 == explorer.source.sha256
    assert carried.kind == "path"
    assert carried.details["frames"] == 8
    assert carried.state == explorer.state


@pytest.mark.parametrize("at_share", [0.01, 0.3])
def test_a_cancelled_film_leaves_the_old_file(explorer, exports, tmp_path, qtbot, at_share, join_encoders):
    """Progress ends, the old file stays, nothing is saved, and the picture at the cursor still arrives."""
    with_path(explorer)
    place = tmp_path / "a.gif"
    place.write_bytes(b"old")
    told = heard(explorer.saved, explorer.failed)
    with qtbot.waitSignal(
        exports.progressed, timeout=SOON_MS, check_params_cb=lambda share: share and share >= at_share
    ):
        exports.save(place, Film(frame_count=400, scale=40))
    with qtbot.waitSignal(exports.progressed, timeout=SOON_MS, check_params_cb=lambda s: s is None):
        exports.cancel()
    later = heard(exports.progressed)
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        explorer.set_state(explorer.state.at((1.0, 0.0)))
    assert later == []
    assert told == []
    join_encoders()
    assert [file.name for file in tmp_path.iterdir()] == ["a.gif"]
    assert place.read_bytes() == b"old"


def test_a_film_does_not_hold_up_the_picture(explorer, exports, tmp_path, qtbot):
    """The picture at the cursor arrives before the animation has advanced by a tenth."""
    with_path(explorer)
    shares = []
    exports.progressed.connect(shares.append)
    exports.save(tmp_path / "a.gif", Film(frame_count=2000, scale=23))
    qtbot.waitUntil(lambda: len(shares) > 2, timeout=SOON_MS)
    before = shares[-1]
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        explorer.set_state(explorer.state.at((1.0, 0.0)))
    assert shares[-1] < before + 0.1
    exports.cancel()


def test_a_film_of_no_path_is_refused_at_once(exports, tmp_path):
    """The error is raised to the caller, before any progress is shown."""
    told = heard(exports.progressed)
    with pytest.raises(ValueError, match="found no two different points on the path"):
        exports.save(tmp_path / "a.gif", Film())
    assert told == []


def test_a_film_that_cannot_be_written_ends_its_progress_and_is_told(explorer, exports, tmp_path, qtbot):
    """The progress disappears, and the error says why."""
    with_path(explorer)
    shares = []
    exports.progressed.connect(shares.append)
    with qtbot.waitSignal(explorer.failed, timeout=SOON_MS) as failure:
        exports.save(tmp_path / "no" / "a.gif", Film(frame_count=20))
    assert isinstance(failure.args[0], OSError)
    assert shares[-1] is None


def test_opening_another_bundle_ends_the_film_of_the_first(
    explorer, exports, make_bundle, tmp_path, qtbot, join_encoders
):
    """The animation of the closed model is not written; progress ends, and nothing fails."""
    with_path(explorer)
    told = heard(explorer.saved, explorer.failed)
    shares = []
    exports.progressed.connect(shares.append)
    exports.save(tmp_path / "a.gif", Film(frame_count=600, scale=40))
    qtbot.waitUntil(lambda: len(shares) > 2, timeout=SOON_MS)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(name="second"))
    assert shares[-1] is None
    assert exports.path is None
    join_encoders()
    qtbot.wait(100)
    assert told == []
    assert not (tmp_path / "a.gif").exists()


@pytest.mark.parametrize("subject", [Subject.EPOCHS, Subject.GRID_EPOCHS])
def test_a_film_of_the_epochs_has_a_frame_of_each(
    make_explorer, bundle_path, tmp_path, qtbot, gif_frames, same_picture, subject
):
    """Each epoch's decoder gives the picture at the cursor, or the manifold grid, forward and backward."""
    explorer = make_explorer(bundle_path)
    exports = AnimationExport(explorer)
    explorer.set_state(explorer.state.at((0.5, -0.5)))
    shares = []
    exports.progressed.connect(shares.append)
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS):
        exports.save(tmp_path / "a.gif", Film(subject, fps=4, scale=2, ping_pong=True))
    grid = subject is Subject.GRID_EPOCHS
    z = manifold_grid(explorer.state.plane, 20) if grid else np.array([explorer.state.z], np.float32)
    expected = []
    for epoch in (0, 1, 2, 1):
        graph = (bundle_path / "epochs" / f"{epoch:03d}" / "decoder.onnx").read_bytes()
        session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
        expected.append(tile(to_bytes(session.run(None, {"z": z})[0]), 20 if grid else 1))
    assert same_picture(gif_frames(tmp_path / "a.gif")[:, ::2, ::2], np.stack(expected))
    assert shares[:-1] == sorted(shares[:-1])
    assert shares[-2:] == [1.0, None]
    carried = from_text(read_note(tmp_path / "a.gif"))
    assert carried.kind == ("manifold epochs" if grid else "picture epochs")
    settings = Film(subject, fps=4, scale=2, ping_pong=True).details() | {"frames": 4}
    del settings["seconds"]  # only a path has it
    assert carried.details == settings


@pytest.mark.parametrize("content", [Content.BESIDE, Content.PLANE])
def test_a_film_of_the_epochs_can_show_the_plane(make_explorer, bundle_path, tmp_path, qtbot, content):
    """It has a frame for each epoch in the announced size, and a preview of the same length."""
    explorer = make_explorer(bundle_path)
    exports, film = AnimationExport(explorer), Film(Subject.EPOCHS, fps=4, scale=10, content=content)
    with qtbot.waitSignal(exports.previewed, timeout=SOON_MS) as told:
        exports.preview(film)
    frames, seconds = told.args
    assert (len(frames), seconds) == (3, 0.75)
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS):
        exports.save(tmp_path / "a.gif", film)
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.size) == (3, film_px(film, (28, 28)))
    assert from_text(read_note(tmp_path / "a.gif")).kind == "plane epochs"


def test_a_model_without_epochs_has_no_film_of_them(exports, tmp_path):
    """The error is raised to the caller."""
    with pytest.raises(ValueError, match="found no epochs in the open model"):
        exports.save(tmp_path / "a.gif", Film(Subject.EPOCHS))


def test_a_preview_lasts_as_long_as_the_film(explorer, exports, qtbot):
    """The preview has fewer frames, with the plane beside the picture; without a path there is none."""
    film = Film(frame_count=400, fps=20, scale=2, content=Content.BESIDE)
    with qtbot.assertNotEmitted(exports.previewed, wait=100):
        exports.preview(film)
    with_path(explorer)
    with qtbot.waitSignal(exports.previewed, timeout=SOON_MS) as told:
        exports.preview(film)
    frames, seconds = told.args
    assert (len(frames), seconds) == (90, 20.0)
    width, height = film_px(film, (12, 12))
    assert frames[0].shape == (height, width, 3)


@pytest.mark.parametrize("is_early", [True, False])
def test_closing_the_window_stops_the_model_of_an_epoch(make_explorer, bundle_path, make_model, is_early):
    """Its runs raise errors, whether a film already decodes with it or has just loaded it."""
    explorer, model = make_explorer(bundle_path), make_model(bundle_path)
    exports = AnimationExport(explorer)
    if is_early:
        exports._set_epoch_model(model)
    explorer.close()
    if not is_early:
        model.decode(np.zeros((1, 2), np.float32))
        exports._set_epoch_model(model)
    with pytest.raises(BundleError):
        model.decode(np.zeros((1, 2), np.float32))

"""Films over the epochs on the command line."""

import numpy as np
import pytest
from PIL import Image

from desktop.images.note import read_note
from desktop.images.pixels import to_bytes
from desktop.latent.plane import axis_plane, manifold_grid
from desktop.view.provenance import from_text
from desktop.view.state import Layer
from tests.desktop.foreign_models import conditional


def test_each_frame_is_the_picture_of_its_epoch(call, tmp_path, make_film, gif_frames, same_picture):
    """The film goes there and back, at the requested z, enlarged to about 280 pixels."""
    film, out = make_film(2), tmp_path / "a.gif"
    options = ("--content", "picture", "--z", "0.5,-1", "--ping-pong", "--fps", 5)
    said = call("epochs", film.path, "--out", out, *options)
    assert said == (0, f"{out}: 4 frames of 3 epochs at 5 per second\n", "")
    frames = gif_frames(out)
    assert frames.shape == (4, 276, 276)
    for frame, epoch in zip(frames, (0, 1, 2, 1), strict=True):
        assert same_picture(frame[::23, ::23], to_bytes(film.decode(epoch, [(0.5, -1)]))[0])
    carried = from_text(read_note(out))
    assert (carried.kind, carried.details["frames"]) == ("picture epochs", 4)
    assert tuple(carried.state.z) == (0.5, -1.0)


def test_a_grid_of_each_epoch(call, tmp_path, make_film, gif_frames, same_picture):
    """Each frame is the manifold grid by an epoch's decoder."""
    film, out = make_film(1), tmp_path / "a.gif"
    assert call("epochs", film.path, "--out", out, "--content", "grid", "--scale", 1)[0] == 0
    frames = gif_frames(out)
    assert frames.shape == (2, 240, 240)
    z = manifold_grid(axis_plane((0.0, 0.0)), 20)
    for place, frame in enumerate(frames):
        assert same_picture(frame[:12, :12], to_bytes(film.decode(place, z[:1]))[0])


@pytest.mark.parametrize(("content", "width"), [("plane", 1), ("both", 2)])
def test_the_plane_of_each_epoch(call, tmp_path, make_film, content, width):
    """It is drawn alone or beside the picture; layers and captions are options, and the frames differ."""
    film, out = make_film(2), tmp_path / "a.png"
    options = ("--layers", "backdrop,points,prior", "--caption", "epoch", "--scale", 25)
    assert call("epochs", film.path, "--out", out, "--content", content, *options)[0] == 0
    with Image.open(out) as image:
        frames = [np.asarray((image.seek(n), image)[1].convert("RGB")) for n in range(image.n_frames)]
    assert [frame.shape for frame in frames] == [(325, 300 * width, 3)] * 3
    assert not (frames[0][:300] == frames[1][:300]).all()
    carried = from_text(read_note(out))
    assert carried.kind == "plane epochs"
    assert {Layer.BACKDROP, Layer.POINTS, Layer.PRIOR} == carried.state.layers


def test_without_epochs_there_is_no_film(refused, tmp_path, make_bundle):
    """The line says what is missing, and nothing is written."""
    said = refused("epochs", make_bundle(), "--out", tmp_path / "a.gif")
    assert (
        "found no epochs, expected a bundle with at least two; python -m export.onnx writes those of a"
        in said
    )
    assert list(tmp_path.iterdir()) == []


def test_points_of_a_path_have_their_own_class(call, tmp_path, gif_frames, same_picture):
    """The frames are the same as in films with one class alone; the note restores the classes."""
    model, out = conditional(tmp_path / "model.onnx"), tmp_path / "a.gif"
    options = ("--z", "-1,0", "--z", "1,0.5", "--frames", 4, "--scale", 1)
    assert call("path", model, "--out", out, *options, "--each", "label=0,3")[0] == 0
    alone = []
    for label in (0, 3):
        call("path", model, "--out", tmp_path / f"{label}.gif", *options, "--set", f"label={label}")
        alone.append(gif_frames(tmp_path / f"{label}.gif"))
    assert same_picture(gif_frames(out), np.concatenate([alone[0][:2], alone[1][2:]]))
    carried = from_text(read_note(out)).state
    assert [[each.number for each in point] for point in carried.path_inputs] == [["0", "1"], ["3", "1"]]
    alike = from_text(read_note(tmp_path / "3.gif")).state
    assert alike.path_inputs == (alike.inputs,) * 2


@pytest.mark.parametrize("value", ["label=0,4", "label=0", "label=0,0.5", "label=a,b", "psi=0,1", "label"])
def test_values_that_do_not_fit_the_points_are_refused(refused, tmp_path, value):
    """Each point needs one number that the input accepts."""
    model = conditional(tmp_path / "model.onnx")
    out = tmp_path / "a.gif"
    said = refused("path", model, "--out", out, "--z", "0,1", "--z", "1,0", "--each", value)
    assert f"--each: found {value!r}, expected " in said
    assert not out.exists()

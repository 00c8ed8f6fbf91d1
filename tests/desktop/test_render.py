"""Rendering without a window: the pictures' content, and that the same seed gives the same file."""

import os
import subprocess
import sys
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from desktop import render
from desktop.images.note import read_note
from desktop.images.pixels import tile, to_bytes
from desktop.jobs.sheets import PAIR_GAP_PX, Scores
from desktop.latent.paths import PathKind
from desktop.latent.plane import quantile_axis, sample_prior
from desktop.view.provenance import from_text
from export.bundle import Posterior
from tests.desktop.foreign_models import decoder
from tests.desktop.path_points import path_points

ROOT = Path(__file__).parents[2]


def test_the_plane_is_the_manifold_grid(call, tmp_path, bundle_path, plain_decoder, same_picture):
    """It has 20 × 20 pictures at the prior's quantiles, z1 upward, pixel for pixel as decoded."""
    out = tmp_path / "plane.png"
    status, said, errors = call("plane", bundle_path, "--out", out, "--device", "cpu")
    assert (status, errors) == (0, "")
    assert said.startswith(f"{out}: 560 × 560 pixels, decoded on CPU")
    axis = quantile_axis(20)
    z = [(a, b) for b in axis[::-1] for a in axis]
    assert same_picture(imageio.imread(out), tile(to_bytes(plain_decoder(bundle_path)(z)), 20))


@pytest.mark.parametrize(("n", "scale"), [(1, 1), (3, 1), (5, 4)])
def test_the_plane_has_the_size_that_was_asked_for(call, tmp_path, make_bundle, n, scale):
    """It has n pictures per side, each pixel enlarged."""
    call("plane", make_bundle(), "--out", tmp_path / "a.png", "--n", n, "--scale", scale)
    assert imageio.imread(tmp_path / "a.png").shape == (12 * n * scale,) * 2


def test_the_axes_of_the_plane_can_be_chosen(call, tmp_path, make_bundle, plain_decoder, same_picture):
    """The first dimension goes right, the second up, and the other coordinates are zero."""
    path = make_bundle(latent_dim=4)
    assert call("plane", path, "--out", tmp_path / "a.png", "--n", 4, "--axes", 3, 1)[0] == 0
    axis = quantile_axis(4)
    z = [(0, b, 0, a) for b in axis[::-1] for a in axis]
    assert same_picture(imageio.imread(tmp_path / "a.png"), tile(to_bytes(plain_decoder(path)(z)), 4))


def test_a_plane_goes_through_any_three_points(call, tmp_path, make_bundle, plain_decoder, same_picture):
    """The first point is its centre; its orthonormal directions go along the second, towards the third."""
    path = make_bundle(latent_dim=3)
    through = ("--through", "1,1,1", "--through", "1,4,1", "--through", "3,9,1")
    assert call("plane", path, "--out", tmp_path / "a.png", "--n", 4, *through)[0] == 0
    axis = quantile_axis(4)
    z = [(1 + b, 1 + a, 1) for b in axis[::-1] for a in axis]
    assert same_picture(imageio.imread(tmp_path / "a.png"), tile(to_bytes(plain_decoder(path)(z)), 4))


def test_nothing_is_guessed_silently(call, tmp_path):
    """Guesses are printed on standard error until they are set."""
    path = decoder(tmp_path / "model.onnx", last="", scale=5.0)
    guessed = call("samples", path, "--out", tmp_path / "a.png", "--n", 1)
    assert (guessed[0], guessed[2]) == (0, "model.onnx was read with guesses: value range logits\n")
    chosen = call("samples", path, "--out", tmp_path / "a.png", "--n", 1, "--range", "logits")
    assert (chosen[0], chosen[2]) == (0, "")


def test_a_bare_decoder_is_rendered_as_it_is_read(call, refused, tmp_path):
    """Options set its reading: with the range [-1, 1] its pictures differ from those with [0, 1]."""
    path = decoder(tmp_path / "model.onnx", last="", scale=0.1)
    sheets = []
    for value_range in ("signed", "unit"):
        out = tmp_path / f"{value_range}.png"
        assert call("samples", path, "--out", out, "--n", 3, "--range", value_range)[0] == 0
        sheets.append(imageio.imread(out))
    assert sheets[0].shape == sheets[1].shape == (24, 30)
    assert (sheets[0] != sheets[1]).any()
    said = refused("samples", path, "--out", tmp_path / "a.png", "--layout", "NHWC")
    assert "no output is a picture with layout NHWC" in said
    assert said.endswith("; use --z-input NAME, --output NAME, --layout NAME or --image-shape C,H,W")


@pytest.mark.parametrize("shape", [(1, 12, 12), (3, 8, 10)])
def test_one_dimension_and_colours_have_a_plane_too(call, tmp_path, make_bundle, shape):
    """If d = 1, all rows are alike; colours stay colours."""
    assert call("plane", make_bundle(1, shape), "--out", tmp_path / "a.png", "--n", 3)[0] == 0
    sheet = imageio.imread(tmp_path / "a.png")
    assert sheet.shape == (3 * shape[1], 3 * shape[2], *([3] if shape[0] == 3 else []))
    assert (sheet[: shape[1]] == sheet[-shape[1] :]).all()


def test_samples_are_the_priors(call, tmp_path, bundle_path, plain_decoder, same_picture):
    """There are eight by eight pictures at samples of N(0, I), in the order in which they were drawn."""
    assert call("samples", bundle_path, "--out", tmp_path / "a.png", "--seed", 5)[0] == 0
    z = sample_prior(64, 2, 5)
    assert same_picture(imageio.imread(tmp_path / "a.png"), tile(to_bytes(plain_decoder(bundle_path)(z)), 8))


def test_traversals_have_a_row_for_each_dimension(call, tmp_path, make_bundle, plain_decoder, same_picture):
    """One dimension goes from −3 to 3, and the others stay."""
    path, out = make_bundle(latent_dim=3), tmp_path / "a.png"
    options = ("--z", "1,2,3", "--n", 5, "--dimensions", 2)
    assert call("traversals", path, "--out", out, *options, "--no-titles")[0] == 0
    z = np.tile(np.float32([1, 2, 3]), (2, 5, 1))
    z[0, :, 0] = z[1, :, 1] = np.linspace(-3, 3, 5)
    assert same_picture(imageio.imread(out), tile(to_bytes(plain_decoder(path)(z.reshape(10, 3))), 5))
    bare = imageio.imread(out)
    assert call("traversals", path, "--out", out, *options)[0] == 0
    with_titles = imageio.imread(out)
    height, width = bare.shape
    top = with_titles.shape[0] - height
    assert top > 10 and with_titles.shape[1] > width, "titles of rows and columns are at the edges"
    places = range(with_titles.shape[1] - width + 1)
    assert any((with_titles[top:, x : x + width] == bare).all() for x in places), "its pixels are the same"


def test_reconstructions_stand_beside_their_originals(call, tmp_path, make_bundle):
    """The originals have their exact pixels, in the file's order."""
    images = (np.random.default_rng(0).random((9, 1, 12, 12)) < 0.5).astype(np.uint8)
    zeros = np.zeros((9, 2), np.float32)
    path, out = make_bundle(posterior=Posterior(zeros, zeros, images)), tmp_path / "a.png"
    assert call("reconstructions", path, "--out", out, "--n", 2, "--order", "file")[0] == 0
    sheet = imageio.imread(out)
    assert (sheet[:12, :12] == images[0, 0] * 255).all()
    assert (sheet[-12:, 24 + PAIR_GAP_PX : 36 + PAIR_GAP_PX] == images[7, 0] * 255).all()


@pytest.mark.parametrize(("order", "compared"), [("file", 2), ("worst", 9)])
def test_only_the_order_of_the_scores_needs_all_of_them(
    call, tmp_path, make_bundle, monkeypatch, order, compared
):
    """In the file's order, the images that are not shown are not decoded."""
    steps_of, seen = render.sheets.held_out_scores, []

    def watched(*arguments):
        for step in steps_of(*arguments):
            if isinstance(step, Scores):
                seen.append(np.isfinite(step.merit).sum())
            yield step

    monkeypatch.setattr(render.sheets, "held_out_scores", watched)
    zeros = np.zeros((9, 2), np.float32)
    path = make_bundle(posterior=Posterior(zeros, zeros, np.zeros((9, 1, 12, 12), np.uint8)))
    order = ("--n", 1, "--order", order)
    assert call("reconstructions", path, "--out", tmp_path / "a.png", *order)[0] == 0
    assert seen == [compared]


def test_the_same_seed_gives_the_same_bytes(call, tmp_path, bundle_path):
    """Two runs give the same file, byte for byte; another seed gives another picture."""
    for name, seed in [("a.png", 1), ("b.png", 1), ("c.png", 2)]:
        call("samples", bundle_path, "--out", tmp_path / name, "--seed", seed)
    first, again, other = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert first == again
    assert first != other


def test_a_path_is_a_gif_of_its_frames(call, tmp_path, make_bundle, gif_frames, plain_decoder, same_picture):
    """The number of frames and their rate are as requested, each enlarged eight times and as decoded."""
    path, out = make_bundle(), tmp_path / "a.gif"
    points = ("--z", "-2,0", "--z", "0 1.5", "--z", "(2; −1)")
    status, said, errors = call("path", path, "--out", out, *points, "--frames", 25, "--fps", 10)
    assert (status, said, errors) == (0, f"{out}: 25 frames at 10 per second\n", "")
    with Image.open(out) as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (25, (96, 96), 100)
    z = path_points([(-2, 0), (0, 1.5), (2, -1)], 25)
    frames = gif_frames(out)[:, ::8, ::8]
    assert same_picture(frames, to_bytes(plain_decoder(path)(z)))


def test_a_closed_path_comes_back(call, tmp_path, make_bundle, gif_frames, plain_decoder, same_picture):
    """With --closed, the last frame is one step away from the first."""
    path, out = make_bundle(), tmp_path / "a.gif"
    points = ("--z", "-2,0", "--z", "2,0")
    call("path", path, "--out", out, *points, "--frames", 8, "--closed", "--scale", 1)
    z = path_points([(-2, 0), (2, 0)], 8, closed=True)
    assert z[-1].tolist() == [-1, 0]
    assert same_picture(gif_frames(out)[7], to_bytes(plain_decoder(path)(z[-1:]))[0])


@pytest.mark.parametrize("name", ["a.webp", "a.apng", "a.png"])
def test_a_path_is_written_in_the_format_of_its_ending(call, tmp_path, make_bundle, name):
    """It has the requested number of frames, even equal ones, and the printed rate is that of the file."""
    out = tmp_path / name
    points = ("--z", "-2,0", "--z", "2,0")
    status, said, _ = call("path", make_bundle(), "--out", out, *points, "--frames", 9, "--fps", 30)
    assert status == 0
    assert said.endswith(
        ": 9 frames at 30.3 per second\n" if name == "a.webp" else ": 9 frames at 30 per second\n"
    )
    with Image.open(out) as image:
        assert (image.n_frames, image.format) == (9, "WEBP" if name == "a.webp" else "PNG")


def test_a_path_can_be_a_circle_there_and_back_with_captions(
    call, tmp_path, make_bundle, plain_decoder, same_picture, gif_frames
):
    """Interpolation, ping-pong, size and captions are options, and the format can be named."""
    path, out = make_bundle(), tmp_path / "walk"
    points = ("--z", "-2,0", "--z", "0,2")
    options = (
        "--interpolation",
        "spherical",
        "--ping-pong",
        "--size",
        250,
        "--caption",
        "z",
        "--format",
        "gif",
    )
    assert call("path", path, "--out", out, *points, "--frames", 8, *options, "--format", "gif")[0] == 0
    frames = gif_frames(out)
    assert frames.shape[2] == 240
    assert frames.shape[1] > 240
    z = path_points([(-2, 0), (0, 2)], 8, False, PathKind.SPHERICAL, True)
    assert same_picture(frames[:, :240:20, ::20], to_bytes(plain_decoder(path)(z)))
    carried = from_text(read_note(out))
    assert carried.state.path == ((-2.0, 0.0), (0.0, 2.0))
    assert carried.state.path_kind is PathKind.SPHERICAL


def test_equal_visual_change_and_wrong_options(call, refused, tmp_path, make_bundle):
    """Equal visual change is an option too; --size together with --scale is refused."""
    points = ("--z", "-2,0", "--z", "0,2")
    out = tmp_path / "a.gif"
    assert (
        call("path", make_bundle(), "--out", out, *points, "--frames", 5, "--interpolation", "visual")[0] == 0
    )
    with Image.open(out) as gif:
        assert gif.n_frames == 5
    said = refused("path", make_bundle(), "--out", out, *points, "--size", 100, "--scale", 2)
    assert "found --size and --scale, expected one of them" in said
    assert "'straight', 'spherical', 'visual'" in refused(
        "path", "--out", out, *points, "--interpolation", "x"
    )


def test_a_latent_file_is_rendered_like_its_folder(call, tmp_path, make_bundle):
    """The zipped bundle gives the same picture."""
    for suffix in ("", ".latent"):
        call("plane", make_bundle(suffix=suffix), "--out", tmp_path / f"a{suffix}.png", "--n", 3)
    assert np.array_equal(imageio.imread(tmp_path / "a.png"), imageio.imread(tmp_path / "a.latent.png"))


def test_rendering_needs_neither_qt_nor_pytorch_nor_the_training_code(tmp_path, make_bundle):
    """All three commands work in a process that cannot import any of these."""
    path = make_bundle()
    program = (
        "import sys; from importlib import import_module; from pathlib import Path\n"
        "sys.modules.update(PySide6=None, torch=None, training=None)\n"
        "from desktop.render import command\n"
        "folder, bundle = Path(sys.argv[1]), sys.argv[2]\n"
        "for line in ('plane --n 2 --out a.png', 'samples --n 2 --out b.png',"
        " 'path --z 0,0 --z 1,1 --frames 3 --out c.gif'):\n"
        "    *words, name = line.split()\n"
        "    command.main([words[0], bundle, *words[1:], str(folder / name)], standalone_mode=False)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "b.png", "c.gif"]


def test_blocking_qt_is_felt_by_what_needs_it():
    """The test above can fail: with its block of Qt, the explorer cannot be imported."""
    program = "import sys; sys.modules['PySide6'] = None; import desktop.app.explorer"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "PySide6" in done.stderr


def test_the_command_runs_as_a_module_without_a_display(tmp_path, make_bundle):
    """`python -m desktop.render` needs no display: it gives the same picture without one."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "-m", "desktop.render", "plane", make_bundle(), "--out", tmp_path / "a.png"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert imageio.imread(tmp_path / "a.png").shape == (240, 240)


def test_an_ending_in_capitals_is_an_ending(call, tmp_path, make_bundle):
    """PLANE.PNG is a PNG."""
    assert call("plane", make_bundle(), "--out", tmp_path / "PLANE.PNG", "--n", 2)[0] == 0
    assert imageio.imread(tmp_path / "PLANE.PNG").shape == (24, 24)


def test_far_out_there_is_still_a_picture(call, tmp_path, bundle_path, gif_frames):
    """If the graph's numbers overflow, there is still a GIF, and no warning is printed."""
    out = tmp_path / "a.gif"
    points = ("--z", "1e38,0", "--z", "-1e38,1")
    status, _, errors = call("path", bundle_path, "--out", out, *points, "--frames", 3, "--scale", 1)
    assert (status, errors) == (0, "")
    assert gif_frames(out).shape[1:] == (28, 28)


@pytest.mark.parametrize("name", ["plane", "samples", "reconstructions", "traversals", "path", "view"])
def test_the_help_begins_with_what_people_want(call, name):
    """Options about the file come first, and those for bare models last, each group under a title."""
    status, said, _ = call(name, "--help")
    assert status == 0
    titles = [
        "The file:",
        "Options:",
        "Other options:",
        "How to read a bare .onnx file, instead of guessing:",
    ]
    places = [said.index(title) for title in titles]
    assert places == sorted(places)
    for option, title in (("--out", 0), ("--device", 2), ("-h, --help", 2), ("--z-input", 3), ("--set", 3)):
        place = said.index(f"\n  {option}")
        assert [place > start for start in places] == [n <= title for n in range(4)], option

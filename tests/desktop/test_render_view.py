"""A figure of the plane on the command line."""

import re

import imageio.v3 as imageio
import pytest

from desktop import render
from desktop.images.note import read_note
from desktop.view.provenance import from_text


@pytest.fixture
def call(run_main):
    """`call(*arguments)`: the result of the command."""
    return lambda *arguments: run_main(render.main, *arguments)


def test_a_caption_that_has_no_room_is_told(call, tmp_path, make_bundle):
    """The program's own caption is shortened, and the line says so; a typed caption is not."""
    out = tmp_path / "a.png"
    options = ("view", make_bundle(), "--out", out, "--size", "300x200", "--scale", 1, "--layers", "prior")
    says = f"{out}: 300 × 200 pixels"
    assert (
        call(*options).out == f"{says}; the end of the caption was cut off; a larger --size has room for it\n"
    )
    assert call(*options, "--caption", "One. Two, which is longer; three.").out == f"{says}\n"


def test_a_figure_carries_the_view_that_it_shows(call, tmp_path, make_bundle):
    """The size, z, span and layers of the view are those of the options."""
    out = tmp_path / "a.png"
    options = ("--size", "400x300", "--scale", 1, "--z", "1,-0.5", "--span", 3, "--layers", "backdrop,prior")
    ended = call("view", make_bundle(), "--out", out, *options, "--no-legend", "--caption", "")
    assert (ended.status, ended.out) == (0, f"{out}: 400 × 300 pixels\n")
    assert imageio.imread(out).shape == (300, 400, 3)
    carried = from_text(read_note(out))
    assert carried.kind == "view"
    assert (list(carried.state.z), carried.state.viewport.span) == ([1, -0.5], 3)
    assert {layer.name for layer in carried.state.layers} == {"BACKDROP", "PRIOR"}


def test_a_vector_file_has_its_size_in_print(call, tmp_path, make_bundle):
    """Sizes are in millimetres and texts in points, as in the window, or in the requested pixels."""
    bundle, sizes = make_bundle(), re.compile(r'<svg [^>]*?width="([^"]+)" height="([^"]+)"')
    for number, (options, said, found) in enumerate(
        (
            ([], "170 × 128 mm, texts of 8 pt", ("170mm", "128mm")),
            (["--size", "80x60mm", "--text-pt", 6], "80 × 60 mm, texts of 6 pt", ("80mm", "60mm")),
            (["--size", "400x300"], "400 × 300 pixels", ("400", "300")),
        )
    ):
        out = tmp_path / f"{number}.svg"
        ended = call("view", bundle, "--out", out, "--layers", "prior", *options)
        assert (ended.status, ended.out) == (0, f"{out}: {said}\n")
        sides = sizes.search(out.read_text()).groups()
        assert tuple(re.sub(r"[\d.]+", lambda side: f"{float(side[0]):.0f}", side) for side in sides) == found


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--size", "400"],
            "found '400', expected two numbers such as 1200x900, or 170x128mm for SVG and PDF",
        ),
        (["--size", "30x90mm", "--out", "a.svg"], "found '30x90mm', expected sides from 40 to 900 mm"),
        (["--size", "80x60mm"], "--size: found 80x60mm for a PNG, expected pixels such as 1200x900"),
        (
            ["--text-pt", 8],
            "--text-pt: found it for a PNG, expected an SVG or PDF: only these have sizes in points",
        ),
        (
            ["--text-pt", 8, "--size", "900x600", "--out", "a.svg"],
            "--text-pt: found it without a size in millimetres, expected --size 170x128mm",
        ),
        (["--size", "4x9"], "found '4x9', expected sides from 160 to 8,192 pixels (see "),
        (
            ["--size", "150x128", "--out", "a.svg"],
            "expected sides from 160 to 8,192 pixels, or millimetres for SVG and PDF: 150x128mm (see ",
        ),
        (["--layers", "backdrop,point"], "Did you mean 'points'?"),
        (["--layers", "density"], "found no test images, expected a bundle that has some for density"),
        (["--out", "a.gif"], "found the ending '.gif', expected .png, .svg or .pdf"),
        (["--scale", 64], "--scale: found 64, expected at most 8"),
        (["--size", "8000x8000", "--scale", 8], "expected at most 32,767 per side; --scale 2 fits"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, tmp_path, make_bundle, monkeypatch, options, said):
    """One line says what was found and expected, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("desktop.render_figure.free_memory_bytes", lambda: 1 << 40)
    ended = call("view", make_bundle(), "--out", "a.png", *options)
    assert ended.status == 2
    assert said in ended.error_line
    assert list(tmp_path.iterdir()) == []

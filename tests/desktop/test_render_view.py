"""A figure of the plane on the command line."""

import imageio.v3 as imageio
import pytest

from desktop import render
from desktop.images.note import read_note
from desktop.view.provenance import from_text


@pytest.fixture
def call(run_main):
    """`call(*arguments)`: how the command ended."""
    return lambda *arguments: run_main(render.main, *arguments)


def test_a_figure_carries_the_view_that_it_shows(call, tmp_path, make_bundle):
    """Its size, z, span and layers are those of the options."""
    out = tmp_path / "a.png"
    options = ("--size", "400x300", "--scale", 1, "--z", "1,-0.5", "--span", 3, "--layers", "backdrop,prior")
    ended = call("view", make_bundle(), "--out", out, *options, "--no-legend", "--caption", "")
    assert (ended.status, ended.out) == (0, f"{out}: 400 × 300 pixels\n")
    assert imageio.imread(out).shape == (300, 400, 3)
    carried = from_text(read_note(out))
    assert carried.kind == "view"
    assert (list(carried.state.z), carried.state.viewport.span) == ([1, -0.5], 3)
    assert {layer.name for layer in carried.state.layers} == {"BACKDROP", "PRIOR"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--size", "400"], "found '400', expected two numbers such as 1200x900"),
        (["--size", "4x9"], "found '4x9', expected sides from 160 to 8,192"),
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

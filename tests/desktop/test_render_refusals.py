"""Rendering without a window: help, and one line for everything that goes wrong."""

import ctypes
import json
import shutil

import pytest

from desktop.base.machine import DRIVER_LIBRARY
from tests.desktop.foreign_models import decoder

PLANE, PATH = ("plane", "--out", "a.png"), ("path", "--out", "a.gif")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--through", "0,0,0"], "--through: found 1 point, expected three"),
        (["--through", "0,0", "--through", "1,0,0", "--through", "0,1,0"], "--through: found z = '0,0'"),
        (
            ["--through", "0,0,0", "--through", "1,0,0", "--through", "2,0,0"],
            "--through: found three points on",
        ),
        (["--through", "0,0,0", "--axes", 0, 1], "found --axes and --through, expected one of them"),
    ],
)
def test_points_that_span_no_plane_are_refused(refused, tmp_path, make_bundle, options, said):
    """The points' number and dimensions are checked; points on one line are refused."""
    assert said in refused("plane", make_bundle(latent_dim=3), "--out", tmp_path / "a.png", *options)


def test_without_held_out_images_nothing_is_reconstructed(refused, tmp_path, make_bundle):
    """The error is one line, and no file is written."""
    path = make_bundle()
    said = refused("reconstructions", path, "--out", tmp_path / "a.png")
    assert said == (
        f"python -m desktop.render: {path}: found no test images, "
        "expected a bundle that has some to reconstruct"
    )
    assert not (tmp_path / "a.png").exists()


def test_without_a_command_the_help_is_shown_as_it_is_written(call):
    """The status is 2, and the help keeps its line breaks."""
    status, _, errors = call()
    assert status == 2
    assert "\nCommands:\n" in errors


def test_no_summary_of_a_command_is_cut(call):
    """Click would cut a long summary and end it with three dots."""
    assert "..." not in call("-h")[1].partition("Commands:")[2]


@pytest.mark.parametrize("kind", ["plane", "view", "epochs", "path"])
def test_a_place_that_cannot_be_written_is_told_before_a_model_is_opened(refused, tmp_path, kind):
    """The model does not even exist."""
    out = tmp_path / "gone" / ("a.gif" if kind in ("epochs", "path") else "a.png")
    said = refused(kind, tmp_path / "no model", "--out", out, *(("--seed", 1) if kind == "path" else ()))
    assert said.endswith(f": {out}: No such file or directory; check the path")


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("view", "--out", "a.svg", "--grund", "dark"), "python -m desktop.render view"),
        (("plane",), "python -m desktop.render plane"),
        (("plain",), "python -m desktop.render"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_wrong_option_leads_to_the_help_that_has_it(refused, arguments, where):
    """That is the subcommand's help; the help of desktop.render itself is only for an unknown subcommand."""
    assert refused(*arguments).endswith(f" (see {where} --help)")


@pytest.mark.parametrize("arguments", [("-h",), ("plane", "--help")])
def test_help_is_no_error(call, arguments):
    """The status is 0, and the help goes to standard output."""
    status, out, errors = call(*arguments)
    assert (status, errors) == (0, "")
    assert "Usage:" in out


@pytest.mark.parametrize(
    "kind", ["plane", "samples", "reconstructions", "traversals", "view", "path", "epochs"]
)
def test_help_says_that_a_file_is_replaced(call, kind):
    """There is no option for it, as export.page has one."""
    assert "The file to write; an existing file is replaced." in " ".join(call(kind, "--help")[1].split())


@pytest.mark.parametrize(
    ("arguments", "found", "near"),
    [
        (("plan",), "plan", "plane"),
        (("sample",), "sample", "samples"),
        ((*PLANE, "--sclae", "2"), "--sclae", "--scale"),
        ((*PATH, "--fsp", "2"), "--fsp", "--fps"),
    ],
)
def test_what_is_misspelt_is_answered_with_what_is_near(refused, arguments, found, near):
    """An unknown command or option is named, with the one that was probably meant."""
    said = refused(*arguments)
    assert found in said
    assert "Did you mean" in said
    assert f"'{near}'" in said
    assert "--help)" in said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("plane",), "--out"),
        ((*PLANE, "--n", "0"), "1<=x<=200"),
        ((*PLANE, "--scale", "65"), "1<=x<=64"),
        ((*PATH, "--z", "0,0", "--frames", "1"), "2<=x<=10000"),
        ((*PATH, "--z", "0,0", "--fps", "61"), "1<=x<=60"),
        (PATH, "--z"),
        ((*PLANE, "--device", "gpu"), "'auto', 'cuda', 'cpu'"),
        ((*PLANE, "--n", "many"), "many"),
    ],
)
def test_a_value_out_of_range_is_told_with_the_range(refused, arguments, expected):
    """The line has the allowed values."""
    assert expected in refused(*arguments)


@pytest.mark.parametrize(
    ("command", "name", "found", "expected"),
    [
        (("plane",), "a.jpg", "'.jpg'", ".png"),
        (("samples",), "a", "'none'", ".png"),
        (("path", "--z", "0,0"), "a.jpg", "'.jpg'", ".gif, .webp, .apng or .mp4"),
    ],
)
def test_a_wrong_ending_is_told_before_anything_is_decoded(refused, tmp_path, command, name, found, expected):
    """Grids are PNG; paths have the formats of animations."""
    out = tmp_path / name
    said = refused(*command, tmp_path / "no bundle", "--out", out)
    assert f"{out}: found the ending {found}, expected {expected}" in said


@pytest.mark.parametrize("command", [("path", "--z", "0,0"), ("epochs",)])
def test_an_ending_of_another_format_than_the_one_asked_for_is_told(refused, tmp_path, command):
    """An APNG may end in .png, and a name without an ending is used unchanged."""
    options = (*command, tmp_path / "no bundle", "--out")
    said = refused(*options, tmp_path / "a.jpg", "--format", "gif")
    assert "a.jpg: found the ending '.jpg' with --format GIF, expected .gif" in said
    assert "expected .apng or .png" in refused(*options, tmp_path / "a.gif", "--format", "apng")
    for name, kind in (("a.png", "apng"), ("a", "gif"), ("a.GIF", "gif")):
        assert "no bundle" in refused(*options, tmp_path / name, "--format", kind)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (("0,0,0", "1,1"), "--z: found z = '0,0,0', expected 2 numbers, such as 0.5000, 0.5000"),
        (("0,0", "x,1"), "--z: found z = 'x,1', expected 2 numbers, such as 0.5000, 0.5000"),
        (("0,0",), "--z: found no two different points on the path, expected at least two; add points"),
        (("1,1", "1,1"), "--z: found no two different points on the path, expected at least two; add points"),
    ],
)
def test_a_path_that_is_none_is_refused_in_words(refused, tmp_path, make_bundle, points, said):
    """A wrong count, something that is no number, one point, and one point twice are refused."""
    options = [word for point in points for word in ("--z", point)]
    out = tmp_path / "a.gif"
    assert refused("path", make_bundle(), "--out", out, *options) == f"python -m desktop.render: {said}"
    assert not out.exists()


@pytest.mark.parametrize(("latent_dim", "axes", "last"), [(2, (0, 2), 1), (3, (1, 1), 2), (1, (0, 1), 0)])
def test_axes_that_the_model_does_not_have_are_refused(
    refused, tmp_path, make_bundle, latent_dim, axes, last
):
    """Axes that are too large or equal are refused with the range."""
    said = refused("plane", make_bundle(latent_dim), "--out", tmp_path / "a.png", "--axes", *axes)
    assert f"--axes: found {axes[0]} {axes[1]}, expected two different dimensions from 0 to {last}" in said


def test_a_folder_in_the_place_of_the_file_is_told(refused, tmp_path, make_bundle):
    """A folder with the picture's name stays, and the line names it."""
    (tmp_path / "a.png").mkdir()
    said = refused("plane", make_bundle(), "--out", tmp_path / "a.png")
    assert str(tmp_path / "a.png") in said
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_file_as_a_folder_is_told(refused, tmp_path, make_bundle):
    """One of the path's folders is a file."""
    (tmp_path / "file").write_text("")
    said = refused("plane", make_bundle(), "--out", tmp_path / "file" / "a.png")
    assert str(tmp_path / "file") in said


def test_cuda_without_a_driver_is_refused_in_words(refused, tmp_path, make_bundle):
    """The line says what was found, expected and what to do; nothing is written."""
    try:
        ctypes.CDLL(DRIVER_LIBRARY)
    except OSError:
        pass
    else:
        pytest.skip("there is a GPU")
    said = refused("plane", make_bundle(), "--out", tmp_path / "a.png", "--device", "cuda")
    assert "--device cuda: " in said
    assert "expected CUDA to run the model; use --device auto or --device cpu" in said
    assert list(tmp_path.iterdir()) == []


def change_manifest(path, change):
    """Rewrite a bundle's manifest."""
    manifest = json.loads((path / "manifest.json").read_text())
    change(manifest)
    (path / "manifest.json").write_text(json.dumps(manifest))


def remove_decoder(path):
    (path / "decoder.onnx").unlink()


def flip_a_byte(path):
    data = bytearray((path / "decoder.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (path / "decoder.onnx").write_bytes(data)


def cut_short(path):
    data = (path / "decoder.onnx").read_bytes()
    (path / "decoder.onnx").write_bytes(data[:-1])


def another_version(path):
    change_manifest(path, lambda manifest: manifest.update(format="latent-plane/2"))


def leave_the_folder(path):
    shutil.copy(path / "decoder.onnx", path.parent / "decoder.onnx")

    def point_outside(manifest):
        manifest["files"]["../decoder.onnx"] = manifest["files"]["decoder.onnx"]

    change_manifest(path, point_outside)


def spoil_the_manifest(path):
    (path / "manifest.json").write_text("{")


def empty_folder(path):
    shutil.rmtree(path)
    path.mkdir()


def nothing_there(path):
    shutil.rmtree(path)


@pytest.mark.parametrize(
    ("damage", "found", "expected"),
    [
        (remove_decoder, "found no decoder.onnx", "expected it because manifest.json names it"),
        (flip_a_byte, "decoder.onnx: found SHA-256 ", "the file was changed"),
        (cut_short, "decoder.onnx: found ", " bytes, expected "),
        (another_version, "found format 'latent-plane/2'", "expected 'latent-plane/1'"),
        (leave_the_folder, "found the file name '../decoder.onnx'", "expected plain names inside the bundle"),
        (spoil_the_manifest, "manifest.json: ", "expected JSON"),
        (empty_folder, "found no manifest.json", "expected a bundle made by python -m export.onnx"),
        (
            nothing_there,
            "found nothing there",
            "expected a bundle (a folder or a .latent file) or",
        ),
    ],
)
def test_a_damaged_bundle_is_refused_in_one_line(refused, tmp_path, make_bundle, damage, found, expected):
    """The line says which bundle, what was found and what was expected; no picture is written."""
    path = make_bundle()
    damage(path)
    said = refused("plane", path, "--out", tmp_path / "a.png")
    assert str(path) in said
    assert found in said
    assert expected in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"no graph", None])
def test_a_decoder_that_does_not_fit_is_refused_in_one_line(
    refused, tmp_path, make_bundle, decoder_graph, data
):
    """The decoder is no ONNX file, or its shapes differ from the manifest's."""
    path = make_bundle(decoder=data or decoder_graph(2, (1, 9, 9)))
    said = refused("samples", path, "--out", tmp_path / "a.png")
    assert f"{path}: decoder.onnx: " in said
    assert said.endswith("export it again")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("samples", "--n", "200", "--scale", "64"), "expected at most 32,767 per side; --n "),
        (("plane", "--n", "4", "--scale", "16"), "per side; --scale "),
        (("path", "--z", "0,0", "--z", "1,1", "--scale", "40"), "per side; --scale "),
    ],
)
def test_what_would_not_fit_is_told_before_it_begins(refused, tmp_path, options, said):
    """One line says what fits, and nothing is written."""
    model = decoder(tmp_path / "large.onnx", image_shape=(1, 1024, 1024))
    kind, *more = options
    out = tmp_path / ("a.gif" if kind == "path" else "a.png")
    assert said in refused(kind, model, "--out", out, *more)
    assert not out.exists()

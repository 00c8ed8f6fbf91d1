"""`python -m export.page`: what it writes, and what it says if something is wrong."""

import json
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.containers import BundleError
from export.page.__main__ import main
from export.page.bare_decoder import Wanted, read_model
from export.page.content import Choices, _thinned, content_of, decoder_program
from export.page.html import bundled, page
from export.page.look import look_of
from export.page.notebook import Shown, show
from export.page.packing import _ordered, _zigzag, planes, weight_blocks
from export.page.reading import ReadingError
from export.page.trace import session
from export.page.words import facts_of, plain, script_json
from tests.export.forging import edit_manifest
from tests.export.page.decoders import HOSTILE, LOOK, bundle, foreign, linear, model, with_noise


def saved(path, graph):
    path.write_bytes(graph.SerializeToString())
    return path


def test_the_command_says_what_it_wrote(run_main, tmp_path):
    """The command prints its guesses, the size and how the page decodes; the file is one document."""
    path = saved(tmp_path / "m.onnx", foreign())
    ended = run_main(main, path, "--out", tmp_path / "p.html")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == "note: The layout is taken as NHWC."
    assert ended.out.splitlines()[-1].endswith("MB, decodes in the page, float16 weights")
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n")


def test_a_file_is_replaced_only_if_asked(run_main, tmp_path):
    """Without --overwrite an existing file stays as it is."""
    path = saved(tmp_path / "m.onnx", linear(2, 1, 4, 4))
    out = tmp_path / "p.html"
    out.write_text("mine")
    ended = run_main(main, path, "--out", out)
    assert (ended.status, out.read_text()) == (2, "mine")
    assert "--overwrite" in ended.err
    assert run_main(main, path, "--out", out, "--overwrite").status == 0
    assert out.read_text() != "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.onnx", "p.html"]


def test_a_full_disk_is_told_with_the_name_of_the_file(run_main, tmp_path, file_size_limit):
    """The old page stays, and the name is not that of a temporary file."""
    path = saved(tmp_path / "m.onnx", linear(2, 1, 4, 4))
    out = tmp_path / "p.html"
    out.write_text("mine")
    with file_size_limit(2000):
        line = run_main(main, path, "--out", out, "--overwrite").error_line
    assert line.startswith(f"python -m export.page: {out}: File too large; ")
    assert out.read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.onnx", "p.html"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "p.txt"], "expected a file ending in .html"),
        (["--out", "p.html", "--z-shape", "a"], "expected whole numbers"),
        (["--out", "p.html", "--image-shape", "2"], "expected C,H,W"),
        (["--out", "p.html", "--set", "psi"], "expected NAME=VALUE"),
        (["--out", "p.html", "--z-input", "y"], "found no input 'y', expected one of z"),
        (["--out", "p.html", "--output", "y"], "found no output 'y'"),
        (["--out", "p.html", "--image-shape", "1,5,5"], "set --layout and --image-shape"),
        (["--out", "p.html", "--mode", "live"], "choose --mode atlas"),
        (["--out", "p.html", "--prior", "cauchy"], "found 'cauchy' for the prior"),
    ],
)
def test_errors_are_one_line(arguments, words, run_main, tmp_path):
    """The error is one line, with status 2, and nothing is written."""
    path = saved(tmp_path / "m.onnx", with_noise())
    arguments = [str(tmp_path / part) if part.startswith("p.") else part for part in arguments]
    ended = run_main(main, path, *arguments)
    assert ended.status == 2
    assert words in ended.error_line
    assert [file.name for file in tmp_path.iterdir()] == ["m.onnx"]


@pytest.mark.parametrize(
    ("name", "content", "kind", "advice"),
    [
        ("vae.h5", b"\x89HDF\r\n\x1a\n" + bytes(20), "an HDF5 file (Keras?)", "call its decoder once"),
        (
            "old.pth",
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
            "an old checkpoint of PyTorch",
            "these weights",
        ),
        ("plain.pt", None, "a PyTorch checkpoint", "load these weights"),
        ("grey", None, "a folder of pictures", "training.fit --data"),
    ],
)
def test_other_files_are_told_as_the_viewer_tells_them(name, content, kind, advice, tmp_path):
    """A checkpoint is no bundle with too many entries, and there is no word of a zip."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    elif name == "grey":
        path.mkdir()
        (path / "1.png").write_bytes(b"")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("plain/data.pkl", b"")
    with pytest.raises(BundleError) as caught:
        show(path)
    assert str(caught.value).startswith(f"{path}: found {kind}, expected a bundle or an ONNX model; ")
    assert advice in str(caught.value)


def test_a_file_of_an_unknown_kind_is_told_what_the_command_takes(tmp_path):
    """Nobody thinks of a zip who names a script: the error says that an ONNX file is taken, too."""
    path = tmp_path / "small.py"
    path.write_text("print('no model')")
    with pytest.raises(BundleError) as caught:
        show(path)
    assert str(caught.value) == (
        f"{path}: found another kind of file, expected a bundle (a folder or a .latent file) or an .onnx file"
    )


def test_a_model_without_a_picture_is_told(tmp_path):
    """For a file that is no model, and for a model with open sizes, the error says what to do."""
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ReadingError, match="expected an ONNX model"):
        read_model(tmp_path / "text.onnx", Wanted())
    graph = linear(2, 1, 4, 4)
    graph.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "d"
    path = saved(tmp_path / "open.onnx", graph)
    with pytest.raises(ReadingError, match="set --z-shape"):
        read_model(path, Wanted())
    assert read_model(path, Wanted(z_shape=(2,))).latent_dim == 2


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, "unit"), (-1, 1, "signed"), (-6, 5, "logits"), (0, 255, "bytes")],
)
def test_the_range_is_guessed_from_samples(low, high, expected, tmp_path):
    """The range that holds all samples' numbers is taken, and said to be a guess."""
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["x"]),
        helper.make_node("Clip", ["x", "low", "high"], ["image"]),
    ]
    weight = 1000 * np.random.default_rng(0).standard_normal((2, 16)).astype(np.float32)
    constants = {"w": weight, "low": np.float32(low), "high": np.float32(high)}
    constants = {name: np.asarray(value) for name, value in constants.items()}
    path = saved(tmp_path / "m.onnx", model(nodes, constants, {"z": ("N", 2)}, {"image": ("N", 16)}))
    reading = read_model(path, Wanted())
    assert (reading.range, reading.layout, reading.image_shape) == (expected, "flat", (1, 4, 4))
    assert len(reading.guesses) == 3


@pytest.mark.parametrize(
    ("value", "shown"), [(1234567, "1234567"), (-0.0, "0"), (0.7, "0.7"), (1e20, "1e+20")]
)
def test_an_input_keeps_its_digits(value, shown, tmp_path):
    """A whole number, such as one of many classes, is shown with all its digits."""
    graph = linear(2, 1, 4, 4)
    graph.graph.input.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, [1]))
    reading = read_model(saved(tmp_path / "m.onnx", graph), Wanted(inputs={"y": value}))
    assert reading.input_facts() == [["y", shown]]


def test_an_epoch_is_the_difference_to_the_next():
    """If weights change little from epoch to epoch, the difference takes less space than the weights."""
    noise = np.random.default_rng(0)
    last = {0: noise.standard_normal(20_000).astype(np.float32), 1: np.ones(3, np.float32)}
    near = {0: last[0] * np.float32(1.001), 1: last[1]}
    first, second = weight_blocks([near, last], "float16")
    assert len(first) < 0.5 * len(second)


def test_near_floats_have_near_numbers():
    """Floats' bits are put in the floats' order, through zero."""
    values = np.array([-2, -1, -1e-7, 0, 1e-7, 1, 2], np.float32)
    for precision, signed in (("float16", np.int16), ("float32", np.int32)):
        order = _ordered(values, precision)
        assert list(order.view(signed)) == sorted(order.view(signed))
        assert list(_zigzag(order[1:] - order[:-1]) % 2) == [0] * 6
    assert planes(np.array([0x0102, 0x0304], np.uint16)) == bytes([2, 4, 1, 3])


def test_words_cannot_end_what_they_stand_in():
    """JSON in a script cannot end the script; control characters and surplus letters are replaced."""
    assert set("<>&\u2028").isdisjoint(script_json({"name": HOSTILE}))
    assert plain("a\u202eb\x00c\nd") == "a\ufffdb\ufffdc d"
    assert plain("x" * 300) == "x" * 199 + "…"


def test_modules_become_one_script():
    """A module comes before the modules that import it, and no import or export is left."""
    script = bundled("app.js")
    places = [script.index(f"const module_{name}") for name in ("numbers", "steps", "engine", "app")]
    assert places == sorted(places)
    assert "\nimport " not in script
    assert "\nexport " not in script


def test_templates_in_names_are_not_filled_in(tmp_path):
    """A name that looks like a placeholder of the template stays as it is."""
    content = content_of(bundle(tmp_path / "b", words=HOSTILE).path, Choices())
    text = page(content.title, content.facts, content.blocks)
    assert text.count("const module_app") == 1
    assert text.count("</script>") == text.count("<script")


def test_a_manifest_may_hold_anything_beside_what_it_must(tmp_path):
    """Facts of other kinds than the exporter writes are left out, and end nothing."""
    made = bundle(tmp_path / "b")
    odd = {
        "epochs": 3,
        "levels": "x",
        "dataset": [1],
        "metrics": {"test_elbo_nats": float("nan")},
        "fit": None,
    }
    edit_manifest(made.path, lambda manifest: manifest.update(odd | {"made_with": {}, "tools": []}))
    content = content_of(made.path, Choices())
    assert [line["elbo"] for line in content.facts["epochs"]] == [None, None]
    assert script_json(content.facts)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (0.413, "−12.50 ± 0.41 nats"),
        (None, "−12.50 nats"),
        ("0.4", "−12.50 nats"),
        (float("nan"), "−12.50 nats"),
        (10**400, "−12.50 nats"),
    ],
)
def test_the_test_elbo_is_told_with_its_standard_error(tmp_path, error, words):
    """The error is shown if the manifest has one: older versions have none, a stranger's any value."""
    made = bundle(tmp_path / "b")
    metrics = {"test_elbo_nats": -12.5, "test_elbo_error_nats": error}
    assert ["Test ELBO", words] in facts_of({**made.manifest, "metrics": metrics})


def test_without_anywidget_one_line_says_what_to_install(monkeypatch):
    """The frame does not need anywidget, the widget does."""
    monkeypatch.setitem(sys.modules, "anywidget", None)
    shown = Shown("<p>")
    assert "<iframe" in shown._repr_html_()
    with pytest.raises(ModuleNotFoundError, match="found no anywidget, expected it; pip install anywidget"):
        shown.widget()


def test_many_epochs_are_thinned(tmp_path):
    """If all epochs would make the page too large, evenly spaced ones are kept, and a note says so."""
    program = decoder_program(read_model(saved(tmp_path / "m.onnx", linear(2, 1, 300, 500)), Wanted()))
    notes: list[str] = []
    assert _thinned(list(range(81)), program, notes) == [0, 20, 40, 60, 80]
    assert notes == ["5 of the bundle's 81 epochs are in the page: more would make it too large."]
    assert _thinned([3, 7], program, notes) == [3, 7]


@pytest.mark.parametrize(
    ("graph", "words"),
    [(linear(2, 3, 400, 400), "480,000 numbers a picture"), (with_noise(), "the operator RandomNormalLike")],
    ids=["large pictures", "noise"],
)
def test_why_a_decoder_is_not_live_is_said(graph, words, tmp_path):
    """A decoder that the page cannot run becomes an atlas, and a note says why."""
    content = content_of(saved(tmp_path / "m.onnx", graph), Choices(atlas_count=2, atlas_px=16))
    assert content.facts["mode"] == "atlas"
    assert words in content.notes[-1]
    assert content.facts["atlas"]["columns"] == 2


def test_a_picture_without_a_batch_axis_is_whole(tmp_path):
    """If a graph of one z gives [H, W, C], without a batch axis, all of it is the picture."""
    graph = linear(2, 4, 5, 5)
    graph.graph.node[-1].input[1] = "alone"
    graph.graph.initializer.append(numpy_helper.from_array(np.array([5, 5, 4], np.int64), "alone"))
    del graph.graph.output[0].type.tensor_type.shape.dim[:]
    reading = read_model(saved(tmp_path / "m.onnx", graph), Wanted())
    assert (reading.layout, reading.image_shape) == ("NHWC", (4, 5, 5))
    output = session(reading.source).run(None, reading.feeds())[0]
    assert reading.picture(output) == pytest.approx(output.transpose(2, 0, 1))
    assert decoder_program(reading).shapes[-1] == (4, 5, 5)


def test_a_page_begins_with_a_look(tmp_path):
    """A page has the plane, view, cursor, path and bookmarks; an atlas only those in view of its plane."""
    path = saved(tmp_path / "m.onnx", linear(3, 1, 4, 4))
    content = content_of(path, Choices(look=json.dumps(LOOK)))
    frame = content.facts["frame"]
    assert frame == {"axes": [1, 2], "origin": [0.5, 0, 0], "view": [-1, -1, 1, 1], "start": [0.25, -0.5]}
    assert [mark["name"] for mark in content.facts["bookmarks"]] == ["here", "there"]
    assert content.facts["path"]["seconds"] == 3
    assert content.left_out == ""
    atlas = content_of(path, Choices(mode="atlas", look=json.dumps(LOOK | {"path": None})))
    assert [mark["name"] for mark in atlas.facts["bookmarks"]] == ["here"]
    assert atlas.left_out == "1 bookmark elsewhere than on the plane in view"


def test_all_places_get_the_nearest_epoch_by_one_rule():
    """A place at an epoch that the page does not have gets the nearest one, as the beginning does."""
    look = look_of(json.dumps(LOOK), 3)
    here, there = look.bookmarks
    marks = (replace(here, epoch=20), replace(there, epoch=90))
    facts = replace(look, place=replace(look.place, epoch=20), bookmarks=marks).facts([0, 32, 64])
    assert facts["epoch"] == 32
    assert [mark["epoch"] for mark in facts["bookmarks"]] == [32, 64]
    assert look.facts([0, 32])["epoch"] == look.facts([0, 32])["bookmarks"][0]["epoch"] == 32
    assert look.facts([])["bookmarks"][0]["epoch"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"planes": [{"origin": [0, 0], "u": [1, 0], "v": [0, 1]}]},
        {"place": LOOK["place"] | {"view": [1, 1, 1, 1]}},
        {"place": LOOK["place"] | {"plane": 7}},
        {"place": LOOK["place"] | {"cursor": [float("nan"), 0]}},
        {"path": {"points": [[1]]}},
        {"path": LOOK["path"] | {"inputs": [{}]}},
        {"bookmarks": 5},
    ],
)
def test_a_look_that_does_not_fit_is_told(change, run_main, tmp_path):
    """The error for a look of other dimensions, or a damaged one, is one line; no page is written."""
    path = saved(tmp_path / "m.onnx", linear(3, 1, 4, 4))
    (tmp_path / "look.json").write_text(json.dumps(LOOK | change))
    ended = run_main(main, path, "--out", tmp_path / "p.html", "--look", tmp_path / "look.json")
    assert ended.status == 2
    assert "as the viewer writes them" in ended.error_line
    assert not (tmp_path / "p.html").exists()

"""Inputs beside z, such as a class or a truncation: set in the page, they give what ONNX Runtime gives."""

import json

import numpy as np
import onnx
import pytest
from onnx import helper

from export.page.bare_decoder import Wanted, read_model
from export.page.content import Choices, content_of, decoder_program
from export.page.html import page
from export.page.settings import Setting
from export.page.trace import session
from tests.export.page.decoders import HOSTILE, LOOK, linear, with_inputs, with_switch

MOST_PAUSES = 40  # on the way along a path until both of its halves were seen


def saved(path, graph):
    path.write_bytes(graph.SerializeToString())
    return path


def expected(path, z, label=0, one=0, truncation=1.0, name="label"):
    feeds = {"z": np.array([z], np.float32), name: np.array([label]), "truncation": [truncation]}
    feeds["truncation"] = np.array([truncation], np.float32)
    feeds["class_one_hot"] = np.eye(1, 4, one, dtype=np.float32)
    return session(path).run(None, feeds)[0][0, 0]


def test_inputs_are_read_as_in_the_viewer(tmp_path):
    """A class is one-hot, a truncation is 1, a label has as many values as its table has rows."""
    reading = read_model(saved(tmp_path / "m.onnx", with_inputs()), Wanted(inputs={"label": 3}))
    assert reading.z_input == "z"
    assert reading.settings == (
        Setting("class_one_hot", 0.0, 4),
        Setting("truncation", 1.0),
        Setting("label", 3.0, 5, is_whole=True),
    )
    assert reading.others["class_one_hot"].tolist() == [[1, 0, 0, 0]]
    assert reading.input_notes(reading.settings)[1:] == [
        "The input 'truncation' can be set in the page, and begins at 1.",
        "The input 'label' can be set in the page, and begins at 3.",
    ]
    assert [setting.as_json().get("high") for setting in reading.settings] == [None, 1, None]


def test_every_value_decodes_as_onnx_runtime_does(calculator, tmp_path):
    """From z and the inputs' part, the program computes the decoder's picture to 1e-4 for every value."""
    path = saved(tmp_path / "m.onnx", with_inputs())
    reading = read_model(path, Wanted())
    program = decoder_program(reading, reading.settings)
    z = np.array([0.5, -1, 2], np.float32)
    for label, one, truncation in ((0, 0, 1.0), (4, 0, 1.0), (2, 3, 0.25), (1, 1, -2.0)):
        given = [*z, *np.eye(1, 4, one)[0], truncation, *np.eye(1, 5, label)[0]]
        _, (found,) = calculator(program, np.array(given, np.float32))
        assert found == pytest.approx(expected(path, z, label, one, truncation).reshape(-1), abs=1e-4)


def test_inputs_are_set_in_the_page(open_tab, tmp_path):
    """A list and a box for each, by keyboard, decode anew; a bookmark brings the first values back."""
    name = f"label {HOSTILE}"
    path = saved(tmp_path / "m.onnx", with_inputs(name))
    content = content_of(path, Choices(look=json.dumps(LOOK)))
    (tmp_path / "p.html").write_text(page(content.title, content.facts, content.blocks), encoding="utf-8")
    tab = open_tab(tmp_path / "p.html")
    names = tab.tab.locator("#inputs span bdi").all_text_contents()
    assert names[:2] == ["class_one_hot", "truncation"]
    assert names[2].startswith("label </script>")
    assert "label" not in tab.text("#summary")
    backdrop = "document.getElementById('backdrop').toDataURL()"
    tab.settle()
    before = tab.tab.evaluate(backdrop)
    tab.tab.locator("#inputs select").nth(1).focus()
    tab.tab.keyboard.press("3")
    tab.tab.locator("#inputs select").nth(0).focus()
    tab.tab.keyboard.press("ArrowDown")
    tab.tab.get_by_role("spinbutton", name="truncation", exact=True).fill("0.5")
    tab.tab.keyboard.press("Enter")
    tab.set_z("1, 0.5, -0.5")
    seen = tab.picture()[0]
    assert seen == pytest.approx(expected(path, [1, 0.5, -0.5], 3, 1, 0.5, name), abs=1e-2)
    assert tab.tab.get_by_role("slider", name="truncation slider").input_value() == "0.5"
    tab.tab.wait_for_timeout(500)
    assert "class_one_hot 1, truncation 0.5, label </script>" in tab.text("#live")
    assert tab.tab.evaluate(backdrop) != before
    tab.tab.click("#bookmarks button:has-text('there')")
    tab.settle()
    assert tab.tab.locator("#inputs select").nth(1).input_value() == "0"
    assert tab.picture()[0] == pytest.approx(expected(path, [1, 1, 1], name=name), abs=1e-2)


def test_bookmarks_bring_their_inputs(open_tab, tmp_path):
    """A bookmark's picture has its own class and truncation, which a click sets; others have first values."""
    path = saved(tmp_path / "m.onnx", with_inputs())
    here, there = LOOK["bookmarks"]
    look = LOOK | {"bookmarks": [here, there | {"inputs": {"label": 3, "truncation": 0.5}}]}
    content = content_of(path, Choices(look=json.dumps(look), wanted=Wanted(classes={"class_one_hot": 2})))
    (tmp_path / "p.html").write_text(page(content.title, content.facts, content.blocks), encoding="utf-8")
    tab = open_tab(tmp_path / "p.html")
    button = tab.tab.locator("#bookmarks button").nth(1)
    picture = expected(path, [1, 1, 1], 3, 2, 0.5)
    tab.settle()
    assert tab.picture_of("#bookmarks button:nth-child(2) canvas")[0] == pytest.approx(picture, abs=1e-2)
    assert button.get_attribute("title") == "there: class_one_hot 2, truncation 0.5, label 3"
    assert tab.tab.locator("#bookmarks small").all_text_contents() == [
        "truncation 1, label 0",
        "truncation 0.5, label 3",
    ]
    button.click()
    tab.settle()
    assert tab.picture()[0] == pytest.approx(picture, abs=1e-2)
    assert [box.input_value() for box in tab.tab.locator("#inputs select").all()] == ["2", "3"]
    tab.tab.locator("#bookmarks button").nth(0).click()
    tab.settle()
    assert tab.picture()[0] == pytest.approx(expected(path, [0.5, 0, 0], 0, 2), abs=1e-2)


def test_bookmarks_that_a_page_cannot_show_are_told(tmp_path):
    """Bookmarks with impossible values are left out, and from an atlas also those with other values."""
    path = saved(tmp_path / "m.onnx", with_inputs())
    here = LOOK["bookmarks"][0]
    marks = [here | {"inputs": inputs} for inputs in ({"label": 3}, {"label": 5}, {"truncation": 0.5}, {})]
    look = json.dumps(LOOK | {"bookmarks": marks, "path": None})
    live = content_of(path, Choices(look=look))
    assert [mark.get("inputs") for mark in live.facts["bookmarks"]] == [[0, 1, 3], [0, 0.5, 0], None]
    assert live.left_out == "1 bookmark of other inputs than those of the page"
    atlas = content_of(
        path, Choices(mode="atlas", atlas_count=2, look=look, wanted=Wanted(inputs={"label": 3}))
    )
    assert len(atlas.facts["bookmarks"]) == 2
    assert atlas.left_out == "2 bookmarks of other inputs than those of the page"
    assert "The pictures are decoded beforehand." in atlas.notes


def test_points_of_a_path_bring_their_inputs(open_tab, tmp_path):
    """On the way a class is a mix, numbers blend, and a whole label switches halfway."""
    path = saved(tmp_path / "m.onnx", with_inputs())
    ends = [
        {"class_one_hot": [[1, 0.75], [2, 0.25]], "truncation": 1, "label": 1},
        {"class_one_hot": 3, "truncation": 0.5, "label": 4},
    ]
    look = LOOK | {"path": LOOK["path"] | {"inputs": ends, "seconds": 1.5}}
    content = content_of(path, Choices(look=json.dumps(look)))
    assert content.facts["path"]["inputs"] == [[[[1, 0.75], [2, 0.25]], 1, 1], [3, 0.5, 4]]
    (tmp_path / "p.html").write_text(page(content.title, content.facts, content.blocks), encoding="utf-8")
    tab = open_tab(tmp_path / "p.html")
    seen = set()
    for _ in range(MOST_PAUSES):
        tab.tab.click("#path-play")
        tab.tab.wait_for_timeout(250)
        tab.tab.click("#path-play")
        tab.settle()
        *_, t = map(float, tab.tab.input_value("#z").split(","))
        label = 1 if t < 0.5 else 4
        feeds = {"z": np.array([[0.5, 0, t]], np.float32), "label": np.array([label])}
        feeds["truncation"] = np.array([1 - t / 2], np.float32)
        feeds["class_one_hot"] = np.array([[0, 0.75 * (1 - t), 0.25 * (1 - t), t]], np.float32)
        assert tab.picture()[0] == pytest.approx(session(path).run(None, feeds)[0][0, 0], abs=1e-2)
        boxes = [box.input_value() for box in tab.tab.locator("#inputs select").all()]
        assert boxes == [str(1 if 0.75 * (1 - t) > t else 3), str(label)]
        seen.add(label)
        if len(seen) == 2:
            break
    assert seen == {1, 4}
    assert tab.errors == []


def test_a_path_that_a_page_cannot_show_is_told(tmp_path):
    """Pictures that were decoded beforehand have one class; a mix of whole labels is none."""
    path = saved(tmp_path / "m.onnx", with_inputs())
    for ends, mode, words in (
        ([{"label": 0}, {"label": 3}], "live", ""),
        ([{"label": 0}, {"label": 3}], "atlas", "the path of other inputs than those of the page"),
        ([{"label": 0}, {"label": [[1, 0.5], [2, 0.5]]}], "live", "the path of other inputs than those of"),
    ):
        look = json.dumps(LOOK | {"bookmarks": [], "path": LOOK["path"] | {"inputs": ends}})
        content = content_of(path, Choices(mode=mode, atlas_count=2, look=look))
        assert ("path" in content.facts) == (not words)
        assert content.left_out.startswith(words)


def test_what_is_true_or_false_is_a_check_box(open_tab, tmp_path):
    """The check box has the first value; a click and the keyboard decode the other picture."""
    path = saved(tmp_path / "m.onnx", with_switch())
    content = content_of(path, Choices(wanted=Wanted(inputs={"flip": 1})))
    assert content.facts["settings"] == [{"name": "flip", "value": 1, "switch": True, "count": 2}]
    assert ["Input", "flip, true or false"] in content.facts["facts"]
    (tmp_path / "p.html").write_text(page(content.title, content.facts, content.blocks), encoding="utf-8")
    tab = open_tab(tmp_path / "p.html")
    box = tab.tab.get_by_role("checkbox", name="flip")
    z = np.array([[1, -0.5]], np.float32)
    for flip in (True, False, True):
        assert box.is_checked() == flip
        tab.set_z("1, -0.5")
        (picture,) = session(path).run(None, {"z": z, "flip": np.array([flip])})
        assert tab.picture()[0] == pytest.approx(picture[0, 0], abs=1e-2)
        box.focus()
        tab.tab.keyboard.press("Space")
        tab.settle()


def test_an_input_that_the_page_cannot_follow_stays(tmp_path):
    """A label that a step needs as a constant, or one without a known number of values, keeps its value."""
    graph = with_inputs()
    graph.graph.node.insert(4, helper.make_node("Gather", ["z", "label"], ["picked"], axis=1))
    graph.graph.node[5].input[0] = "twice"
    graph.graph.node.insert(5, helper.make_node("Add", ["z", "picked"], ["twice"]))
    path = saved(tmp_path / "m.onnx", graph)
    content = content_of(path, Choices(wanted=Wanted(inputs={"label": 2})))
    assert content.facts["mode"] == "live"
    assert [setting["name"] for setting in content.facts["settings"]] == ["class_one_hot", "truncation"]
    assert content.facts["inputs"] == [["label", "2"]]
    graph = linear(2, 1, 4, 4)
    graph.graph.input.append(helper.make_tensor_value_info("steps", onnx.TensorProto.INT64, [1]))
    content = content_of(saved(tmp_path / "n.onnx", graph), Choices())
    assert content.notes[-1] == "The input 'steps' is 0."


def test_an_atlas_keeps_its_inputs(tmp_path):
    """Pictures that were decoded beforehand have one value of each input, which the page says."""
    content = content_of(saved(tmp_path / "m.onnx", with_inputs()), Choices(mode="atlas", atlas_count=2))
    assert content.facts["settings"] == []
    assert content.facts["inputs"] == [["class_one_hot", "0"], ["truncation", "1"], ["label", "0"]]

"""The viewer passes its model and its reading to the command that writes a page."""

import json
import re

import pytest
from onnx import TensorProto, helper

from desktop.app.page_look import page_look
from desktop.app.share_page import PageExport, page_arguments
from desktop.models.open_source import open_source
from desktop.view.state import start_state
from tests.desktop.foreign_models import decoder
from tests.waiting import SOON_MS

LOOK = page_look(start_state(2), [], 8.0)


def facts_in(path):
    """The facts that the page's script reads."""
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', path.read_text("utf-8"))
    return json.loads(found[1])


@pytest.fixture
def export():
    made = PageExport()
    yield made
    made.stop()


def test_a_bundle_becomes_a_page(export, make_bundle, tmp_path, qtbot):
    """The page has the bundle's name and its pictures' shape, and the command says how large it is."""
    source = open_source(make_bundle())
    with qtbot.waitSignal(export.written, timeout=SOON_MS) as written:
        export.start(source, tmp_path / "p.html", LOOK)
    assert not export.is_running
    facts = facts_in(tmp_path / "p.html")
    assert facts["name"] == source.name
    assert tuple(facts["image"].values()) == source.reading.image_shape
    assert re.search(r"page .*p\.html: \d\.\d\d MB, decodes in the page", written.args[1])


def test_a_reading_is_handed_over(export, tmp_path, qtbot):
    """The page reads a bare model like the viewer, even if the command would guess another reading."""
    label = helper.make_tensor_value_info("label", TensorProto.FLOAT, ["N", 5])
    path = decoder(tmp_path / "model.onnx", more_inputs=[label])
    source = open_source(path, {"range": "signed", "set label": "3", "prior": "uniform:0,1"})
    with qtbot.waitSignal(export.written, timeout=SOON_MS):
        export.start(source, tmp_path / "p.html", LOOK)
    facts = facts_in(tmp_path / "p.html")
    assert facts["notes"] == []
    assert facts["inputs"] == [["label", "3"]]
    assert facts["prior"] == {"kind": "uniform", "scale": 0.5, "center": 0.5}
    assert any("[−1, 1]" in value for _, value in facts["facts"])
    assert "--z-input" in page_arguments(source, tmp_path / "p.html")


def test_a_failure_is_told(export, make_bundle, tmp_path, qtbot):
    """The command's error message is passed on, and nothing is written."""
    source = open_source(make_bundle())
    with qtbot.waitSignal(export.failed, timeout=SOON_MS) as failed:
        export.start(source, tmp_path / "nowhere" / "p.html", LOOK)
    assert "no page was written" in failed.args[0]
    assert "check the path" in failed.args[0]
    assert list(tmp_path.glob("**/*.html")) == []

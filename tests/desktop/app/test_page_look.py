"""The look that a page starts with: plane, viewport, cursor, path and bookmarks, as JSON and in words."""

import json
from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper

from desktop.app.page_look import look_words, page_look
from desktop.base.vector import Vector
from desktop.latent.chart import AxisScale
from desktop.latent.paths import PathKind
from desktop.latent.plane import Viewport, plane_through
from desktop.latent.principal import principal_plane
from desktop.latent.prior import Prior, PriorKind
from desktop.models.open_source import open_source
from desktop.reading.input_values import InputValue
from desktop.view.bookmarks import bookmark
from desktop.view.first_view import first_view
from desktop.view.state import start_state
from tests.desktop.foreign_models import conditional, decoder


def points(count, d=3):
    return tuple(Vector(z) for z in np.random.default_rng(0).standard_normal((count, d)))


def test_a_look_has_what_is_looked_at():
    """Each plane is listed once; the path's legs have their times, and the cursor is on its plane."""
    state = start_state(3).at((0.5, -1.0)).with_path(points(4))
    state = replace(state, viewport=Viewport((1.0, 2.0), 4.0), path_kind=PathKind.SPHERICAL, epoch=3)
    state = replace(state, path_times=(1.0, 2.0, 1.0))
    tilted = state.with_plane(plane_through(*points(3)))
    marks = [bookmark(state, []), bookmark(tilted, [])]
    look = json.loads(page_look(state, marks, 8.0).text)
    assert look["planes"][0] == {"axes": [0, 1], "origin": [0, 0, 0], "home": [-3.3, -3.3, 3.3, 3.3]}
    assert [mark["plane"] for mark in look["bookmarks"]] == [0, 1]
    assert look["place"] == {"plane": 0, "view": [-1, 0, 3, 4], "cursor": [0.5, -1], "epoch": 3}
    assert look["path"]["times"] == pytest.approx([2, 4, 2])
    assert (look["path"]["seconds"], look["path"]["closed"], look["path"]["spherical"]) == (8, False, True)
    other = look["planes"][1]
    a, b = look["bookmarks"][1]["cursor"]
    assert np.array(other["origin"]) + a * np.array(other["u"]) + b * np.array(other["v"]) == pytest.approx(
        tilted.z.array, abs=1e-6
    )


def test_quantile_axes_become_linear():
    """A page's view is a part of the plane, also if the window's axes are quantiles."""
    state = replace(start_state(2), scale=AxisScale.QUANTILES, viewport=Viewport((0.5, 0.5), 0.9))
    view = json.loads(page_look(state, [], 8.0).text)["place"]["view"]
    assert view == pytest.approx([-1.645, -1.645, 1.645, 1.645], abs=1e-3)


def test_what_has_no_room_is_left_out(make_bundle):
    """Bookmarks and paths of very long z are left out; the words say what is left out and what is not."""
    source = open_source(make_bundle())
    state = start_state(200_000).with_path(points(2, 200_000))
    marks = [bookmark(replace(state, plane=start_state(200_000).with_axes(n, 7).plane), []) for n in range(5)]
    look = page_look(state, marks, 8.0)
    assert (look.has_path, look.bookmarks) == (True, 2)
    along, left_out = look_words(source, state, marks, 8.0)
    assert "The path: 2 points, 8 s" in along
    assert left_out[0] == "3 bookmarks, too large for the page"


def test_further_inputs_are_told_as_elsewhere(tmp_path):
    """The words of an input are those of the whole window; its name, which a stranger chose, is one line."""
    source = open_source(conditional(tmp_path / "model.onnx"), {"set label": "3", "set strength": "-1"})
    state = replace(start_state(source.reading.latent_dim), prior=Prior(PriorKind.UNIFORM))
    along, _ = look_words(source, state, [], 8.0)
    assert along[1:] == [
        "The prior, uniform in [−1, 1]: Sample draws from it",
        "The input label 3; it can be changed there, if the page decodes itself",
        "The input strength −1; it can be changed there, if the page decodes itself",
    ]


def test_what_is_true_or_false_can_be_changed(tmp_path):
    """A page has a check box for such an input, and the words say that it can be changed."""
    flag = helper.make_tensor_value_info("flip", TensorProto.BOOL, [1])
    source = open_source(decoder(tmp_path / "model.onnx", more_inputs=[flag]))
    along, _ = look_words(source, start_state(source.reading.latent_dim), [], 8.0)
    assert along[1:] == ["The input flip 0; it can be changed there, if the page decodes itself"]


def test_bookmarks_of_another_class_go_along(tmp_path):
    """A bookmark comes with its class; if a page cannot change that, the bookmark is listed as left out."""
    three, seven = ((InputValue("label", value),) for value in (3.0, 7.0))
    # Without a table in the graph, the number of classes is not known.
    for table, words in (
        (True, []),
        (False, ["1 bookmark with other inputs than the current ones (label 3), which"]),
    ):
        source = open_source(conditional(tmp_path / "model.onnx", table), {"set label": "3"})
        state = replace(start_state(source.reading.latent_dim), inputs=three)
        marks = [bookmark(replace(state, inputs=inputs), []) for inputs in (three, seven, ())]
        look = json.loads(page_look(state, marks, 8.0).text)
        assert [mark["inputs"] for mark in look["bookmarks"]] == [{"label": 3}, {"label": 7}, {}]
        along, left_out = look_words(source, state, marks, 8.0)
        assert (
            "Of these, 1 bookmark with other inputs than the current ones, if the page decodes itself"
            in along
        ) == table
        assert [line.removesuffix(" cannot be changed there") for line in left_out[:-1]] == words


def test_a_path_brings_the_class_of_each_point(tmp_path):
    """Classes are written if they differ from now; if a page cannot change them, the path is left out."""
    three, seven = ((InputValue("label", value),) for value in (3.0, 2.0))
    mix = (InputValue("label", 3, ((2.0, 0.25), (3.0, 0.75))),)
    for table in (True, False):
        source = open_source(conditional(tmp_path / "model.onnx", table), {"set label": "3"})
        state = replace(start_state(2).with_path(points(3, 2)), inputs=three, path_inputs=(three,) * 3)
        assert "inputs" not in json.loads(page_look(state, [], 8.0).text)["path"]
        assert "The path: 3 points, 8 s" in look_words(source, state, [], 8.0)[0]
        state = replace(state, path_inputs=(three, seven, mix))
        look = json.loads(page_look(state, [], 8.0).text)
        assert look["path"]["inputs"] == [{"label": 3}, {"label": 2}, {"label": [[2, 0.25], [3, 0.75]]}]
        along, left_out = look_words(source, state, [], 8.0)
        words = "The path: 3 points, 8 s, each point with its own inputs, if the page decodes itself"
        assert (words in along) == table
        assert ("The path: its points differ in label, which cannot be changed there" in left_out) != table
    assert (
        "The mix of classes at the cursor: the page starts with the class of the largest weight"
        in (look_words(source, replace(state, inputs=mix), [], 8.0)[1])
    )


def test_a_plane_through_samples_is_told_from_other_oblique_ones():
    """Only a plane through the view's three samples is marked: on it, a page draws three new samples."""
    state = first_view(16, seed=3)
    through = state.with_plane(plane_through(*points(3, 16)))
    look = json.loads(page_look(state, [bookmark(through, [])], 8.0).text)
    assert [plane["on_samples"] for plane in look["planes"]] == [True, False]
    look = json.loads(page_look(state, [], 8.0, means=np.zeros((5, 16))).text)
    assert [plane["on_samples"] for plane in look["planes"]] == [False]


def test_a_bookmark_of_an_earlier_seed_is_on_samples_and_has_its_home():
    """Its plane goes through the samples of its own seed, not through those of the view's."""
    earlier = first_view(16, seed=3)
    look = json.loads(page_look(first_view(16, seed=4), [bookmark(earlier, [])], 8.0).text)
    alone = json.loads(page_look(earlier, [], 8.0).text)
    assert look["planes"][1:] == alone["planes"]
    assert alone["planes"][0]["on_samples"]


def test_each_plane_says_what_is_all_of_it():
    """It is the part that Home shows in the window, whatever the view, and also on quantile axes."""
    state = replace(start_state(2), viewport=Viewport((3.0, 1.0), 0.1))
    home = Viewport().span / 2
    for scale in AxisScale:
        look = json.loads(page_look(replace(state, scale=scale), [], 8.0).text)
        assert look["planes"][0]["home"] == [-home, -home, home, home]
    means = np.random.default_rng(0).standard_normal((400, 5)).astype(np.float32) + 50
    principal = start_state(5).with_plane(principal_plane(means))
    (found,) = json.loads(page_look(principal, [], 8.0, means).text)["planes"]
    assert found["words"] == list(principal.plane.words)
    left, bottom, right, top = found["home"]
    a, b = principal.plane.project(means).T
    assert left < np.percentile(a, 1) and right > np.percentile(a, 99)
    assert bottom < np.percentile(b, 1) and top > np.percentile(b, 99)

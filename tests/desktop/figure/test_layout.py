"""Everything of a figure has a place inside of it."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.figure.caption import caption_of
from desktop.figure.figure import Figure, FigureError, Part, Subject
from desktop.figure.layout import NAME_SIZE_PX, layout_of
from desktop.figure.legend import Mark
from desktop.figure.texts import width_px
from desktop.latent.plane_prior import PriorOnPlane
from desktop.view.state import start_state
from export.bundle import Posterior

BARE = Figure(has_axes=False, has_legend=False)


@pytest.mark.parametrize("axes", [False, True])
@pytest.mark.parametrize("legend", [False, True])
@pytest.mark.parametrize("caption", ["", "A caption. " * 40])
def test_the_plane_gets_the_room_that_the_others_leave(subject, axes, legend, caption):
    """It lies inside, and each thing around it takes room from it."""
    figure = Figure((700, 500), has_axes=axes, has_legend=legend, caption=caption)
    layout = layout_of(subject, figure)
    left, top, width, height = layout.area
    assert 0 < left < left + width < 700
    assert 0 < top < top + height < 500
    legend_height = sum(entry.height_px for entry in layout.legend)
    assert all(layout.legend_px[0] + entry.width_px <= 700 for entry in layout.legend)
    assert layout.legend_px[1] + legend_height <= 500
    bare = layout_of(subject, replace(BARE, size_px=(700, 500))).area
    assert (height < bare[3]) is (axes or bool(caption))
    assert (width < bare[2]) is (axes or legend)


def test_a_number_stands_at_its_place_on_the_axis(subject):
    """Its pixel in the area is where the plane has that number."""
    layout = layout_of(subject, Figure())
    assert {text for _, text in layout.planes[0].across} >= {"−2", "0", "2"}
    for px, text in layout.planes[0].across:
        x, _ = layout.projection.ab(px, 0)
        assert x == pytest.approx(float(text.replace("−", "-")))
    for px, text in layout.planes[0].upward:
        _, y = layout.projection.ab(0, px)
        assert y == pytest.approx(float(text.replace("−", "-")))


def test_a_legend_of_a_hundred_labels_fits(subject):
    """It says how many are left out, and the other entries stay."""
    mean = np.zeros((100, 2), np.float32)
    many = Posterior(mean=mean, logvar=mean, labels=np.arange(100, dtype=np.uint8), images=None)
    crowd = replace(subject, posterior=many, label_names=tuple(f"number {n}" for n in range(100)))
    layout = layout_of(crowd, Figure((600, 400)))
    assert layout.legend_px[1] + sum(entry.height_px for entry in layout.legend) <= 400
    dots = sum(entry.mark is Mark.DOT for entry in layout.legend)
    assert f"… and {100 - dots} more" in [entry.text for entry in layout.legend]
    assert Mark.DASH in [entry.mark for entry in layout.legend]


def test_the_legend_explains_what_is_drawn_and_nothing_else(subject):
    """Labels that are hidden and layers that are off have no entry."""
    hidden = replace(subject, state=replace(subject.state, hidden_labels=frozenset({1})))
    points = layout_of(hidden, Figure(parts=frozenset({Part.POINTS}))).legend
    assert [entry.text for entry in points] == ["Test images", "cat", "emu"]
    assert [entry.mark for entry in layout_of(subject, Figure(parts=frozenset({Part.DENSITY}))).legend] == [
        Mark.SCALE
    ]


@pytest.mark.parametrize(
    ("dims", "count", "deviation", "entries", "words"),
    [
        (
            2,
            2_000,
            0.4,
            ["prior, 50, 90, 99 %", "holes: q < p / 10, in 99 %", "q(z) / max p(z)"],
            [
                "99 % of the prior;",
                "posterior of 2,000 images, relative to the prior's peak;",
                "hatched, within",
            ],
        ),
        (
            5,
            300,
            0.02,
            ["projected prior, 50, 90, 99 %", "q / max p, projected"],
            [
                "99 % of the prior's projection on the plane;",
                "posterior of 300 images, relative to the prior's peak, both projected on the plane;",
                "no holes are hatched, because 300 images are too few to tell them from chance",
            ],
        ),
    ],
)
def test_the_maps_are_named_as_what_they_are(small_decoder, dims, count, deviation, entries, words):
    """In more than two dimensions they are projections; and holes are not claimed of a few images."""
    mean = np.zeros((count, dims), np.float32)
    images = Posterior(mean=mean, logvar=np.full_like(mean, 2 * np.log(deviation)), labels=None, images=None)
    subject = Subject(start_state(dims), images, images)
    parts = frozenset({Part.PRIOR, Part.DENSITY, Part.HOLES})
    assert [entry.text for entry in layout_of(subject, Figure(parts=parts)).legend] == entries
    caption = caption_of(small_decoder.model.source, subject, Figure(parts=parts))
    for text in words:
        assert text in caption


def test_a_figure_without_room_for_the_plane_is_refused(subject):
    """The error says how much was left and what to do."""
    with pytest.raises(FigureError, match="pixels left for the plane, expected at least 64 × 64; make the"):
        layout_of(subject, Figure((300, 200), caption="a long caption " * 60))


def test_the_axes_say_what_they_are(subject, small_decoder):
    """In whole if there is room; a caption has the same words."""
    plane = replace(
        subject.state.plane, u=(0.6, 0.8), v=(-0.8, 0.6), words=("towards sample 2", ("upward " * 9).strip())
    )
    turned = replace(subject, state=replace(subject.state, plane=plane))
    layout = layout_of(turned, Figure((900, 600))).planes[0]
    assert layout.names[0] == "a: towards sample 2"
    assert layout.names[1].startswith("b: upward upward")
    assert width_px(layout_of(turned, Figure((300, 260))).planes[0].names[1], NAME_SIZE_PX) <= 260
    caption = caption_of(small_decoder.model.source, turned, replace(BARE, parts=frozenset()))
    assert caption.endswith(f". Axis a: towards sample 2; axis b: {'upward ' * 8}upward.")


def test_the_legend_has_what_is_in_view_and_no_more(subject):
    """Labels, selected points and contours elsewhere have no entry; without any, the plane gets the room."""
    parts = frozenset({Part.BACKDROP, Part.POINTS, Part.SELECTED, Part.PRIOR, Part.CURSOR})
    figure = Figure((600, 400), parts=parts)
    state = replace(subject.state, selected=(0, 3, 4))
    row = 4  # of label 1
    there = state.at(subject.posterior.mean[row])
    close = replace(there, viewport=replace(state.viewport, center=tuple(there.cursor_ab), span=1e-4))
    legend = layout_of(replace(subject, state=close), figure).legend
    assert [entry.text for entry in legend] == ["Test images", "dog", "selected (1)", "cursor"]
    away = replace(state, viewport=replace(state.viewport, center=(1e30, 0.0)))
    bare = layout_of(replace(subject, state=away), figure)
    assert not bare.legend
    assert bare.area == layout_of(replace(subject, state=away), replace(figure, has_legend=False)).area


def test_a_contour_is_in_view_if_only_its_line_is(subject):
    """However far in the view is: between two of the points that the line is drawn through."""
    radius = PriorOnPlane(subject.state.plane).radius(0.9)
    curve = PriorOnPlane(subject.state.plane).contours((0.9,))[0][1][0]
    on_it = tuple((curve[10] + curve[11]) / 2)
    figure = Figure((600, 400), parts=frozenset({Part.PRIOR}))
    for center, texts in ((on_it, ["prior, 50, 90, 99 %"]), ((radius - 0.1, 0.0), [])):
        state = replace(subject.state, viewport=replace(subject.state.viewport, center=center, span=1e-3))
        assert [entry.text for entry in layout_of(replace(subject, state=state), figure).legend] == texts

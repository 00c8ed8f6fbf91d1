"""All parts of a figure have places inside the figure."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.figure.caption import caption_of
from desktop.figure.figure import START_PAIR_MM, Figure, FigureError, Part, Subject
from desktop.figure.layout import NAME_SIZE_PX, PLANE_SHARE, in_print, layout_of
from desktop.figure.legend import Entry, Mark, within_px
from desktop.figure.texts import width_px
from desktop.latent.plane_prior import PriorOnPlane
from desktop.view.state import start_state
from export.bundle import Posterior

BARE = Figure(has_axes=False, has_legend=False)


def boxes_of(layout):
    """Left, top, right and bottom of the legend's entries."""
    pairs = zip(layout.legend, layout.legend_places_px, strict=True)
    return [(x, y, x + entry.width_px, y + entry.height_px) for entry, (x, y) in pairs]


@pytest.mark.parametrize("axes", [False, True])
@pytest.mark.parametrize("legend", [False, True])
@pytest.mark.parametrize("caption", ["", "A caption. " * 40])
def test_the_plane_gets_the_room_that_the_others_leave(subject, axes, legend, caption):
    """The plane lies inside the figure, and axes, legend and caption each take room from it."""
    figure = Figure((700, 500), has_axes=axes, has_legend=legend, caption=caption)
    layout = layout_of(subject, figure)
    left, top, width, height = layout.area
    assert 0 < left < left + width < 700
    assert 0 < top < top + height < 500
    assert all(right <= 700 and bottom <= 500 for _, _, right, bottom in boxes_of(layout))
    bare = layout_of(subject, replace(BARE, size_px=(700, 500))).area
    assert (height < bare[3]) is (axes or bool(caption))
    assert (width < bare[2]) is (axes or legend)


def test_a_number_stands_at_its_place_on_the_axis(subject):
    """A tick's pixel is where the plane has that coordinate."""
    layout = layout_of(subject, Figure())
    assert {text for _, text in layout.planes[0].across} >= {"−2", "0", "2"}
    for px, text in layout.planes[0].across:
        x, _ = layout.projection.ab(px, 0)
        assert x == pytest.approx(float(text.replace("−", "-")))
    for px, text in layout.planes[0].upward:
        _, y = layout.projection.ab(0, px)
        assert y == pytest.approx(float(text.replace("−", "-")))


def test_a_legend_of_a_hundred_labels_fits(subject):
    """The legend says how many labels are left out, and the other entries stay."""
    mean = np.zeros((100, 2), np.float32)
    many = Posterior(mean=mean, logvar=mean, labels=np.arange(100, dtype=np.uint8), images=None)
    crowd = replace(subject, posterior=many, label_names=tuple(f"number {n}" for n in range(100)))
    layout = layout_of(crowd, Figure((600, 400)))
    assert all(bottom <= 400 for _, _, _, bottom in boxes_of(layout))
    dots = sum(entry.mark is Mark.DOT for entry in layout.legend)
    assert f"… and {100 - dots} more" in [entry.text for entry in layout.legend]
    assert Mark.DASH in [entry.mark for entry in layout.legend]


NINE = ("activities", "animals-nature", "flags", "food-drink", "objects", "people-body", "smileys-emotion")
COLUMN_PX, _ = in_print((85, 70), 7)
CAPTION = (
    "A model, 2 latent dimensions; epoch 3; test ELBO −143.25 nats. The picture decoded at each point of "
    "the plane; 60 test images at their posterior means, coloured by label; contours that hold 50, 90 and "
    "99 % of the prior; the density of the aggregate posterior, relative to the prior's peak."
)


@pytest.fixture
def column(subject):
    """A plane with nine labels of usual names."""
    mean = subject.posterior.mean
    labels = np.arange(len(mean), dtype=np.uint8) % 9
    many = replace(subject.posterior, labels=labels)
    return replace(subject, posterior=many, encoded=many, label_names=(*NINE, "symbols", "travel-places"))


@pytest.mark.parametrize("parts", [set(), {Part.DENSITY, Part.HOLES}])
def test_a_figure_of_one_column_has_a_whole_legend_and_a_plane_of_half_its_height(column, parts):
    """The default caption loses whole clauses; its first sentence stays."""
    drawn = frozenset({Part.BACKDROP, Part.POINTS, Part.NAMES, Part.PRIOR} | parts)
    figure = Figure(COLUMN_PX, parts=drawn, caption=CAPTION, caption_gives_way=True)
    layout = layout_of(column, figure)
    texts = [entry.text.replace("\n", " ") for entry in layout.legend]
    assert len(texts) == 1 + 9 + 1 + len(parts) and not any("…" in text for text in texts)
    assert layout.area[3] >= 0.98 * PLANE_SHARE * COLUMN_PX[1]
    said = " ".join(layout.caption).removesuffix(" …")
    assert said.startswith("A model, 2 latent dimensions; epoch 3; test ELBO −143.25 nats.")
    assert CAPTION.startswith(said) and said[-1] in ".;" and len(said) < len(CAPTION)


def test_a_legend_text_that_is_too_long_has_two_lines():
    """The lines have about the same length, further words are left out, and a scale's text uses all width."""
    entries = [
        Entry(Mark.DASH, "projected prior, 50, 90, 99 %"),
        Entry(Mark.DOT, "a label whose name goes on and on without an end"),
        Entry(Mark.SCALE, "q / max p, projected"),
    ]
    prior, label, scale = within_px(entries, 150)
    assert prior.text == "projected prior,\n50, 90, 99 %"
    assert label.text.count("\n") == 1 and label.text.endswith("…")
    assert "\n" not in scale.text
    assert all(entry.width_px <= 150 for entry in (prior, label, scale))
    assert prior.height_px > Entry(Mark.DASH, "prior").height_px


def test_a_caption_that_a_person_wrote_stays_whole(column):
    """The plane gets the room that the caption leaves."""
    layout = layout_of(column, Figure(COLUMN_PX, caption=CAPTION))
    assert " ".join(layout.caption) == CAPTION


@pytest.mark.parametrize("parts", [{Part.POINTS, Part.PRIOR}, set(Part)])
def test_a_legend_goes_below_a_plane_that_gains_by_that(column, parts):
    """In a high and narrow figure, the entries are inside the figure, below the plane, and do not overlap."""
    layout = layout_of(column, Figure((400, 640), parts=frozenset(parts), caption="A caption."))
    boxes = boxes_of(layout)
    assert layout.area[1] + layout.area[3] < min(top for _, top, _, _ in boxes)
    assert layout.area[2] > 0.75 * 400
    assert all(right <= 400 and bottom < layout.caption_px[1] for _, _, right, bottom in boxes)
    for n, (x0, y0, x1, y1) in enumerate(boxes):
        assert all(x1 <= a or c <= x0 or y1 <= b or d <= y0 for a, b, c, d in boxes[:n])


def test_a_usual_figure_has_its_legend_beside_the_plane(column):
    """In pixels and in print, one plane's and a pair's in pixels; the caption is whole in all of them."""
    sizes = [((1200, 900), column), (in_print((170, 128), 8)[0], column)]
    pair = replace(column, beside=column)
    sizes += [((1600, 840), pair), (in_print(START_PAIR_MM, 8)[0], pair)]
    for size_px, seen in sizes:
        layout = layout_of(seen, Figure(size_px, caption=CAPTION, caption_gives_way=True))
        end = layout.planes[-1].area[0] + layout.planes[-1].area[2]
        is_pair_in_print = seen is pair and size_px != (1600, 840)  # where long labels may go below
        assert is_pair_in_print or all(left > end for left, _, _, _ in boxes_of(layout))
        assert " ".join(layout.caption) == CAPTION


def test_a_usual_pair_in_print_says_all_of_both_models(column):
    """Its titles have the epochs and test ELBOs, and its caption ends with its last clause."""
    model = "MNIST, 2 latent dimensions; epoch 320; test ELBO −143.25 ± 0.56 nats."
    seen = CAPTION.split(" nats. ")[1]
    more = "the encoder's posterior of an image that was drawn or opened, 1 and 2 σ; a path"
    title = ("A  MNIST, 2 latent dimensions", "epoch 320, test ELBO −143.25 nats")
    pair = replace(column, title=title, beside=replace(column, title=title))
    text = f"A: {model} B: {model} {seen[:-1]}; {more}."
    layout = layout_of(pair, Figure(in_print(START_PAIR_MM, 8)[0], caption=text, caption_gives_way=True))
    assert " ".join(layout.caption) == text
    for plane in layout.planes:
        assert plane.title[1:] == ("epoch 320", "test ELBO −143.25 nats")
        assert min(plane.area[2:]) > 200
    wide = layout_of(pair, Figure((1600, 840), caption=text, caption_gives_way=True))
    assert wide.planes[0].title == title


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
    """With more than two dimensions they are called projections; with few images there are no holes."""
    mean = np.zeros((count, dims), np.float32)
    images = Posterior(mean=mean, logvar=np.full_like(mean, 2 * np.log(deviation)), labels=None, images=None)
    subject = Subject(start_state(dims), images, images)
    parts = frozenset({Part.PRIOR, Part.DENSITY, Part.HOLES})
    assert [entry.text for entry in layout_of(subject, Figure(parts=parts)).legend] == entries
    caption = caption_of(small_decoder.model.source, subject, Figure(parts=parts))
    for text in words:
        assert text in caption


def test_a_figure_without_room_for_the_plane_is_refused(subject):
    """The error says how much room is left and what to do."""
    with pytest.raises(FigureError, match="pixels left for the plane, expected at least 64 × 64; make the"):
        layout_of(subject, Figure((300, 200), caption="a long caption " * 60))


def test_the_axes_say_what_they_are(subject, small_decoder):
    """The whole name is shown if there is room; the caption has the same words."""
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
    """Content out of view has no entry; without any entries, the plane gets the legend's room."""
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
    """In a close view, the line may be in view although none of the points that define it is."""
    radius = PriorOnPlane(subject.state.plane).radius(0.9)
    curve = PriorOnPlane(subject.state.plane).contours((0.9,))[0][1][0]
    on_it = tuple((curve[10] + curve[11]) / 2)
    figure = Figure((600, 400), parts=frozenset({Part.PRIOR}))
    for center, texts in ((on_it, ["prior, 50, 90, 99 %"]), ((radius - 0.1, 0.0), [])):
        state = replace(subject.state, viewport=replace(subject.state.viewport, center=center, span=1e-3))
        assert [entry.text for entry in layout_of(replace(subject, state=state), figure).legend] == texts

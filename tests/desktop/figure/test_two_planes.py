"""A figure of two models shows their planes side by side and says which is which."""

from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.figure.caption import caption_of, title_of
from desktop.figure.figure import Figure, Part, Subject
from desktop.figure.layout import layout_of
from desktop.figure.writing import plane_content, save_figure
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.view.state import start_state

SVG = "{http://www.w3.org/2000/svg}"
FIGURE = Figure((700, 400), scale=1, parts=frozenset({Part.BACKDROP, Part.POINTS}))


@pytest.fixture
def pair(subject, posterior):
    """Two models with the same test images on the same plane."""
    other = replace(posterior, mean=-posterior.mean)
    beside = replace(subject, posterior=other, encoded=other, title=("B  second", "epoch 1"))
    return replace(subject, title=("A  first", "epoch 3"), beside=beside)


@pytest.fixture
def second_decoder(make_bundle):
    """Another decoder."""
    source = open_source(make_bundle(seed=5, name="second"))
    with closing(Model(source, "cpu")) as model, closing(DecodedPictures()) as kept:
        yield KeptDecoder(model, kept)


def content_of(decoder, subject):
    """The content of the second plane."""
    steps = plane_content(decoder, subject, FIGURE, plane=1)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_both_planes_have_the_same_size_and_lie_side_by_side(pair):
    """Each plane has its title; with shared axes, only the first has numbers at the left."""
    layout = layout_of(pair, FIGURE)
    (left, top, width, height), (other, other_top, other_width, other_height) = (
        p.area for p in layout.planes
    )
    assert (top, width, height) == (other_top, other_width, other_height)
    assert left + width < other
    assert other + other_width < layout.legend_places_px[0][0]
    assert [plane.title for plane in layout.planes] == [("A  first", "epoch 3"), ("B  second", "epoch 1")]
    assert [bool(plane.across) for plane in layout.planes] == [True, True]
    assert [bool(plane.upward) for plane in layout.planes] == [True, False]


def test_a_plane_of_its_own_has_numbers_of_its_own(pair):
    """The same place has another z on plane B, so B has named and numbered axes, and the caption says so."""
    own = replace(pair, beside=Subject(start_state(5)))
    layout = layout_of(own, FIGURE)
    assert all(plane.upward and all(plane.names) for plane in layout.planes)
    assert layout.planes[0].area[2:] == layout.planes[1].area[2:]


def test_one_legend_explains_both(pair):
    """Labels that both planes have are listed once; with different labels, each plane has its own list."""
    texts = [entry.text for entry in layout_of(pair, FIGURE).legend]
    assert texts == ["Test images", "cat", "dog", "emu"]
    others = replace(pair, beside=replace(pair.beside, label_names=("ox", "pig", "rat")))
    low = layout_of(others, replace(FIGURE, size_px=(700, 260), caption="A caption."))
    ends = [y + e.height_px for e, (_, y) in zip(low.legend, low.legend_places_px, strict=True)]
    assert max(ends) <= low.caption_px[1], "the legend ends above the caption"
    texts = [entry.text for entry in layout_of(others, FIGURE).legend]
    assert texts == ["A: Test images", "cat", "dog", "emu", "B: Test images", "ox", "pig", "rat"]


def test_the_caption_names_both_models(pair, small_decoder, second_decoder):
    """The same points are described once, different points once for each letter."""
    one, two = small_decoder.model.source, second_decoder.model.source
    assert title_of("B", two, None)[0] == "B  second"
    text = caption_of(one, pair, FIGURE, two)
    assert text.startswith("A: small. B: second. The picture decoded at each point")
    assert text.count("60 test images") == 1
    fewer = replace(pair.beside, state=replace(pair.state, hidden_labels=frozenset({0})))
    text = caption_of(one, replace(pair, beside=fewer), FIGURE, two)
    assert "A: 60 test images" in text and "B: 40 test images" in text
    own = replace(pair, beside=Subject(start_state(5)))
    assert caption_of(one, own, FIGURE, two).endswith(
        "; each on a plane of its own; grey values of the decoded pictures inverted."
    )


def test_every_format_has_both_planes(pair, small_decoder, second_decoder, tmp_path):
    """Each plane has the pictures of its own decoder and the points of its own encoder."""
    beside = content_of(second_decoder, pair)
    for ending in ("png", "svg", "pdf"):
        list(save_figure(small_decoder, pair, FIGURE, tmp_path / f"a.{ending}", beside=beside))
    picture = imageio.imread(tmp_path / "a.png")
    parts = []
    for plane in layout_of(pair, FIGURE).planes:
        left, top, width, height = (round(side) for side in plane.area)
        parts.append(picture[top + 2 : top + height - 2, left + 2 : left + width - 2])
    rows, columns = min(len(p) for p in parts), min(p.shape[1] for p in parts)
    assert all(part.std() > 5 for part in parts)
    assert np.abs(parts[0][:rows, :columns].astype(int) - parts[1][:rows, :columns]).mean() > 5
    root = ET.parse(tmp_path / "a.svg").getroot()  # noqa: S314 - our own file
    assert len(list(root.iter(f"{SVG}image"))) == 2
    assert len(list(root.iter(f"{SVG}use"))) >= 120
    assert (tmp_path / "a.pdf").read_text("latin-1").count("/Subtype /Image") == 2

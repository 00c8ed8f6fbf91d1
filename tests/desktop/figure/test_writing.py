"""Figures in files: PNG with the note, SVG and PDF with lines and texts."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.figure import writing
from desktop.figure.figure import OF_POINTS, Figure, FigureError, Ground, OwnImage, Part
from desktop.figure.layout import in_print, layout_of
from desktop.figure.strokes import COLORS
from desktop.figure.writing import figure_cost, save_figure
from desktop.images.note import read_note
from desktop.jobs.cost import Progress
from desktop.view.provenance import from_text, provenance, to_text
from desktop.view.state import PALE_OPACITY

SVG = "{http://www.w3.org/2000/svg}"
SMALL = Figure((360, 240), scale=1, has_legend=False, has_axes=False, parts=frozenset(), ground=Ground.WHITE)


def saved(decoder, subject, figure, path, note=""):
    """Save a figure and return the steps."""
    return list(save_figure(decoder, subject, figure, path, note))


@pytest.mark.parametrize("scale", [1, 3])
def test_a_png_has_the_size_that_was_asked_for_and_its_note(small_decoder, subject, tmp_path, scale):
    """The note has the view and the settings, and decoding reports its progress."""
    path, figure = tmp_path / "a.png", Figure((300, 220), scale=scale, caption="A plane.")
    note = to_text(provenance(small_decoder.model.source, subject.state, "view", **figure.details()))
    steps = saved(small_decoder, subject, figure, path, note)
    assert imageio.imread(path).shape == (220 * scale, 300 * scale, 3)
    carried = from_text(read_note(path))
    assert (carried.kind, carried.state, carried.details["scale"]) == ("view", subject.state, scale)
    told = [step for step in steps if isinstance(step, Progress)]
    assert told[-1].done == told[-1].total == figure_cost(small_decoder, subject, figure).pictures


def test_the_plane_lies_where_the_layout_says(small_decoder, subject, tmp_path):
    """The cursor's ring is drawn at the cursor's place, in the ink colour."""
    state = subject.state.at((1.5, -0.5))
    figure = replace(SMALL, parts=frozenset({Part.CURSOR}))
    seen = replace(subject, state=state)
    saved(small_decoder, seen, figure, tmp_path / "a.png")
    layout = layout_of(seen, figure)
    x, y = layout.projection.px(state.cursor_ab) + layout.area[:2]
    picture = imageio.imread(tmp_path / "a.png").astype(int)
    rows, columns = np.nonzero(picture.sum(axis=2) < 200)
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == pytest.approx((y, x), abs=0.6)
    assert np.ptp(rows) == pytest.approx(15, abs=2)


@pytest.mark.parametrize("ground", list(Ground))
def test_grey_pictures_are_dark_on_white_if_that_is_wanted(small_decoder, subject, tmp_path, ground):
    """On white and transparent ground the decoded plane can be inverted; on dark ground it never is."""
    plane = replace(SMALL, parts=frozenset({Part.BACKDROP}), opacity=1.0, ground=ground)
    found = []
    for inverted in (False, True):
        saved(small_decoder, subject, replace(plane, is_inverted=inverted), tmp_path / "a.png")
        found.append(imageio.imread(tmp_path / "a.png")[40:-40, 40:-40, :3].astype(int))
    if ground is not Ground.DARK:
        assert np.abs(found[0] + found[1] - 255).max() <= 2
    else:
        assert (found[0] == found[1]).all()


def test_an_svg_holds_lines_texts_and_the_decoded_pictures(small_decoder, subject, tmp_path):
    """The SVG has its size in pixels, one embedded picture and all points, and is the same every time."""
    paths = [tmp_path / name for name in ("a.svg", "b.svg")]
    figure = Figure((400, 300), parts=frozenset({Part.BACKDROP, Part.POINTS, Part.PRIOR}))
    for path in paths:
        saved(small_decoder, subject, figure, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    root = ET.parse(paths[0]).getroot()  # noqa: S314 - our own file
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("400", "300", "0 0 400 300")
    (image,) = root.iter(f"{SVG}image")
    assert image.get("{http://www.w3.org/1999/xlink}href").startswith("data:image/png;base64,")
    assert len(list(root.iter(f"{SVG}use"))) >= len(subject.posterior.mean)


def test_a_pdf_holds_texts_points_and_the_decoded_pictures(small_decoder, subject, tmp_path):
    """One page with one point per pixel, a title, caption and picture; the file is the same every time."""
    paths = [tmp_path / name for name in ("a.pdf", "b.pdf")]
    figure = Figure((400, 300), parts=frozenset({Part.BACKDROP, Part.POINTS}), caption="A plane.")
    for path in paths:
        saved(small_decoder, subject, figure, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    text = paths[0].read_text("latin-1")
    assert text.startswith("%PDF-") and "/MediaBox [ 0 0 400 300 ]" in text
    assert f"/Title ({small_decoder.model.source.name})" in text and "/Subject (A plane.)" in text
    assert text.count("/Subtype /Image") == 1 and "/FontFile2" in text
    assert "/CreationDate" not in text


def test_a_vector_file_has_its_size_in_print(small_decoder, subject, tmp_path):
    """A PDF's page, an SVG and their texts have the sizes that were asked for."""
    size_px, unit_pt = in_print((85, 60), 6)
    figure = Figure(size_px, parts=frozenset({Part.POINTS}), caption="A plane.", unit_pt=unit_pt)
    assert figure.size_mm == pytest.approx((85, 60), abs=0.2)
    for name in ("a.pdf", "a.svg"):
        saved(small_decoder, subject, figure, tmp_path / name)
    found = re.search(r"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", (tmp_path / "a.pdf").read_text("latin-1"))
    assert [float(side) * 25.4 / 72 for side in found.groups()] == pytest.approx([85, 60], abs=0.2)
    saved(small_decoder, subject, replace(figure, unit_pt=None), tmp_path / "b.pdf")
    drawn = [(tmp_path / name).stat().st_size for name in ("a.pdf", "b.pdf")]
    assert drawn[0] == pytest.approx(drawn[1], rel=0.01), "nothing is missing on the smaller page"
    root = ET.parse(tmp_path / "a.svg").getroot()  # noqa: S314 - our own file
    assert [float(root.get(side).removesuffix("mm")) for side in ("width", "height")] == pytest.approx(
        [85, 60], abs=0.2
    )
    assert [float(side) for side in root.get("viewBox").split()[2:]] == list(size_px)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_transparent_ground_is_transparent(small_decoder, subject, tmp_path, kind):
    """A PNG has an alpha channel of 0 in its corner, and nothing fills an SVG's page."""
    figure = replace(SMALL, ground=Ground.TRANSPARENT)
    path = tmp_path / f"a.{kind}"
    saved(small_decoder, subject, figure, path)
    if kind == "png":
        assert imageio.imread(path)[0, 0, 3] == 0
    else:
        page = next(ET.parse(path).getroot().iter(f"{SVG}path"))  # noqa: S314 - our own file
        assert "fill: none" in page.get("style")


def test_only_the_points_that_are_shown_are_drawn(small_decoder, subject, tmp_path):
    """Points that are hidden by label or by “Only these” are neither drawn nor counted."""
    figure = replace(SMALL, parts=frozenset({Part.POINTS}))
    state = replace(subject.state, selected=(0, 3), only_selected=True)
    for changes, count in (({}, 2), ({"only_selected": False}, 60), ({"hidden_labels": frozenset({0})}, 0)):
        seen = replace(subject, state=replace(state, **changes))
        saved(small_decoder, seen, figure, tmp_path / "a.svg")
        dots = list(ET.parse(tmp_path / "a.svg").getroot().iter(f"{SVG}use"))  # noqa: S314 - our own file
        assert len(dots) == count == seen.are_shown.sum()


@pytest.mark.parametrize("part", [part for part in Part if part not in (Part.BACKDROP, Part.PINNED)])
def test_each_layer_shows(small_decoder, subject, tmp_path, part):
    """Adding the layer changes the figure."""
    state = replace(
        subject.state,
        selected=tuple(range(10)),
        path=(subject.state.at((-1, 0)).z, subject.state.at((1, 1)).z),
    )
    circle = np.stack([np.cos(np.linspace(0, 6.3, 60)), np.sin(np.linspace(0, 6.3, 60))], axis=1)
    own = OwnImage(np.zeros(2, np.float32), np.zeros(2, np.float32), ((circle,), (2 * circle,)))
    seen = replace(subject, state=state, own=own)
    under = frozenset({Part.POINTS}) if part in OF_POINTS else frozenset()
    pictures = []
    for parts in (under, under | {part}):
        saved(small_decoder, seen, replace(SMALL, parts=parts), tmp_path / "a.png")
        pictures.append(imageio.imread(tmp_path / "a.png").astype(int))
    assert (np.abs(pictures[0] - pictures[1]).max(axis=2) > 40).sum() > 30


def test_pinned_images_show_with_their_ellipses(small_decoder, subject, tmp_path):
    """The image's own black and white are drawn, and its label's colour, on dark ground."""
    seen = replace(subject, state=replace(subject.state, pinned=(4, 10_000)))
    figure = replace(SMALL, parts=frozenset({Part.PINNED}), ground=Ground.DARK)
    saved(small_decoder, seen, figure, tmp_path / "a.png")
    colors = imageio.imread(tmp_path / "a.png").reshape(-1, 3).tolist()
    paper = [int(COLORS[Ground.DARK].paper[n : n + 2], 16) for n in (1, 3, 5)]
    assert [0, 0, 0] in colors and [255, 255, 255] in colors and paper in colors


def test_what_does_not_fit_is_refused(small_decoder, subject, tmp_path, monkeypatch):
    """A figure that is too large, and a file name with another extension, raise errors."""
    monkeypatch.setattr(writing, "free_memory_bytes", lambda: 1 << 20)
    with pytest.raises(FigureError, match="found a picture of 720 × 480 pixels, which takes"):
        saved(small_decoder, subject, replace(SMALL, scale=2), tmp_path / "a.png")
    with pytest.raises(FigureError, match=r"found the ending '.gif', expected .png, .svg or .pdf"):
        saved(small_decoder, subject, SMALL, tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_figure_leaves_the_old_file(small_decoder, subject, tmp_path):
    """The old file stays, and no other file is left."""
    path = tmp_path / "a.png"
    path.write_text("old")
    steps = save_figure(small_decoder, subject, Figure((300, 220), scale=1), path)
    next(steps)
    steps.close()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_decoded_plane_is_pale_only_under_points_and_maps():
    """The default opacity holds until a person sets another one."""
    alone = Figure(parts=frozenset({Part.BACKDROP, Part.PRIOR}))
    assert alone.opacity_under(alone.parts) == 1.0
    assert [
        alone.opacity_under(alone.parts | {part}) for part in (Part.POINTS, Part.DENSITY, Part.HOLES)
    ] == [PALE_OPACITY] * 3
    assert replace(alone, opacity=0.3).opacity_under(alone.parts) == 0.3


def test_the_note_tells_a_plane_that_cannot_be_seen_from_an_automatic_opacity():
    """The note has no opacity if none was set."""
    assert "opacity" not in Figure().details()
    assert Figure(opacity=0.0).details()["opacity"] == 0

"""Films of the plane: the cursor moves over it, beside the picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from desktop.figure.figure import Subject
from desktop.film.film import Content, Film, film_px, path_cost, path_film
from desktop.film.formats import Format
from desktop.film.plane_stage import LEAST_PLANE_PX, draw_ring, holding_path, make_stage
from desktop.film.preview import MOST_FRAMES, MOST_PIXELS, Preview, preview_film
from desktop.images.pixels import enlarge, to_bytes
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.route import Route
from desktop.view.state import start_state
from tests.desktop.finished import finished
from tests.desktop.path_points import path_points

POINTS = ((-2.0, 0.0), (2.0, 1.0))
PLANE = Film(format=Format.APNG, frame_count=5, scale=22, content=Content.BESIDE)


@pytest.fixture
def decoder(make_bundle, make_model, kept):
    return KeptDecoder(make_model(make_bundle()), kept)


@pytest.fixture
def subject():
    return Subject(start_state(2))


def test_each_frame_has_the_cursor_at_its_z_and_the_picture_there(decoder, subject, tmp_path):
    """On the left only the ring moves; on the right are the walk's decoded pictures, enlarged."""
    list(path_film(decoder, Route(POINTS), PLANE, tmp_path / "a", view=subject))
    with Image.open(tmp_path / "a") as image:
        frames = np.stack([np.asarray((image.seek(n), image)[1].convert("RGB")) for n in range(5)])
    width, height = film_px(PLANE, (12, 12))
    assert frames.shape == (5, height, width, 3)
    walk = path_points(POINTS, 5)
    expected = enlarge(to_bytes(decoder.model.decode(walk)), 22)
    assert np.abs(frames[:, :, height:, 0].astype(int) - expected).max() <= 1
    stage = finished(make_stage(decoder, subject, PLANE.scale))
    for frame, z in zip(frames[:, :, :height], walk, strict=True):
        rows, columns = np.nonzero((frame != stage.background).any(axis=2))
        x, y = (stage.projection.px_of(z) + stage.corner_px) * stage.layout_scale
        assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((x, y), abs=1)


@pytest.mark.parametrize("aspect", [1.0, 1.03, 1.75, 0.5])
def test_no_path_leaves_the_frame(decoder, subject, aspect):
    """The plane has the aspect of the window's; a path beyond its edge zooms out, one within does not."""
    film = replace(PLANE, plane_aspect=aspect)
    within = replace(subject, state=replace(subject.state, path=POINTS))
    assert holding_path(decoder, within, film.scale, aspect) == within
    beyond = replace(subject, state=replace(subject.state, path=((0.0, 0.0), (9.0, -0.5))))
    held = holding_path(decoder, beyond, film.scale, aspect)
    stage = finished(make_stage(decoder, held, film.scale, aspect))
    height, width = stage.background.shape[:2]
    assert (width + 22 * 12, height) == film_px(film, (12, 12))
    assert width / height == pytest.approx(aspect, rel=0.01)
    for z in beyond.state.path:
        (frame,) = stage.frames([z])
        rows, columns = np.nonzero((frame != stage.background).any(axis=2))
        assert np.ptp(columns) == pytest.approx(np.ptp(rows), abs=1) != 0  # the whole ring
    kept = Preview()
    list(path_film(decoder, Route(beyond.state.path), film, Path(), view=beyond, make=kept.make))
    assert (kept.frames[-1][:, :width] != stage.background).any()


@pytest.mark.parametrize(("scale", "aspect"), [(45, 0.603), (47, 1.507)])
def test_a_large_plane_has_the_size_that_was_told(decoder, subject, scale, aspect):
    """`film_px` gives it, also where the plane's pixels are not a whole multiple of the layout's."""
    film = replace(PLANE, scale=scale, plane_aspect=aspect)
    stage = finished(make_stage(decoder, subject, scale, aspect))
    height, width = stage.background.shape[:2]
    assert (width + scale * 12, height) == film_px(film, (12, 12))


def test_a_ring_is_as_bright_wherever_it_is():
    """The ring's total brightness does not depend on its place between pixels; outside nothing is drawn."""
    masses = []
    for x in (30.0, 30.25, 30.5):
        picture = np.full((60, 60, 3), 100, np.uint8)
        draw_ring(picture, np.array([x, 31.0]), 1.0)
        masses.append(float(picture.astype(int).sum()))
    assert np.ptp(masses) < 0.001 * masses[0]
    picture = np.full((60, 60, 3), 100, np.uint8)
    draw_ring(picture, np.array([500.0, -90.0]), 1.0)
    assert (picture == 100).all()


def test_the_plane_has_a_size_for_reading(decoder, subject):
    """The plane has a minimum size even with small pictures; the frame's size is known in advance."""
    film = Film(frame_count=3, scale=1, content=Content.BESIDE)
    assert film_px(film, (12, 12)) == (LEAST_PLANE_PX + 12, LEAST_PLANE_PX)
    assert finished(make_stage(decoder, subject, 1)).background.shape == (LEAST_PLANE_PX,) * 2 + (3,)
    alone = replace(film, content=Content.PLANE)
    assert film_px(alone, (12, 12)) == (LEAST_PLANE_PX, LEAST_PLANE_PX)
    assert path_cost(decoder, Route(POINTS), alone).pictures == 0
    without = path_cost(decoder, Route(POINTS), film).pictures
    assert path_cost(decoder, Route(POINTS), film, subject).pictures > without == 3


@pytest.mark.parametrize("content", list(Content))
def test_a_preview_is_the_film_with_fewer_and_smaller_frames(decoder, subject, tmp_path, content):
    """No file is written; the number and the size of the frames are limited."""
    film = Film(frame_count=400, scale=64, content=content)
    small, kept = preview_film(film, (12, 12)), Preview()
    list(path_film(decoder, Route(POINTS), small, tmp_path / "a.gif", view=subject, make=kept.make))
    width, height = film_px(small, (12, 12))
    assert len(kept.frames) == MOST_FRAMES
    assert kept.frames[0].shape[:2] == (height, width)
    assert MOST_PIXELS / 2 < width * height <= MOST_PIXELS
    assert list(tmp_path.iterdir()) == []

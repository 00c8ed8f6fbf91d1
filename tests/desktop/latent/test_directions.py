"""Directions are read from files, followed from a start, span planes, and are found by decoding."""

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.latent.difference_step import pairs, slopes
from desktop.latent.directions import (
    Directions,
    direction_to,
    directions_in,
    joined,
    plane_of_directions,
    probes,
    strongest,
    tried_text,
)
from desktop.latent.number_file import NumberFileError

START = (0.5, -1.0, 2.0)


def test_directions_get_length_one_and_the_names_of_their_arrays():
    """The only direction of an array has the array's name; several have numbers, too."""
    arrays = {"smile": np.array([0.0, 3.0, 4.0]), "age": np.eye(3)[:2] * 7, "labels": np.zeros(5)}
    found = directions_in(arrays, START, "f")
    assert found.names == ("smile", "age 1", "age 2")
    assert found.units == pytest.approx(np.array([[0, 0.6, 0.8], [1, 0, 0], [0, 1, 0]]))
    assert found.start == START
    assert found.lengths == pytest.approx((5, 7, 7))


def test_a_direction_leads_from_a_start_to_another_point():
    """The other point is at the direction's whole length; directions from the same start are joined."""
    start, end = Vector(START), (3.5, 3.0, 2.0)
    found = direction_to(end, start, "to flags")
    assert (found.names, found.lengths) == (("to flags",), (5.0,))
    assert found.moved(start, 0, 5.0) == pytest.approx(end)
    both = joined(found, direction_to((0.5, -1.0, 0.0), start, "to objects"))
    assert both.names == ("to flags", "to objects")
    assert both.units == pytest.approx(np.array([[0.6, 0.8, 0.0], [0.0, 0.0, -1.0]]))
    assert both.lengths == (5.0, 2.0)
    elsewhere = direction_to(START, Vector(end), "back")
    assert joined(both, elsewhere) is elsewhere
    with pytest.raises(ValueError, match="found the cursor at the same z, expected another"):
        direction_to(START, start, "nowhere")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 2)), r"f: found an array of shape \[4, 2\], expected \[3\] or \[n, 3\]"),
        (np.array([[1.0, 0, 0], [0, 0, 0]]), "f: found a 2 of length 0, expected a direction; leave it out"),
        (np.ones((1025, 3)), "f: found 1,025 directions, expected at most 1,024; save fewer"),
    ],
)
def test_what_cannot_be_a_direction_is_told(array, words):
    """Arrays of other shapes, zero vectors, and too many directions are errors."""
    with pytest.raises(NumberFileError, match=f"^{words}"):
        directions_in({"a": array}, START, "f")


def test_an_offset_is_what_was_set():
    """A move along one direction does not change offsets along orthogonal ones; 0 is the start."""
    units = np.array([[0.6, 0.8, 0.0], [0.8, -0.6, 0.0], [0.6, 0.0, 0.8]])
    directions = Directions(("a", "b", "c"), units, START)
    assert directions.offsets(START) == pytest.approx([0, 0, 0])
    z = directions.moved(directions.moved(START, 0, 1.5), 1, -2.0)
    assert directions.offsets(z)[:2] == pytest.approx([1.5, -2.0])
    assert np.asarray(z) - START == pytest.approx(1.5 * units[0] - 2 * units[1])
    assert directions.offsets(z, slice(1, 3)) == pytest.approx(directions.offsets(z)[1:])
    assert directions.moved(directions.moved(z, 1, 0.0), 0, 0.0) == pytest.approx(START)


def test_two_directions_span_a_plane_through_the_cursor():
    """The first direction is to the right and the second upward within the plane, also at a small angle."""
    for sine in (1.0, 0.3, 1e-4):
        u = np.array([0.6, 0.8, 0.0])
        other = np.sqrt(1 - sine**2) * u + sine * np.array([0.0, 0.0, 1.0])
        plane = plane_of_directions(START, u, other)
        assert plane.origin == START
        assert plane.u == pytest.approx(u)
        assert plane.v == pytest.approx([0, 0, 1])
        assert abs(np.dot(plane.u, plane.v)) < 1e-12
        words = plane_of_directions(START, u, other, ("smile", "2")).words
        assert words == ("along direction smile", "along direction 2" + ", at a right angle" * (sine < 1))


def test_on_the_plane_a_is_the_offset_along_the_first_direction():
    """Both are measured from the start; the plane goes through the cursor, even if that is off the start."""
    u, v = np.array([0.6, 0.8, 0.0]), np.array([0.8, -0.6, 0.0])
    directions, z = Directions(("a", "b"), np.array([u, v]), START), np.array([3.0, 1.0, 5.0])
    plane = plane_of_directions(z, u, v, start=START)
    assert plane.project(z) == pytest.approx(directions.offsets(z))
    assert plane.embed(plane.project(z)) == pytest.approx(z)
    assert plane.origin == pytest.approx([START[0], START[1], 5])


@pytest.mark.parametrize("factor", [1, -1])
def test_parallel_directions_span_no_plane(factor):
    """The error says that they are parallel."""
    with pytest.raises(ValueError, match="found two parallel directions, expected two that span a plane"):
        plane_of_directions(START, (0.6, 0.8, 0.0), np.array([0.6, 0.8, 0.0]) * factor)


def found_for(matrix, z, along):
    """The directions of the linear decoder z · matrix [d, pixels], found by decoding."""
    points = pairs(z, along, 0.1)
    pictures = (points.astype(np.float64) @ matrix).astype(np.float64).reshape(len(points), 1, 2, -1)
    return strongest(slopes(pictures, 0.1), along, z, most=100)


@pytest.mark.parametrize("pixels", [4, 40])
def test_a_linear_decoder_gives_its_singular_vectors(pixels):
    """Directions, order and shares agree with numpy's SVD of the matrix, also with few pixels."""
    draw = np.random.default_rng(3)
    matrix = draw.normal(size=(7, pixels)) * np.linspace(3, 0.2, 7)[:, None]
    left, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    found = found_for(matrix, draw.normal(size=7), probes(7, 7))
    assert len(found.names) == len(singular)
    assert found.names[0] == "1"
    assert np.abs(np.sum(found.units * left.T, axis=1)) == pytest.approx(np.ones(len(singular)), abs=1e-5)
    assert found.shares == pytest.approx(singular**2 / np.sum(singular**2), rel=1e-4)
    assert np.linalg.norm(found.units, axis=1) == pytest.approx(np.ones(len(singular)))
    assert (np.take_along_axis(found.units, np.abs(found.units).argmax(axis=1)[:, None], 1) > 0).all()


def test_a_curved_decoder_gives_the_slopes_at_the_cursor():
    """They agree with the sigmoid's derivative; directions without change at the cursor come last."""
    draw = np.random.default_rng(4)
    matrix, z = draw.normal(size=(5, 30)), draw.normal(size=5)
    along = probes(5, 5)
    picture = 1 / (1 + np.exp(-(pairs(z, along, 0.1).astype(np.float64) @ matrix)))
    found = slopes(picture.astype(np.float32), 0.1)
    here = 1 / (1 + np.exp(-(z @ matrix)))
    assert found == pytest.approx(along @ matrix * here * (1 - here), abs=5e-3)
    truth = np.linalg.svd(matrix * here * (1 - here))[0].T
    units = strongest(found, along, z).units
    assert abs(units[0] @ truth[0]) > 0.999


def test_probes_are_all_axes_or_an_orthonormal_sketch():
    """The same seed gives the same sketch, and found directions lie in the sketch's span."""
    axes = probes(6, 6)
    assert (axes[axes.argmax(axis=1).argsort()] == np.eye(6)).all()
    assert (probes(6, 6) == axes).all()
    assert not (probes(6, 6, seed=1) == axes).all()
    sketch = probes(300, 20, seed=1)
    assert sketch.shape == (20, 300)
    assert sketch @ sketch.T == pytest.approx(np.eye(20), abs=1e-9)
    assert (probes(300, 20, seed=1) == sketch).all()
    assert not (probes(300, 20, seed=2) == sketch).all()
    matrix = np.random.default_rng(0).normal(size=(300, 40))
    found = found_for(matrix, np.zeros(300), sketch)
    left, singular, _ = np.linalg.svd(sketch @ matrix, full_matrices=False)
    assert abs(found.units[0] @ (left[:, 0] @ sketch)) == pytest.approx(1, abs=1e-5)
    assert found.shares[0] == pytest.approx(singular[0] ** 2 / np.sum(singular**2), rel=1e-4)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((48, 512, 512), "48 of 512 dimensions tried"),
        ((512, 512, 512), "all 512 dimensions tried"),
        ((20, 128, 16384), "20 of 128 random directions in 16,384 dimensions tried"),
        ((8, 8, 100), "all 8 random directions in 100 dimensions tried"),
    ],
)
def test_it_is_told_how_many_were_tried(numbers, text):
    """The text gives a number of dimensions, or of random directions."""
    assert tried_text(*numbers) == text


def test_a_sketch_of_a_million_dimensions_stays_small():
    """There are fewer probes, so that it does not take minutes and gigabytes."""
    assert probes(1 << 20, 64).shape == (4, 1 << 20)


def test_a_picture_that_does_not_change_has_no_directions():
    """The error says what to do."""
    with pytest.raises(ValueError, match="found a picture that does not change around the cursor"):
        strongest(np.zeros((3, 5)), np.eye(3), START)

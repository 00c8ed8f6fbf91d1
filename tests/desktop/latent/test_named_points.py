"""The z in a file are found by their shapes, and keep their names and labels."""

import numpy as np
import pytest

from desktop.latent.named_points import named_points
from desktop.latent.number_file import NumberFileError

A, B = np.arange(8.0).reshape(4, 2), np.ones((3, 2))


def test_points_of_one_array_have_numbers():
    """Numbers start at 0; arrays of other shapes are ignored, and maps are flattened."""
    found = named_points({"labels": np.zeros(9), "a": A}, 2, "f")
    assert (found.z == A).all()
    assert found.names == ("#0", "#1", "#2", "#3")
    assert found.labels is None
    assert (named_points({"a": np.arange(24.0).reshape(2, 3, 2, 2)}, 12, "f").z[1] == np.arange(12, 24)).all()


def test_of_several_arrays_the_one_named_z_is_taken():
    """An array named mean is preferred, too."""
    assert (named_points({"a": A, "z": B}, 2, "f").z == B).all()
    assert (named_points({"mean": A, "logvar": B}, 2, "f").z == A).all()


def test_without_such_a_name_all_are_points():
    """Arrays of one z have their own names, and those of several are labels."""
    found = named_points({"cat": np.array([1.0, 2.0]), "dog": np.array([3.0, 4.0])}, 2, "f")
    assert (found.names, found.labels) == (("cat", "dog"), None)
    assert (found.z == [[1, 2], [3, 4]]).all()
    found = named_points({"a": A, "one": np.zeros(2)}, 2, "f")
    assert found.names == ("a #0", "a #1", "a #2", "a #3", "one")
    assert found.labels.tolist() == [0, 0, 0, 0, 1]
    assert found.label_names == ("a", "one")


@pytest.mark.parametrize(
    ("labels", "expected", "names"),
    [
        ([7, 7, 3, 10], [1, 1, 0, 2], ("3", "7", "10")),
        ([0.5, 1, 1, 1], None, ()),
        ([1, 2, 3], None, ()),
        ([[1], [2], [3], [4]], None, ()),
    ],
)
def test_whole_numbers_beside_z_are_its_labels(labels, expected, names):
    """There must be one whole number for each point; other arrays are ignored."""
    found = named_points({"z": A, "labels": np.array(labels, np.float64)}, 2, "f")
    assert (None if found.labels is None else found.labels.tolist()) == expected
    assert found.label_names == names


def test_some_of_many_are_evenly_spaced():
    """They include the first and the last, and keep their names and labels."""
    z = np.arange(100.0)[:, None] * [1, 1]
    points = named_points({"z": z, "labels": np.arange(100.0) // 50}, 2, "f")
    few = points.evenly(3)
    assert few.names == ("#0", "#50", "#99")
    assert few.labels.tolist() == [0, 1, 1]
    assert few.z[:, 0].tolist() == [0, 50, 99]
    assert points.evenly(100) is points


def test_arrays_that_do_not_fit_are_told():
    """The error gives the shapes that would fit."""
    with pytest.raises(NumberFileError, match=r"^f: found .* of shape \[4, 2\], expected \[3\] or \[n, 3\]"):
        named_points({"a": A}, 3, "f")

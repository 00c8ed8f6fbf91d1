"""A vector never changes, and equals whatever has the same numbers."""

import numpy as np
import pytest

from desktop.base.vector import LONGEST_DOUBLE, Vector, vector


def test_it_equals_a_vector_a_tuple_and_a_list_of_the_same_numbers():
    """It equals nothing else: not other numbers, not fewer, not a text."""
    numbers = Vector((0.5, -1.5))
    assert numbers == Vector(np.array([0.5, -1.5], np.float32))
    assert numbers == (0.5, -1.5) == numbers
    assert numbers == [0.5, -1.5]
    assert numbers not in (Vector((0.5, -1.25)), Vector((0.5,)), (0.5, -1.5, 0.0), [0.5], "0.5")


@pytest.mark.parametrize("length", [1, 1000, 3000, LONGEST_DOUBLE + 1])
def test_one_number_makes_a_difference(length):
    """A difference at any index counts, in a vector of any length: equal hashes do not make vectors equal."""
    numbers = Vector(np.arange(length) / 4)
    for place in {0, length // 2, length - 1}:
        other = numbers.with_number(place, 7.125)
        assert other != numbers
        assert other.with_number(place, place / 4) == numbers
        assert hash(other.with_number(place, place / 4)) == hash(numbers)


def test_a_short_one_is_found_by_a_tuple():
    """A short vector and its tuple are the same dictionary key."""
    assert {Vector((0.1, 0.0)): 1}[0.1, -0.0] == 1
    assert hash(Vector(())) == hash(())


def test_it_never_changes():
    """Changes of the array that it was made from do not reach it; an array with `is_own` is not copied."""
    array = np.zeros(3)
    numbers = Vector(array)
    array[0] = 1
    assert numbers == (0, 0, 0)
    with pytest.raises(ValueError, match="read-only"):
        numbers.array[0] = 1
    assert np.shares_memory(Vector(array, is_own=True).array, array)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2


def test_single_precision_stays_and_very_long_ones_take_it():
    """A million numbers take 4 MB, in the type that decoders take."""
    assert Vector((0.1,)).array.dtype == np.float64
    assert Vector(np.ones(3, np.float32)).nbytes == 12
    assert Vector(np.ones(LONGEST_DOUBLE)).array.dtype == np.float64
    assert Vector(np.ones(LONGEST_DOUBLE + 1)).array.dtype == np.float32


def test_it_is_a_sequence_of_floats():
    """It has a length, items and slices, and numpy reads it as an array."""
    numbers = Vector(np.array([1, 2, 3], np.float32))
    assert (len(numbers), numbers[-1], list(numbers), numbers[1:]) == (3, 3.0, [1.0, 2.0, 3.0], (2.0, 3.0))
    assert type(numbers[0]) is float
    assert np.asarray(numbers) is numbers.array
    assert np.asarray([numbers, numbers]).shape == (2, 3)
    assert vector(numbers) is numbers
    assert vector((1, 2, 3)) == numbers


def test_it_is_shown_in_short():
    """Its text is short, even with a million numbers."""
    assert repr(Vector((1.0, 0.5))) == "Vector([1, 0.5], 2)"
    assert len(repr(Vector(np.zeros(1 << 20)))) < 60


def test_a_table_is_refused():
    """A vector has one axis."""
    with pytest.raises(ValueError, match=r"found numbers of shape \(2, 2\), expected one axis"):
        Vector(np.zeros((2, 2)))


def test_the_digest_tells_apart_what_decoders_tell_apart():
    """The digest depends on every number as float32; −0 counts as 0."""
    z = np.random.default_rng(0).standard_normal(5000)
    given = Vector(z)
    assert given.digest == Vector(z.astype(np.float32)).digest == given.digest
    assert given.with_number(1234, 1.5).digest != given.digest
    assert Vector((0.0, 1.0)).digest == Vector((-0.0, 1.0)).digest != Vector((1.0, 0.0)).digest

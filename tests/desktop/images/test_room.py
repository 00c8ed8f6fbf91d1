"""A picture that cannot be written, held in memory or opened again is refused before it is made."""

import pytest

from desktop.images import room
from desktop.images.room import NoRoom, RoomError, SheetSize, check_z, no_room


@pytest.fixture(autouse=True)
def free(monkeypatch):
    """Ten gigabytes of memory are free."""
    monkeypatch.setattr(room, "free_memory_bytes", lambda: 10 << 30)


def square(n):
    """A sheet of n × n pictures of 1,024 × 1,024 in colour."""
    return SheetSize(n, n, (1024, 1024), 3, 512)


def test_what_fits_has_no_reason():
    """A sheet that fits at its scale has no reason against it."""
    assert no_room(square, 8, 2) is None


def test_sides_and_pixels_are_bounded():
    """The error says what was found and expected, and what fits: a scale, or fewer pictures."""
    wide = no_room(square, 8, 64)
    assert wide.reason == "found a picture of 524,288 × 524,288 pixels, expected at most 32,767 per side"
    assert (wide.scale, wide.n) == (2, None)
    many = no_room(square, 31, 1)
    assert many.reason == "found a picture of 31,744 × 31,744 pixels, expected at most 268,435,456 in all"
    assert (many.scale, many.n) == (None, 16)


def test_memory_is_bounded(monkeypatch):
    """With little free memory, only smaller sheets fit."""
    monkeypatch.setattr(room, "free_memory_bytes", lambda: 1 << 30)
    found = no_room(square, 8, 2)
    assert found.reason == (
        "found a picture of 16,384 × 16,384 pixels, which takes 2.1 GiB of memory, expected at most 0.8 GiB"
    )
    assert found.scale == 1
    monkeypatch.setattr(room, "free_memory_bytes", lambda: 0)
    assert isinstance(no_room(square, 8, 2), NoRoom)
    assert (no_room(square, 8, 2).scale, no_room(square, 8, 2).n) == (None, None)


def test_many_numbers_of_z_are_bounded(monkeypatch):
    """A z of a million numbers takes 4 MB; all z of a sheet may take 256 MB, or less if less is free."""
    check_z(64, 1 << 20)
    assert no_room(lambda n: SheetSize(n, n, (8, 8), 1, 0), 4, 1) is None  # pictures without z
    words = (
        "found 4,096 pictures with 1,048,576 numbers each, expected at most 64 so that they fit into memory"
    )
    with pytest.raises(RoomError, match=words):
        check_z(4096, 1 << 20)
    found = no_room(lambda n: SheetSize(n, n, (8, 8), 1, 1 << 20), 64, 1)
    assert (found.reason, found.n) == (words, 8)
    monkeypatch.setattr(room, "free_memory_bytes", lambda: 100 << 20)
    with pytest.raises(RoomError, match="expected at most 20 so"):
        check_z(64, 1 << 20)

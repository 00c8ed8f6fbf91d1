"""Decoded pictures are kept in memory, then in files, and are found by model and z."""

import numpy as np

from desktop.base import session_folder
from desktop.jobs.decoded_pictures import DecodedPictures, Kept

PICTURE_BYTES = 256


def kept(value=0.0):
    """A picture of 64 equal numbers."""
    return Kept(np.full((1, 8, 8), value, np.float32), 1.0, "a warning" if value else "")


def files():
    """The pictures on disk."""
    return sorted(session_folder.place().glob("*/*.npy"))


def test_the_picture_of_a_z_is_found_and_no_other():
    """Another z, however near, has no picture; −0 counts as 0."""
    pictures = DecodedPictures()
    pictures.put("a", (0.0, 1.0), kept())
    assert pictures.get("a", (-0.0, 1.0)) is not None
    assert pictures.get("a", (0.0, 1.0000001)) is None
    assert not pictures.has("a", (0.0, 1.0000001))


def test_each_model_has_its_own():
    """The same z of another model, or of another reading, has another picture."""
    pictures = DecodedPictures()
    pictures.put("a", (0.0, 1.0), kept())
    assert pictures.get("b", (0.0, 1.0)) is None
    assert pictures.nearest("b", (0.0, 1.0)) is None


def test_the_nearest_is_nearest_in_z():
    """The distance is Euclidean; before the first picture there is none."""
    pictures = DecodedPictures()
    assert pictures.nearest("a", (0.0, 0.0)) is None
    for z in ((0.0, 3.0), (2.0, 2.0), (-1.0, -1.0)):
        pictures.put("a", z, kept())
    assert pictures.nearest("a", (0.2, 0.1))[0].tolist() == [-1.0, -1.0]
    assert pictures.nearest("a", (5.0, 5.0))[0].tolist() == [2.0, 2.0]


def test_the_nearest_is_looked_for_among_the_last_ones(monkeypatch):
    """The search covers only the last pictures (here four), so that its time is bounded."""
    monkeypatch.setattr("desktop.jobs.decoded_pictures.NEAR_PICTURES", 4)
    pictures = DecodedPictures()
    for a in range(6):
        pictures.put("a", (float(a), 0.0), kept())
    assert pictures.nearest("a", (0.0, 0.0))[0].tolist() == [2.0, 0.0]


def test_what_does_not_fit_into_memory_is_read_from_a_file_unchanged():
    """The file keeps numbers, time and warning; the pictures used last are in memory."""
    pictures = DecodedPictures(memory_bytes=2 * PICTURE_BYTES)
    for a in range(4):
        pictures.put("a", (float(a), 0.0), kept(a))
    assert len(files()) == 2
    assert pictures.in_memory("a", (0.0, 0.0)) is None
    assert pictures.has("a", (0.0, 0.0))
    found = pictures.get("a", (1.0, 0.0))
    assert (found.picture == 1).all()
    assert found.picture.dtype == np.float32
    assert (found.decode_ms, found.warning) == (1.0, "a warning")
    assert pictures.in_memory("a", (1.0, 0.0)) is found
    assert pictures.nearest("a", (0.0, 0.0))[0].tolist() == [1.0, 0.0]
    pictures.close()


def test_only_so_much_is_on_disk_the_least_recently_used_goes():
    """Here two pictures fit into memory and two on disk."""
    pictures = DecodedPictures(2 * PICTURE_BYTES, 2 * PICTURE_BYTES)
    for a in range(6):
        pictures.put("a", (float(a), 0.0), kept())
    assert [pictures.has("a", (float(a), 0.0)) for a in range(6)] == [False, False, True, True, True, True]
    assert len(files()) == 2
    pictures.close()


def test_a_file_that_is_gone_or_damaged_is_no_picture():
    """The picture has to be decoded again."""
    pictures = DecodedPictures(memory_bytes=PICTURE_BYTES)
    for a in range(3):
        pictures.put("a", (float(a), 0.0), kept())
    gone, damaged = files()
    gone.unlink()
    damaged.write_bytes(b"no picture")
    assert pictures.get("a", (0.0, 0.0)) is None
    assert pictures.get("a", (1.0, 0.0)) is None
    assert not pictures.has("a", (1.0, 0.0))
    pictures.close()


def test_where_nothing_can_be_written_the_memory_is_all_there_is(settings_folder):
    """A full or read-only disk raises no error."""
    (settings_folder / "sessions").write_text("a file where the folder would be")
    pictures = DecodedPictures(memory_bytes=PICTURE_BYTES)
    for a in range(3):
        pictures.put("a", (float(a), 0.0), kept())
    assert [pictures.has("a", (float(a), 0.0)) for a in range(3)] == [False, False, True]
    pictures.close()


def test_the_end_removes_all_files():
    """Nothing is left in the cache folder."""
    pictures = DecodedPictures(memory_bytes=PICTURE_BYTES)
    for a in range(3):
        pictures.put("a", (float(a), 0.0), kept())
    pictures.close()
    assert list(session_folder.place().iterdir()) == []

"""Pictures that were decoded stay at hand: the one of a z, or that of the nearest."""

import numpy as np

from desktop.app.decoded_pictures import DecodedPictures
from desktop.base.vector import Vector
from desktop.jobs.decode import Decoded


def picture(*z):
    """A picture of 64 numbers at a z."""
    return Decoded(Vector(z), np.zeros((1, 8, 8), np.float32), 1.0)


def test_the_picture_of_a_z_is_found_and_no_other():
    """Another z, however near, has none."""
    pictures = DecodedPictures()
    pictures.put(picture(0.0, 1.0))
    assert pictures.get(Vector((0.0, 1.0))).z == (0.0, 1.0)
    assert pictures.get(Vector((0.0, 1.0000001))) is None


def test_the_nearest_is_nearest_in_z():
    """By Euclidean distance; none while nothing was decoded."""
    pictures = DecodedPictures()
    assert pictures.nearest(Vector((0.0, 0.0))) is None
    for z in ((0.0, 3.0), (2.0, 2.0), (-1.0, -1.0)):
        pictures.put(picture(*z))
    assert pictures.nearest(Vector((0.2, 0.1))).z == (-1.0, -1.0)
    assert pictures.nearest(Vector((5.0, 5.0))).z == (2.0, 2.0)


def test_only_so_much_is_kept_the_least_recently_looked_at_goes():
    """Each takes 256 bytes and 16 for its z; three fit into 900."""
    pictures = DecodedPictures(limit_bytes=900)
    for a in (0.0, 1.0, 2.0):
        pictures.put(picture(a, 0.0))
    assert pictures.get(Vector((0.0, 0.0))) is not None
    pictures.put(picture(3.0, 0.0))
    assert pictures.get(Vector((1.0, 0.0))) is None
    assert [pictures.get(Vector((a, 0.0))) is not None for a in (0.0, 2.0, 3.0)] == [True] * 3
    pictures.put(picture(3.0, 0.0))
    assert pictures.get(Vector((0.0, 0.0))) is not None


def test_another_model_begins_with_none():
    """Nothing of the one before is shown."""
    pictures = DecodedPictures()
    pictures.put(picture(0.0, 1.0))
    pictures.clear()
    assert pictures.get(Vector((0.0, 1.0))) is None
    assert pictures.nearest(Vector((0.0, 1.0))) is None

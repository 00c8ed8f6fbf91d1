"""A drawing comes back as it was, and what is damaged is refused."""

import base64
import json
import zlib

import numpy as np
import pytest

from desktop.view.saved_drawing import SavedDrawing, drawing_from_dict, drawing_to_dict

SHAPE = (3, 5, 7)


@pytest.fixture
def drawing():
    """Random pixels of which some are unknown."""
    rng = np.random.default_rng(0)
    return SavedDrawing(rng.random(SHAPE, np.float32), rng.random(SHAPE[1:]) > 0.3)


def test_it_comes_back_bit_by_bit(drawing):
    """Through JSON, the types stay, too."""
    found = drawing_from_dict(json.loads(json.dumps(drawing_to_dict(drawing))), SHAPE)
    assert np.array_equal(found.pixels, drawing.pixels)
    assert np.array_equal(found.known, drawing.known)
    assert (found.pixels.dtype, found.known.dtype) == (np.float32, bool)


def packed(data):
    """Bytes in the form in which they are written."""
    return base64.b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize(
    "damage",
    [
        {"pixels": None},
        {"pixels": "no base64!"},
        {"pixels": base64.b64encode(b"no zlib").decode()},
        {"pixels": packed(bytes(4 * 105 - 1))},
        {"pixels": packed(bytes(50_000_000))},
        {"pixels": packed(np.full(105, np.nan, "<f4").tobytes())},
        {"pixels": packed(np.full(105, 1.5, "<f4").tobytes())},
        {"known": packed(b"")},
        {"known": 7},
    ],
)
def test_what_is_damaged_is_refused(drawing, damage):
    """That holds for any damage, and any size."""
    with pytest.raises(ValueError, match="found"):
        drawing_from_dict(drawing_to_dict(drawing) | damage, SHAPE)


def test_another_shape_is_refused(drawing):
    """It was drawn for another model."""
    with pytest.raises(ValueError, match="another size"):
        drawing_from_dict(drawing_to_dict(drawing), (1, 5, 7))

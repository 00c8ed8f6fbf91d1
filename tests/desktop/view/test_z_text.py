"""Z as text keeps every digit and can be pasted back."""

import ast
import json

import numpy as np
import pytest

from desktop.latent.plane import parse_z
from desktop.view.z_text import ZFormat, without_numpy, z_text, z_texts

Z = (0.1, float(np.float32(0.1)), -2.0, 1e-30, 3.4e38, 1 / 3)


@pytest.mark.parametrize("kind", list(ZFormat))
def test_each_text_can_be_pasted_back_without_loss(kind):
    """The numbers are the same to the last bit."""
    assert parse_z(without_numpy(z_text(Z, kind)), len(Z)) == Z


def test_other_programs_read_the_texts():
    """JSON text parses as JSON, and NumPy text runs as Python."""
    assert tuple(json.loads(z_text(Z, ZFormat.JSON))) == Z
    text = z_text(Z, ZFormat.NUMPY)
    assert (text[:9], text[-19:]) == ("np.array(", ", dtype=np.float32)")
    assert tuple(ast.literal_eval(text[9:-19])) == Z


@pytest.mark.parametrize(
    "text", ["array([0.5, 1. ], dtype=float32)", "np.array([[0.5, 1]])", "numpy.asarray([0.5,\n 1.0])"]
)
def test_what_numpy_prints_is_understood(text):
    """The module's name and the type may be missing."""
    assert parse_z(without_numpy(text), 2) == (0.5, 1.0)


@pytest.mark.parametrize("text", ["0.5, 1", "[0.5, 1]", "", "array", "np.array(", "print([1])"])
def test_other_texts_stay_as_they_are(text):
    """Only a text that looks like an array is changed."""
    assert without_numpy(text) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1, 2\n3, 4\n", ["1, 2", "3, 4"]),
        ("1 2\n\n  3 4", ["1 2", "  3 4"]),
        ("[[1, 2], [3, 4]]", ["1, 2", "3, 4"]),
        ("[[1. 2.\n  3.]\n [4. 5. 6.]]", ["1. 2.\n  3.", "4. 5. 6."]),
        ("(1, 2), (3, 4)", ["1, 2", "3, 4"]),
        ("[1, 2]", ["[1, 2]"]),
        ("", []),
    ],
)
def test_the_texts_of_several_z_are_lines_or_what_is_in_brackets(text, parts):
    """That covers a column of a table, JSON, and arrays as numpy prints them."""
    assert list(z_texts(text)) == parts

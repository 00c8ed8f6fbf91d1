"""The number of dimensions that z may have."""

import pytest

from desktop.base.errors import ModelError
from desktop.models.open_source import open_source
from desktop.reading.guess_z import MAX_LATENT_DIM
from tests.desktop.foreign_models import sliced


def test_a_million_numbers_are_read(tmp_path):
    """A decoder with a million numbers is tried out like any other."""
    assert open_source(sliced(tmp_path / "decoder.onnx", 1 << 20)).reading.latent_dim == 1 << 20


def test_more_numbers_than_a_view_can_hold_are_refused_in_one_line(tmp_path):
    """The error says how many numbers were found, and how many are possible."""
    path = sliced(tmp_path / "decoder.onnx", MAX_LATENT_DIM + 1)
    with pytest.raises(ModelError, match="takes 8,388,609 numbers per picture, expected at most 8,388,608"):
        open_source(path)

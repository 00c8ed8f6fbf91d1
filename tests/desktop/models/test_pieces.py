"""Rows are divided into runs without loss, of sizes that fit the network."""

import dataclasses

import numpy as np
import pytest

from desktop.models.pieces import chunk_size, equal_sizes, filled, pieces
from desktop.reading.reading import Layout, Reading, ValueRange


def test_a_slow_network_is_decoded_in_small_chunks():
    """A chunk takes at most a tenth of a second, is never empty, and holds whole fixed batches."""
    fast = Reading(
        "z", "float32", (None, 2), 2, None, (), "out", "float32", Layout.NCHW, (1, 4, 5), ValueRange.UNIT
    )
    assert chunk_size(fast, "cpu", 0.2) == 10
    assert chunk_size(fast, "cpu", 30) == 3
    assert chunk_size(fast, "cpu", 5_000) == 1
    assert chunk_size(dataclasses.replace(fast, batch=4), "cpu", 0.2) == 8
    assert chunk_size(dataclasses.replace(fast, batch=64), "cpu", 500) == 64
    assert chunk_size(dataclasses.replace(fast, image_shape=(3, 1024, 1024)), "cuda", 1) == 2


@pytest.mark.parametrize("fixed", [None, 1, 3])
@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_every_row_is_in_one_run(count, fixed):
    """Rows stay in order, in runs of at most four or of the graph's fixed size, padded with the last row."""
    rows = np.arange(2.0 * count, dtype=np.float32).reshape(count, 2)
    runs = list(pieces(rows, equal_sizes(count, fixed, most=4)))
    assert [row for part, _ in runs for row in part.tolist()] == rows.tolist()
    for part, size in runs:
        full = filled(part, size)
        assert 1 <= len(part) <= len(full) == size <= 4
        assert fixed in (None, size)
        assert (full[len(part) :] == part[-1]).all()

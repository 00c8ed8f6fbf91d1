"""The cost of a search for directions, and the job for the open model."""

import pytest

from desktop.app.directions import counts, find_steps, proposed_count, seconds
from desktop.latent.directions import probes


@pytest.mark.parametrize(
    ("latent_dim", "expected"),
    [
        (2, (2,)),
        (8, (8,)),
        (100, (8, 32, 100)),
        (512, (8, 32, 128, 512)),
        (16384, (8, 32, 128)),
        (1 << 20, (4,)),
    ],
)
def test_all_dimensions_can_be_tried_unless_they_are_too_many(latent_dim, expected):
    """Fewer probes are random directions; the offered number is really tried."""
    assert counts(latent_dim) == expected
    assert len(probes(latent_dim, expected[-1])) == expected[-1]


def test_what_is_proposed_depends_on_how_long_a_picture_takes():
    """The proposal is the most probes that fit into twenty seconds, or the fewest if none do."""
    assert proposed_count(512, picture_ms=1) == 512
    assert proposed_count(512, picture_ms=70) == 128
    assert proposed_count(512, picture_ms=5000) == 8
    assert seconds(128, 70) == pytest.approx(17.92)


def test_without_a_model_there_is_nothing_to_find(make_explorer, explorer):
    """There is no job and no error; with a model, the search starts at the cursor."""
    assert find_steps(make_explorer(), 8) is None
    *_, found = find_steps(explorer, 2)
    assert found.start == explorer.state.z

"""Costs and progress are described in plain words."""

import pytest

from desktop.jobs.cost import Cost, Progress, time_in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (40.4, "40 s"), (90, "90 s"), (170, "3 min"), (5400, "90 min"), (9000, "2.5 h")],
)
def test_times_have_a_unit_that_fits(seconds, words):
    """Times are in seconds, minutes or hours."""
    assert time_in_words(seconds) == words


def test_a_cost_says_how_many_and_how_long():
    """The words give pictures and time, both before the start and while it runs."""
    assert Cost(100, 2.0).in_words() == "100 pictures, about 3 min"
    assert Cost(1, 12.0).in_words() == "1 picture, about 12 s"
    assert Progress(37, 100, 126.0).in_words() == "37 of 100 pictures, 2 min left"

"""The numbers at the axes of a plane."""

from dataclasses import replace

import numpy as np

from desktop.latent.axis_texts import axis_names, axis_words, tick_texts
from desktop.latent.chart import AxisScale, Chart
from desktop.latent.plane import axis_plane, plane_through


def test_even_a_small_plane_has_two_numbers_at_each_axis():
    """A single number gives no scale; `most` is exceeded only if fewer than two would fit."""
    assert [text for _, text in tick_texts(-4, 4, 2)] == ["−4", "−2", "0", "2", "4"]
    assert [text for _, text in tick_texts(-5.5, 5.5, 3)] == ["−5", "0", "5"]
    for span in np.geomspace(1e-3, 1e4, 200).tolist():
        assert 2 <= len(tick_texts(-span, 0.9 * span, 2)) <= 8


def test_numbers_far_out_differ():
    """Numbers have enough digits to differ; if both ends of an axis are equal, there is only one."""
    assert [text for _, text in tick_texts(1e7 - 2, 1e7 + 2, 5)] == [
        "9999998", "9999999", "10000000", "10000001", "10000002"
    ]  # fmt: skip
    assert [text for _, text in tick_texts(-2e9, 2e9, 3)] == ["−2e+09", "0", "2e+09"]
    assert tick_texts(1e30 - 4, 1e30 + 4, 5) == [(1e30, "1e+30")]


def test_a_plane_that_is_not_of_two_axes_says_what_a_and_b_are():
    """A parallel plane does, too; on a plane of two axes, the names need no explanation."""
    plane = plane_through(*np.eye(4)[:3], ("sample 2", "sample 3"))
    words = "a: towards sample 2", "b: towards sample 3, at a right angle"
    assert axis_words(Chart(plane)) == axis_words(Chart(plane.through(np.ones(4)))) == words
    assert axis_names(Chart(plane)) == ("a", "b")
    quantiles = axis_words(Chart(plane, AxisScale.QUANTILES))
    assert quantiles == tuple(f"Φ({text[0]}){text[1:]}" for text in words)
    assert axis_words(Chart(axis_plane(np.zeros(4), 2, 3))) == ("z2", "z3")
    assert axis_words(Chart(replace(plane, words=("", "")))) == ("a", "b")
    assert replace(plane, words=("one\nline", "")).words[0] == r"one\nline", "it may come from a file"

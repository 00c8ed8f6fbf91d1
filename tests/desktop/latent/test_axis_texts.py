"""The numbers at the axes of a plane."""

import numpy as np

from desktop.latent.axis_texts import tick_texts


def test_even_a_small_plane_has_two_numbers_at_each_axis():
    """One alone gives no scale; where two fit into `most`, there are no more than that."""
    assert [text for _, text in tick_texts(-4, 4, 2)] == ["−4", "−2", "0", "2", "4"]
    assert [text for _, text in tick_texts(-5.5, 5.5, 3)] == ["−5", "0", "5"]
    for span in np.geomspace(1e-3, 1e4, 200).tolist():
        assert 2 <= len(tick_texts(-span, 0.9 * span, 2)) <= 8

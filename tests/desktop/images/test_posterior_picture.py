"""The box around the true posterior encloses its visible part."""

import numpy as np
import pytest

from desktop.images.posterior_picture import SEEN_ALPHA, PosteriorPicture


def test_the_outline_is_around_what_is_plainly_seen():
    """The box goes to the edges of the pixels; faint pixels do not count, and one pixel is enough."""
    a, b = np.linspace(0.5, 9.5, 10), np.linspace(-2.75, 1.75, 10)
    picture = np.zeros((10, 10, 4), np.uint8)
    picture[1:9, 1:9, 3] = SEEN_ALPHA - 1
    picture[3:5, 6, 3] = 235
    glow = PosteriorPicture(a, b, picture, ((), ()), (6.5, -1.25))
    assert glow.outline == pytest.approx(np.array([(6.0, -1.5), (7.0, -0.5)]))
    dot = PosteriorPicture(a[:1], b[:1], np.full((1, 1, 4), 235, np.uint8), ((), ()), (0.5, -2.75))
    assert dot.outline.tolist() == [[0.5, -2.75], [0.5, -2.75]]

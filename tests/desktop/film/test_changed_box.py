"""The box around the changes contains every difference and nothing more."""

import numpy as np
import pytest

from desktop.film.changed_box import changed_box


@pytest.mark.parametrize("channels", [(), (3,)])
def test_the_box_is_the_smallest_that_holds_all_differences(channels):
    """With two different pixels, it reaches from one to the other; with `even`, it starts at even numbers."""
    before = np.zeros((9, 11, *channels), np.uint8)
    frame = before.copy()
    frame[3, 5] = frame[6, 7] = 1
    assert changed_box(before, frame) == (5, 3, 8, 7)
    assert changed_box(before, frame, even=True) == (4, 2, 8, 7)


def test_the_first_frame_is_whole_and_an_equal_one_a_pixel():
    """The box is never empty."""
    frame = np.zeros((9, 11), np.uint8)
    assert changed_box(None, frame) == (0, 0, 11, 9)
    assert changed_box(frame, frame.copy()) == (0, 0, 1, 1)

"""The page Compare says how ELBOs and pictures differ, or why there is nothing to compare."""

import numpy as np

from desktop.images.difference import difference
from desktop.widgets.controls.compare_words import difference_of_elbos, difference_words, elbo_words


def test_how_much_higher_an_elbo_is():
    """Higher is better, whatever the sign of the numbers."""
    assert difference_of_elbos(-170.0, -155.5, True) == "14.50 higher"
    assert difference_of_elbos(-155.5, -170.0, True) == "14.50 lower"
    assert difference_of_elbos(-155.5, 300.0, False) == "of another likelihood"


def test_how_far_apart_two_pictures_are():
    """How large the difference is, or why there is none."""
    black, half = np.zeros((1, 4, 4), np.float32), np.full((1, 4, 4), 0.5, np.float32)
    shape = (1, 4, 4)
    assert difference_words(difference(black, half), shape, shape) == ("B − A, mean |B − A|", "0.500")
    assert difference_words(None, shape, (3, 8, 8)) == ("", "sizes differ: 4 × 4, 8 × 8")
    assert difference_words(None, shape, None) == ("", "")


def test_why_a_model_has_no_elbo_of_a_drawing(explorer, make_explorer):
    """It has no encoder, or pictures of another size; without a drawing or a model there are no words."""
    assert elbo_words(explorer, None, is_drawn=True) == ("Your image: no encoder", "")
    of_others = "Your image does not fit 1 × 12 × 12"
    assert elbo_words(explorer, None, is_drawn=True, fits=False) == (of_others, "")
    assert elbo_words(explorer, None, is_drawn=False) == ("", "")
    assert elbo_words(make_explorer(), None, is_drawn=True) == ("", "")

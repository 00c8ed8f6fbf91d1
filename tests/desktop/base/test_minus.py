"""Negative numbers have a minus where they are shown, and a hyphen where they are copied."""

import pytest

from desktop.base.minus import numbers_with_minus, with_hyphen, with_minus


@pytest.mark.parametrize("number", ["-1.5", "0", "-1e-07", "12,000", "-.5"])
def test_a_number_comes_back_from_what_is_shown(number):
    """The minus is U+2212, in exponents too."""
    shown = with_minus(number)
    assert "-" not in shown
    assert with_hyphen(shown) == number


def test_only_signs_of_numbers_change():
    """Copying keeps a minus between words, and showing numbers keeps hyphens in names."""
    assert with_hyphen("log p(x) − ELBO: −3 (−.5)") == "log p(x) − ELBO: -3 (-.5)"
    text = "/data/run-3/a-4.onnx: ELBO -3.5 nats, range [-1, 1], 2026-11-27, z-image, --n"
    expected = "/data/run-3/a-4.onnx: ELBO −3.5 nats, range [−1, 1], 2026-11-27, z-image, --n"
    assert numbers_with_minus(text) == expected

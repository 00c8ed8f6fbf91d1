"""training/summaries.py against closed forms."""

import math

import pytest
import torch

from training.summaries import (
    bits_per_dimension,
    log_prior_nats,
    mean_and_standard_error,
    unit_variances,
)


def test_log_prior():
    """log N(z; 0, I) is a sum over the dimensions of −½ (z² + log 2π)."""
    z = torch.tensor([[0.0, 0.0], [3.0, -4.0]], dtype=torch.float64)
    expected = [-math.log(2 * math.pi), -12.5 - math.log(2 * math.pi)]
    assert log_prior_nats(z).tolist() == pytest.approx(expected)


def test_a_dead_dimension_has_no_variance():
    """The variance over the images is per dimension, and 0 for a dimension that is constant."""
    mean = torch.tensor([[0.0, 5.0, 1.0], [2.0, 5.0, 1.1], [4.0, 5.0, 1.2]])
    assert unit_variances(mean).tolist() == pytest.approx([8 / 3, 0, 0.02 / 3], abs=1e-6)


def test_bits_per_dimension():
    """A fair coin per pixel is one bit per pixel, whatever the number of pixels."""
    assert bits_per_dimension(-784 * math.log(2), 784) == pytest.approx(1)
    assert bits_per_dimension(-100.0, 10) == pytest.approx(10 / math.log(2))


def test_mean_and_standard_error():
    """1, 2, 3, 4 have mean 2.5 and error sd / √4; the error of a single value is nan."""
    mean, error = mean_and_standard_error(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert (mean, error) == pytest.approx((2.5, (5 / 3) ** 0.5 / 2))
    assert math.isnan(mean_and_standard_error(torch.tensor([1.0]))[1])

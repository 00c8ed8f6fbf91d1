"""training/evaluation.py: figures from tensors on different devices."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from training.evaluation import compare, difference_nats
from training.importance import ImportanceEstimate


def test_an_estimate_on_the_cpu_is_compared_with_a_quadrature_on_cuda():
    """PyTorch's pretended devices refuse to mix: the quadrature's numbers are brought to the estimate's."""
    with FakeTensorMode():
        estimate = ImportanceEstimate(*(torch.zeros(3, dtype=torch.float64) for _ in range(3)))
        integral = torch.zeros(3, dtype=torch.float64, device="cuda")
        with pytest.raises(RuntimeError, match="found at least two devices"):
            estimate.log_px_nats - integral
        assert difference_nats(estimate, integral).device.type == "cpu"


def test_a_comparison_has_the_mean_its_error_and_the_largest_difference():
    """Two differences, 1 and −3, with errors 3 and 4."""
    values = torch.tensor([-9.0, -13.0]), torch.tensor([3.0, 4.0]), torch.ones(2)
    found = compare(ImportanceEstimate(*values), torch.tensor([-10.0, -10.0]))
    assert (found.mean_nats, found.monte_carlo_error_nats) == (-1.0, 2.5)
    assert (found.largest_nats, found.images) == (3.0, 2)

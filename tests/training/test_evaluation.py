"""training/evaluation.py: figures from tensors on different devices, and the table of them."""

import json

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from training.evaluation import (
    ActiveUnits,
    Bound,
    Evaluation,
    compare,
    difference_nats,
    to_json,
    to_table,
)
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


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.5, 0.25, 1.0], "the variances are 0.5, 0.25, 1"),
        (
            [*([0.001] * 32), *([0.5] * 31), 1.25],
            "the variances are 0.001 (smallest), 0.251 (median) and 1.25 (largest)",
        ),
    ],
)
def test_of_many_variances_the_table_has_three(values, said):
    """The table lists the variances of a few units; of many, it has smallest, median and largest."""
    bound = Bound(*([0.0] * 6), None, images=2, draws=1, seed=0, seconds=0.0)
    found = Evaluation(
        run="run",
        epoch=1,
        dataset="some",
        image_shape=(1, 2, 2),
        latent_dim=len(values),
        likelihood="gaussian",
        device="cpu",
        bound=bound,
        active_units=ActiveUnits(0, 0.01, values),
        importance_weighted=None,
        iwae_bound=None,
        quadrature=None,
        importance_weighted_minus_quadrature=None,
        iwae_bound_minus_quadrature=None,
    )
    assert f"; {said})" in to_table(found)
    assert json.loads(to_json(found))["active_units"]["variances"] == values

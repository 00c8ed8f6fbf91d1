"""The optimizer takes PyTorch's own steps, and does not import PyTorch's compiler."""

import copy
import subprocess
import sys

import torch
from torch import nn

from training.adam import Adam

FIT = """
import sys
import numpy as np, torch
from training.config import RECIPES
from training.loop import Trainer
import dataclasses
config = dataclasses.replace(RECIPES["default"], epochs=1, filters=(2, 2), batch_size=8)
trainer = Trainer(config, np.zeros((16, 1, 28, 28), np.uint8), torch.device("cpu"))
trainer.train_epoch(lambda _: None)
trainer.restore(trainer.state())
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""


def _steps(make: type[torch.optim.Adam], network: nn.Module) -> tuple[list[torch.Tensor], dict]:
    optimizer = make(network.parameters(), lr=torch.tensor(0.03), betas=(0.8, 0.95), eps=1e-6, fused=True)
    inputs = torch.randn(20, 7, 5, generator=torch.Generator().manual_seed(0))
    for x in inputs:
        optimizer.zero_grad(set_to_none=True)
        network(x).square().sum().backward()
        optimizer.step()
    return [p.detach() for p in network.parameters()], optimizer.state_dict()


def test_steps_and_state_are_pytorchs_bit_for_bit():
    """After twenty steps weights and moments are those of torch.optim.Adam."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    (found, state), (expected, expected_state) = [
        _steps(make, copy.deepcopy(network)) for make in (Adam, torch.optim.Adam)
    ]
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert not torch.equal(found[0], network[0].weight)
    for number, moments in expected_state["state"].items():
        assert all(torch.equal(state["state"][number][key], value) for key, value in moments.items())


def test_a_fit_does_not_import_the_compiler():
    """Making an optimizer, steps, and restoring its state leave PyTorch's compiler and SymPy alone."""
    done = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr

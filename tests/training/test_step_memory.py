"""training/step_memory.py: a fit that does not fit into memory is refused before it begins."""

import numpy as np
import pytest
import torch

from training import step_memory
from training.choices import fitted_to_data
from training.config import RECIPES
from training.fit import main
from training.loop import Objective
from training.networks import network_of
from training.step_memory import free_bytes, step_bytes

MEMINFO = "MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable: 70000 kB\nSwapFree: 30000 kB\n"


@pytest.fixture
def images(tmp_path):
    """A file of black and white images, 1,800 of which are for training."""
    images = np.random.default_rng(0).integers(0, 2, (2000, 28, 28), dtype=np.uint8) * np.uint8(255)
    np.save(tmp_path / "images.npy", images)
    return tmp_path / "images.npy"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """`machine(limit, …)`: a hundred megabytes free, 30 of them swap, in a container with these limits."""
    monkeypatch.setattr(step_memory, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(step_memory, "GROUP", tmp_path)

    def set_up(limit, swap_limit="max"):
        (tmp_path / "meminfo").write_text(MEMINFO)
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text("900\n")
        (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 500\n")
        (tmp_path / "memory.swap.max").write_text(f"{swap_limit}\n")
        (tmp_path / "memory.swap.current").write_text("40\n")

    return set_up


def kept_bytes(model, config, count):
    """The bytes that PyTorch keeps to compute the gradients of a step with `count` images."""
    saved = {}

    def keep(tensor):
        saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        x = model.network_input(torch.zeros(count, *config.image_shape, dtype=torch.uint8))
        losses = Objective(model, config)(x, torch.zeros(count, config.latent_dim))
    assert all(loss.requires_grad for loss in losses)
    return sum(tensor.untyped_storage().nbytes() for tensor in saved.values())


@pytest.mark.parametrize(
    ("recipe", "image_shape", "levels"),
    [
        ("default", (1, 28, 28), 2),
        ("wide", (1, 28, 28), 2),
        ("mlp", (1, 28, 28), 2),
        ("colour32", (3, 32, 32), 256),
        ("colour64", (3, 100, 140), 256),
    ],
)
def test_it_is_about_what_pytorch_keeps(recipe, image_shape, levels):
    """The estimate for each image is between half and twice the bytes that PyTorch keeps."""
    config = fitted_to_data(RECIPES[recipe], image_shape, levels, set())
    model = network_of(config)
    kept = kept_bytes(model, config, 2) - kept_bytes(model, config, 1)
    assert 0.5 < (step_bytes(config, 2) - step_bytes(config, 1)) / kept < 2
    assert step_bytes(config, 0) == 16 * sum(weight.numel() for weight in model.parameters())


def test_a_fit_that_does_not_fit_is_refused_before_it_begins(run_main, machine, images, tmp_path):
    """One line has both sizes and what to change, and no run folder is made."""
    machine("max")
    out = tmp_path / "run"
    line = run_main(main, "--data", images, "--batch-size", 1000, "--device", "cpu", "--out", out).error_line
    assert line == (
        "python -m training.fit: found 0.1 GB of free memory, expected at least 0.3 GB for batches of 1,000 "
        "images of 28 × 28; use a smaller --batch-size or --size, or narrower --filters"
    )
    assert not out.exists()


def test_free_memory_is_that_of_the_machine_or_its_container(machine):
    """The smaller of both counts, for memory and for swap; memory that a container has taken is not free.

    Memory in which Linux caches files counts as free. A container without a limit has the word "max".
    On other systems the result is None.
    """
    assert free_bytes() is None
    machine("max")
    assert free_bytes() == 100_000 * 1024
    machine(1000)
    assert free_bytes() == 600 + 30_000 * 1024
    machine(1000, swap_limit=100)
    assert free_bytes() == 600 + 60
    machine(100, swap_limit=0)
    assert free_bytes() == 0

"""What several tests of export share."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from training.data.dataset import Dataset


@pytest.fixture(params=["small", "small.latent"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a bundle goes: a folder, or a file."""
    return tmp_path / str(request.param)


@pytest.fixture
def gradients() -> Iterator[None]:
    """Restore gradients, because the command turns them off for its process, which other tests share."""
    with torch.enable_grad():
        yield


@pytest.fixture(scope="session")
def few_mnist(small_mnist: Dataset) -> Dataset:
    """The first 128 training and 100 test images: enough where the images are not what is tested."""
    return dataclasses.replace(
        small_mnist,
        train_images=small_mnist.train_images[:128],
        train_labels=small_mnist.train_labels[:128],
        test_images=small_mnist.test_images[:100],
        test_labels=small_mnist.test_labels[:100],
    )


@pytest.fixture
def cut_mnist(few_mnist: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command exports with these few images."""
    monkeypatch.setattr("training.data.open.mnist", lambda: few_mnist)

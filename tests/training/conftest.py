"""Fixtures that several tests of training share."""

import dataclasses

import pytest

from tests.training.short_fits import TEST_COUNT, TRAIN_COUNT
from training.data.dataset import Dataset


@pytest.fixture(scope="session")
def short_mnist(small_mnist: Dataset) -> Dataset:
    """The images of `Fits`."""
    return dataclasses.replace(
        small_mnist,
        train_images=small_mnist.train_images[:TRAIN_COUNT],
        test_images=small_mnist.test_images[:TEST_COUNT],
    )


@pytest.fixture
def cut_mnist(short_mnist: Dataset, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The MNIST of `Fits`, which the command in this process then fits too."""
    monkeypatch.setattr("training.data.open.mnist", lambda: short_mnist)
    return short_mnist

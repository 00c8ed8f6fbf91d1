"""What several tests of export share."""

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from onnx import ModelProto
from torch import nn

from export import exporter, graphs
from tests.export.forging import write_small
from training.data.dataset import Dataset


@pytest.fixture(params=["small", "small.latent"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a bundle goes: a folder, or a file."""
    return tmp_path / str(request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small bundle's folder, to be damaged."""
    write_small(tmp_path / "bundle")
    return tmp_path / "bundle"


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


@pytest.fixture(scope="session")
def traced() -> dict[object, ModelProto]:
    """The encoders' graphs that `traced_once` keeps."""
    return {}


@pytest.fixture
def traced_once(traced: dict[object, ModelProto], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each network's encoder is exported once for all tests that do not test this: it takes a second."""

    def export_encoder(encoder: nn.Module, image_shape: tuple[int, int, int]) -> ModelProto:
        key = (image_shape, *((name, value.shape) for name, value in encoder.state_dict().items()))
        if key not in traced:
            traced[key] = graphs.export_encoder(encoder, image_shape)
        return copy.deepcopy(traced[key])

    monkeypatch.setattr(exporter, "export_encoder", export_encoder)

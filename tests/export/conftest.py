"""Fixtures that several tests of export share."""

import copy
import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from onnx import ModelProto
from torch import nn

from export import exporter, graphs
from tests.export.forging import write_small
from tests.export.small_runs import CONFIG
from training.data.dataset import Dataset
from training.fitting import fit


@pytest.fixture(params=["small", "small.latent"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The path for a bundle: a folder, or a file."""
    return tmp_path / str(request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small bundle's folder, to be damaged."""
    write_small(tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def gradients() -> Iterator[None]:
    """Restore gradients: the command turns them off for its process, which runs other tests too."""
    with torch.enable_grad():
        yield


@pytest.fixture(scope="session")
def few_mnist(small_mnist: Dataset) -> Dataset:
    """The first 128 training and 100 test images: enough for tests that do not need all images."""
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
    """Export each network's encoder once for all tests but those of the export itself: it takes a second."""

    def export_encoder(encoder: nn.Module, image_shape: tuple[int, int, int]) -> ModelProto:
        key = (image_shape, *((name, value.shape) for name, value in encoder.state_dict().items()))
        if key not in traced:
            traced[key] = graphs.export_encoder(encoder, image_shape)
        return copy.deepcopy(traced[key])

    monkeypatch.setattr(exporter, "export_encoder", export_encoder)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, few_mnist: Dataset) -> Path:
    """A run of the smallest network with one epoch."""
    config = dataclasses.replace(CONFIG, epochs=1)
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return fit(config, torch.device("cpu"), folder, few_mnist).folder


@pytest.fixture
def broken_run(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy of the small run in a folder of its own, to be damaged."""
    return Path(shutil.copytree(tiny_run, tmp_path / "runs" / "broken"))


@pytest.fixture(scope="session")
def three_epochs(tmp_path_factory: pytest.TempPathFactory, few_mnist: Dataset) -> Path:
    """A run of the smallest network with three epochs. Tests must not write to it."""
    folder = tmp_path_factory.mktemp("runs") / "three"
    return fit(CONFIG, torch.device("cpu"), folder, few_mnist).folder


@pytest.fixture
def young(three_epochs: Path, tmp_path: Path) -> Path:
    """The run of three epochs as it was before its first epoch was finished."""
    folder = tmp_path / "run"
    for name in ("config.json", "weights/epoch-000.safetensors"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(three_epochs / name, folder / name)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The path of the bundle."""
    return tmp_path / "bundle"

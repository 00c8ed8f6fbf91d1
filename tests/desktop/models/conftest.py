"""What several tests of models share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from desktop.base.machine import DeviceName
from desktop.models.model import Model
from desktop.models.source import Source


@pytest.fixture
def opened() -> Iterator[Callable[..., Model]]:
    """`opened(source, device, **options)`: a model, on the CPU by default, that is closed after the test."""
    models: list[Model] = []

    def make(source: Source, device: DeviceName = "cpu", **options: Any) -> Model:
        models.append(Model(source, device, **options))
        return models[-1]

    yield make
    for model in models:
        model.close()

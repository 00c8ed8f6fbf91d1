"""Small folders of pictures, and the places that their caches go to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.open import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Folders for data and cache that only this test uses."""
    return Places(data=tmp_path / "data", cache=tmp_path / "cache")


@pytest.fixture
def make_pictures(tmp_path: Path) -> Callable[..., Path]:
    """Write `count` different colour PNGs into each of the folders named, below a folder of this test."""

    def make(*names: str, count: int = 12, size: tuple[int, int] = (8, 6), root: str = "pictures") -> Path:
        numbers = np.random.default_rng(0)
        for name in names:
            folder = tmp_path / root / name
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                pixels = numbers.integers(0, 256, (size[1], size[0], 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{number:03}.png")
        return tmp_path / root

    return make

"""Fixtures: the files of `.packaging/app`, and the app that they build, if it was built."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
FILES = ROOT / ".packaging" / "app"
MODULES = ("contents", "icons", "linux_files", "slim")


@pytest.fixture(scope="session")
def packaging() -> Iterator[SimpleNamespace]:
    """The modules of `.packaging/app`, which belong to no package."""
    sys.path.insert(0, str(FILES))
    try:
        modules: dict[str, ModuleType] = {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(FILES))
    yield SimpleNamespace(**modules)
    for name in MODULES:
        del sys.modules[name]


@pytest.fixture(scope="session")
def app() -> Path:
    """The folder of the built app. `make app-test` builds the app and sets the variable APP."""
    if "APP" not in os.environ:
        pytest.skip("found no app in the variable APP, expected its folder; make app-test")
    folder = (ROOT / os.environ["APP"]).resolve()
    assert (folder / "latent-plane").is_file()
    return folder

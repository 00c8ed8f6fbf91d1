"""The import law: `desktop` sees `export.bundle` alone and no PyTorch; `training` sees neither of the two."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("training", "export", "desktop")
STANDARD_LIBRARY = frozenset(sys.stdlib_module_names)
LAW = {
    "training": {"training", "torch", "safetensors", "tqdm", "numpy", "imageio", "matplotlib", "click"},
    "export": {"export", "training", "torch", "onnx", "onnxruntime", "onnxscript", "numpy", "click", "tqdm"},
    "desktop": {
        "desktop",
        "export.bundle",
        "numpy",
        "onnx",
        "onnxruntime",
        "PySide6",
        "google.protobuf",
        "imageio",
        "PIL",
        "platformdirs",
        "contourpy",
        "click",
    },
}
# Imports every module of a package, and some more, where two names cannot be imported.
IMPORT_ALL = """
import importlib, importlib.abc, pkgutil, sys

class Unimportable(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "training"):
            raise ImportError(f"{name} is not to be imported")

sys.meta_path.insert(0, Unimportable())
package, *more = sys.argv[1:]
for name in (package, *more):
    importlib.import_module(name)
for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
    print(module.name)
    importlib.import_module(module.name)
"""


def imported_modules(path: Path) -> set[str]:
    """Every module that a file imports; `from export import bundle` counts as `export.bundle`."""
    package = path.parent.relative_to(ROOT).parts if path.is_relative_to(ROOT) else ()
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            modules |= {f"{module}.{alias.name}" for alias in node.names} if module in PACKAGES else {module}
    return modules


def lawless_imports(path: Path, allowed: set[str]) -> list[str]:
    """The modules that a file imports although they are neither allowed nor in the standard library."""
    return sorted(
        module
        for module in imported_modules(path)
        if module.partition(".")[0] not in STANDARD_LIBRARY
        and not any(module == name or module.startswith(name + ".") for name in allowed)
    )


def import_all_without_pytorch(package: str, *more: str, path: object = ROOT) -> subprocess.CompletedProcess:
    """Import a whole package, and more modules, in a process that can import neither PyTorch nor training."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL, package, *more],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(path), "QT_QPA_PLATFORM": "offscreen"},
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_what_it_may(package):
    """No file of a package imports anything but what the law allows it."""
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    found = {str(path.relative_to(ROOT)): lawless_imports(path, LAW[package]) for path in files}
    assert {name: modules for name, modules in found.items() if modules} == {}


def test_the_format_imports_no_framework():
    """The bundle's format, and what it imports of `export`, import numpy and the standard library alone."""
    unread, modules = {"export.bundle"}, set()
    while unread:
        module = unread.pop()
        modules.add(module)
        path = (ROOT / module.replace(".", "/")).with_suffix(".py")
        assert lawless_imports(path, {"export", "numpy"}) == [], module
        unread |= {name for name in imported_modules(path) if name.startswith("export.")} - modules
    assert "export.containers" in modules


def test_onnx_runtime_has_two_importers():
    """Of `desktop`, only runtime.py and the process that tries a model first import ONNX Runtime."""
    importers = {
        path.name
        for path in (ROOT / "desktop").rglob("*.py")
        if any(module.partition(".")[0] == "onnxruntime" for module in imported_modules(path))
    }
    assert importers == {"runtime.py", "trial_child.py"}


@pytest.mark.parametrize(
    ("package", "line", "found"),
    [
        ("desktop", "import torch", "torch"),
        ("desktop", "from torch import nn", "torch"),
        ("desktop", "import training.elbo as elbo", "training.elbo"),
        ("desktop", "from training import elbo", "training.elbo"),
        ("desktop", "from export.graphs import OPSET", "export.graphs"),
        ("desktop", "from export import graphs", "export.graphs"),
        ("desktop", "import export", "export"),
        ("desktop", "from export.bundles import x", "export.bundles"),
        ("desktop", "def f():\n    import torch", "torch"),
        ("desktop", "import scipy", "scipy"),
        ("training", "from export.bundle import open_bundle", "export.bundle"),
        ("training", "import desktop.state", "desktop.state"),
        ("export", "from desktop import pictures", "desktop.pictures"),
        ("export", "import PySide6", "PySide6"),
    ],
)
def test_the_law_can_be_broken(tmp_path, package, line, found):
    """Each of these lines, put into a file of the package, is found."""
    path = tmp_path / "module.py"
    path.write_text(f"import os\nimport numpy\n{line}\n")
    assert lawless_imports(path, LAW[package]) == [found]


def test_the_law_allows_what_is_needed(tmp_path):
    """The viewer may import the format, the standard library, and packages of its own."""
    path = tmp_path / "module.py"
    path.write_text(
        "import os.path\nfrom export.bundle import open_bundle\nfrom export import bundle\n"
        "from PySide6.QtCore import Qt\nfrom desktop import state\nimport numpy as np\n"
    )
    assert lawless_imports(path, LAW["desktop"]) == []


def test_the_viewer_needs_neither_pytorch_nor_training():
    """With PyTorch and `training` unimportable, every module of `desktop` and the format still import."""
    ended = import_all_without_pytorch("desktop", "export.bundle")
    assert (ended.returncode, ended.stderr) == (0, "")
    files = {path.relative_to(ROOT) for path in (ROOT / "desktop").rglob("*.py")}
    expected = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files}
    assert set(ended.stdout.split()) == expected - {"desktop"}


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("import torch", "torch"),
        ("from training import elbo", "training"),
        ("import export.parity", "torch"),
        ("from export.onnx import export_run", "torch"),
    ],
)
def test_that_test_can_fail(tmp_path, line, refused):
    """A viewer with one module that needs PyTorch or training, at first or second hand, does not import."""
    (tmp_path / "viewer").mkdir()
    (tmp_path / "viewer/__init__.py").touch()
    (tmp_path / "viewer/sound.py").write_text("import json\n")
    (tmp_path / "viewer/unsound.py").write_text(line + "\n")
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    ended = import_all_without_pytorch("viewer", path=path)
    assert ended.returncode == 1
    assert ended.stdout.split() == ["viewer.sound", "viewer.unsound"]
    assert ended.stderr.splitlines()[-1] == f"ImportError: {refused} is not to be imported"

"""Rules for imports: lists in this file for other projects' packages, contracts for our own.

The contracts are in pyproject.toml, and `make test` checks them with `lint-imports`. The tests here show that
they can fail.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("training", "export", "desktop")
STANDARD_LIBRARY = frozenset(sys.stdlib_module_names)
LAW = {
    "training": {
        "training",
        "torch",
        "safetensors",
        "tqdm",
        "numpy",
        "imageio",
        "matplotlib",
        "cattrs",
        "click",
        "PIL",
        "braceexpand",
        "filelock",
        "platformdirs",
        "pooch",
        "webdataset",
    },
    "export": {
        "export",
        "training",
        "torch",
        "onnx",
        "onnxruntime",
        "onnxscript",
        "numpy",
        "click",
        "tqdm",
        "PIL",
        # Imported only by a notebook that asks for a widget.
        "anywidget",
        "traitlets",
        "pythae.models",  # installed by people who have a model of it
    },
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
        "psutil",
        "cattrs",
        "filelock",
        "contourpy",
        "matplotlib",
        "click",
    },
}
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])"
# Imports every module of a package, and some more, in a process that cannot import torch and training.
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
    """Every import of a package's files is allowed by the lists above."""
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    found = {str(path.relative_to(ROOT)): lawless_imports(path, LAW[package]) for path in files}
    assert {name: modules for name, modules in found.items() if modules} == {}


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
        ("training", "import desktop.view.state", "desktop.view.state"),
        ("export", "from desktop import images", "desktop.images"),
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


def test_that_test_can_fail(tmp_path):
    """A viewer with one module that imports PyTorch indirectly cannot be imported."""
    (tmp_path / "viewer").mkdir()
    (tmp_path / "viewer/__init__.py").touch()
    (tmp_path / "viewer/sound.py").write_text("import json\n")
    (tmp_path / "viewer/unsound.py").write_text("import export.parity\n")
    ended = import_all_without_pytorch("viewer", path=f"{tmp_path}{os.pathsep}{ROOT}")
    assert ended.returncode == 1
    assert ended.stdout.split() == ["viewer.sound", "viewer.unsound"]
    assert ended.stderr.splitlines()[-1] == "ImportError: torch is not to be imported"


@pytest.fixture(scope="module")
def copied_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three packages' code and the contracts, in a folder that a test may write to."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.xz")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    return folder


def broken_contracts(folder: Path) -> list[str]:
    """The names of the contracts that the packages in a folder break."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LINT_IMPORTS],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Analyzed" in done.stdout, done
    broken = re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE)
    assert done.returncode == (1 if broken else 0)
    return broken


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("desktop/base/arrays.py", "", ""),
        ("desktop/base/arrays.py", "import desktop.latent.plane", "lower storey of desktop never"),
        ("desktop/view/state.py", "def f():\n    import export.graphs", "only export.bundle"),
        ("desktop/latent/plane.py", "import desktop.latent.chart", "import each other"),
        ("desktop/film/gif.py", "import PySide6.QtGui", "start import Qt"),
        ("desktop/images/pixels.py", "import onnxruntime", "ONNX Runtime is imported"),
        ("desktop/widgets/common/colors.py", "import desktop.widgets.panels.legend", "desktop.widgets never"),
        ("training/elbo.py", "import export.bundle", "training imports neither"),
    ],
)
def test_a_contract_can_fail(copied_packages, module, line, broken):
    """The packages break no contract; each of these lines breaks one, and the output names it."""
    path = copied_packages / module
    before = path.read_text()
    path.write_text(f"{before}\n{line}\n")
    try:
        found = broken_contracts(copied_packages)
    finally:
        path.write_text(before)
    assert (found == []) is (broken == "")
    assert broken == "" or any(broken in name for name in found), found

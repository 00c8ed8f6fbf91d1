"""No command runs code that lies in the current folder, beside the model, or beside the bundle."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "artifacts" / "mnist"
OURS = {"desktop", "export", "training", "tests"}
# Modules that `python -m` itself imports before any of this project: only Python's option -P protects these.
OF_RUNPY = {
    *("collections", "contextlib", "functools", "importlib", "keyword", "operator", "pkgutil", "reprlib"),
    *("runpy", "types", "warnings"),
}


@pytest.fixture
def trapped(tmp_path):
    """A folder with a model, a bundle, and a trap for each name of a module that a program could import."""
    folder = tmp_path / "downloads"
    shutil.copytree(SHIPPED, folder / "bundle")
    shutil.copy(SHIPPED / "decoder.onnx", folder / "model.onnx")
    names = {*sys.stdlib_module_names, *importlib.metadata.packages_distributions()} - OURS
    for name in names:
        if name.isidentifier():
            trap = f"open({str(tmp_path / 'sprung')!r}, 'a').write({f'{name} '!r})\n"
            for place in (folder, folder / "bundle"):
                (place / f"{name}.py").write_text(trap)
    (folder / "qt.conf").write_text(f"[Paths]\nPlugins={folder}\n")
    return folder


def sprung(folder: Path) -> str:
    """The names of the modules in the folder whose code was run."""
    witness = folder.parent / "sprung"
    return witness.read_text() if witness.exists() else ""


def run_in(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python with that folder as the current one; the project is installed elsewhere."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "HOME": str(folder.parent), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "arguments", "status"),
    [
        ("desktop.inspect", ("model.onnx",), 0),
        ("desktop.render", ("samples", "bundle", "--out", "../samples.png"), 0),
        ("desktop.__main__", ("model.onnx", "--device", "cpu", "--screenshot", "../window.png"), 0),
        ("training.fit", ("--epochs", "0"), 2),
    ],
)
def test_an_installed_command_runs_no_code_of_the_folder(trapped, module, arguments, status):
    """The script that pip installs imports nothing from the current folder."""
    script = trapped.parent / "command"
    script.write_text(f"import sys\nfrom {module} import main\nsys.exit(main())\n")
    ended = run_in(trapped, script, *arguments)
    assert sprung(trapped) == ""
    assert ended.returncode == status, ended.stderr


@pytest.mark.parametrize(
    ("module", "arguments", "status"),
    [
        ("desktop.inspect", ("model.onnx",), 0),
        ("export.onnx", ("no-run",), 2),
    ],
)
def test_python_m_runs_no_code_of_the_folder_once_the_project_is_imported(trapped, module, arguments, status):
    """Only modules that `python -m` imports by itself could come from the folder."""
    for name in OF_RUNPY:
        (trapped / f"{name}.py").unlink(missing_ok=True)
    ended = run_in(trapped, "-m", module, *arguments)
    assert sprung(trapped) == ""
    assert ended.returncode == status, ended.stderr


def test_the_traps_can_be_sprung(trapped):
    """The tests above can fail: a program that keeps the folder on its path runs its code."""
    run_in(trapped, "-c", "import json")
    assert "json" in sprung(trapped)

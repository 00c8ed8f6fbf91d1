"""The viewer knows nothing of PyTorch: no module of it can pull it in."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in (ROOT / "desktop").rglob("*.py")
    if file.name != "__init__.py"
)


def imported(*modules):
    """What a process says that imports modules while PyTorch and the training code cannot be."""
    program = (
        "import sys\n"
        "from importlib import import_module\n"
        "for name in ('torch', 'training', 'safetensors', 'tqdm', 'onnxscript'):\n"
        "    sys.modules[name] = None\n"
        "for name in sys.argv[1:]:\n"
        "    import_module(name)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *modules], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_module_imports_without_pytorch_and_the_training_code():
    """All of `desktop`, in one process where neither can be imported."""
    assert "desktop.widgets.main_window" in MODULES
    done = imported(*MODULES)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_needs_pytorch_does_fail_there():
    """The test above can fail: the exporter cannot be imported in that process."""
    done = imported("export.onnx")
    assert done.returncode == 1
    assert "torch" in done.stderr or "training" in done.stderr


@pytest.mark.parametrize(
    "module",
    [f"desktop.{name}" for name in ("latent_plane", "pictures", "animation", "state", "jobs", "render", "runtime")],
)
def test_what_says_no_qt_imports_no_qt(module):
    """Geometry, pictures, state and rendering do not even load Qt."""
    program = (
        "import sys; from importlib import import_module; import_module(sys.argv[1])\n"
        "print(sum(name.startswith('PySide6') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, module], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"


def test_only_the_runtime_loads_onnx_runtime():
    """One file of `desktop` names onnxruntime in an import."""
    importers = [
        file.name
        for file in (ROOT / "desktop").rglob("*.py")
        if any(
            line.strip().startswith(("import onnxruntime", "from onnxruntime"))
            for line in file.read_text().splitlines()
        )
    ]
    assert importers == ["runtime.py"]


def test_widgets_know_nothing_of_the_runtime():
    """No widget imports the runtime or calls the worker: they know state and geometry."""
    for file in (ROOT / "desktop" / "widgets").glob("*.py"):
        text = file.read_text()
        assert "desktop.runtime" not in text, file.name
        assert "desktop.worker" not in text, file.name

"""Who knows whom inside the viewer: what draws pictures knows no Qt, and what is Qt knows no model."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHOUT_QT = (
    "latent_plane",
    "pictures",
    "animation",
    "files",
    "state",
    "jobs",
    "runtime",
    "render",
    "source",
    "inspect",
    "trial_child",
    "image_file",
    "image_note",
    "provenance",
    "state_text",
    "history",
    "session",
    "coordinates",
    "report",
    "shortcuts",
    "device",
    "watchdog",
)


def loaded_qt_modules(module):
    """How many modules of Qt a process has loaded that imported one module."""
    program = (
        "import sys; from importlib import import_module; import_module(sys.argv[1])\n"
        "print(sum(name.startswith('PySide6') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, module], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.parametrize("name", WITHOUT_QT)
def test_what_says_no_qt_loads_no_qt(name):
    """Geometry, pictures, state, jobs and rendering work where Qt is not installed."""
    assert loaded_qt_modules(f"desktop.{name}") == 0


def test_what_needs_qt_is_seen_to_load_it():
    """The test above can fail: the worker loads Qt."""
    assert loaded_qt_modules("desktop.worker") > 0


def test_widgets_know_nothing_of_the_runtime():
    """No widget imports the runtime or the worker: they know state and geometry."""
    files = list((ROOT / "desktop" / "widgets").glob("*.py"))
    assert len(files) > 5
    for file in files:
        text = file.read_text()
        assert "desktop.runtime" not in text, file.name
        assert "desktop.worker" not in text, file.name

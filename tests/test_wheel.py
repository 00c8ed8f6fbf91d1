"""The built wheel: what is in it, and that it works outside the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout with the environment's own hatchling."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_contents(wheel: Path) -> None:
    """The wheel holds the three packages, the embedded MNIST, the shipped bundle, and no tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read(
            next(name for name in names if name.endswith("entry_points.txt"))
        ).decode()
    expected = {
        "training/fit.py",
        "training/mnist.xz",
        "export/bundle.py",
        "desktop/widgets/main_window.py",
        "desktop/mnist/manifest.json",
        "desktop/mnist/decoder.onnx",
    }
    assert expected <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "training",
        "export",
        "desktop",
    }
    for name in ("", "-fit", "-evaluate", "-export", "-inspect"):
        script = f"latent-plane{name}"
        assert f"{script} = " in entry_points


def test_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, the viewer opens the bundle that came with the wheel."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = os.environ | {"PYTHONPATH": str(site), "QT_QPA_PLATFORM": "offscreen"}
    where = "import desktop.base.shipped; print(desktop.base.shipped.shipped_bundle())"
    found = subprocess.run(
        [sys.executable, "-c", where],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == str(site / "desktop" / "mnist")
    picture = tmp_path / "window.png"
    subprocess.run(
        [sys.executable, "-m", "desktop", "--screenshot", picture],
        cwd=tmp_path,
        env=environment | {"XDG_CONFIG_HOME": str(tmp_path / "config")},
        check=True,
        capture_output=True,
    )
    assert picture.read_bytes().startswith(b"\x89PNG")

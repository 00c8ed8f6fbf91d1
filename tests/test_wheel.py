"""The built wheel: its contents, and its commands in an environment without the checkout.

It is built by `.packaging/backend.py`, which rewrites the packages' names.
"""

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
COMMANDS = [
    f"latent-plane{name}"
    for name in ("", "-fit", "-data", "-evaluate", "-export", "-render", "-inspect", "-page")
]
OUR_IMPORT = re.compile(r"^\s*(?:from|import) (training|export|desktop)\b", re.MULTILINE)
OUR_COMMAND = re.compile(r"python -m\s+(training|export|desktop)\b")


@pytest.fixture(scope="module")
def backend() -> ModuleType:
    """The project's build backend."""
    spec = importlib.util.spec_from_file_location("backend", ROOT / ".packaging" / "backend.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout with the environment's own hatchling."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands in an environment with only the wheel."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=True)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    options = ("--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check")
    pip = [sys.executable, "-m", "pip", "--python", scripts / "python", "install", *options, wheel]
    subprocess.run(pip, check=True, capture_output=True)
    return scripts


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder for the module search path, with modules of other projects that have our packages' names."""
    folder = tmp_path / "crowded"
    (folder / "training").mkdir(parents=True)
    for name in ("training/__init__.py", "export.py", "desktop.py"):
        (folder / name).write_text("raise SystemExit('another project')\n")
    return folder


def run(
    scripts: Path, name: str, *arguments: object, cwd: Path, path: list[Path]
) -> subprocess.CompletedProcess:
    """Run a command of the environment, with the folders of `path` on the module search path."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [scripts / name, *map(str, arguments)],
        cwd=cwd,
        env=kept
        | {
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "QT_QPA_PLATFORM": "offscreen",
            "XDG_CONFIG_HOME": str(cwd / "config"),
            "XDG_DATA_HOME": str(cwd / "config"),
        },
        check=False,
        capture_output=True,
        text=True,
    )


def test_contents(wheel: Path) -> None:
    """Everything, and no test, is below latent_plane; no import or command has the checkout's names."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        sources = {name: archive.read(name).decode() for name in names if name.endswith(".py")}
        entry_points = archive.read(
            next(name for name in names if name.endswith("entry_points.txt"))
        ).decode()
    assert {
        "latent_plane/training/fit.py",
        "latent_plane/training/data/mnist.xz",
        "latent_plane/export/bundle.py",
        "latent_plane/export/page/page.html",
        "latent_plane/export/page/js/app.js",
        "latent_plane/desktop/widgets/main_window.py",
        "latent_plane/desktop/mnist/manifest.json",
        "latent_plane/desktop/mnist/decoder.onnx",
    } <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"latent_plane"}
    assert [name for name in names if "node_modules" in name] == []
    for package in ("training", "export", "desktop"):
        files = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
        assert {f"latent_plane/{file}" for file in files} <= sources.keys()
    assert [name for name, source in sources.items() if OUR_IMPORT.search(source)] == []
    assert [name for name, source in sources.items() if OUR_COMMAND.search(source)] == []
    found = re.findall(r"^(\S+) = latent_plane\.\S+:main$", entry_points, re.MULTILINE)
    assert sorted(found) == sorted(COMMANDS)


def test_an_extra_has_one_onnx_runtime(wheel: Path) -> None:
    """The extras with -cpu differ from the others only in ONNX Runtime, which has no CUDA."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = archive.read(name).decode()
    needs: dict[str, set[str]] = {}
    for requirement, extra in re.findall(
        r"^Requires-Dist: (.+?) ?; .*extra == '(.+)'$", metadata, re.MULTILINE
    ):
        needs.setdefault(extra, set()).add(requirement)
    for extra in ("desktop", "export", "page", "all"):
        assert needs[extra] ^ needs[f"{extra}-cpu"] == {"onnxruntime-gpu==1.31.*"}
        assert "onnxruntime==1.31.*" in needs[f"{extra}-cpu"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from training.runs import Run\n", "from latent_plane.training.runs import Run\n"),
        ("from training import x\n", "from latent_plane.training import x\n"),
        (
            "def f():\n    from export.bundle import y\n",
            "def f():\n    from latent_plane.export.bundle import y\n",
        ),
        ("from trainings import x\nimport exports\n", "from trainings import x\nimport exports\n"),
        ("'''\nfrom export to desktop\n'''\n", "'''\nfrom export to desktop\n'''\n"),
        ("x = 'python -m export.onnx RUN'\n", "x = 'latent-plane-export RUN'\n"),
        ('"""Run python\n    -m export"""\n', '"""Run python\n    -m latent_plane.export"""\n'),
        ("# python -m\n# desktop\n", "# python -m\n# desktop\n"),
        ("'python -m desktop MODEL'\n", "'latent-plane MODEL'\n"),
        ("'python -m desktop.other'\n", "'python -m latent_plane.desktop.other'\n"),
        ("'torchrun -m training.fit'\n", "'torchrun -m latent_plane.training.fit'\n"),
    ],
)
def test_names_are_written_anew(backend: ModuleType, before: str, after: str) -> None:
    """Imports and commands are rewritten; text that only looks like one is not."""
    commands = {"export.onnx": "latent-plane-export", "desktop": "latent-plane"}
    assert backend.renamed(before, commands, "x.py") == after


@pytest.mark.parametrize("line", ["import training.runs", "import export as e", "import json, desktop"])
def test_an_import_that_cannot_be_written_anew_ends_the_build(backend: ModuleType, line: str) -> None:
    """Such an import binds a name that the code uses, so it is refused with its place."""
    with pytest.raises(ValueError, match=r"x\.py:1: found `import .*`, expected `from … import …`"):
        backend.renamed(f"{line}\n", {}, "x.py")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_without_its_extra_says_what_to_install(
    wheel: Path, scripts: Path, tmp_path: Path, name: str
) -> None:
    """Even --help gives one line with the called name, the wheel and the extra, and status 2."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "click").symlink_to(Path(importlib.util.find_spec("click").origin).parent)
    ended = run(scripts, name, "--help", cwd=tmp_path, path=[base])
    extras = {"-fit": "training", "-data": "training", "-evaluate": "training", "-export": "export"}
    extra = (extras | {"-page": "page"}).get(name[12:], "desktop")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(
        rf"{name}: found no \w+, expected it; pip install '?{re.escape(f'{wheel}[{extra}]')}'?\n",
        ended.stderr,
    )


def test_the_viewer_works_beside_modules_of_the_same_names(
    scripts: Path, crowded: Path, tmp_path: Path
) -> None:
    """It opens the wheel's bundle and runs its trial, although other projects' modules have our names."""
    picture = tmp_path / "window.png"
    path = [crowded, Path(sysconfig.get_path("purelib"))]
    ended = run(scripts, "latent-plane", "--screenshot", picture, cwd=crowded, path=path)
    assert (ended.returncode, ended.stdout) == (0, f"saved {picture}\n"), ended.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    bare = ROOT / "artifacts" / "mnist" / "decoder.onnx"
    ended = run(scripts, "latent-plane-inspect", bare, cwd=crowded, path=path)
    assert ended.returncode == 0, ended.stderr
    assert str(bare) in ended.stdout


def test_hints_name_the_installed_commands(scripts: Path, crowded: Path, tmp_path: Path) -> None:
    """A hint about the next command names one that the wheel has installed."""
    path = [crowded, Path(sysconfig.get_path("purelib"))]
    ended = run(scripts, "latent-plane-export", tmp_path / "gone", cwd=crowded, path=path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"latent-plane-export: {tmp_path / 'gone'}: found no folder there, expected a run; "
        "make one with latent-plane-fit\n"
    )

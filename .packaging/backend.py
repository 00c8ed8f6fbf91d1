"""The build backend: hatchling's, except that a wheel holds the three packages below `latent_plane`.

In the checkout they are called `training`, `export` and `desktop`, and `python -m training.fit` runs one.
Other projects use these names too, so a wheel with them would overwrite somebody's module, or be hidden by
it. A wheel is therefore built from a copy in which every name is written anew:

- imports: `from training.runs import Run` → `from latent_plane.training.runs import Run`;
- commands: `python -m training.fit` → `latent-plane-fit`, so that hints and --help name what is installed;
- pyproject.toml: the scripts' modules.

An import that this cannot rewrite (`import training.runs`) ends the build.
"""

import ast
import re
import shutil
import tempfile
import tomllib
from contextlib import chdir
from pathlib import Path
from typing import Any

from hatchling import build as hatchling
from hatchling.build import *  # noqa: F403 - everything but `build_wheel` is as it is there

PACKAGES = ("training", "export", "desktop")
BELOW = "latent_plane"
NAMES = "|".join(PACKAGES)
DOCUMENTS = ("pyproject.toml", "README.md", "LICENSE", ".gitignore")


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel from a copy of the project, and return its name."""
    out = Path(wheel_directory).resolve()
    with tempfile.TemporaryDirectory() as folder:
        renamed_copy(Path.cwd(), Path(folder))
        with chdir(folder):
            return hatchling.build_wheel(str(out), config_settings, metadata_directory)


def renamed_copy(project: Path, copy: Path) -> None:
    """Copy what a wheel is made of, with the packages below `latent_plane` and their names written anew."""
    for name in DOCUMENTS:
        shutil.copy(project / name, copy)
    for package in PACKAGES:
        shutil.copytree(
            project / package,
            copy / BELOW / package,
            ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
        )
    # The viewer travels with its bundle.
    shutil.copytree(project / "artifacts" / "mnist", copy / BELOW / "desktop" / "mnist")
    (copy / BELOW / "__init__.py").write_text(
        '"""Train a convolutional VAE, export it to ONNX, and explore its latent space."""\n'
    )

    settings = copy / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    scripts = tomllib.loads(text)["project"]["scripts"]
    commands = {
        target.removesuffix(":main").removesuffix(".__main__"): script for script, target in scripts.items()
    }
    text, count = re.subn(rf'^(latent-plane[-\w]* = ")(?=(?:{NAMES})\.)', rf"\1{BELOW}.", text, flags=re.M)
    text, lists = re.subn(
        r"^packages = \[.*\]$(?=\n\n\[tool\.hatch)", f'packages = ["{BELOW}"]', text, count=1, flags=re.M
    )
    if (count, lists) != (len(scripts), 1):
        raise ValueError(
            f"pyproject.toml: found {count} scripts and {lists} lists of packages to rename, "
            f"expected {len(scripts)} and 1"
        )
    settings.write_text(text, encoding="utf-8")
    for path in (copy / BELOW).rglob("*.py"):
        path.write_text(renamed(path.read_text(encoding="utf-8"), commands, str(path)), encoding="utf-8")


def renamed(source: str, commands: dict[str, str], name: str) -> str:
    """A Python file with the packages' installed names in its imports, and the scripts in its words."""
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source, name)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(module.partition(".")[0] in PACKAGES for module in modules):
            raise ValueError(f"{name}:{node.lineno}: found `import {modules[0]}`, expected `from … import …`")
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.partition(".")[0] in PACKAGES:
            line, start = lines[node.lineno - 1], node.col_offset
            lines[node.lineno - 1] = line[:start] + line[start:].replace("from ", f"from {BELOW}.", 1)
    text = "\n".join(lines)
    for module, script in sorted(commands.items(), reverse=True):
        text = re.sub(rf"\bpython -m\s+{re.escape(module)}\b(?!\.\w)", script, text)
    return re.sub(rf"(?<=-m )(?=(?:{NAMES})\b)", f"{BELOW}.", text)

"""The app's files for a Linux desktop: desktop file, icon, installer, and one file that unpacks itself."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage

from desktop.__main__ import PROGRAM, command
from desktop.base.own_process import PAGE, TRIAL
from desktop.widgets.common.program_icon import ICON

ROOT = Path(__file__).parents[2]
FILES = ROOT / ".packaging" / "app"
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"
linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="found another system, expected Linux"
)


@pytest.fixture
def folder(packaging, tmp_path):
    """A folder like the app's, with a program that prints its name and arguments."""
    folder = tmp_path / "the app's folder"
    folder.mkdir()
    program = folder / PROGRAM
    program.write_text('#!/bin/sh\nprintf "%s|" "$(basename "$0")" "$@"\n')
    program.chmod(0o755)
    pictures = tmp_path / "pictures"
    packaging.icons.write_pictures(ICON, pictures)
    packaging.linux_files.add_files(folder, ICON, pictures)
    return folder


@pytest.fixture
def run(tmp_path):
    """`run(…)`: run a command with an empty folder for the user's data, and return its output."""

    def run_in(*arguments, status=0):
        variables = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [*map(str, arguments)], env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    (tmp_path / "home").mkdir()
    return run_in


def desktop_entry(path):
    """The keys of a desktop file."""
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE))


def test_the_parts_have_the_names_by_which_the_app_is_started():
    """The app's start file imports nothing of the program, so it repeats these names."""
    text = (FILES / "start.py").read_text()
    assert f'TRIAL = "{TRIAL}"' in text
    assert f'PAGE = "{PAGE}"' in text


def test_the_desktop_file_fits_the_program():
    """It starts an existing command with an existing option, and its name is the window's class."""
    entry = desktop_entry(FILES / "linux" / "latent-plane.desktop")
    program, option, file = entry["Exec"].split()
    assert program == entry["TryExec"] == entry["Icon"] == entry["StartupWMClass"] == PROGRAM
    assert option in {name for parameter in command.params for name in parameter.opts}
    assert file == "%f"
    if shutil.which("desktop-file-validate"):
        path = FILES / "linux" / "latent-plane.desktop"
        assert not subprocess.run(["desktop-file-validate", path], capture_output=True, check=True).stdout


def test_the_types_of_files_are_those_of_the_desktop_file():
    """`.latent` and `.onnx` have types that the program opens."""
    types = ElementTree.parse(FILES / "linux" / "latent-plane.xml").getroot()  # noqa: S314 - our own file
    globs = {kind.get("type"): kind.find(f"{MIME}glob").get("pattern") for kind in types}
    assert globs == {"application/x-latent-plane": "*.latent", "application/x-onnx": "*.onnx"}
    entry = desktop_entry(FILES / "linux" / "latent-plane.desktop")
    assert set(entry["MimeType"].rstrip(";").split(";")) == globs.keys()


def test_the_icon_is_drawn_in_each_size(folder):
    """There are square pictures, neither empty nor of one colour, and the vector drawing itself."""
    icons = folder / "share" / "icons" / "hicolor"
    assert (icons / "scalable" / "apps" / "latent-plane.svg").read_bytes() == ICON.read_bytes()
    for size_px in (16, 24, 32, 48, 64, 128, 256):
        picture = QImage(str(icons / f"{size_px}x{size_px}" / "apps" / "latent-plane.png"))
        assert (picture.width(), picture.height()) == (size_px, size_px)
        colors = {picture.pixelColor(x, y).name() for x in range(0, size_px, 2) for y in range(0, size_px, 2)}
        assert len(colors) > 12
        assert picture.pixelColor(0, 0).alpha() == 0


@linux
def test_installing_adds_the_app_to_the_menu_and_removing_takes_all_of_it_away(folder, run, tmp_path):
    """The entry starts the program although its folder's name has a blank and an apostrophe."""
    before = sorted((tmp_path / "home").rglob("*"))
    assert "in your menu" in run(folder / "install")
    data = tmp_path / "home" / ".local" / "share"
    entry = desktop_entry(data / "applications" / "latent-plane.desktop")
    assert entry["Exec"] == f'"{folder}/latent-plane" --keep-open %f'
    assert entry["TryExec"] == f"{folder}/latent-plane"
    assert (data / "mime" / "packages" / "latent-plane.xml").is_file()
    assert (data / "icons" / "hicolor" / "48x48" / "apps" / "latent-plane.png").is_file()
    run(folder / "install")
    assert "no longer" in run(folder / "install", "--remove")
    left = [path for path in (tmp_path / "home").rglob("latent-plane*") if path not in before]
    assert left == []


@linux
def test_installing_refuses_what_it_cannot_write(folder, run):
    """It refuses a folder's name that would need nested quotes, and an unknown argument."""
    odd = folder.rename(folder.with_name("100 $"))
    assert "rename it" in run(odd / "install", status=2)
    assert "expected nothing or --remove" in run(odd / "install", "--help", status=2)


@linux
@pytest.mark.skipif(shutil.which("xz") is None, reason="found no xz, expected it; apt-get install xz-utils")
def test_the_one_file_unpacks_once_and_starts(packaging, folder, run, tmp_path):
    """It passes arguments on, and installs and removes itself; a damaged file says so and leaves nothing."""
    out = packaging.linux_files.one_file(folder, "1.2", "x86_64")
    assert out.name == "latent-plane-1.2-linux-x86_64.run"
    assert list(out.parent.glob("*.tar")) == []
    first = run("sh", out, "a model.onnx", "--fresh")
    assert "unpacking" in first
    assert "latent-plane|a model.onnx|--fresh|" in first
    assert run(out, "b") == "latent-plane|b|"
    unpacked = tmp_path / "home" / ".local" / "share" / "latent-plane-app"
    (version,) = unpacked.iterdir()
    assert version.name.startswith("1.2-")
    assert (version / "latent-plane-render").is_symlink()
    assert "in your menu" in run(out, "--install")
    assert str(version) in (unpacked.parent / "applications" / "latent-plane.desktop").read_text()
    run(out, "--uninstall")
    assert not unpacked.exists()
    assert not (unpacked.parent / "applications" / "latent-plane.desktop").exists()
    damaged = tmp_path / "damaged.run"
    damaged.write_bytes(out.read_bytes()[:-5000])
    assert "fetch the file again" in run("sh", damaged, status=2)
    assert list(unpacked.iterdir()) == []


def test_the_app_is_built_from_what_it_needs_and_not_more():
    """The extra installs the viewer with ONNX Runtime for the CPU, without PyTorch."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["app"][0] == "latent-plane[desktop-cpu,page-cpu]"

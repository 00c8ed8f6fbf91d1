"""`python -m desktop`: a screenshot without a display, and one line for everything that goes wrong."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import imageio.v3 as imageio
import pytest

from tests.waiting import SOON_S

ROOT = Path(__file__).parents[2]
OFFSCREEN_SAYS = "This plugin does not support propagateSizeHints()"
# Runs `python -m desktop`, and at its end writes the names of imported modules, the files whose source was
# kept, and how often garbage was collected: from Qt's import until the window was there, and after that.
START = """
import atexit, gc, json, linecache, runpy, sys
from pathlib import Path

def count(phase, facts):
    if phase == "stop" and "PySide6.QtCore" in sys.modules:
        looks[gc.get_freeze_count() > 0] += 1

def tell():
    told.write_text(json.dumps([sorted(sys.modules), sorted(linecache.cache), looks]))

looks = [0, 0]
gc.callbacks.append(count)
told = Path(sys.argv.pop(1))
atexit.register(tell)
runpy.run_module("desktop", run_name="__main__", alter_sys=True)
"""
# Modules that a window does not need at its start, and that would make the start longer.
NOT_AT_START = {
    "PIL",
    "contourpy",
    "html",
    "imageio",
    "matplotlib",
    "desktop.app.figure_export",
    "desktop.app.film_export",
    "desktop.figure.figure",
    "desktop.film.film",
    *(
        f"desktop.widgets.dialogs.{name}"
        for name in (
            "command_palette",
            "command_words",
            "export_dialog",
            "figure_dialog",
            "reading_dialog",
            "reading_fields",
            "share_dialog",
            "shortcuts_dialog",
            "text_dialog",
        )
    ),
}


def without_display(settings_folder, **environment):
    """An environment without a display, with the settings in the test's own folder."""
    shown = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    clean = {name: value for name, value in os.environ.items() if name not in shown}
    folder = str(settings_folder)
    return clean | {"XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder} | environment


def lines_of(errors):
    """The lines of standard error, without the offscreen plugin's usual line."""
    return [line for line in errors.splitlines() if line != OFFSCREEN_SAYS]


@pytest.fixture
def call(viewers, settings_folder):
    """`call(*arguments, **environment)`: exit status, standard output and the lines of standard error."""

    def run(*arguments, **environment):
        viewers.start(*arguments, environment=without_display(settings_folder, **environment))
        status, out, errors = viewers.end()
        return status, out, lines_of(errors)

    return run


@pytest.fixture
def refused(call):
    """`refused(*arguments, **environment)`: the one line that is printed, with status 2."""

    def run(*arguments, **environment):
        status, out, errors = call(*arguments, **environment)
        assert status == 2
        assert out == ""
        assert len(errors) == 1, errors
        assert errors[0].startswith("python -m desktop: ")
        return errors[0]

    return run


@dataclass(frozen=True)
class Started:
    """The results of a start in a process of its own, as people start the viewer.

    Attributes:
        status: the exit status.
        out: the standard output.
        errors: the lines of standard error.
        pictures: the files in the folder of its screenshot.
        imported: the names of all modules that it imported.
        read: the files whose source it kept.
        looks: how often it collected garbage before the window was there, and after that.
    """

    status: int
    out: str
    errors: list[str]
    pictures: list[Path]
    imported: set[str]
    read: list[str]
    looks: tuple[int, int]


@pytest.fixture(scope="module")
def started(tmp_path_factory, bundle_path):
    """A screenshot by a new process; the other tests fork theirs."""
    folder, told = tmp_path_factory.mktemp("started"), tmp_path_factory.mktemp("told") / "told.json"
    arguments = ["--screenshot", folder / "window.png", "--size", "1000", "700"]
    done = subprocess.run(
        [sys.executable, "-c", START, told, bundle_path, *arguments],
        cwd=ROOT,
        env=without_display(tmp_path_factory.mktemp("settings"), QT_QPA_PLATFORM="offscreen"),
        capture_output=True,
        text=True,
        check=False,
        timeout=SOON_S,
    )
    imported, read, (before, after) = json.loads(told.read_text())
    return Started(
        status=done.returncode,
        out=done.stdout,
        errors=lines_of(done.stderr),
        pictures=list(folder.iterdir()),
        imported=set(imported),
        read=read,
        looks=(before, after),
    )


def test_a_screenshot_is_the_window_with_the_model_in_it(started):
    """It is a PNG of the requested size with many colours: plane, points and picture are decoded."""
    assert (started.status, started.errors) == (0, [])
    assert started.out == f"saved {started.pictures[0]}\n"
    assert [file.name for file in started.pictures] == ["window.png"]
    picture = imageio.imread(started.pictures[0])
    assert picture.shape[:2] == (700, 1000)
    assert len({tuple(pixel) for pixel in picture[::7, ::7, :3].reshape(-1, 3)}) > 50


def test_a_start_imports_nothing_that_no_window_needs(started):
    """Modules for menus, buttons and files are imported at their first use; all names in the list exist."""
    assert NOT_AT_START & started.imported == set()
    assert all(importlib.util.find_spec(name) for name in NOT_AT_START)


def test_a_start_reads_no_module_s_source(started):
    """PySide would read and keep the source of each later import; only three files of its own are kept."""
    assert "desktop.widgets.main_window" in started.imported
    assert [file for file in started.read if file.startswith(str(ROOT / "desktop"))] == []


def test_a_start_looks_for_garbage_once_the_window_is_there(started):
    """Before that, nearly all new objects stay, so a collection would find almost nothing."""
    before, after = started.looks
    assert before == 0
    assert after > 0


def test_the_window_opens_where_it_was_last(call, tmp_path, make_bundle):
    """Without --size, the second start has the size of the first, which is saved between processes."""
    path, sizes = make_bundle(), []
    for number, size in enumerate([("--size", 1000, 710), ()]):
        out = tmp_path / f"{number}.png"
        status, _, _ = call(path, "--screenshot", out, *size, QT_QPA_PLATFORM="offscreen")
        assert status == 0
        sizes.append(imageio.imread(out).shape[0])
    # The width is not compared, because the offscreen screen is narrower than the window.
    assert sizes == [710] * 2


def test_without_a_bundle_the_one_that_ships_is_opened(call, tmp_path):
    """A first start without a model shows it."""
    out = tmp_path / "window.png"
    assert call("--screenshot", out, QT_QPA_PLATFORM="offscreen") == (0, f"saved {out}\n", [])
    assert imageio.imread(out).shape[:2] == (860, 1180)


def test_without_any_display_one_line_names_what_works_without(refused):
    """If no window can open, the line says what is missing, and names a command that needs no display."""
    said = refused()
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in said
    assert "python -m desktop.render" in said


def test_a_display_where_nothing_answers_is_named(refused):
    """A stale DISPLAY gives one line, although Qt alone would abort the process."""
    said = refused(DISPLAY=":987")
    assert "found no X server at DISPLAY :987" in said
    assert "python -m desktop.render" in said


def test_help_needs_no_display(call):
    """The options can be read on a server."""
    status, out, errors = call("--help")
    assert (status, errors) == (0, [])
    assert "--screenshot" in out


def test_a_bundle_that_is_not_there_ends_the_start(refused, tmp_path):
    """No model is open, so the window closes, and the line says what was found and expected."""
    said = refused(tmp_path / "no", "--screenshot", tmp_path / "a.png", QT_QPA_PLATFORM="offscreen")
    assert said == (
        f"python -m desktop: {tmp_path / 'no'}: found nothing there, expected a bundle (a folder or a "
        ".latent file), an .onnx file or an exported picture; check the path"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_desktop_s_start_says_in_the_window_what_cannot_be_opened(call, tmp_path):
    """With --keep-open, which the desktop file uses, the window stays and shows the error: status 0."""
    (tmp_path / "m.onnx").write_text("rubbish")
    out = tmp_path / "window.png"
    arguments = (tmp_path / "m.onnx", "--keep-open", "--screenshot", out, "--size", 1000, 700)
    assert call(*arguments, QT_QPA_PLATFORM="offscreen") == (0, f"saved {out}\n", [])
    red, green, blue = (imageio.imread(out)[-200:, :, channel].astype(int) for channel in range(3))
    assert ((red > green + 60) & (red > blue + 60)).mean() > 0.1


def test_a_screenshot_is_a_png(refused):
    """Another ending is refused before a window is opened."""
    said = refused("--screenshot", "x.gif")
    assert "Invalid value for '--screenshot': found 'x.gif', expected a name ending in .png." in said


def test_a_decoder_that_is_no_graph_ends_the_start(refused, make_bundle):
    """The bundle's checksums are right but its content is not."""
    path = make_bundle(decoder=b"no graph")
    said = refused(path, QT_QPA_PLATFORM="offscreen")
    assert f"{path}: decoder.onnx: " in said


def test_a_screenshot_that_cannot_be_written_is_told(refused, tmp_path, make_bundle):
    """The window closes, and the line names the file."""
    out = tmp_path / "no" / "a.png"
    said = refused(make_bundle(), "--screenshot", out, QT_QPA_PLATFORM="offscreen")
    assert str(out) in said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--sreenshot", "a.png"), "'--screenshot'"),
        (("--devise", "cpu"), "'--device'"),
        (("--size", "10", "900"), "320<=x<=10000"),
        (("--device", "gpu"), "'auto', 'cuda', 'cpu'"),
        (("a", "b"), "unexpected extra argument"),
    ],
)
def test_a_wrong_option_is_answered_with_what_is_right(refused, arguments, expected):
    """The line has the similar name or the range, and where to read more; this needs no display."""
    said = refused(*arguments)
    assert expected in said
    assert said.endswith("(see python -m desktop --help)")

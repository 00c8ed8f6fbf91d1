"""The built app: it starts, decodes, exports and refuses as the installed program does, and needs no Python.

`make app-test` builds the app and runs these tests.
"""

import json
import re
import subprocess
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from tests.desktop.foreign_models import decoder
from tests.desktop.hostile_models import constant_of_shape, endless_loop
from tests.waiting import wait_until

pytestmark = pytest.mark.app
MOST_BYTES = 200e6


@pytest.fixture
def home(tmp_path):
    """A user who has never started the program."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def variables(home):
    """The environment of a user without Python."""
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture
def call(app, tmp_path, variables):
    """`call(command, *arguments)`: run a command of the app in an empty folder, and return its output."""

    def run(command, *arguments, status=0, cwd=tmp_path):
        done = subprocess.run(
            [app / command, *map(str, arguments)],
            cwd=cwd,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert "Warning" not in done.stderr
        return done.stdout + done.stderr

    return run


def files_below(folder):
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def colors_in(path):
    """The number of colours in every fifth pixel of a picture."""
    picture = np.atleast_3d(imageio.imread(path))[::5, ::5]
    return len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0))


def test_the_folder_is_small_enough_to_hand_over(app):
    """It has at most 200 MB, no GTK, PyTorch or Python's tests, but the licences of its parts."""
    files = files_below(app)
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    names = {file.name for file in files}
    assert not any(re.match(r"libgtk|libtorch|libX11\.so", name) for name in names)
    licences = {path.name.lower() for path in (app / "_internal" / "licences").iterdir()}
    assert {"latent-plane", "numpy", "onnxruntime", "pillow", "qt and pyside6", "python"} <= licences


def test_the_viewer_starts_and_decodes_the_bundle_that_ships(call, home, tmp_path):
    """Its window has many colours; besides the screenshot, it writes the window's size to the user's data."""
    out = tmp_path / "window.png"
    said = call("latent-plane", "--screenshot", out, "--size", 1000, 700)
    assert [line for line in said.splitlines() if "propagateSizeHints" not in line] == [f"saved {out}"]
    assert colors_in(out) > 50
    data = home / ".local" / "share" / "latent-plane"
    assert {path.parent for path in files_below(tmp_path)} == {tmp_path, data}


def test_a_stranger_s_model_is_tried_in_a_process_of_its_own(app, tmp_path, variables):
    """The app starts itself for the trial, with limits of memory, time and files, and few imports."""
    model = tmp_path / "m.onnx"
    model.write_bytes(endless_loop())
    process = subprocess.Popen(
        [app / "latent-plane-inspect", model, "--patience", "60"], env=variables, stderr=subprocess.PIPE
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        wait_until(lambda: children.read_text().split())
        child = Path("/proc", children.read_text().split()[0])
        # The child sets this limit last.
        wait_until(lambda: re.search(r"Max address space +\d", (child / "limits").read_text()))
        limits = dict(re.findall(r"^(Max .+?)\s{2,}(\w+)", (child / "limits").read_text(), re.MULTILINE))
        opened = (child / "maps").read_text()
        command = (child / "cmdline").read_bytes().split(b"\0")
    finally:
        process.kill()
        process.communicate()
    assert command[1:2] == [b"--part=trial"]
    assert int(limits["Max address space"]) < 8 << 30
    assert int(limits["Max cpu time"]) < 600
    assert limits["Max file size"] == "0"
    assert "onnxruntime" in opened
    assert "Qt6" not in opened


def test_a_hostile_model_is_refused_as_without_the_app(call, tmp_path):
    """One model never ends, and another one takes more memory than is allowed."""
    for name, content, expected in [
        ("loop", endless_loop(), "its trial took longer than 3 s"),
        ("large", constant_of_shape(1 << 31), "expected"),
    ]:
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        said = call("latent-plane-inspect", path, status=2)
        assert said.startswith(f"latent-plane-inspect: {path}: ")
        assert expected in said
        assert len(said.splitlines()) == 1


def test_modules_beside_the_model_are_not_imported(call, tmp_path, variables):
    """Neither the current folder nor PYTHONPATH is searched for modules, also not by the trial."""
    for name in ("json", "onnx", "numpy", "site", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    variables |= {"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "json.py")}
    assert "z" in call("latent-plane-inspect", decoder(tmp_path / "m.onnx"))
    assert not (tmp_path / "imported").exists()


def test_a_page_is_written_by_the_command_and_by_the_part_that_the_window_starts(call, tmp_path):
    """Both pages are the same, byte for byte."""
    model = decoder(tmp_path / "m.onnx")
    call("latent-plane-page", "--out", tmp_path / "a.html", model)
    call("latent-plane", "--part=page", "--out", tmp_path / "b.html", model)
    page = (tmp_path / "a.html").read_text()
    assert "<canvas" in page
    assert re.sub(r"\w\.html", "", page) == re.sub(r"\w\.html", "", (tmp_path / "b.html").read_text())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("plane.png", ["plane", "--n", "4"]),
        ("walk.gif", ["path", "--z", "-1,0", "--z", "1,0", "--frames", "5", "--caption", "z"]),
        ("walk.webp", ["path", "--z", "-1,0", "--z", "1,0", "--frames", "5"]),
        ("figure.png", ["view", "--size", "600x450", "--caption", "Where 4 becomes 9."]),
        ("figure.svg", ["view", "--size", "600x450", "--layers", "backdrop,points,names,prior,holes"]),
        ("figure.pdf", ["view", "--size", "600x450", "--layers", "backdrop,points,names,prior,holes"]),
    ],
)
def test_pictures_are_drawn_without_a_window(call, tmp_path, name, arguments):
    """Sheets, animations with captions and figures are drawn; caches are in the user's folders."""
    out = tmp_path / name
    call("latent-plane-render", *arguments, "--out", out)
    if name.endswith(".svg"):
        assert out.read_text().count("<path") > 20
    elif name.endswith(".pdf"):
        written = out.read_bytes()
        assert written.startswith(b"%PDF-")
        assert len(written) > 20_000
    else:
        frames = imageio.improps(out).shape[0] if name.startswith("walk") else colors_in(out)
        assert frames > 2
    outside = [path for path in files_below(tmp_path) if path != out and "home" not in path.parts]
    assert outside == []


def test_mp4_is_told_to_need_python(call, tmp_path):
    """The app has no codecs, and its message does not name pip, which the app does not have either."""
    said = call(
        "latent-plane-render", "path", "--z", "0,0", "--z", "1,1", "--out", tmp_path / "a.mp4", status=2
    )
    assert "choose another format" in said
    assert "pip" not in said


def test_versions_are_told(call):
    """The output has the program's version and those for a bug report: the CPU build of ONNX Runtime."""
    assert re.fullmatch(r"latent-plane \d+\.\d+\.\d+\n", call("latent-plane", "--version"))
    said = call("latent-plane-inspect", "--runtime", "--json")
    found = json.loads(said)
    assert "onnxruntime" in found["distributions"]
    assert found["providers"][-1] == "CPUExecutionProvider"


def test_programs_that_the_app_starts_get_the_system_s_libraries(app, tmp_path, variables):
    """Variables that the app's loader sets do not reach them; variables that were set before do."""
    model = tmp_path / "m.onnx"
    model.write_bytes(endless_loop())
    variables |= {"LD_LIBRARY_PATH": "/nowhere"}
    process = subprocess.Popen([app / "latent-plane-inspect", model], env=variables, stderr=subprocess.PIPE)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        wait_until(lambda: children.read_text().split())
        # The child is the app again; this file has the environment that its parent gave it.
        given = Path("/proc", children.read_text().split()[0], "environ").read_bytes().split(b"\0")
        paths = [item for item in given if item.startswith(b"LD_LIBRARY_PATH=")]
    finally:
        process.kill()
        process.communicate()
    assert len(paths) == 1
    assert paths[0].endswith(b"/nowhere")


def test_the_one_file_starts_the_viewer(app, tmp_path, variables, home):
    """It unpacks itself into the user's data only at the first start, and both starts end well."""
    (file,) = app.parent.glob("latent-plane-*.run")
    for number in range(2):
        out = tmp_path / f"{number}.png"
        done = subprocess.run(
            ["sh", file, "--screenshot", out], cwd=tmp_path, env=variables, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert ("unpacking" in done.stderr) == (number == 0)
        assert colors_in(out) > 50
    assert [path.name for path in home.iterdir()] == [".local"]

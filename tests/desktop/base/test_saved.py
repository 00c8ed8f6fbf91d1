"""Viewers save single entries in one shared file; files of older versions are imported."""

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from desktop.base import saved

ROOT = Path(__file__).parents[3]
SHA = "ab" * 32
# A short version of a viewer: it saves its own readings, views, inputs and recent models again and again.
VIEWER = """
import sys
from pathlib import Path

from desktop.base import saved
from desktop.reading.saved_overrides import save_overrides
from desktop.view.saved_views import SavedViews, read_views, save_views
from desktop.view.state import start_state
from desktop.widgets.common.settings import save_recent

name, place = sys.argv[1], Path(sys.argv[2])
saved.place = lambda: place
saved.LOCK_S = 60.0
views = written = read_views()
print("ready", flush=True)
sys.stdin.readline()
for number in range(4):
    sha256 = (name * 64)[:63] + str(number)
    save_overrides(sha256, {"layout": name})
    save_recent(Path(f"/models/{name}{number}"))
    views = views.with_model(sha256, Path(f"/models/{name}{number}"), start_state(3))
    views = SavedViews(views.last, views.models, {f"{name}{n}": n for n in range(number + 1)})
    save_views(views, written)
    written = views
"""


def save(section, **entries):
    saved.change(lambda content: content[section].update(entries))


def test_nothing_is_saved_at_first():
    """All sections are empty, there is no note, and reading creates no file."""
    content, note = saved.read()
    assert content == {"format": 1, "readings": {}, "models": {}, "last": "", "controls": {}, "second": {}}
    assert note == ""
    assert not saved.place().exists()


def test_two_viewers_that_are_open_at_once_keep_each_others_entries(tmp_path):
    """Two processes save at the same time: models, readings, inputs and recent models of both are there."""
    place = tmp_path / "saved.json"
    viewers = [
        subprocess.Popen(
            [sys.executable, "-c", VIEWER, name, str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for name in "ab"
    ]
    assert [viewer.stdout.readline().strip() for viewer in viewers] == [b"ready"] * 2
    for viewer in viewers:
        viewer.stdin.write(b"\n")
        viewer.stdin.flush()
    for viewer in viewers:
        viewer.communicate()
        assert viewer.returncode == 0
    content = json.loads(place.read_text())
    hashes = {(name * 64)[:63] + str(number) for name in "ab" for number in range(4)}
    assert set(content["models"]) == set(content["readings"]) == hashes
    assert content["controls"] == {f"{name}{number}": number for name in "ab" for number in range(4)}
    assert set(content["recent"]) == {f"/models/{name}{number}" for name in "ab" for number in range(4)}
    assert content["last"] in {"a" * 63 + "3", "b" * 63 + "3"}


def test_threads_wait_for_each_other():
    """No change of any thread is lost."""
    threads = [threading.Thread(target=save, args=("controls",), kwargs={f"n{n}": n}) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert saved.read()[0]["controls"] == {f"n{n}": n for n in range(8)}


def test_a_lock_that_is_never_let_go_is_an_error_and_no_wait_for_ever(monkeypatch):
    """A change raises an OSError, as for a read-only folder, and the file stays as it was."""
    save("controls", n=1)
    monkeypatch.setattr(saved, "LOCK_S", 0.0)
    with FileLock(f"{saved.place()}.lock"), pytest.raises(OSError, match=r"saved\.json\.lock"):
        save("controls", n=2)
    assert saved.read()[0]["controls"] == {"n": 1}


def test_the_file_is_replaced_whole():
    """If `edit` raises, the file stays as it was, and no other file is left."""

    def edit(content):
        content["last"] = "half"
        raise RuntimeError

    save("controls", n=1)
    before = saved.place().read_bytes()
    with pytest.raises(RuntimeError):
        saved.change(edit)
    assert saved.place().read_bytes() == before
    assert not list(saved.place().parent.glob("*.tmp"))


def test_what_a_newer_version_saved_beside_stays():
    """Sections that this version does not know are kept."""
    save("controls", n=1)
    content = json.loads(saved.place().read_text()) | {"sounds": ["loud"]}
    saved.place().write_text(json.dumps(content))
    save("controls", n=2)
    assert json.loads(saved.place().read_text())["sounds"] == ["loud"]


def test_files_of_older_versions_are_taken_over_once():
    """Both files are read until the first save, which writes them to the new file; then no more."""
    old = {
        "format": 1,
        "last": SHA,
        "models": {SHA: {"path": "/models/a", "state": {"z": [1.0, 2.0]}}},
        "controls": {"samples.n": 7},
    }
    folder = saved.place().parent
    (folder / "session.json").write_text(json.dumps(old))
    (folder / "readings.json").write_text(json.dumps({SHA: {"layout": "NHWC"}}))
    expected = old | {"readings": {SHA: {"layout": "NHWC"}}, "second": {}}
    assert saved.read() == (expected, "")
    save("controls", n=1)
    (folder / "session.json").unlink()
    (folder / "readings.json").write_text("{}")
    assert saved.read() == (expected | {"controls": {"samples.n": 7, "n": 1}}, "")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"format": 9}', b"[" * 100_000])
def test_a_damaged_file_of_an_older_version_is_told_as_its_own_would_be(content):
    """There is a note of one line; the usable content of the other file is imported."""
    (saved.place().parent / "session.json").write_bytes(content)
    (saved.place().parent / "readings.json").write_text(json.dumps({SHA: {"layout": "NHWC"}}))
    found, note = saved.read()
    assert note.startswith("the saved views and settings cannot be used (")
    assert "\n" not in note
    assert found["models"] == {}
    assert found["readings"] == {SHA: {"layout": "NHWC"}}


def test_a_damaged_file_brings_nothing_back_from_older_ones():
    """The program starts with nothing saved, as if there were no older files."""
    saved.place().write_bytes(b"damaged")
    (saved.place().parent / "readings.json").write_text(json.dumps({SHA: {"layout": "NHWC"}}))
    content, note = saved.read()
    assert note
    assert content["readings"] == {}
    assert content["recent"] == []
    assert content["geometry"] == ""


def test_what_a_killed_process_left_is_removed_with_the_next_change():
    """The unfinished file of a killed process is never read, and is removed later."""
    left = saved.place().with_name(f".{saved.place().name}.1.2.tmp")
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text("{")
    saved.change(lambda content: content.update(last="a"))
    assert not left.exists()
    assert saved.read()[0]["last"] == "a"


@pytest.mark.parametrize("content", [b"", b"\0" * 500, b'{"format": 9, "models": {"a": 1}}'])
def test_a_file_that_cannot_be_used_is_kept(content):
    """It may be from a newer version, so saving renames it as the note says."""
    saved.place().write_bytes(content)
    note = saved.read()[1]
    assert note.endswith("; the file is kept as saved.json.old")
    save("controls", n=1)
    assert saved.read() == (
        {"format": 1, "readings": {}, "models": {}, "last": "", "controls": {"n": 1}, "second": {}}
        | {"recent": [], "geometry": ""},
        "",
    )
    assert saved.place().with_name("saved.json.old").read_bytes() == content


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_a_file_system_without_flock_saves_too(monkeypatch):
    """Lustre and some network homes have no flock; filelock then uses the existence of a file as the lock."""
    fcntl = pytest.importorskip("fcntl")

    def flock(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    for number in range(2):
        save("controls", n=number)
        assert saved.read()[0]["controls"] == {"n": number}

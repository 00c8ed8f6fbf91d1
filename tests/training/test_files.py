"""training/files.py: a reader sees the old file or the new one, never half of one."""

import errno
import os
from pathlib import Path

import pytest

from desktop.base import atomic_file
from training.command_line import describe_os_error
from training.files import check_writable, replaced_file


def names_in(folder) -> list[str]:
    """The names of all files in a folder, including hidden ones."""
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_what_was_written(tmp_path):
    """After the block the file has its name, and it is the only file in the folder."""
    with replaced_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
        assert names_in(tmp_path) == [temporary.name]
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


def test_the_old_file_is_intact_until_the_end(tmp_path):
    """While the new file is being written, a reader still sees the old one."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replaced_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_the_old_file_survives_an_error(tmp_path):
    """If the block raises, the old file is unchanged and the half-written one is gone."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replaced_file(path) as temporary:
        temporary.write_text("ne")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_an_error_leaves_no_new_file(tmp_path):
    """If the block raises and there was no file before, there is none afterwards."""
    with pytest.raises(KeyboardInterrupt), replaced_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert names_in(tmp_path) == []


def test_the_old_file_survives_a_disk_that_fills_up(tmp_path, file_size_limit):
    """If the disk is full, the old file is unchanged, and the error has the name of that file."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(OSError) as error, file_size_limit(1000), replaced_file(path) as temporary:
        temporary.write_bytes(bytes(100_000))
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(path))
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "runs/a"),
            ("runs/a: No space left on device; free some space and try again; no earlier file has changed"),
        ),
        (
            OSError(errno.EACCES, "Permission denied", "runs/a"),
            "runs/a: Permission denied; choose another place or change its permissions",
        ),
        (OSError(errno.ENOENT, "No such file", "a"), "a: No such file; check the path"),
        (OSError(errno.EFBIG, "File too large"), "writing: File too large; try another place"),
        (OSError("odd"), "writing: odd; try another place"),
    ],
)
def test_a_system_error_becomes_one_line(error, line):
    """One line has the file, the system's message and what to do."""
    assert describe_os_error(error) == line


@pytest.mark.parametrize("name", ["x" * 255, "日" * 85])
def test_the_longest_name_that_is_allowed_can_be_written(tmp_path, name):
    """The temporary name is never longer than the file's own may be."""
    with replaced_file(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert (tmp_path / name).read_text() == "new"


@pytest.mark.parametrize("place", ["x" * 256, "file/below", "gone/below"])
def test_an_error_names_only_the_file_that_was_asked_for(tmp_path, place):
    """A name that is too long, and a place that is none, are told without the temporary name."""
    (tmp_path / "file").write_text("mine")
    expected = pytest.raises(OSError, match=r"too long|Not a directory|No such")
    with expected as caught, replaced_file(tmp_path / place) as temporary:
        temporary.write_text("new")
    assert caught.value.filename == str(tmp_path / place)
    assert "tmp'" not in str(caught.value)


def test_a_pipe_is_refused_and_stays(tmp_path):
    """A pipe, or a device such as /dev/null, is never replaced by a file."""
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/null")):
        expected = pytest.raises(OSError, match="found a device or a pipe, expected a file")
        with expected as caught, replaced_file(place) as temporary:
            temporary.write_text("new")
        assert caught.value.filename == str(place)
        assert not place.is_file()
    assert names_in(tmp_path) == ["pipe"]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    """A link in a run folder, which may come from somebody else, leads no write out of it."""
    (tmp_path / "other").write_text("theirs")
    (tmp_path / "a.txt").symlink_to("other")
    with replaced_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "other").read_text() == "theirs"
    assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.parametrize("check", [check_writable, atomic_file.check_writable])
def test_where_no_file_can_be_written_is_told_beforehand(tmp_path, ordinary_user, check):
    """A missing folder, a file in the path, a folder of that name, and one where nobody may write."""
    (tmp_path / "file").write_text("")
    (tmp_path / "taken").mkdir()
    for name, number in {"gone/a": errno.ENOENT, "file/a": errno.ENOTDIR, "taken": errno.EISDIR}.items():
        with pytest.raises(OSError) as error:
            check(tmp_path / name)
        assert (error.value.errno, error.value.filename) == (number, str(tmp_path / name))
    (tmp_path / "taken").chmod(0o555)
    with ordinary_user(), pytest.raises(PermissionError) as error:
        check(tmp_path / "taken/a")
    assert error.value.filename == str(tmp_path / "taken/a")
    check(tmp_path / "file")
    check(tmp_path / "new")

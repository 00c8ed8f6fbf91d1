"""A file is replaced completely or not at all."""

import errno
import os
import threading
from pathlib import Path

import pytest

from desktop.base.atomic_file import replaced_file
from tests.waiting import SOON_S


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_the_new_content_takes_the_name_at_the_end(tmp_path):
    """Until the block ends, a reader sees the old file; afterwards it sees the new one."""
    place = tmp_path / "a.txt"
    place.write_text("old")
    with replaced_file(place) as temporary:
        temporary.write_text("new")
        assert place.read_text() == "old"
        assert temporary.parent == tmp_path
    assert place.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    """The partly written file is removed, and the error is raised."""
    place = tmp_path / "a.txt"
    place.write_text("old")
    with pytest.raises(OSError, match="disk full"), replaced_file(place) as temporary:
        temporary.write_text("ne")
        raise OSError("disk full")
    assert place.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    """The error of a full disk names no file, and that of a failed write would name the temporary file."""
    place = tmp_path / "a.txt"
    with pytest.raises(OSError, match="No space") as caught, replaced_file(place):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(place)


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    """The old file is never replaced by nothing."""
    place = tmp_path / "a.txt"
    place.write_text("old")
    with pytest.raises(FileNotFoundError), replaced_file(place):
        pass
    assert place.read_text() == "old"


def test_two_threads_may_write_the_same_file(tmp_path):
    """A thread that gives up does not remove the file that another thread writes at the same path."""
    place = tmp_path / "a.txt"
    both_wrote, gave_up = threading.Barrier(2), threading.Event()

    def give_up():
        try:
            with replaced_file(place) as temporary:
                temporary.write_text("given up")
                both_wrote.wait(SOON_S)
                raise KeyError
        except KeyError:
            gave_up.set()

    other = threading.Thread(target=give_up)
    other.start()
    with replaced_file(place) as temporary:
        temporary.write_text("kept")
        both_wrote.wait(SOON_S)
        assert gave_up.wait(SOON_S)
    other.join()
    assert place.read_text() == "kept"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", ["x" * 255, "日" * 85])
def test_the_longest_name_that_is_allowed_can_be_written(tmp_path, name):
    """The temporary file's name is not too long either."""
    with replaced_file(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert (tmp_path / name).read_text() == "new"


@pytest.mark.parametrize("place", ["x" * 256, "file/below", "gone/below"])
def test_an_error_names_only_the_file_that_was_asked_for(tmp_path, place):
    """Errors about a name that is too long, or a folder that does not exist, leave out the temporary name."""
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
    assert names(tmp_path) == ["pipe"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed(tmp_path, exists):
    """The file that a link leads to is replaced or made; the link stays."""
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder/real.txt"
    if exists:
        target.write_text("old")
    (tmp_path / "link.txt").symlink_to(target)
    with replaced_file(tmp_path / "link.txt") as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"
    assert (tmp_path / "link.txt").is_symlink()
    assert names(tmp_path / "folder") == ["real.txt"]

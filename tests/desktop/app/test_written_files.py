"""The list of files that are being written, and how each of them ended."""

from pathlib import Path

import pytest

from desktop.app.written_files import OneFile, WrittenFiles


@pytest.mark.usefixtures("qapp")
def test_of_files_that_are_made_one_at_a_time_each_ends_once():
    """A new file ends the previous one as not written; without a file, no end is announced."""
    files, ended = WrittenFiles(), []
    files.ended.connect(lambda *how: ended.append(how))
    file = OneFile(files)
    for name in "ab":
        file.begin(Path(name))
        assert (file.path, files.paths) == (Path(name), (Path(name),))
    assert ended == [(Path("a"), False)]
    for _ in range(2):
        file.end(is_written=True)
    assert (file.path, files.paths) == (None, ())
    assert ended == [(Path("a"), False), (Path("b"), True)]

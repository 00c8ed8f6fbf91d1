"""A progress bar is shown only on a terminal, and only for long tasks."""

import io

import pytest

from desktop.base import progress_bar
from desktop.base.progress_bar import ProgressBar


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "long_s"), [(io.StringIO(), 0.0), (Terminal(), 3600.0)])
def test_nothing_is_shown_in_files_or_for_what_is_quick(monkeypatch, stream, long_s):
    """No bar is written to a log, nor to a terminal for a short task."""
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(progress_bar, "LONG_S", long_s)
    with ProgressBar("decoding") as bar:
        bar.show(0.5, "half")
    assert stream.getvalue() == ""


def test_what_takes_long_is_shown_and_leaves_an_empty_line(monkeypatch):
    """The bar fills and its text changes; at the end the line is cleared."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(progress_bar, "LONG_S", 0.0)
    with ProgressBar("decoding") as bar:
        bar.show(0.25, "25 of 100 pictures")
        first = terminal.getvalue()
        bar.show(0.75, "75 of 100 pictures")
    assert "decoding [#########---------------------------]" in first
    assert "25 of 100 pictures" in first
    rest = terminal.getvalue()[len(first) :]
    assert "decoding [###########################---------]" in rest
    assert "75 of 100 pictures" in rest
    assert rest.rpartition("pictures")[2].startswith("\r\x1b[K")

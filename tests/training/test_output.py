"""training/output.py: printing works on any stream and in any encoding, or nobody reads it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.output import OutputClosedError, counted, escaped, open_streams, say, warn

PATH = "run é 日 \udcff"


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("ascii", b"run \\xe9 \\u65e5 \\udcff\n"),
        ("cp437", b"run \x82 \\u65e5 \\udcff\n"),
        ("utf-8", "run é 日 \\udcff\n".encode()),
    ],
)
def test_characters_that_cannot_be_shown_are_escaped(monkeypatch, encoding, line):
    """On UTF-8, cp437 and ASCII, characters that the encoding lacks, and single bytes, are escaped."""
    streams = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(stream, encoding=encoding, newline="\n"))
    open_streams()
    say(PATH)
    warn(PATH)
    assert [stream.getvalue() for stream in streams.values()] == [line, line]


def test_a_name_cannot_control_the_terminal():
    """Control characters are escaped; line ends and tabs stay."""
    assert escaped("a\x1b[2J\r\x07\tb\n") == "a\\x1b[2J\\r\\x07\tb\n"


def test_one_is_not_a_plural():
    """A count goes with its noun, and has separators."""
    assert [counted(n, "epoch") for n in (0, 1, 1000)] == ["0 epochs", "1 epoch", "1,000 epochs"]


def test_missing_streams_take_everything(monkeypatch):
    """Without standard output and error, as under pythonw, printing does nothing."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    open_streams()
    say("a line")
    warn("a line")
    assert not sys.stderr.isatty()


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path):
    """With `>&- 2>&-`, libraries that print to number 1 or 2 do not print into a file opened later."""
    code = (
        "import os; from training.output import open_streams, say, warn; open_streams(); "
        "file = open('file', 'w'); say('said'); warn('warned'); [os.write(n, b'library') for n in (1, 2)]"
    )
    command = f'exec "{sys.executable}" -c "{code}" >&- 2>&-'
    root = Path(__file__).parents[2]
    subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, check=True, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert (tmp_path / "file").read_bytes() == b""


@pytest.fixture
def closed_pipe():
    """A stream that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        yield stream


def test_output_that_nobody_reads_has_an_error_of_its_own(monkeypatch, closed_pipe):
    """Printing to a closed pipe raises OutputClosedError, and the unwritten rest is no error at exit."""
    monkeypatch.setattr(sys, "stdout", closed_pipe)
    with pytest.raises(OutputClosedError):
        say("a line")
    closed_pipe.flush()


def test_a_warning_that_nobody_reads_is_no_error(monkeypatch, closed_pipe):
    """A warning to a closed pipe is dropped."""
    monkeypatch.setattr(sys, "stderr", closed_pipe)
    warn("a line")
    closed_pipe.flush()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_named(monkeypatch):
    """A full disk behind standard output raises an OSError that names standard output."""
    with open("/dev/full", "w") as stream:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(OSError, match="No space") as caught:
            say("a line")
        assert caught.value.filename == "standard output"

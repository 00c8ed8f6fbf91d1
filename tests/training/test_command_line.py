"""training/command_line.py: how a command ends by a signal, a closed pipe and too little memory."""

import os
import signal
import sys

import click
import pytest
import torch

from training.command_line import run_command
from training.output import say


def main_of(act, left):
    """The `main` of a command that calls `act`, and adds to `left` when `act` ends, however it ends."""

    @click.command(name="program")
    def command() -> None:
        try:
            act()
        finally:
            left.append("cleaned up")

    return lambda: run_command(command, ())


def test_a_signal_ends_a_command_as_an_error_does(run_main):
    """After Ctrl-C, SIGTERM or SIGHUP a command cleans up and ends with the shell's status for it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        left = []
        ended = run_main(main_of(lambda number=number: signal.raise_signal(number), left))
        said = "interrupted" if number == signal.SIGINT else ""
        assert (ended.status, ended.out, ended.err.strip()) == (128 + number, "", said)
        assert left == ["cleaned up"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_under_nohup_a_command_goes_on(run_main):
    """SIGHUP that is ignored stays ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ended = run_main(main_of(lambda: (signal.raise_signal(signal.SIGHUP), say("done")), []))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (ended.status, ended.out) == (0, "done\n")


def test_a_command_whose_output_nobody_reads_ends_like_any_other(run_main, monkeypatch):
    """If the reader of a pipe has gone, the status is that of SIGPIPE, without a message."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:

        def print_to_the_pipe():
            monkeypatch.setattr(sys, "stdout", stream)
            say("a line")

        assert run_main(main_of(print_to_the_pipe, [])).status == 141


def test_too_little_memory_is_one_line(run_main):
    """PyTorch's error for memory that is not there becomes one line with advice."""
    line = run_main(main_of(lambda: torch.empty(1 << 60), [])).error_line
    assert line.startswith("program: found too little memory for this; use a smaller network")


def test_another_error_keeps_its_traceback():
    """An error that nobody expects is not hidden."""

    def fail():
        raise RuntimeError("odd")

    sys.argv = ["program"]
    with pytest.raises(RuntimeError, match="odd"):
        main_of(fail, [])()

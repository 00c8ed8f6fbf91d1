"""Trials whose processes are forked by `trial_server.py`, instead of started one by one."""

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

from desktop.vetting.trial_process import CHILD, environment, package_folders

SERVER = Path(__file__).with_name("trial_server.py")


class ForkedTrial:
    """A forked process, with the part of `subprocess.Popen` that `desktop.vetting.trial` needs."""

    def __init__(self, pid: int, stdin: int, stdout: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin = os.fdopen(stdin, "wb")
        self.stdout = os.fdopen(stdout, "rb")
        self._status = os.fdopen(status, "rb")
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit status, or minus the signal that ended the process; None while it runs."""
        return self._told(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended, and return the same status as `poll`."""
        status = self._told(timeout)
        if status is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("trial", timeout)
        return status

    def kill(self) -> None:
        """End the process, if it runs."""
        with contextlib.suppress(ProcessLookupError):
            if self.poll() is None:
                os.kill(self.pid, signal.SIGKILL)

    def _told(self, timeout_s: float | None) -> int | None:
        with self._lock:
            if self.returncode is None and select.select([self._status], [], [], timeout_s)[0]:
                (self.returncode,) = struct.unpack("i", self._status.read(4))
                self._status.close()
            return self.returncode


class TrialServer:
    """The server's process, which starts with the first trial."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> ForkedTrial:
        """Start the process of a trial, which waits for a model on its standard input."""
        with self._lock:
            if self._socket is None:
                self._socket = self._started()
            theirs_in, stdin = os.pipe()
            stdout, theirs_out = os.pipe()
            status, theirs_status = os.pipe()
            theirs = (theirs_in, theirs_out, theirs_status)
            socket.send_fds(self._socket, [b"t"], theirs)
            (pid,) = struct.unpack("i", self._socket.recv(4))
            for descriptor in theirs:
                os.close(descriptor)
        return ForkedTrial(pid, stdin, stdout, status)

    def close(self) -> None:
        """End the server."""
        if self._socket is not None and self._process is not None:
            self._socket.close()
            self._process.wait()

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        number = theirs.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-I", SERVER, str(number), CHILD, *package_folders()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
            pass_fds=[number],
        )
        theirs.close()
        return ours

"""Parts of the program are started by Python, or by the app's executable."""

import sys

from desktop.base import own_process
from desktop.base.own_process import TRIAL, command_of


def test_python_starts_a_part_by_its_own_arguments():
    """A checkout and a wheel have a Python executable."""
    assert command_of(TRIAL, "-I", "child.py") == [sys.executable, "-I", "child.py"]


def test_the_app_starts_itself_with_the_part_s_name(monkeypatch):
    """The app's executable does not accept Python's arguments."""
    monkeypatch.setattr(own_process, "IS_APP", True)
    assert command_of(TRIAL, "-I", "child.py") == [sys.executable, "--part=trial"]

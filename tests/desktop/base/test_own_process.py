"""Parts of the program are started by Python, or by the app's own file."""

import sys

from desktop.base import own_process
from desktop.base.own_process import TRIAL, command_of


def test_python_starts_a_part_by_its_own_arguments():
    """In a checkout and in a wheel, which have a Python."""
    assert command_of(TRIAL, "-I", "child.py") == [sys.executable, "-I", "child.py"]


def test_the_app_starts_itself_with_the_part_s_name(monkeypatch):
    """Its executable knows none of Python's arguments."""
    monkeypatch.setattr(own_process, "IS_APP", True)
    assert command_of(TRIAL, "-I", "child.py") == [sys.executable, "--part=trial"]

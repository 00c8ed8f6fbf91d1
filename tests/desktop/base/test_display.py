"""Whether a window can open is found out before Qt ends the process over it."""

import socket
import sys

import pytest

from desktop.base.display import DisplayError, check_display, missing_library

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 and Wayland are Linux")


@pytest.fixture
def environment(monkeypatch):
    """`environment(DISPLAY=...)`: these variables and no other that says where windows go."""

    def change(**variables):
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return change


@pytest.mark.parametrize("variables", [{"QT_QPA_PLATFORM": "offscreen"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_what_qt_or_wayland_is_told_is_believed(environment, variables):
    """A platform that was named, or a Wayland session, is not looked into."""
    environment(**variables)
    check_display()


@pytest.mark.parametrize("variables", [{}, {"DISPLAY": ""}, {"DISPLAY": "", "WAYLAND_DISPLAY": ""}])
def test_no_display_is_told_with_the_way_without(environment, variables):
    """Empty counts as not set."""
    environment(**variables)
    with pytest.raises(DisplayError, match=r"found no display .*python -m desktop\.render --help$"):
        check_display()


def test_a_server_that_answers_is_not_said_to_be_silent(environment):
    """With a socket where X listens, nothing is said of a missing server."""
    number = 7000 + sum(map(ord, __name__)) % 1000
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        environment(DISPLAY=f":{number}.0")
        with pytest.raises(DisplayError, match=f"DISPLAY is :{number}.0, but no X server answers there"):
            check_display()
        server.listen()
        try:
            check_display()
        except DisplayError as error:  # Qt's own libraries may still be missing here
            assert "Qt cannot start" in str(error)


def test_a_missing_library_is_told_with_the_packages():
    """The library that the system missed, and what to install."""
    said = str(missing_library(OSError("libxcb-cursor.so.0: cannot open shared object file")))
    assert "libxcb-cursor.so.0" in said
    assert "apt install libegl1" in said

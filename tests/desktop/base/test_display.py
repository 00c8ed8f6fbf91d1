"""A missing display is detected before Qt ends the process because of it."""

import socket
import sys

import pytest

from desktop.base.display import DisplayError, check_display, missing_library

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 and Wayland are Linux")


@pytest.fixture
def environment(monkeypatch):
    """`environment(DISPLAY=...)` sets these variables and clears all others that choose a display."""

    def change(**variables):
        for name in (
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "QT_QPA_PLATFORM",
            "QT_PLUGIN_PATH",
            "QT_QPA_PLATFORM_PLUGIN_PATH",
        ):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return change


@pytest.mark.parametrize("variables", [{"QT_QPA_PLATFORM": "offscreen"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_what_qt_or_wayland_is_told_is_believed(environment, variables):
    """No X server is looked for if another platform is named, or in a Wayland session."""
    environment(**variables)
    check_display()


@pytest.mark.parametrize("variables", [{}, {"DISPLAY": ""}, {"DISPLAY": "", "WAYLAND_DISPLAY": ""}])
def test_no_display_is_told_with_the_way_without(environment, variables):
    """An empty DISPLAY counts as unset, and the error names the command that needs no display."""
    environment(**variables)
    with pytest.raises(DisplayError, match=r"found no display .*python -m desktop\.render --help$"):
        check_display()


def test_a_server_that_answers_is_not_said_to_be_silent(environment):
    """A socket that accepts connections at the X server's address counts as an X server."""
    number = 7000 + sum(map(ord, __name__)) % 1000
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        environment(DISPLAY=f":{number}.0")
        with pytest.raises(DisplayError, match=f"found no X server at DISPLAY :{number}.0, expected one"):
            check_display()
        server.listen()
        try:
            check_display()
        except DisplayError as error:  # Qt's own libraries may still be missing here
            assert "Qt cannot start" in str(error)


def test_a_missing_library_is_told_with_the_packages():
    """The error names the missing library and the packages to install."""
    said = str(missing_library(OSError("libxcb-cursor.so.0: cannot open shared object file")))
    assert "libxcb-cursor.so.0" in said
    assert "apt install libegl1" in said


def test_a_platform_that_is_not_there_is_told(environment):
    """Qt would end the process. One known name of several is enough, and plugin paths may add others."""
    environment(QT_QPA_PLATFORM="nonsense:size=9")
    with pytest.raises(
        DisplayError, match=r"found QT_QPA_PLATFORM=nonsense, expected one of .*offscreen.*unset it"
    ):
        check_display()
    for variables in (
        {"QT_QPA_PLATFORM": "nonsense;offscreen"},
        {"QT_QPA_PLATFORM": "wayland-egl"},
        {"QT_QPA_PLATFORM": "nonsense", "QT_PLUGIN_PATH": "/opt/plugins"},
    ):
        environment(**variables)
        check_display()


def test_x11_by_name_needs_a_display_too(environment):
    """QT_QPA_PLATFORM=xcb needs DISPLAY, even in a Wayland session."""
    environment(QT_QPA_PLATFORM="xcb", WAYLAND_DISPLAY="wayland-0")
    with pytest.raises(DisplayError, match=r"found no display \(DISPLAY is not set\)"):
        check_display()

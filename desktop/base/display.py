"""Check that a window can be shown. If it cannot, Qt ends the process without an exception to catch."""

import ctypes
import importlib.util
import os
import socket
import sys
from pathlib import Path

QT_PACKAGES = (
    "libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xkb1"
)
WITHOUT_DISPLAY = "or render pictures without a display: python -m desktop.render --help"


class DisplayError(Exception):
    """There is no display to open a window on, or a library that Qt needs is missing."""


def check_display() -> None:
    """Raise DisplayError if Qt could not show a window. Nothing is checked if QT_QPA_PLATFORM is set."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        return
    display = os.environ.get("DISPLAY")
    if not display:
        raise DisplayError(
            "found no display (neither DISPLAY nor WAYLAND_DISPLAY is set), expected a desktop session; "
            f"start it in one, {WITHOUT_DISPLAY}"
        )
    if display.startswith(":"):
        address = f"/tmp/.X11-unix/X{display[1:].split('.')[0]}"  # noqa: S108 (where X servers listen)
        if not any(_answers(place) for place in (address, f"\0{address}")):
            raise DisplayError(
                f"found no X server at DISPLAY {display}, expected one; start it, {WITHOUT_DISPLAY}"
            )
    _check_x11_libraries()


def missing_library(error: Exception) -> DisplayError:
    """The error for a library that Qt needs and this machine lacks."""
    return DisplayError(f"Qt cannot start: {error}; on Debian and Ubuntu: apt install {QT_PACKAGES}")


def _check_x11_libraries() -> None:
    package = importlib.util.find_spec("PySide6")
    if package is None or package.origin is None:
        return
    plugin = Path(package.origin).parent / "Qt/plugins/platforms/libqxcb.so"
    if plugin.exists():
        try:
            ctypes.CDLL(str(plugin))
        except OSError as error:
            raise missing_library(error) from error


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
        except OSError:
            return False
    return True

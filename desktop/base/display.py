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
    """Raise DisplayError if Qt could not show a window.

    This checks the platform names in QT_QPA_PLATFORM, the X server and X11's libraries.
    """
    if not sys.platform.startswith("linux"):
        return
    wanted = [entry.partition(":")[0] for entry in os.environ.get("QT_QPA_PLATFORM", "").split(";") if entry]
    _check_platform_names(wanted)
    if wanted not in ([], ["xcb"]) or (not wanted and os.environ.get("WAYLAND_DISPLAY")):
        return
    display = os.environ.get("DISPLAY")
    if not display:
        unset = "DISPLAY is not" if wanted else "neither DISPLAY nor WAYLAND_DISPLAY is"
        raise DisplayError(
            f"found no display ({unset} set), expected a desktop session; start it in one, {WITHOUT_DISPLAY}"
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


def _platforms() -> Path:
    """The folder of Qt's platform plugins, which may not exist."""
    package = importlib.util.find_spec("PySide6")
    return Path((package and package.origin) or "").parent / "Qt/plugins/platforms"


def _check_platform_names(wanted: list[str]) -> None:
    known = sorted(file.stem.removeprefix("libq") for file in _platforms().glob("libq*.so"))
    if any(name in os.environ for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH")) or not known:
        return  # other folders may hold more plugins
    if wanted and not any(name.partition("-")[0] in known for name in wanted):
        raise DisplayError(
            f"found QT_QPA_PLATFORM={';'.join(wanted)}, expected one of {', '.join(known)}; unset it, "
            f"{WITHOUT_DISPLAY}"
        )


def _check_x11_libraries() -> None:
    plugin = _platforms() / "libqxcb.so"
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

"""What the app leaves out of the files that PyInstaller collects.

PyInstaller collects all that a package may ever need. Its hooks take every plugin of Qt, and with a plugin
all libraries that it is linked to, such as GTK's. So plugins are chosen here, and a library stays if
something that stays is linked to it.
"""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

# Libraries by which Qt talks to X11. Many desktops lack some of them, so the app brings them.
OF_X11 = ("libxcb-", "libxkbcommon")

# A destination in the app, what is copied there, and PyInstaller's kind: BINARY, EXTENSION, DATA, SYMLINK, ….
Entry = tuple[str, str, str]

# Modules that something imports if they are there, but that the viewer does without.
MODULES = (
    "IPython",
    "PySide6.QtDBus",
    "PySide6.QtNetwork",  # the program does not talk to the network
    "_codecs_cn",  # text files are UTF-8
    "_codecs_hk",
    "_codecs_iso2022",
    "_codecs_jp",
    "_codecs_kr",
    "_codecs_tw",
    "_ssl",
    "anywidget",  # notebooks
    "av",  # MP4: with its codecs 100 MB
    "matplotlib._qhull",  # triangulations
    "matplotlib._tri",
    "matplotlib.pyplot",  # figures are drawn without a window of Matplotlib's own
    "numpy.f2py",
    "onnx.reference",
    "readline",  # nobody types into the app
    "sqlite3",
    "tkinter",
    "torch",
)

# Of the formats that imageio knows, the program uses Pillow's.
IMAGEIO_PLUGINS = ("pillow", "pillow_info")

# Of Qt's plugins these stay, in each case if the system has them.
QT_PLUGINS = (
    "iconengines/*svgicon*",
    "imageformats/*svg*",  # the ticks and carets of the style sheet
    "platforminputcontexts/*compose*",
    "platforminputcontexts/*ibus*",
    "platforms/*cocoa*",
    "platforms/*offscreen*",  # pictures without a display
    "platforms/*wayland*",
    "platforms/*windows*",
    "platforms/*xcb*",
    "platformthemes/*xdgdesktopportal*",  # the desktop's own dialogs for files
    "styles/*",
    "wayland-decoration-client/*",
    "wayland-shell-integration/*xdg-shell*",
    "xcbglintegrations/*",
)

# Every Linux with a desktop has these, and a newer version of them does what an older one does. An older one
# in the app would be in the way of what Qt opens on that system: its graphics drivers, fonts and settings.
OF_THE_SYSTEM = (
    "libX11*",
    "libXau.so*",
    "libXdmcp*",
    "libdbus-1*",
    "libexpat*",
    "libfontconfig*",
    "libfreetype.so*",
    "libgcc_s*",
    "libglib-2*",
    "libgthread-2*",
    "libstdc++*",
    "libuuid*",
    "libz.so*",
)

LEFT_OUT = (
    *OF_THE_SYSTEM,
    "*.dist-info/RECORD",
    "*.dist-info/licenses/*",  # they are in licences/
    "*.dist-info/sboms/*",
    "*/translations/*",  # the window speaks English
    "*/site-packages/*",
    "latent_plane/training/*",
    "matplotlib/mpl-data/fonts/ttf/STIX*",  # formulas, which captions have none of
    "matplotlib/mpl-data/fonts/ttf/cm*",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSansMono*",
    "matplotlib/mpl-data/fonts/ttf/*Oblique*",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSerif*",
    "matplotlib/mpl-data/fonts/afm/*",  # the metrics of PostScript's and PDF's fonts
    "matplotlib/mpl-data/fonts/pdfcorefonts/*",
    "matplotlib/mpl-data/images/*",  # the tool bar of Matplotlib's windows
    "matplotlib/mpl-data/plot_directive/*",
    "matplotlib/mpl-data/sample_data/*",
    "matplotlib/mpl-data/stylelib/*",
    "onnx/backend/*",
    "onnxruntime/capi/libonnxruntime.so*",  # for programs in C: Python's module has the same in itself
    "onnxruntime/tools/*",
    "onnxruntime/transformers/*",
)


def module_stays(name: str) -> bool:
    """Whether a module of Python is part of the app, by its full name; `MODULES` are not even looked for."""
    package, _, plugin = name.rpartition(".")
    return package != "imageio.plugins" or plugin in IMAGEIO_PLUGINS


def stays(destination: str) -> bool:
    """Whether a file is part of the app, by its place there. Of libraries, `linked` decides more."""
    path = destination.replace("\\", "/")
    head, plugins, plugin = path.partition("/plugins/")
    if plugins and head.startswith("PySide6"):
        return any(fnmatchcase(plugin, pattern) for pattern in QT_PLUGINS)
    return not any(fnmatchcase(path, pattern) for pattern in LEFT_OUT)


def linked(entries: Iterable[Entry], names_needed_by: Callable[[str], Iterable[str]]) -> list[Entry]:
    """The entries without the libraries that nothing else among them is linked to, however indirectly.

    Args:
        entries: what was collected and stays; extension modules, plugins and Python itself are needed anyway.
        names_needed_by: the names of the libraries that a file is linked to directly.
    """
    entries = list(entries)
    libraries = {_name(entry): entry for entry in entries if entry[2] == "BINARY"}
    needed = {name for name, entry in libraries.items() if _is_opened_by_name(entry[0])}
    waiting = [source for _, source, kind in entries if kind == "EXTENSION"]
    waiting += [libraries[name][1] for name in sorted(needed)]
    while waiting:
        for name in names_needed_by(waiting.pop()):
            if name in libraries and name not in needed:
                needed.add(name)
                waiting.append(libraries[name][1])
    kept = [entry for entry in entries if entry[2] != "BINARY" or _name(entry) in needed]
    there = {destination for destination, _, kind in kept if kind != "SYMLINK"}
    return [entry for entry in kept if entry[2] != "SYMLINK" or entry[1] in there]


def missing(entries: Iterable[Entry], names_needed_by: Callable[[str], Iterable[str]]) -> list[str]:
    """The libraries of X11 that the app should bring and this machine does not have."""
    entries = [entry for entry in entries if entry[2] in ("BINARY", "EXTENSION")]
    there = {_name(entry) for entry in entries}
    wanted = {name for _, source, _ in entries for name in names_needed_by(source) if name.startswith(OF_X11)}
    return sorted(wanted - there)


def _name(entry: Entry) -> str:
    return entry[0].rpartition("/")[2]


def _is_opened_by_name(destination: str) -> bool:
    """Whether a library is opened while the program runs, so that no file is linked to it."""
    return any(part in destination for part in ("/plugins/", "libpython", "providers_shared"))

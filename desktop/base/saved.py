"""Saves views and settings between starts, in one JSON file in the user's data folder.

All open viewers share the file. A change is applied to the file's current content under a lock, and the whole
file is replaced, so that two viewers do not overwrite each other's entries, and reading needs no lock. These
are the sections, and the modules that define their content:

    readings   SHA-256 of a decoder → the overrides of its reading     desktop.reading.saved_overrides
    models     SHA-256 of a decoder → its path, view, own pictures,
               bookmarks and drawing                                   desktop.view.saved_views
    last       SHA-256 of the decoder that was open last               desktop.view.saved_views
    controls   name of an input in the window → its value              desktop.view.saved_views
    second     SHA-256 of a decoder → the path of a model that was B   desktop.view.saved_views
    recent     paths of the models that were opened, newest first      desktop.widgets.common.settings
    geometry   the window's geometry, as base64                        desktop.widgets.common.settings
    theme      the chosen theme                                        desktop.widgets.common.settings
    hints      the hints that a person has followed                    desktop.widgets.common.settings
    dims_points  whether points become faint while somebody draws      desktop.widgets.common.settings
    layer_presets                                                      desktop.widgets.common.settings
    exports    the folder of the last export, and names by dialog      desktop.widgets.common.settings

In a section that is an object, the newest entry is the last.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from desktop.base.atomic_file import replaced_file
from desktop.base.user_folders import data_folder

FORMAT = 1
KEPT_NAME = "saved.json.old"  # a file that cannot be used is renamed to this
MAX_FILE_CHARS = 12 << 20
# The longest time that a change waits for another viewer's change, which usually takes milliseconds.
LOCK_S = 2.0
SECTIONS: dict[str, type] = {
    "readings": dict,
    "models": dict,
    "last": str,
    "controls": dict,
    "second": dict,
}
QT_SECTIONS: dict[str, type] = {"recent": list, "geometry": str}

Content = dict[str, Any]
Edit = Callable[[Content], None]


def place() -> Path:
    """Return the file's path. Raises OSError if the user has no home folder."""
    return data_folder() / "saved.json"


def read() -> tuple[Content, str]:
    """Return the saved content by section, and one line about a problem with the file, or an empty string.

    If the file cannot be used, its sections are empty; nothing is raised. If there is no file yet,
    `readings.json` and `session.json` of older versions are read, and QT_SECTIONS are missing, because older
    versions saved those in Qt's settings.
    """
    content: Content | None
    try:
        path = place()
        content, note = _read(path)
        note += f"; the file is kept as {KEPT_NAME}" if note and path.is_file() else ""
    except OSError as error:
        content, note = {}, f"nothing is saved between starts: {error.strerror}"
    if content is None:
        content, note = _read(path.with_name("session.json"))
        readings, _ = _read(path.with_name("readings.json"), has_format=False)
        content = {"format": FORMAT, **(content or {}), "readings": readings}
    elif note:
        content = {"format": FORMAT, **dict.fromkeys(QT_SECTIONS)}
    for name, kind in (SECTIONS | QT_SECTIONS).items():
        if not isinstance(content.get(name), kind) and (name in content or name in SECTIONS):
            content[name] = kind()
    return content, note


def change(edit: Edit) -> None:
    """Apply `edit` to the current content, and save the result. Raises OSError if that fails.

    If the file would be too large, the oldest models are left out. A file that cannot be used is renamed to
    KEPT_NAME.
    """
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_S):
        for left in path.parent.glob(f".{path.name}.*.tmp"):  # left over from a process that was killed
            left.unlink(missing_ok=True)
        content, note = read()
        if note and path.is_file():  # a newer version may have written the file, or a person may repair it
            with contextlib.suppress(OSError):
                path.replace(path.with_name(KEPT_NAME))
        edit(content)
        models = content["models"]
        while len(text := json.dumps(content, separators=(",", ":"))) > MAX_FILE_CHARS and models:
            del models[next(iter(models))]
        with replaced_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def newest(entries: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the newest entries, at most `most` of them."""
    return dict(list(entries.items())[-most:])


def _read(path: Path, has_format: bool = True) -> tuple[Content | None, str]:
    """Return a file's JSON object and a note: None without a file, an empty object if it cannot be used."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_FILE_CHARS + 1)
        if len(text) > MAX_FILE_CHARS:
            raise ValueError("it is too large")
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
        if has_format and content.get("format") != FORMAT:
            raise ValueError(f"it has format {str(content.get('format'))[:20]}, expected {FORMAT}")
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError, RecursionError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        words = " ".join(words.split())[:120]
        return {}, f"the saved views and settings cannot be used ({words}); this start begins without them"
    return content, ""

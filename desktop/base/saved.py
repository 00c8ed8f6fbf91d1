"""What is saved between starts: one JSON file in the user's data folder, shared by all viewers that are open.

A change is made to what the file holds at that moment, under a lock, and the file is replaced whole: two
viewers do not overwrite each other's entries, and reading needs no lock. The sections, and the modules that
know what is in them:

    readings   SHA-256 of a decoder → the overrides of its reading     desktop.reading.saved_overrides
    models     SHA-256 of a decoder → its path and its view            desktop.view.saved_views
    last       SHA-256 of the decoder that was open last               desktop.view.saved_views
    controls   name of an input in the window → its value              desktop.view.saved_views
    recent     paths of the models that were opened, newest first      desktop.widgets.common.settings
    geometry   the window's place, as base64                           desktop.widgets.common.settings

In a section that is an object the newest entry stands last.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock

from desktop.base.atomic_file import replaced_file

FORMAT = 1
MAX_FILE_CHARS = 12 << 20
# How long a change waits for another viewer's, which takes milliseconds.
LOCK_S = 2.0
SECTIONS: dict[str, type] = {"readings": dict, "models": dict, "last": str, "controls": dict}
QT_SECTIONS: dict[str, type] = {"recent": list, "geometry": str}

Content = dict[str, Any]
Edit = Callable[[Content], None]


def place() -> Path:
    """The file."""
    return platformdirs.user_data_path("latent-plane", appauthor=False) / "saved.json"


def read() -> tuple[Content, str]:
    """What is saved, by section, and what is wrong with the file, in one line or an empty string.

    A file that cannot be used counts as one whose sections are empty; nothing is raised. Before there is a
    file, `readings.json` and `session.json` of older versions are taken over, and QT_SECTIONS are missing:
    those were in a file of Qt's.
    """
    content, note = _read(place())
    if content is None:
        content, note = _read(place().with_name("session.json"))
        readings, _ = _read(place().with_name("readings.json"), has_format=False)
        content = {"format": FORMAT, **(content or {}), "readings": readings}
    elif note:
        content = {"format": FORMAT, **dict.fromkeys(QT_SECTIONS)}
    for name, kind in (SECTIONS | QT_SECTIONS).items():
        if not isinstance(content.get(name), kind) and (name in content or name in SECTIONS):
            content[name] = kind()
    return content, note


def change(edit: Edit) -> None:
    """Let `edit` change what is saved at this moment, and save it. Raises OSError where that cannot be done.

    Models that make the file too large are left out, the oldest first.
    """
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_S):
        content, _ = read()
        edit(content)
        models = content["models"]
        while len(text := json.dumps(content, separators=(",", ":"))) > MAX_FILE_CHARS and models:
            del models[next(iter(models))]
        with replaced_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def newest(entries: dict[str, Any], most: int) -> dict[str, Any]:
    """At most so many entries, without the oldest."""
    return dict(list(entries.items())[-most:])


def _read(path: Path, has_format: bool = True) -> tuple[Content | None, str]:
    """A file's object, None where there is no file, empty with a note where it cannot be used."""
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
        return {}, f"what was saved at the last start cannot be used ({words}); this start begins anew"
    return content, ""

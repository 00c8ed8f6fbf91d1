"""What people said of a model's reading, remembered by the file's SHA-256 in the user's data folder."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from desktop.base.atomic_file import replaced_file

MAX_MODELS = 500
MAX_FILE_BYTES = 4 << 20


def remembered(sha256: str) -> dict[str, str]:
    """The options that were set for a file; none where there is nothing that can be read."""
    return _all().get(sha256, {})


def remember(sha256: str, wanted: Mapping[str, str]) -> None:
    """Remember the options of a file, or with none forget it. What cannot be written is not remembered."""
    models = {key: value for key, value in _all().items() if key != sha256}
    if wanted:
        models[sha256] = dict(wanted)
    elif sha256 not in _all():
        return
    newest = dict(list(models.items())[-MAX_MODELS:])
    with contextlib.suppress(OSError):
        place().parent.mkdir(parents=True, exist_ok=True)
        with replaced_file(place()) as temporary:
            temporary.write_text(json.dumps(newest, indent=1), encoding="utf-8")


def place() -> Path:
    """The file."""
    return platformdirs.user_data_path("latent-plane", appauthor=False) / "readings.json"


def _all() -> dict[str, dict[str, str]]:
    try:
        with place().open("rb") as file:
            models = json.loads(file.read(MAX_FILE_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}  # damaged or not there: a convenience is lost, nothing else
    if not isinstance(models, dict):
        return {}
    return {
        key: value
        for key, value in models.items()
        if isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    }

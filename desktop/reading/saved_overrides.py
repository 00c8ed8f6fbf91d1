"""The overrides that people set for a model's reading, saved between starts by the file's SHA-256."""

import contextlib
from collections.abc import Mapping

from desktop.base import saved

MAX_MODELS = 500


def saved_overrides(sha256: str) -> dict[str, str]:
    """Return the overrides that people set for a file; empty if no usable ones are saved."""
    content, _ = saved.read()
    found = content["readings"].get(sha256)
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        return {}
    return found


def save_overrides(sha256: str, overrides: Mapping[str, str]) -> None:
    """Save the overrides of a file; empty ones delete the entry. Write errors are ignored."""

    def edit(content: saved.Content) -> None:
        readings = content["readings"]
        readings.pop(sha256, None)
        if overrides:
            readings[sha256] = dict(overrides)
        content["readings"] = saved.newest(readings, MAX_MODELS)

    if overrides or saved_overrides(sha256):
        with contextlib.suppress(OSError):
            saved.change(edit)

"""Recent files and exports, hints, theme, dimming and geometry, saved between starts by `base.saved`."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from desktop.base import saved
from desktop.base.shipped import shipped_bundle
from desktop.view.layer_presets import LayerPreset, presets_from_json, presets_to_json
from desktop.widgets.common.theme import ThemeName

MAX_RECENT = 8
RECENT, GEOMETRY, THEME, HINTS = "recent", "geometry", "theme", "hints"
EXPORTS, PRESETS, DIMS = "exports", "layer_presets", "dims_points"


def recent_models() -> list[Path]:
    """Return the recently opened models, newest first; unreadable entries are left out."""
    content, _ = saved.read()
    return [Path(text) for text in _recent(content) if isinstance(text, str) and "\0" not in text]


def last_folder() -> str:
    """Return the folder of the last opened model, other than the shipped one; empty if none is known."""
    shipped = shipped_bundle().resolve()
    return next((str(path.parent) for path in recent_models() if path != shipped), "")


def save_recent(path: Path) -> None:
    """Put a model first in the list of recent ones. If the file cannot be written, nothing is saved."""
    newest = str(path.resolve())

    def edit(content: saved.Content) -> None:
        others = [text for text in _recent(content) if text != newest]
        content[RECENT] = [newest, *others][:MAX_RECENT]

    _change(edit)


def clear_recent() -> None:
    """Clear the list of recent models."""
    _change(lambda content: content.update({RECENT: []}))


def window_geometry() -> QByteArray:
    """Return the window's saved geometry; empty if there is none."""
    content, _ = saved.read()
    if GEOMETRY in content:
        return QByteArray.fromBase64(content[GEOMETRY].encode(errors="replace"))
    value = _old_settings().value(GEOMETRY)
    return value if isinstance(value, QByteArray) else QByteArray()


def save_window_geometry(geometry: QByteArray) -> None:
    """Save the window's geometry."""
    text = geometry.toBase64().toStdString()
    _change(lambda content: content.update({GEOMETRY: text}))


def theme() -> ThemeName:
    """Return the chosen theme."""
    content, _ = saved.read()
    chosen = content.get(THEME)
    return ThemeName(chosen) if chosen in list(ThemeName) else ThemeName.SYSTEM


def save_theme(name: ThemeName) -> None:
    """Save the chosen theme."""
    _change(lambda content: content.update({THEME: name.value}))


def dims_points() -> bool:
    """Return whether points become faint while somebody draws."""
    content, _ = saved.read()
    return content.get(DIMS) is not False


def save_dims_points(dims: bool) -> None:
    """Save whether points become faint while somebody draws."""
    _change(lambda content: content.update({DIMS: dims}))


def followed_hints() -> frozenset[str]:
    """Return the names of the hints that somebody has followed and that are not shown again."""
    content, _ = saved.read()
    found = content.get(HINTS)
    return (
        frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()
    )


def save_followed_hints(names: Iterable[str]) -> None:
    """Save which hints were followed."""
    _change(lambda content: content.update({HINTS: sorted(names)}))


def last_export(title: str, model: str) -> tuple[Path | None, str]:
    """Return the folder of the last export, and the last file name chosen in the dialog with this title.

    The name is empty if that export was of another model (compared by hash).
    """
    content, _ = saved.read()
    folder, names = _exports(content)
    last = names.get(title)
    is_of_model = isinstance(last, dict) and last.get("model") == model
    name = last.get("name") if isinstance(last, dict) and is_of_model else ""
    return (Path(folder) if folder else None), name if isinstance(name, str) else ""


def save_last_export(title: str, path: Path, model: str) -> None:
    """Save an export's folder, its file name, and the hash of its model."""

    def edit(content: saved.Content) -> None:
        _, names = _exports(content)
        content[EXPORTS] = {
            "folder": str(path.parent),
            "names": names | {title: {"name": path.name, "model": model}},
        }

    _change(edit)


def layer_presets() -> list[LayerPreset]:
    """Return the saved layer presets."""
    content, _ = saved.read()
    return presets_from_json(content.get(PRESETS))


def save_layer_presets(presets: Sequence[LayerPreset]) -> None:
    """Save these layer presets in place of the previous ones."""
    _change(lambda content: content.update({PRESETS: presets_to_json(presets)}))


def _exports(content: saved.Content) -> tuple[str, dict[str, object]]:
    """The last folder and the names by title; empty if they are missing or damaged."""
    found = content.get(EXPORTS)
    found = found if isinstance(found, dict) else {}
    folder, names = found.get("folder"), found.get("names")
    is_path = isinstance(folder, str) and "\0" not in folder
    return (str(folder) if is_path else ""), (dict(names) if isinstance(names, dict) else {})


def _change(edit: saved.Edit) -> None:
    with contextlib.suppress(OSError):  # only a convenience is lost
        saved.change(edit)


def _recent(content: saved.Content) -> list[object]:
    if RECENT in content:
        return list(content[RECENT])
    value = _old_settings().value(RECENT, [])
    return [value] if isinstance(value, str) else value if isinstance(value, list) else []


def _old_settings() -> QSettings:
    """Return the settings in which older versions saved recent models and the geometry."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "latent-plane", "latent-plane")

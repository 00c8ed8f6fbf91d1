"""The recent bundles and the window's geometry, which are saved between starts."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

MAX_RECENT = 8
RECENT, GEOMETRY = "recent", "geometry"


def _settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "latent-plane", "latent-plane")


def recent_bundles() -> list[Path]:
    """Return the recent bundles, newest first; unreadable entries are left out."""
    value = _settings().value(RECENT, [])
    texts = [value] if isinstance(value, str) else value
    return [Path(text) for text in texts if isinstance(text, str)] if isinstance(texts, list) else []


def remember_bundle(path: Path) -> None:
    """Put a bundle first in the list of recent ones."""
    path = path.resolve()
    others = [other for other in recent_bundles() if other != path]
    _settings().setValue(RECENT, [str(place) for place in [path, *others][:MAX_RECENT]])


def forget_bundles() -> None:
    """Clear the list of recent bundles."""
    _settings().remove(RECENT)


def window_geometry() -> QByteArray:
    """Return the window's saved geometry; empty if there is none."""
    value = _settings().value(GEOMETRY)
    return value if isinstance(value, QByteArray) else QByteArray()


def remember_window_geometry(geometry: QByteArray) -> None:
    """Save the window's geometry."""
    _settings().setValue(GEOMETRY, geometry)

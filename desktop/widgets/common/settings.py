"""What is remembered between starts: recent bundles and the window's place."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

MAX_RECENT = 8
RECENT, GEOMETRY = "recent", "geometry"


def _settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "latent-plane", "latent-plane")


def recent_bundles() -> list[Path]:
    """The bundles opened last, newest first; whatever cannot be read is not among them."""
    value = _settings().value(RECENT, [])
    texts = [value] if isinstance(value, str) else value
    return [Path(text) for text in texts if isinstance(text, str)] if isinstance(texts, list) else []


def remember_bundle(path: Path) -> None:
    """Put a bundle first among the recent ones."""
    path = path.resolve()
    others = [other for other in recent_bundles() if other != path]
    _settings().setValue(RECENT, [str(place) for place in [path, *others][:MAX_RECENT]])


def forget_bundles() -> None:
    """Empty the list of recent bundles."""
    _settings().remove(RECENT)


def window_geometry() -> QByteArray:
    """The window's place as it was remembered; empty if it was not."""
    value = _settings().value(GEOMETRY)
    return value if isinstance(value, QByteArray) else QByteArray()


def remember_window_geometry(geometry: QByteArray) -> None:
    """Remember the window's place."""
    _settings().setValue(GEOMETRY, geometry)

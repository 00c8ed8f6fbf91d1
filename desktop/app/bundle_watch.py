"""Watches the open bundle on disk, and lets the explorer use the new version when it is replaced or grows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.base.machine import DeviceName
from desktop.models.opened import Opened, open_model
from desktop.models.source import Source
from export.bundle import MANIFEST_FILE

# Replacing a file takes several steps, and each step sends an event.
DEBOUNCE_MS = 150
# Network file systems send no events.
POLL_MS = 2000
# st_mtime_ns, st_ino, st_size
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class _Look:
    """The result of a look at the disk: the file's stamp, and the opened bundle if it has changed."""

    stamp: Stamp | None
    opened: Opened | None

    def close(self) -> None:
        """Close the opened bundle, because nobody uses it."""
        if self.opened is not None:
            self.opened.close()


class BundleWatch(QObject):
    """Follows the open bundle on disk. If it cannot be opened, no error is shown: it is tried again later."""

    grown = Signal()

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer)
        self._explorer = explorer
        self._source: Source | None = None
        self._stamp: Stamp | None = None
        self._watcher = QFileSystemWatcher(self)
        self._soon = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._soon.timeout.connect(self._look)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)
        for signal in (self._watcher.fileChanged, self._watcher.directoryChanged):
            signal.connect(self._look_soon)
        for opened in (explorer.opened, explorer.renewed):
            opened.connect(self._on_opened)
        explorer.model_closed.connect(self._on_closed)

    def _on_opened(self, opened: Opened) -> None:
        source = opened.model.source
        if self._source is None or source.path != self._source.path:
            self._stamp = None
        self._source = source
        self._watch()
        if source.bundle is None:
            self._poll.stop()
        else:
            self._poll.start()

    def _on_closed(self) -> None:
        self._source = self._stamp = None
        self._soon.stop()
        self._poll.stop()
        self._watch()

    def _watch(self) -> None:
        """Watch the manifest, or the bundle's file, and its folder, because both can be replaced."""
        old = self._watcher.files() + self._watcher.directories()
        if old:
            self._watcher.removePaths(old)
        if self._source is not None and self._source.bundle is not None:
            place = _place(self._source.path)
            paths = [str(path) for path in {place, place.parent, self._source.path.parent} if path.exists()]
            self._watcher.addPaths(paths)

    def _look_soon(self) -> None:
        if not self._soon.isActive():  # restarting the timer would delay the look for as long as events come
            self._soon.start()

    def _look(self) -> None:
        if self._source is not None and self._source.bundle is not None:
            steps = _look(self._source, self._stamp, self._explorer.device)
            self._explorer.opener.request(
                "look",
                Priority.WATCH,
                steps,
                self._on_look,
                on_error=lambda _error: None,
                on_dropped=_Look.close,
            )

    def _on_look(self, look: _Look) -> None:
        self._stamp = look.stamp
        # The watcher stops watching a file that is replaced.
        self._watch()
        if look.opened is not None:
            self._explorer.renew(look.opened)
            self.grown.emit()


def _look(source: Source, known: Stamp | None, device: DeviceName) -> Iterator[_Look]:
    """Look at the disk; yields nothing if the file's stamp is still `known`."""
    status = _place(source.path).stat()
    stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
    if stamp == known or source.bundle is None:
        return
    opened = None if source.bundle.is_current() else next(iter(open_model(source.path, None, device)))
    yield _Look(stamp, opened)


def _place(path: Path) -> Path:
    """Return the file that is replaced last when a bundle changes."""
    return path if path.is_file() else path / MANIFEST_FILE

"""A process's private folder in the user's cache. The process removes it at its end, or else a later one."""

import contextlib
import shutil
import uuid
from pathlib import Path

from filelock import FileLock, Timeout

from desktop.base.user_folders import cache_folder

LOCK_SUFFIX = ".lock"


def place() -> Path:
    """Return the folder that holds all processes' folders. Raises OSError if the user has no home folder."""
    return cache_folder() / "sessions"


class SessionFolder:
    """A folder that is made when first needed. A locked file beside it shows that its process still runs."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._lock: FileLock | None = None

    def path(self) -> Path:
        """Return the folder's path; make the folder if it does not exist. Raises OSError."""
        if self._path is None:
            path = place() / uuid.uuid4().hex
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path.with_suffix(LOCK_SUFFIX), timeout=0, thread_local=False)
            lock.acquire()
            self._lock = lock
            path.mkdir(mode=0o700)
            self._path = path
        return self._path

    def close(self) -> None:
        """Remove the folder with its content."""
        if self._lock is not None:
            _remove(Path(self._lock.lock_file), self._lock)
        self._path, self._lock = None, None


def remove_leftovers() -> None:
    """Remove the folders of processes that ended without removing them."""
    with contextlib.suppress(OSError):
        for file in list(place().glob(f"*{LOCK_SUFFIX}")):
            lock = FileLock(file, timeout=0, thread_local=False)
            with contextlib.suppress(OSError, Timeout):
                lock.acquire()
                _remove(file, lock)


def _remove(file: Path, lock: FileLock) -> None:
    shutil.rmtree(file.with_suffix(""), ignore_errors=True)
    lock.release()
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)

"""Replace a file so that a reader sees either the old or the new one, never half of one."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# A temporary sibling's name has at most so many characters of the file's: some file systems allow 143 bytes.
STEM_CHARACTERS = 24


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling to write to; at the end it is flushed to disk and renamed to `path`.

    If the block raises, or the disk fills up, the sibling is removed and the file at `path` stays as it was.
    A link is replaced and not followed, because a run folder may come from somebody else. Raises OSError
    without writing if `path` is a device or a pipe.
    """
    temporary = path.with_name(f".{path.name[:STEM_CHARACTERS]}.{os.getpid()}.tmp")
    try:
        if path.is_fifo() or path.is_socket() or path.is_char_device() or path.is_block_device():
            raise OSError(errno.EINVAL, "found a device or a pipe, expected a file", str(path))
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # The error of a full disk names no file, and people would not know the temporary name.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        # An error here would hide the original one.
        with suppress(OSError):
            temporary.unlink()


def check_writable(path: Path) -> None:
    """Raise OSError if no file can be written at `path`; called before long work rather than after it."""
    folder = path.parent
    number = 0
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            number = errno.ENOTDIR
        elif not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            number = errno.EACCES
        elif path.is_dir():
            number = errno.EISDIR
    except OSError as error:
        error.filename = str(path)
        raise
    if number:
        raise OSError(number, os.strerror(number), str(path))

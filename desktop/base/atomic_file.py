"""Write a file so that a reader sees the old file or the new one, never a part of it."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# The temporary file's name starts with so many characters of the file's name: some file systems allow only
# 143 bytes.
STEM_CHARACTERS = 24


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file's path beside `path`; at the end flush the file to disk and rename it to `path`.

    If the block raises or the disk fills up, the temporary file is removed and `path` is left as it was.
    If `path` is a link, the file that it leads to is replaced. Raises OSError without writing if `path` is a
    device or a pipe.
    """
    # Two threads may write the same file: a cancelled GIF may not have ended yet when the next one begins.
    unique = f"{os.getpid()}.{threading.get_native_id()}"
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:STEM_CHARACTERS]}.{unique}.tmp")
    try:
        if target.is_fifo() or target.is_socket() or target.is_char_device() or target.is_block_device():
            raise OSError(errno.EINVAL, "found a device or a pipe, expected a file", str(path))
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        # The error of a full disk names no file, and the temporary name means nothing to people.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        # An error here would hide the error that matters.
        with suppress(OSError):
            temporary.unlink()


def check_writable(path: Path) -> None:
    """Raise OSError if no file can be written at `path`. Called before long work, to fail early."""
    folder = Path(os.path.realpath(path)).parent
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

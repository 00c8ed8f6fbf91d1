"""Write a file so that a reader sees the old one or the new one, whole, and never half."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling to write; at the end it is flushed to disk and takes the name `path`.

    If the block raises, or the disk fills up, the sibling is removed and the file at `path` is as before.
    """
    # Two threads may write the same file: a GIF that was cancelled ends while its successor begins.
    unique = f"{os.getpid()}.{threading.get_native_id()}"
    temporary = path.with_name(f".{path.name}.{unique}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # A full disk does not say whose write failed, and the temporary name means nothing to anyone.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)

"""Write a file so that a reader sees the old file or the new one, never a part of it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file's path beside `path`; at the end flush the file to disk and rename it to `path`.

    If the block raises or the disk fills up, the temporary file is removed and `path` is left as it was.
    """
    # Two threads may write the same file: a cancelled GIF may still be ending when the next one begins.
    unique = f"{os.getpid()}.{threading.get_native_id()}"
    temporary = path.with_name(f".{path.name}.{unique}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # The error of a full disk names no file, and the temporary name means nothing to people.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)

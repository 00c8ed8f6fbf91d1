"""Python's own `import`, put back after a library has put another in its place."""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def plain_import() -> Iterator[None]:
    """Undo in the end what the block's imports do to `import` itself.

    PySide replaces it, for the sake of `from __feature__ import snake_case`, which nothing here uses. Its own
    reads the whole source of every module that is imported later, to look for "PySide6" in it, and leaves it
    in `linecache`. At the start of the viewer that was a tenth of the time, and 15 MiB.
    """
    before = builtins.__import__
    try:
        yield
    finally:
        builtins.__import__ = before

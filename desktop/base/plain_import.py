"""Restores Python's own `import` after a library has replaced it."""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def plain_import() -> Iterator[None]:
    """At the end of the block, restore the `import` that was in use before.

    PySide replaces `import` to support `from __feature__ import snake_case`, which this program does not use.
    PySide's version reads the source of every module that is imported later, looks for "PySide6" in it, and
    leaves it in `linecache`. That took a tenth of the viewer's start, and 15 MiB.
    """
    before = builtins.__import__
    try:
        yield
    finally:
        builtins.__import__ = before

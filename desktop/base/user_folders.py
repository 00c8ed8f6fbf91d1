"""The user's folders for what this program keeps; nothing is written anywhere else unasked."""

import errno
from collections.abc import Callable
from pathlib import Path

import platformdirs

NAME = "latent-plane"


def data_folder() -> Path:
    """The folder for settings and views. Raises OSError if the user has none, as some services do."""
    return _folder(platformdirs.user_data_path)


def cache_folder() -> Path:
    """The folder for what can be computed again. Raises OSError if the user has none."""
    return _folder(platformdirs.user_cache_path)


def _folder(find: Callable[..., Path]) -> Path:
    try:
        return find(NAME, appauthor=False)
    except RuntimeError as error:  # neither HOME nor an entry in the list of users
        raise OSError(errno.ENOENT, "this user has no home folder", "HOME") from error

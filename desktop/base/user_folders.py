"""The user's folders for data and cache; without being asked, the program writes nowhere else."""

import errno
from collections.abc import Callable
from pathlib import Path

import platformdirs

NAME = "latent-plane"


def data_folder() -> Path:
    """The folder for settings and views. Raises OSError if the user has no home folder, as some services."""
    return _folder(platformdirs.user_data_path)


def cache_folder() -> Path:
    """The folder for data that can be computed again. Raises OSError if the user has no home folder."""
    return _folder(platformdirs.user_cache_path)


def _folder(find: Callable[..., Path]) -> Path:
    try:
        return find(NAME, appauthor=False)
    except RuntimeError as error:  # HOME is not set, and the user database has no entry for the user
        raise OSError(errno.ENOENT, "this user has no home folder", "HOME") from error

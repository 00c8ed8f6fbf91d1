"""base/user_folders.py: data go to the user's own folders; a user without a home folder keeps nothing."""

import os

import pytest

from desktop.base import saved, user_folders

REAL_PLACE = saved.place  # before a fixture replaces it by the tests' own folder
VARIABLES = ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")


pytestmark = [
    pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows finds its folders in another way"),
    pytest.mark.usefixtures("homeless"),
]


@pytest.fixture
def homeless(monkeypatch):
    """A user without HOME and without an entry in the user database, as in some containers."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4242)


def test_a_user_without_a_home_is_told():
    """Both functions raise an OSError that says so, whatever the library raises."""
    for folder in (user_folders.data_folder, user_folders.cache_folder):
        with pytest.raises(OSError, match="this user has no home folder"):
            folder()


def test_without_a_home_nothing_is_saved_and_that_is_told(monkeypatch):
    """Reading gives empty sections and a note; a change raises OSError, as on a read-only disk."""
    monkeypatch.setattr(saved, "place", REAL_PLACE)
    content, note = saved.read()
    assert note == "nothing is saved between starts: this user has no home folder"
    assert content["models"] == {}
    assert content["recent"] == []
    with pytest.raises(OSError, match="no home folder"):
        saved.change(lambda content: content.update(last="a"))

"""Each process has a folder of its own in the cache; folders of killed processes are removed."""

from desktop.base import session_folder
from desktop.base.session_folder import SessionFolder, remove_leftovers


def test_a_folder_is_made_when_it_is_needed_and_removed_at_the_end():
    """Its content is removed too, and no lock file stays beside it."""
    folder = SessionFolder()
    assert not session_folder.place().exists()
    (folder.path() / "a").write_bytes(b"1")
    assert folder.path() == folder.path()
    folder.close()
    assert list(session_folder.place().iterdir()) == []
    folder.close()


def test_leftovers_are_removed_and_folders_in_use_are_not():
    """A folder whose lock nobody holds is a leftover."""
    used = SessionFolder()
    (used.path() / "a").write_bytes(b"1")
    left = session_folder.place() / "left"
    left.mkdir()
    (left / "b").write_bytes(b"2")
    left.with_suffix(".lock").touch()
    remove_leftovers()
    assert not left.exists()
    assert not left.with_suffix(".lock").exists()
    assert (used.path() / "a").exists()
    used.close()


def test_without_any_folder_nothing_is_removed():
    """A first start has no leftovers, and makes no folder."""
    remove_leftovers()
    assert not session_folder.place().exists()

"""What is remembered between starts, and what happens to it when the file is spoilt."""

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from desktop.widgets.common import settings


@pytest.fixture
def ini(settings_folder):
    """The file that the settings are in."""
    return settings_folder / "latent-plane" / "latent-plane.ini"


def test_nothing_is_remembered_at_first():
    """No recent bundles, no place of the window."""
    assert settings.recent_bundles() == []
    assert settings.window_geometry().isEmpty()


def test_the_bundle_opened_last_comes_first_and_once(tmp_path):
    """Opening one again moves it to the front."""
    a, b, c = (tmp_path / name for name in "abc")
    for path in (a, b, c, a):
        settings.remember_bundle(path)
    assert settings.recent_bundles() == [a, c, b]


def test_a_single_bundle_is_remembered_too(ini, tmp_path):
    """A list of one is a list, though a later start reads it from the file as a text."""
    ini.parent.mkdir(parents=True)
    ini.write_text(f"[General]\nrecent={tmp_path}\n")
    assert settings.recent_bundles() == [tmp_path]


def test_the_list_ends_somewhere(tmp_path):
    """Eight bundles are kept, the newest."""
    for number in range(12):
        settings.remember_bundle(tmp_path / str(number))
    assert settings.recent_bundles() == [tmp_path / str(number) for number in range(11, 3, -1)]


def test_a_relative_path_is_remembered_as_the_place_it_was(tmp_path, monkeypatch):
    """Started elsewhere, the program still finds it."""
    monkeypatch.chdir(tmp_path)
    settings.remember_bundle(Path("here"))
    assert settings.recent_bundles() == [tmp_path / "here"]


@pytest.mark.parametrize("name", ["grün", "with space", 'quo"te', "back\\slash", "semi;colon", "%20", "日本"])
def test_any_name_comes_back_as_it_was(tmp_path, name):
    """Names that the file format has to escape."""
    settings.remember_bundle(tmp_path / name)
    settings.remember_bundle(tmp_path / "other")
    assert settings.recent_bundles() == [tmp_path / "other", tmp_path / name]


def test_the_list_can_be_emptied(tmp_path):
    """Then nothing is recent, and the place of the window stays."""
    settings.remember_bundle(tmp_path)
    settings.remember_window_geometry(QByteArray(b"place"))
    settings.forget_bundles()
    assert settings.recent_bundles() == []
    assert settings.window_geometry() == QByteArray(b"place")


def test_it_is_in_the_file_of_this_program(ini, tmp_path):
    """The settings are an .ini file in the person's own folder, and survive the process."""
    settings.remember_bundle(tmp_path / "kept")
    assert "kept" in ini.read_text()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe rubbish \x80",
        b"[General\nrecent=",
        b"[General]\nrecent=@Variant(\\0\\0\\0\\x7f\ngeometry=@ByteArray(",
        b"[General]\nrecent=@Invalid()\ngeometry=12",
        b"[General]\nrecent=7\ngeometry=a, b",
        b"[recent]\nsize=2\n1\\path=a\n",
    ],
)
def test_a_spoilt_file_is_like_a_new_one(ini, tmp_path, content):
    """Whatever is in the file, reading raises nothing and remembering works again."""
    ini.parent.mkdir(parents=True)
    ini.write_bytes(content)
    assert all(isinstance(path, Path) for path in settings.recent_bundles())
    assert isinstance(settings.window_geometry(), QByteArray)
    settings.remember_bundle(tmp_path / "new")
    settings.remember_window_geometry(QByteArray(b"place"))
    assert settings.recent_bundles()[0] == tmp_path / "new"
    assert settings.window_geometry() == QByteArray(b"place")


def test_a_file_that_cannot_be_written_is_no_error(settings_folder, tmp_path):
    """A folder in its place, or no rights: nothing is remembered, and the program goes on."""
    (settings_folder / "latent-plane").write_text("a file where a folder should be")
    settings.remember_bundle(tmp_path)
    settings.remember_window_geometry(QByteArray(b"place"))
    QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "latent-plane", "latent-plane").sync()

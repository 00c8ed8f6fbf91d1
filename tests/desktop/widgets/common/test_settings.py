"""The recent models and the window's position are saved; a damaged file is no error."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from desktop.base import saved
from desktop.widgets.common import settings


@pytest.fixture
def ini(settings_folder):
    """Qt's settings file, which older versions used."""
    return settings_folder / "latent-plane" / "latent-plane.ini"


@pytest.fixture
def old_settings():
    """The Qt settings that wrote this file."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "latent-plane", "latent-plane")


def test_nothing_is_saved_at_first():
    """There are no recent models and no window geometry."""
    assert settings.recent_models() == []
    assert settings.window_geometry().isEmpty()


def test_the_bundle_opened_last_comes_first_and_once(tmp_path):
    """Opening a bundle again moves it to the front."""
    a, b, c = (tmp_path / name for name in "abc")
    for path in (a, b, c, a):
        settings.save_recent(path)
    assert settings.recent_models() == [a, c, b]


@pytest.mark.parametrize("names", ["a", "ab"])
def test_what_older_versions_saved_is_taken_over(old_settings, tmp_path, names):
    """Older versions saved the window's position and the list; Qt's file holds a list of one as a text."""
    old_settings.setValue("recent", [str(tmp_path / name) for name in names])
    old_settings.setValue("geometry", QByteArray(b"\x00\xffplace"))
    old_settings.sync()
    assert settings.recent_models() == [tmp_path / name for name in names]
    assert settings.window_geometry() == QByteArray(b"\x00\xffplace")
    settings.save_recent(tmp_path / "c")
    assert settings.recent_models() == [tmp_path / name for name in "c" + names]
    assert settings.window_geometry() == QByteArray(b"\x00\xffplace")
    settings.clear_recent()
    assert settings.recent_models() == []


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
def test_a_damaged_file_of_an_older_version_is_no_error(ini, tmp_path, content):
    """Whatever is in it, reading raises nothing and saving works."""
    ini.parent.mkdir(parents=True)
    ini.write_bytes(content)
    assert all(isinstance(path, Path) for path in settings.recent_models())
    assert isinstance(settings.window_geometry(), QByteArray)
    settings.save_recent(tmp_path / "new")
    assert settings.recent_models()[0] == tmp_path / "new"


def test_the_list_ends_somewhere(tmp_path):
    """The eight newest bundles are saved."""
    for number in range(12):
        settings.save_recent(tmp_path / str(number))
    assert settings.recent_models() == [tmp_path / str(number) for number in range(11, 3, -1)]


def test_a_relative_path_is_saved_as_the_place_it_was(tmp_path, monkeypatch):
    """If the program is started in another folder, it still finds the file."""
    monkeypatch.chdir(tmp_path)
    settings.save_recent(Path("here"))
    assert settings.recent_models() == [tmp_path / "here"]


@pytest.mark.parametrize("name", ["grün", "with space", 'quo"te', "back\\slash", "semi;colon", "%20", "日本"])
def test_any_name_comes_back_as_it_was(tmp_path, name):
    """Names that the file format has to escape are restored."""
    settings.save_recent(tmp_path / name)
    settings.save_recent(tmp_path / "other")
    assert settings.recent_models() == [tmp_path / "other", tmp_path / name]


def test_the_list_can_be_emptied(tmp_path):
    """Then no model is recent, and the window's position stays."""
    settings.save_recent(tmp_path)
    settings.save_window_geometry(QByteArray(b"place"))
    settings.clear_recent()
    assert settings.recent_models() == []
    assert settings.window_geometry() == QByteArray(b"place")


def test_it_is_in_the_file_of_this_program(tmp_path):
    """The list is in the program's one file, so it survives the process; Qt's file is no longer written."""
    settings.save_recent(tmp_path / "recent one")
    assert json.loads(saved.place().read_text())["recent"] == [str(tmp_path / "recent one")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe rubbish \x80",
        b'{"format": 1, "recent": 7, "geometry": 7}',
        b'{"format": 1, "recent": [7, null, "a\\u0000b", ["x"]], "geometry": "no base64: \\ud800"}',
        b'{"format": 1, "recent": {"a": 1}, "geometry": null}',
    ],
)
def test_a_damaged_file_is_like_a_new_one(tmp_path, content):
    """Whatever is in the file, reading raises nothing and saving works again."""
    saved.place().write_bytes(content)
    assert settings.recent_models() == []
    assert isinstance(settings.window_geometry(), QByteArray)
    settings.save_recent(tmp_path / "new")
    settings.save_window_geometry(QByteArray(b"place"))
    assert settings.recent_models() == [tmp_path / "new"]
    assert settings.window_geometry() == QByteArray(b"place")


def test_a_file_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    """If a file is in the folder's place, or rights are missing, nothing is saved and the program goes on."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(saved, "place", lambda: tmp_path / "file" / "saved.json")
    settings.save_recent(tmp_path)
    settings.save_window_geometry(QByteArray(b"place"))
    assert settings.recent_models() == []

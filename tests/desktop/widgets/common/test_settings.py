"""Recent bundles and the window's geometry are saved, and a damaged file does no harm."""

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from desktop.widgets.common import settings


@pytest.fixture
def ini(settings_folder):
    """Return the file that holds the settings."""
    return settings_folder / "latent-plane" / "latent-plane.ini"


def test_nothing_is_remembered_at_first():
    """There are no recent bundles and no window geometry."""
    assert settings.recent_bundles() == []
    assert settings.window_geometry().isEmpty()


def test_the_bundle_opened_last_comes_first_and_once(tmp_path):
    """Opening a bundle again moves it to the front."""
    a, b, c = (tmp_path / name for name in "abc")
    for path in (a, b, c, a):
        settings.remember_bundle(path)
    assert settings.recent_bundles() == [a, c, b]


def test_a_single_bundle_is_remembered_too(ini, tmp_path):
    """A list of one comes back as a list, although the file stores it as a text."""
    ini.parent.mkdir(parents=True)
    ini.write_text(f"[General]\nrecent={tmp_path}\n")
    assert settings.recent_bundles() == [tmp_path]


def test_the_list_ends_somewhere(tmp_path):
    """The newest eight bundles are kept."""
    for number in range(12):
        settings.remember_bundle(tmp_path / str(number))
    assert settings.recent_bundles() == [tmp_path / str(number) for number in range(11, 3, -1)]


def test_a_relative_path_is_remembered_as_the_place_it_was(tmp_path, monkeypatch):
    """The program finds it when it is started elsewhere."""
    monkeypatch.chdir(tmp_path)
    settings.remember_bundle(Path("here"))
    assert settings.recent_bundles() == [tmp_path / "here"]


@pytest.mark.parametrize("name", ["grün", "with space", 'quo"te', "back\\slash", "semi;colon", "%20", "日本"])
def test_any_name_comes_back_as_it_was(tmp_path, name):
    """Names that the file format has to escape come back too."""
    settings.remember_bundle(tmp_path / name)
    settings.remember_bundle(tmp_path / "other")
    assert settings.recent_bundles() == [tmp_path / "other", tmp_path / name]


def test_the_list_can_be_emptied(tmp_path):
    """Then there are no recent bundles, and the window's geometry stays."""
    settings.remember_bundle(tmp_path)
    settings.remember_window_geometry(QByteArray(b"place"))
    settings.forget_bundles()
    assert settings.recent_bundles() == []
    assert settings.window_geometry() == QByteArray(b"place")


def test_it_is_in_the_file_of_this_program(ini, tmp_path):
    """The settings are an .ini file in the user's own folder, and outlive the process."""
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
    """Whatever is in the file, reading raises nothing and saving works again."""
    ini.parent.mkdir(parents=True)
    ini.write_bytes(content)
    assert all(isinstance(path, Path) for path in settings.recent_bundles())
    assert isinstance(settings.window_geometry(), QByteArray)
    settings.remember_bundle(tmp_path / "new")
    settings.remember_window_geometry(QByteArray(b"place"))
    assert settings.recent_bundles()[0] == tmp_path / "new"
    assert settings.window_geometry() == QByteArray(b"place")


def test_a_file_that_cannot_be_written_is_no_error(settings_folder, tmp_path):
    """If a folder is in its place or rights are missing, nothing is saved, and the program goes on."""
    (settings_folder / "latent-plane").write_text("a file where a folder should be")
    settings.remember_bundle(tmp_path)
    settings.remember_window_geometry(QByteArray(b"place"))
    QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "latent-plane", "latent-plane").sync()

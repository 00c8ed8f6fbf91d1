"""Overrides survive a restart, and a damaged file loses only the overrides."""

import json

import pytest

from desktop.base import saved
from desktop.reading.saved_overrides import MAX_MODELS, save_overrides, saved_overrides


def test_what_is_saved_is_there_again():
    """One file's overrides do not affect another's; saving empty overrides deletes them."""
    save_overrides("a", {"layout": "NHWC"})
    save_overrides("b", {"range": "bytes"})
    save_overrides("a", {"layout": "NCHW"})
    assert saved_overrides("a") == {"layout": "NCHW"}
    assert saved_overrides("b") == {"range": "bytes"}
    save_overrides("a", {})
    assert saved_overrides("a") == {}
    assert saved_overrides("c") == {}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1]",
        b'{"format": 1, "readings": 7}',
        b'{"format": 1, "readings": {"a": 7}}',
        b'{"format": 1, "readings": {"a": {"b": 1}}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_holds_nothing_and_is_replaced(text):
    """Reading a damaged file raises no error, and the next overrides are saved."""
    saved.place().write_bytes(text)
    assert saved_overrides("a") == {}
    save_overrides("a", {"layout": "NHWC"})
    assert saved_overrides("a") == {"layout": "NHWC"}


def test_the_oldest_are_forgotten_first():
    """The file does not grow without limit."""
    models = {str(index): {"batch": "1"} for index in range(MAX_MODELS)}
    saved.place().write_text(json.dumps({"format": 1, "readings": models}))
    save_overrides("new", {"batch": "1"})
    assert saved_overrides("0") == {}
    assert saved_overrides("1") == saved_overrides("new") == {"batch": "1"}


def test_where_nothing_can_be_written_nothing_is_saved(monkeypatch, tmp_path):
    """No error is raised; only a convenience is lost."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(saved, "place", lambda: tmp_path / "file" / "saved.json")
    save_overrides("a", {"layout": "NHWC"})
    assert saved_overrides("a") == {}

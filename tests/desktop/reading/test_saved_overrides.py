"""Choices survive a restart, and a damaged file costs nothing but the choices."""

import json

import pytest

from desktop.reading import saved_overrides as memory
from desktop.reading.saved_overrides import MAX_MODELS, remember, remembered


def test_what_is_remembered_is_there_again():
    """One file's options do not touch another's; none forget."""
    remember("a", {"layout": "NHWC"})
    remember("b", {"range": "bytes"})
    remember("a", {"layout": "NCHW"})
    assert remembered("a") == {"layout": "NCHW"}
    assert remembered("b") == {"range": "bytes"}
    remember("a", {})
    assert remembered("a") == {}
    assert remembered("c") == {}


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1]", b'{"a": 7}', b'{"a": {"b": 1}}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_damaged_file_holds_nothing_and_is_replaced(text):
    """Reading it raises nothing, and the next choice is kept."""
    memory.place().write_bytes(text)
    assert remembered("a") == {}
    remember("a", {"layout": "NHWC"})
    assert remembered("a") == {"layout": "NHWC"}


def test_the_oldest_are_forgotten_first():
    """The file does not grow without end."""
    models = {str(index): {"batch": "1"} for index in range(MAX_MODELS)}
    memory.place().write_text(json.dumps(models))
    remember("new", {"batch": "1"})
    assert remembered("0") == {}
    assert remembered("1") == remembered("new") == {"batch": "1"}


def test_where_nothing_can_be_written_nothing_is_remembered(monkeypatch, tmp_path):
    """No error: a convenience is lost."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(memory, "place", lambda: tmp_path / "file" / "readings.json")
    remember("a", {"layout": "NHWC"})
    assert remembered("a") == {}

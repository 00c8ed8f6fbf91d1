"""What is kept between starts comes back, and whatever became of its file, a start survives it."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.view import session
from desktop.view.session import MAX_MODELS, Session, read_session, write_session
from desktop.view.state import start_state

SHA, OTHER = "ab" * 32, "cd" * 32
STATE = start_state(3).moved_to((1.0, -2.0, 0.5))
KEPT = replace(
    Session()
    .with_model(OTHER, Path("/models/other"), start_state(2))
    .with_model(SHA, Path("/models/a"), STATE),
    controls={"samples.n": 7, "path.closed": True, "page": "Manifold", "speed": 0.5},
)


def spoilt(**changes):
    """The file of KEPT with some values replaced."""
    write_session(KEPT)
    return json.dumps(json.loads(session.place().read_text()) | changes).encode()


def test_nothing_is_kept_at_first():
    """And nothing is wrong with that."""
    assert read_session() == Session()


def test_it_comes_back_as_it_was():
    """Models, states, what was set; the last one is known."""
    write_session(KEPT)
    found = read_session()
    assert found == KEPT
    assert found.last_path == Path("/models/a")
    assert found.path_of(OTHER) == Path("/models/other")
    assert found.state_of(SHA, 3) == STATE
    assert found.state_of("ef" * 32, 3) is None


def test_a_state_that_does_not_fit_is_not_taken():
    """Of another number of dimensions, or one that cannot be."""
    assert KEPT.state_of(SHA, 2) is None
    broken = replace(KEPT, models={SHA: session.KeptModel("/models/a", {"z": ["x"]})})
    assert broken.state_of(SHA, 3) is None
    assert broken.state_of(SHA) is None


def test_a_model_takes_the_place_of_others_that_were_there():
    """A bundle that grows or is exported anew is one model."""
    grown = KEPT.with_model("ef" * 32, Path("/models/a"), STATE)
    assert list(grown.models) == [OTHER, "ef" * 32]


def test_the_oldest_models_are_forgotten(monkeypatch):
    """By number, and by the size of the file."""
    kept = Session()
    for number in range(MAX_MODELS + 5):
        kept = kept.with_model(f"{number:064x}", Path(f"/models/{number}"), STATE)
    assert next(iter(kept.models)) == f"{5:064x}"
    assert len(kept.models) == MAX_MODELS
    monkeypatch.setattr(session, "MAX_FILE_CHARS", 50_000)
    large = Session()
    for number in range(8):
        large = large.with_model(f"{number:064x}", Path(f"/models/{number}"), start_state(1_000))
    write_session(large)
    found = read_session()
    assert 0 < len(found.models) < 8
    assert found.last_path == Path("/models/7")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe rubbish \x80",
        b"null",
        b"[]",
        b"{}",
        b'{"format": 1',
        b'{"format": 2, "last": "", "models": {}, "controls": {}}',
        b"[" * 200_000,
        b'{"format": ' + b"9" * 10_000 + b"}",
        b" " * (9 << 20),
    ],
)
def test_a_spoilt_file_is_like_a_new_one_and_is_told_in_one_line(content):
    """Empty, garbage, of a future version, too large: nothing is raised, and keeping works again."""
    session.place().write_bytes(content)
    found = read_session()
    assert found == Session(note=found.note)
    assert found.note.startswith("what was kept from the last start cannot be used (")
    assert found.note.endswith("); it begins anew")
    assert "\n" not in found.note
    write_session(KEPT)
    assert read_session() == KEPT


def test_a_future_version_is_told():
    """Which one was found, and which was expected."""
    session.place().write_bytes(spoilt(format=7))
    assert "(it has format 7, expected 1)" in read_session().note


@pytest.mark.parametrize(
    "changes",
    [
        {"last": 7},
        {"last": "nobody"},
        {"models": []},
        {"models": {"../../x": {"path": "/a", "state": {}}}},
        {"models": {SHA: []}},
        {"models": {SHA: {"path": 7, "state": {}}}},
        {"models": {SHA: {"path": "/a\0b", "state": {}}}},
        {"models": {SHA: {"path": "/a", "state": "z"}}},
        {"controls": "n"},
        {"controls": {"n": [1], "m": None, "o": 1e300}},
    ],
)
def test_what_cannot_be_used_is_left_out(changes):
    """The rest is taken, and nothing is raised."""
    session.place().write_bytes(spoilt(**changes))
    found = read_session()
    assert found.note == ""
    assert ("last" not in changes) or found.last_path is None
    assert ("models" not in changes) or found.models == {}
    assert ("controls" not in changes) or found.controls == {}
    assert ("controls" in changes) or found.controls == KEPT.controls


def test_a_folder_in_its_place_is_survived():
    """Reading says so; writing raises what the caller expects."""
    session.place().mkdir()
    assert "cannot be used" in read_session().note
    with pytest.raises(OSError, match=r"session\.json"):
        write_session(KEPT)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_survived():
    """As one that is damaged."""
    write_session(KEPT)
    session.place().chmod(0)
    assert "Permission denied" in read_session().note

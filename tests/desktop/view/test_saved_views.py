"""Saved views are restored, and the program starts whatever happened to their file."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop.base import saved
from desktop.view.first_view import first_view
from desktop.view.saved_drawing import SavedDrawing
from desktop.view.saved_views import (
    MAX_LARGE,
    MAX_MODELS,
    SavedModel,
    SavedPictures,
    SavedViews,
    read_views,
    save_views,
)
from desktop.view.state import start_state

SHA, OTHER = "ab" * 32, "cd" * 32
STATE = start_state(3).moved_to((1.0, -2.0, 0.5))
VIEWS = replace(
    SavedViews()
    .with_model(OTHER, Path("/models/other"), start_state(2))
    .with_model(SHA, Path("/models/a"), STATE),
    controls={"samples.n": 7, "path.closed": True, "page": "Manifold", "speed": 0.5},
)


def spoilt(**changes):
    """The file of VIEWS with some values replaced."""
    save_views(VIEWS, SavedViews())
    return json.dumps(json.loads(saved.place().read_text()) | changes).encode()


def test_nothing_is_saved_at_first():
    """The views are empty, and there is no note."""
    assert read_views() == SavedViews()


def test_it_comes_back_as_it_was():
    """Models, their states, the inputs and the last model are equal."""
    save_views(VIEWS, SavedViews())
    found = read_views()
    assert found == VIEWS
    assert found.last_path == Path("/models/a")
    assert found.path_of(OTHER) == Path("/models/other")
    assert found.state_of(SHA, 3) == STATE
    assert found.state_of("ef" * 32, 3) is None


def test_two_viewers_that_are_open_at_once_keep_each_others_models():
    """Each saves only its changes, however long ago it read the file; for one model the newest view stays."""
    save_views(VIEWS, SavedViews())
    first = second = read_views()
    mine = first.with_model("11" * 32, Path("/models/mine"), start_state(4))
    save_views(replace(mine, controls=mine.controls | {"samples.n": 9}), first)
    theirs = second.with_model(SHA, Path("/models/a"), start_state(3)).with_model(
        "22" * 32, Path("/b"), STATE
    )
    save_views(replace(theirs, controls=theirs.controls | {"speed": 2.0}), second)
    save_views(mine, mine)
    found = read_views()
    assert set(found.models) == {SHA, OTHER, "11" * 32, "22" * 32}
    assert found.state_of(SHA, 3) == start_state(3)
    assert found.last_path == Path("/models/mine")
    assert found.controls == VIEWS.controls | {"samples.n": 9, "speed": 2.0}


def test_models_that_were_b_are_found_again(monkeypatch):
    """The newest are kept, also another viewer's; the path where a model was open has priority."""
    monkeypatch.setattr("desktop.view.saved_views.MAX_SECOND", 3)
    keys = [digit * 64 for digit in "12345"]
    save_views(SavedViews().with_second(keys[0], Path("/b/0")), SavedViews())
    first = second = read_views()
    for number in (1, 2):
        first = first.with_second(keys[number], Path(f"/b/{number}"))
    save_views(first, second)
    save_views(second.with_second(keys[3], Path("/b/3")).with_second(keys[1], Path("/new/1")), second)
    found = read_views()
    assert [found.path_of(key) for key in keys] == [None, Path("/new/1"), Path("/b/2"), Path("/b/3"), None]
    assert found.with_model(keys[2], Path("/a"), STATE).path_of(keys[2]) == Path("/a")


def test_a_state_that_does_not_fit_is_not_taken():
    """A state with another number of dimensions or an invalid one is ignored."""
    assert VIEWS.state_of(SHA, 2) is None
    broken = replace(VIEWS, models={SHA: SavedModel("/models/a", {"z": ["x"]})})
    assert broken.state_of(SHA, 3) is None
    assert broken.state_of(SHA) is None


def test_a_model_takes_the_place_of_others_that_were_there():
    """A bundle that grows, or is exported again, counts as one model."""
    grown = VIEWS.with_model("ef" * 32, Path("/models/a"), STATE)
    assert list(grown.models) == [OTHER, "ef" * 32]


def test_the_oldest_models_are_forgotten(monkeypatch):
    """Both the number of models and the size of the file are limited."""
    views = SavedViews()
    for number in range(MAX_MODELS + 5):
        views = views.with_model(f"{number:064x}", Path(f"/models/{number}"), STATE)
    assert next(iter(views.models)) == f"{5:064x}"
    assert len(views.models) == MAX_MODELS
    monkeypatch.setattr(saved, "MAX_FILE_CHARS", 50_000)
    large = SavedViews()
    for number in range(8):
        large = large.with_model(f"{number:064x}", Path(f"/models/{number}"), start_state(1_000))
    save_views(large, SavedViews())
    found = read_views()
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
        b" " * (13 << 20),
    ],
)
def test_a_spoilt_file_is_like_a_new_one_and_is_told_in_one_line(content):
    """Empty, garbage, of a future version, too large: nothing is raised, and saving works again."""
    saved.place().write_bytes(content)
    found = read_views()
    assert found == SavedViews(note=found.note)
    assert found.note.startswith("the saved views and settings cannot be used (")
    assert found.note.endswith("); this start begins without them; the file is kept as saved.json.old")
    assert "\n" not in found.note
    save_views(VIEWS, SavedViews())
    assert read_views() == VIEWS


def test_a_future_version_is_told():
    """The note says which format was found and which was expected."""
    saved.place().write_bytes(spoilt(format=7))
    assert "(it has format 7, expected 1)" in read_views().note


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
        {"second": []},
        {"second": {SHA: 7, OTHER: "/a\0b", "../../x": "/a"}},
        {"controls": "n"},
        {"controls": {"n": [1], "m": None, "o": 1e300}},
    ],
)
def test_what_cannot_be_used_is_left_out(changes):
    """The rest is read, and nothing is raised."""
    saved.place().write_bytes(spoilt(**changes))
    found = read_views()
    assert found.note == ""
    assert ("last" not in changes) or found.last_path is None
    assert ("models" not in changes) or found.models == {}
    assert ("controls" not in changes) or found.controls == {}
    assert ("controls" in changes) or found.controls == VIEWS.controls


def test_a_folder_in_its_place_is_survived():
    """Reading gives a note; writing raises the OSError that callers expect."""
    saved.place().mkdir()
    assert "cannot be used" in read_views().note
    with pytest.raises(OSError, match=r"saved\.json"):
        save_views(VIEWS, SavedViews())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_survived():
    """It is handled like a damaged file."""
    save_views(VIEWS, SavedViews())
    saved.place().chmod(0)
    assert "Permission denied" in read_views().note


HOLIDAY = SavedPictures(Path("/pictures/holiday"))


def test_own_pictures_are_saved_with_their_model():
    """Their path is saved; an empty entry is left out, because earlier versions do not know it."""
    views = VIEWS.with_model("11" * 32, Path("/models/mine"), STATE, HOLIDAY)
    save_views(views, SavedViews())
    assert read_views().pictures_of("11" * 32) == HOLIDAY
    assert read_views().pictures_of(SHA) is None
    assert read_views().pictures_of("22" * 32) is None
    saved_models = saved.read()[0]["models"]
    assert [sorted(model) for model in saved_models.values()] == [
        ["path", "state"],
        ["path", "state"],
        ["path", "pictures", "state"],
    ]


def test_of_a_folder_only_those_that_were_dropped_are_saved():
    """They are saved by their names in the folder."""
    some = SavedPictures(HOLIDAY.path, (HOLIDAY.path / "a.png", HOLIDAY.path / "sea" / "b.png"))
    save_views(VIEWS.with_model("11" * 32, Path("/models/mine"), STATE, some), SavedViews())
    assert read_views().pictures_of("11" * 32) == some
    assert saved.read()[0]["models"]["11" * 32]["only"] == ["a.png", "sea/b.png"]


def test_a_large_view_has_a_file_of_its_own():
    """It comes back equal, and the shared file does not grow. Only the newest few such files are kept."""
    save_views(VIEWS, SavedViews())
    small = saved.place().stat().st_size
    large = {f"{index:02d}" * 32: first_view(1 << 16, seed=index) for index in range(MAX_LARGE + 1)}
    for sha256, state in large.items():
        views = read_views().with_model(sha256, Path(f"/models/{sha256[:2]}"), state)
        assert views.state_of(sha256, 1 << 16) is state
        save_views(views, SavedViews())
    assert saved.place().stat().st_size < small + 2000
    first, *others = large
    assert {file.stem for file in saved.place().with_name("views").iterdir()} == set(others)
    found = read_views()
    assert found.state_of(others[-1], 1 << 16) == large[others[-1]]
    assert found.state_of(others[-1], 3) is None
    assert found.state_of(first) is None
    assert found.path_of(first) is not None
    assert found.state_of(SHA, 3) == STATE


@pytest.mark.parametrize("side", [28, 256])
def test_a_drawing_is_saved_with_its_model(side):
    """A large drawing goes to a separate file; a model with another picture shape gets no drawing."""
    shape, sha256 = (3, side, side), "a" * 64
    pixels = np.random.default_rng(0).random(shape, np.float32)
    drawing = SavedDrawing(pixels, pixels[0] > 0.5)
    views = SavedViews().with_model(sha256, Path("/a"), start_state(2), drawing=drawing)
    assert views.drawing_of(sha256, shape) is drawing
    save_views(views, SavedViews())
    found = read_views()
    assert found.state_of(sha256, 2) == start_state(2)
    assert np.array_equal(found.drawing_of(sha256, shape).pixels, pixels)
    assert found.drawing_of(sha256, (1, side, side)) is None
    assert found.drawing_of("b" * 64, shape) is None
    assert saved.place().stat().st_size < 100_000
    save_views(found.with_model(sha256, Path("/a"), start_state(2)), found)
    assert read_views().drawing_of(sha256, shape) is None

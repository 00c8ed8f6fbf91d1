"""A model opened early is returned once, to the first request; its opening can be stopped like any other."""

import threading

import pytest

from desktop.models import early_source
from desktop.models.early_source import early_or_open, open_early, stop_early
from desktop.models.source import UnreadError
from desktop.vetting.opening import Opening, OpeningStoppedError
from tests.desktop.foreign_models import decoder
from tests.desktop.hostile_models import endless_loop
from tests.waiting import SOON_S

PATIENT = {"patience": "600"}


@pytest.fixture(autouse=True)
def none_left():
    """No early opening goes on after a test."""
    yield
    stop_early()


def test_what_was_opened_early_is_given_once(tmp_path):
    """A second request opens the model again."""
    path = decoder(tmp_path / "decoder.onnx")
    open_early(path, None)
    early = early_source._early[0].source.result(SOON_S)
    assert early_or_open(path, None, Opening()) is early
    again = early_or_open(path, None, Opening())
    assert again is not early
    assert again.sha256 == early.sha256


def test_another_model_or_reading_is_opened_as_if_nothing_had_been(tmp_path):
    """The early opening of the other model is stopped."""
    path, other = decoder(tmp_path / "decoder.onnx"), decoder(tmp_path / "other.onnx")
    for asked, overrides in ((other, None), (path, {"range": "logits"})):
        open_early(path, None)
        opening = early_source._early[0].opening
        source = early_or_open(asked, overrides, Opening())
        assert source.path == asked
        assert source.overrides == (overrides or {})
        with pytest.raises(OpeningStoppedError):
            opening.check()


def test_what_cannot_be_opened_is_told_to_whoever_asks(tmp_path):
    """The request raises the error that opening the model now would raise."""
    path = tmp_path / "decoder.onnx"
    path.write_bytes(endless_loop())
    open_early(path, {"patience": "0.5"})
    with pytest.raises(UnreadError, match=r"longer than 0\.5 s"):
        early_or_open(path, {"patience": "0.5"}, Opening())


def test_a_long_trial_that_began_early_is_told_and_can_be_stopped(tmp_path):
    """Progress from before the request is told at the request; `stop` ends the opening."""
    path = tmp_path / "decoder.onnx"
    path.write_bytes(endless_loop())
    open_early(path, PATIENT)
    told = threading.Event()
    opening = Opening(lambda _: told.set())
    stopper = threading.Thread(target=lambda: (told.wait(SOON_S), opening.stop()))
    stopper.start()
    with pytest.raises(OpeningStoppedError):
        early_or_open(path, PATIENT, opening)
    assert told.is_set()
    stopper.join()


def test_who_has_stopped_already_stops_what_began_early(tmp_path):
    """No trial goes on for a request that was stopped already."""
    path = tmp_path / "decoder.onnx"
    path.write_bytes(endless_loop())
    open_early(path, PATIENT)
    source, opening = early_source._early[0].source, Opening()
    opening.stop()
    with pytest.raises(OpeningStoppedError):
        early_or_open(path, PATIENT, opening)
    assert isinstance(source.exception(SOON_S), OpeningStoppedError)

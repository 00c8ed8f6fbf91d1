"""vetting/trial_process.py: the next trial uses a process that was started early, and none is left over."""

import pytest

from desktop.vetting import trial_process
from desktop.vetting.trial import Trial
from tests.desktop.hostile_models import good_model


@pytest.fixture(autouse=True)
def none_left():
    """End all processes after a test."""
    yield
    trial_process.end_early()


def test_the_next_trial_takes_the_process_that_was_started_early():
    """Its imports are done or in progress; a further trial starts a process of its own."""
    trial_process.start_early()
    (early,) = trial_process._early
    with Trial(good_model(), "m") as trial:
        assert trial._child is early
    with Trial(good_model(), "m") as trial:
        assert trial._child is not early


def test_a_process_that_has_ended_meanwhile_is_not_taken():
    """A trial then works as if no process had been started early."""
    trial_process.start_early()
    (early,) = trial_process._early
    early.kill()
    early.wait()
    with Trial(good_model(), "m") as trial:
        assert trial._child is not early
    for pipe in (early.stdin, early.stdout):
        pipe.close()


def test_what_is_not_needed_is_ended():
    """The process is ended, not only forgotten."""
    trial_process.start_early()
    (early,) = trial_process._early
    trial_process.end_early()
    assert early.returncode is not None
    assert trial_process._early == []

"""Every change is a step back and forth; what belongs to one gesture is one step."""

from dataclasses import replace

import pytest

from desktop.latent.plane import Viewport, axis_plane
from desktop.view.history import GESTURE_S, MAX_STEPS, History
from desktop.view.state import Layer, PictureMode, ViewState, start_state

START = start_state(2)
LATER_S = GESTURE_S * 2


class Looking:
    """A state that is changed through a history, with a clock of its own."""

    def __init__(self, state: ViewState = START) -> None:
        self.history, self.state, self.now_s = History(), state, 0.0

    def look(self, state: ViewState, after_s: float = LATER_S) -> None:
        self.now_s += after_s
        self.history.record(self.state, state, self.now_s)
        self.state = state

    def undo(self) -> ViewState:
        self.state = self.history.undo(self.state)
        return self.state

    def redo(self) -> ViewState:
        self.state = self.history.redo(self.state)
        return self.state


@pytest.fixture
def looking():
    return Looking()


def test_there_is_nothing_to_undo_at_first(looking):
    """Undoing and redoing leave the state as it is."""
    assert looking.history.undo_words == looking.history.redo_words == ""
    assert looking.undo() is START
    assert looking.redo() is START


def test_steps_go_back_and_forth_in_order(looking):
    """Each gives the state that was there, to the last bit."""
    states = [START, START.at((1.0, 0.0)), START.at((1.0, 2.0)), START.at((3.0, 2.0))]
    for state in states[1:]:
        looking.look(state)
    assert [looking.undo() for _ in range(3)] == states[2::-1]
    assert [looking.redo() for _ in range(3)] == states[1:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.at((1.0, 1.0)), "move of the cursor"),
        (lambda s: s.moved_to((1.0, 1.0, 1.0)), "move of the cursor"),
        (lambda s: s.with_axes(0, 2), "change of the plane"),
        (lambda s: replace(s, viewport=s.viewport.zoomed(0.5, (0, 0))), "zoom"),
        (lambda s: replace(s, viewport=s.viewport.panned(1, 0)), "move of the view"),
        (lambda s: s.with_layer(Layer.BACKDROP, False), "hiding Decoded plane"),
        (lambda s: replace(s, layers=frozenset()), "switch of layers"),
        (lambda s: s.with_label_switched(3), "switch of a label"),
        (lambda s: s.with_path_point(), "adding a path point"),
        (lambda s: s.at((1.0, 0.0)).with_path_point(), "adding a path point"),
        (lambda s: replace(s, picture_mode=PictureMode.SAMPLE), "picture as bernoulli sample"),
        (lambda s: replace(s, path_closed=True), "closing the path"),
        (lambda s: replace(s, epoch=3), "change of epoch"),
        (lambda s: replace(s, path_closed=True, hidden_labels=frozenset({1})), "change of the view"),
    ],
)
def test_a_step_says_what_it_was(change, words):
    """The same before it is undone and before it is done again; both give the states around it."""
    looking = Looking(start_state(3))
    before, after = looking.state, change(looking.state)
    looking.look(after)
    assert looking.history.undo_words == words
    assert looking.undo() == before
    assert looking.history.redo_words == words
    assert looking.history.undo_words == ""
    assert looking.redo() == after


def test_a_path_says_what_became_of_it():
    """Taken away, moved, cleared."""
    state = replace(START, path=((0.0, 0.0), (1.0, 0.0), (2.0, 0.0)))
    words = {
        "removing a path point": state.path[:-1],
        "moving a path point": (*state.path[:-1], (2.0, 9.0)),
        "clearing the path": (),
    }
    for expected, path in words.items():
        looking = Looking(state)
        looking.look(replace(state, path=path))
        assert looking.history.undo_words == expected


def test_quick_changes_of_one_kind_are_one_step(looking):
    """A wheel, a held key: from the first to the last of them at once."""
    for notch in range(1, 20):
        looking.look(replace(START, viewport=Viewport((0.0, 0.0), 6.0 - notch / 10)), GESTURE_S / 2)
    assert looking.undo() == START
    assert looking.history.undo_words == ""
    assert looking.redo().viewport.span == pytest.approx(4.1)


def test_slow_changes_are_steps_of_their_own(looking):
    """Two clicks with a pause between them."""
    looking.look(START.at((1.0, 0.0)))
    looking.look(START.at((2.0, 0.0)), GESTURE_S * 1.01)
    assert looking.undo() == START.at((1.0, 0.0))


def test_a_held_button_is_one_step_however_slow(looking):
    """From where the button went down to where it was let go; the next press is the next step."""
    looking.history.hold()
    for a in (1.0, 2.0, 3.0):
        looking.look(START.at((a, 0.0)), 60.0)
    looking.history.release()
    looking.history.hold()
    looking.look(START.at((7.0, 0.0)), 0.01)
    looking.history.release()
    assert looking.undo() == START.at((3.0, 0.0))
    assert looking.undo() == START


def test_a_held_button_joins_changes_of_different_kinds(looking):
    """A press on a path point moves the cursor, then the drag moves the point: one step."""
    start = looking.state = replace(START, path=((1.0, 0.0), (2.0, 0.0)))
    looking.history.hold()
    looking.look(start.at((1.0, 0.0)))
    for a in (1.5, 3.0):
        looking.look(replace(start.at((a, 0.0)), path=((a, 0.0), (2.0, 0.0))))
    looking.history.release()
    assert looking.history.undo_words == "moving a path point"
    assert looking.undo() == start
    assert looking.history.undo_words == ""


def test_changes_of_another_kind_are_not_merged(looking):
    """A zoom right after a move of the cursor."""
    moved = START.at((1.0, 0.0))
    looking.look(moved)
    looking.look(replace(moved, viewport=Viewport((0.0, 0.0), 2.0)), 0.01)
    assert looking.undo() == moved
    assert looking.undo() == START


def test_switches_and_path_points_are_never_merged(looking):
    """However quickly they follow each other."""
    once = START.with_label_switched(1)
    looking.look(once)
    looking.look(once.with_label_switched(2), 0.01)
    assert looking.undo() == once
    looking.look(once.with_path_point())
    looking.look(once.with_path_point().with_path_point(), 0.01)
    assert looking.undo() == once.with_path_point()


def test_a_new_step_ends_what_could_be_redone(looking):
    """Also when it follows the undoing quickly."""
    looking.look(START.at((1.0, 0.0)))
    looking.look(START.at((2.0, 0.0)))
    looking.undo()
    looking.look(START.at((5.0, 0.0)), 0.01)
    assert looking.history.redo_words == ""
    assert looking.undo() == START.at((1.0, 0.0))


def test_undoing_leaves_alone_what_the_step_did_not_change(looking):
    """What moved by itself meanwhile, without a step, stays where it is."""
    looking.look(START.with_label_switched(1))
    looking.state = looking.state.at((0.5, 0.5))  # played
    assert looking.undo() == START.at((0.5, 0.5))


def test_the_cursor_and_its_plane_go_together():
    """The plane that was moved meanwhile does not stay beside an older cursor."""
    looking = Looking(start_state(3))
    looking.look(looking.state.at((1.0, 0.0)))
    looking.state = looking.state.moved_to((1.0, 0.0, 5.0))  # played
    back = looking.undo()
    assert back.z == (0.0, 0.0, 0.0)
    assert back.plane == axis_plane((0.0, 0.0, 0.0))


def test_what_does_not_change_is_no_step(looking):
    """An equal state is the same state."""
    looking.look(replace(START))
    assert looking.history.undo_words == ""


def test_the_oldest_steps_are_forgotten():
    """A day's work does not fill the memory, nor do few steps in a huge space."""
    for dims, most in ((2, MAX_STEPS), (100_000, 20)):
        looking = Looking(start_state(dims))
        for step in range(1, most + 10):
            looking.look(replace(looking.state, hidden_labels=frozenset({step})))
        count = 0
        while looking.history.undo_words:
            looking.undo()
            count += 1
        assert count == most


def test_another_model_starts_anew(looking):
    """Neither back nor forth."""
    looking.look(START.at((1.0, 0.0)))
    looking.look(START.at((2.0, 0.0)))
    looking.undo()
    looking.history.clear()
    assert looking.history.undo_words == looking.history.redo_words == ""

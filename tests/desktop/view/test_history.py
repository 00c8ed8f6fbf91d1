"""Every change is a step that can be undone and redone; one gesture is one step."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from desktop.latent.plane import Viewport, axis_plane
from desktop.view import history
from desktop.view.bookmarks import bookmark
from desktop.view.comparison import Other
from desktop.view.first_view import random_view
from desktop.view.history import GESTURE_S, MAX_STEPS, History
from desktop.view.state import Layer, PictureMode, ViewState, start_state

START = start_state(2)
LATER_S = GESTURE_S * 2


class Looking:
    """A state that is changed through a history, with its own clock."""

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


def with_path_point(state: ViewState) -> ViewState:
    """The state with the cursor added to the end of the path."""
    return replace(state, path=(*state.path, state.z))


@pytest.fixture
def looking():
    return Looking()


def test_there_is_nothing_to_undo_at_first(looking):
    """Undo and redo leave the state as it is."""
    assert looking.history.undo_words == looking.history.redo_words == ""
    assert looking.undo() is START
    assert looking.redo() is START


def test_steps_go_back_and_forth_in_order(looking):
    """Each step restores the exact state."""
    states = [START, START.at((1.0, 0.0)), START.at((1.0, 2.0)), START.at((3.0, 2.0))]
    for state in states[1:]:
        looking.look(state)
    assert [looking.undo() for _ in range(3)] == states[2::-1]
    assert [looking.redo() for _ in range(3)] == states[1:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.at((1.0, 1.0)), "moving the cursor"),
        (lambda s: s.moved_to((1.0, 1.0, 1.0)), "moving the cursor"),
        (lambda s: s.with_axes(0, 2), "changing the plane"),
        (lambda s: replace(s, viewport=s.viewport.zoomed(0.5, (0, 0))), "zooming"),
        (lambda s: replace(s, viewport=s.viewport.panned(1, 0)), "panning"),
        (lambda s: s.with_layer(Layer.BACKDROP, False), "hiding “Decoded plane”"),
        (lambda s: replace(s, layers=frozenset()), "showing or hiding layers"),
        (lambda s: s.with_label_switched(3), "showing or hiding labels"),
        (with_path_point, "adding a path point"),
        (lambda s: with_path_point(s.at((1.0, 0.0))), "adding a path point"),
        (lambda s: replace(s, picture_mode=PictureMode.SAMPLE), "drawing the picture as “Sample”"),
        (lambda s: replace(s, path_closed=True), "closing the path"),
        (lambda s: replace(s, epoch=3), "changing the epoch"),
        (lambda s: random_view(s, has_posterior=True), "drawing a random z"),
        (lambda s: s.with_pin_switched(3), "pinning or unpinning an image"),
        (lambda s: replace(s, path_closed=True, hidden_labels=frozenset({1})), "changing the view"),
    ],
)
def test_a_step_says_what_it_was(change, words):
    """The description is the same before undo and before redo; both restore the states around it."""
    looking = Looking(start_state(3))
    before, after = looking.state, change(looking.state)
    looking.look(after)
    assert looking.history.undo_words == words
    assert looking.undo() == before
    assert looking.history.redo_words == words
    assert looking.history.undo_words == ""
    assert looking.redo() == after


def test_a_path_says_what_became_of_it():
    """Points are removed or moved, or the path is cleared."""
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
    """A wheel or a held key is undone from the last change to the first at once."""
    for notch in range(1, 20):
        looking.look(replace(START, viewport=Viewport((0.0, 0.0), 6.0 - notch / 10)), GESTURE_S / 2)
    assert looking.undo() == START
    assert looking.history.undo_words == ""
    assert looking.redo().viewport.span == pytest.approx(4.1)


def test_slow_changes_are_steps_of_their_own(looking):
    """Two clicks with a pause between them are two steps."""
    looking.look(START.at((1.0, 0.0)))
    looking.look(START.at((2.0, 0.0)), GESTURE_S * 1.01)
    assert looking.undo() == START.at((1.0, 0.0))


def test_a_held_button_is_one_step_however_slow(looking):
    """The step goes from pressing the button to releasing it; the next press is the next step."""
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
    """A zoom right after moving the cursor is a step of its own."""
    moved = START.at((1.0, 0.0))
    looking.look(moved)
    looking.look(replace(moved, viewport=Viewport((0.0, 0.0), 2.0)), 0.01)
    assert looking.undo() == moved
    assert looking.undo() == START


def test_switches_and_path_points_are_never_merged(looking):
    """They stay separate however quickly they follow each other."""
    once = START.with_label_switched(1)
    looking.look(once)
    looking.look(once.with_label_switched(2), 0.01)
    assert looking.undo() == once
    looking.look(with_path_point(once))
    looking.look(with_path_point(with_path_point(once)), 0.01)
    assert looking.undo() == with_path_point(once)


def test_a_new_step_ends_what_could_be_redone(looking):
    """Nothing can be redone, even if the new step quickly follows undo."""
    looking.look(START.at((1.0, 0.0)))
    looking.look(START.at((2.0, 0.0)))
    looking.undo()
    looking.look(START.at((5.0, 0.0)), 0.01)
    assert looking.history.redo_words == ""
    assert looking.undo() == START.at((1.0, 0.0))


def test_undoing_leaves_alone_what_the_step_did_not_change(looking):
    """Fields that changed meanwhile without a step stay as they are."""
    looking.look(START.with_label_switched(1))
    looking.state = looking.state.at((0.5, 0.5))  # moved by playback
    assert looking.undo() == START.at((0.5, 0.5))


def test_the_cursor_and_its_plane_go_together():
    """An older cursor also restores its older plane."""
    looking = Looking(start_state(3))
    looking.look(looking.state.at((1.0, 0.0)))
    looking.state = looking.state.moved_to((1.0, 0.0, 5.0))  # moved by playback
    back = looking.undo()
    assert back.z == (0.0, 0.0, 0.0)
    assert back.plane == axis_plane((0.0, 0.0, 0.0))


def test_what_does_not_change_is_no_step(looking):
    """An equal state records nothing."""
    looking.look(replace(START))
    assert looking.history.undo_words == ""


def undone(looking):
    """How many steps are undone until none is left."""
    count = 0
    while looking.history.undo_words:
        looking.undo()
        count += 1
    return count


def test_the_oldest_steps_are_forgotten():
    """MAX_STEPS are kept whatever the dimensions; a vector in many steps counts once."""
    for dims in (2, 100_000):
        looking = Looking(start_state(dims))
        for step in range(1, MAX_STEPS + 10):
            looking.look(replace(looking.state, hidden_labels=frozenset({step})))
        assert undone(looking) == MAX_STEPS


def test_steps_in_a_huge_space_do_not_fill_the_memory(monkeypatch):
    """The plane of 100,000 dimensions takes 1.2 MB, and each place of the cursor 0.4 MB; two always stay."""
    for limit_bytes, most in ((4_000_000, 6), (1_000_000, 2)):
        monkeypatch.setattr(history, "MAX_BYTES", limit_bytes)
        looking = Looking(start_state(100_000))
        for place in range(1, 20):
            looking.look(replace(looking.state.at((place, 0.0)), hidden_labels=frozenset({place})))
        assert undone(looking) == most
        looking.redo()
        looking.look(looking.state.at((0.5, 0.5)))
        assert undone(looking) == 2


def test_another_model_starts_anew(looking):
    """Nothing can be undone or redone."""
    looking.look(START.at((1.0, 0.0)))
    looking.look(START.at((2.0, 0.0)))
    looking.undo()
    looking.history.clear()
    assert looking.history.undo_words == looking.history.redo_words == ""


def test_each_random_z_is_a_step():
    """That holds however fast they follow each other, even while a button is held."""
    looking, states = Looking(start_state(3)), [start_state(3)]
    for _ in range(3):
        states.append(random_view(states[-1], has_posterior=True))
        looking.look(states[-1], 0.01)
    assert [looking.undo() for _ in range(3)] == states[2::-1]


@dataclass(frozen=True)
class Sketch:
    """A drawing with only what the history needs of it."""

    pixels: np.ndarray = field(default_factory=lambda: np.zeros((1, 4, 4), np.float32))
    known: np.ndarray = field(default_factory=lambda: np.ones((4, 4), bool))


def test_drawings_are_steps_among_those_of_the_view(looking):
    """They are undone and redone in the order in which they came, and leave the view as it is."""
    empty, stroke, cleared = Sketch(), Sketch(), Sketch()
    looking.look(START.at((1.0, 0.0)))
    looking.history.record_drawing(looking.state, empty, stroke, "drawing")
    looking.look(looking.state.at((2.0, 0.0)), after_s=0.0)
    looking.history.record_drawing(looking.state, stroke, cleared, "clearing the drawing")
    assert looking.history.undo_words == "clearing the drawing"
    found = [(looking.undo(), looking.history.drawing) for _ in range(4)]
    assert [drawing for _, drawing in found] == [stroke, None, empty, None]
    assert [state.z[0] for state, _ in found] == [2.0, 1.0, 1.0, 0.0]
    found = [(looking.redo(), looking.history.drawing) for _ in range(4)]
    assert [drawing for _, drawing in found] == [None, stroke, None, cleared]
    assert looking.state.z[0] == 2.0


def test_what_a_drawing_led_to_is_one_step_with_it(looking):
    """Undo takes back the opened picture and the cursor's move to its mean; a move alone is a step."""
    empty, picture = Sketch(), Sketch()
    looking.history.record_drawing(looking.state, empty, picture, "opening a picture")
    at_mean = looking.state.at((1.0, 0.0))
    looking.history.add_to_drawing(looking.state, at_mean)
    looking.state = at_mean
    assert looking.history.undo_words == "opening a picture"
    assert (looking.undo(), looking.history.drawing) == (START, empty)
    assert looking.history.undo_words == ""
    assert (looking.redo(), looking.history.drawing) == (at_mean, picture)
    looking.history.add_to_drawing(at_mean, START)
    assert looking.history.undo_words == "moving the cursor"
    assert looking.history.undo(START) == at_mean


def test_large_drawings_are_forgotten_too(looking, monkeypatch):
    """Their arrays count like vectors, each once."""
    monkeypatch.setattr(history, "MAX_BYTES", 50_000)
    sketches = [Sketch(np.zeros((1, 64, 64), np.float32)) for _ in range(9)]
    for before, after in pairwise(sketches):
        looking.history.record_drawing(START, before, after, "drawing")
    undone = 0
    while looking.history.undo_words:
        looking.undo()
        undone += 1
    assert 1 <= undone <= 3


def test_bookmarks_are_steps_among_those_of_the_view(looking):
    """Undo and redo give the bookmarks to restore, and leave the view as it is."""
    one = bookmark(START, ())
    two = bookmark(START, (one,))
    looking.history.record_bookmarks(looking.state, (one,), (one, two), "adding a bookmark")
    looking.history.record_bookmarks(looking.state, (one, two), (two,), "removing a bookmark")
    before = looking.state
    assert looking.history.undo_words == "removing a bookmark"
    assert (looking.undo(), looking.history.marks) == (before, (one, two))
    assert (looking.undo(), looking.history.marks) == (before, (one,))
    assert (looking.redo(), looking.history.marks) == (before, (one, two))
    assert looking.history.drawing is None


def test_other_test_images_take_the_steps_of_the_old_ones_with_them(looking):
    """Pins and selections are removed from all steps; other changes and other steps stay."""
    moved = START.at((1.0, 0.0))
    for state in (moved, replace(moved, selected=(3,)), replace(moved, selected=(), pinned=(1,), seed=5)):
        looking.look(state)
    looking.history.forget_points()
    assert looking.undo() == replace(moved, pinned=(1,))
    assert looking.undo() == replace(START, pinned=(1,))
    assert not looking.history.undo_words


def test_pictures_of_an_old_decoder_are_forgotten(looking):
    """Pictures of unchanged epochs stay."""
    of_last = replace(bookmark(START, ()), picture="old")
    of_first = replace(bookmark(replace(START, epoch=1), (of_last,)), picture="right")
    looking.history.record_bookmarks(START, (of_last,), (of_last, of_first), "adding a bookmark")
    looking.history.forget_pictures({1})
    looking.undo()
    assert looking.history.marks == (replace(of_last, picture=""),)
    looking.redo()
    assert looking.history.marks == (replace(of_last, picture=""), of_first)


def test_a_drag_stays_one_step_while_the_file_changes(looking):
    """What is forgotten of other steps does not end it; the step that is forgotten whole does."""
    marks = (replace(bookmark(START, ()), picture="old"),)
    looking.history.record_bookmarks(START, (), marks, "adding a bookmark")
    looking.look(replace(START, selected=(3,)))
    looking.history.hold()
    looking.look(looking.state.at((1.0, 0.0)))
    looking.history.forget_pictures(set())
    looking.history.forget_points()
    looking.look(looking.state.at((2.0, 0.0)))
    looking.history.release()
    assert looking.undo().z == (0.0, 0.0)
    assert looking.history.undo_words == "adding a bookmark"
    looking.redo()
    looking.look(replace(looking.state, pinned=(1,)))
    looking.history.forget_points()
    looking.look(looking.state.at((3.0, 0.0)), after_s=0.0)
    assert looking.undo().z == (2.0, 0.0)


def test_the_end_of_a_comparison_is_a_step(looking):
    """Undo restores the second model, redo removes it; other steps do not mention it."""
    other = Other(Path("/b.latent"), 3)
    looking.history.record_other(looking.state, other, None, "closing B")
    before = looking.state
    assert (looking.undo(), looking.history.others) == (before, (other,))
    assert (looking.redo(), looking.history.others) == (before, (None,))
    looking.look(START.at((1.0, 0.0)))
    looking.undo()
    assert looking.history.others == ()


def test_a_step_that_goes_on_by_itself_is_one():
    """Undo takes back all of it; a change after another step is a separate step."""
    history, state = History(), ViewState()
    there = state.at((1.0, 0.0))
    near = replace(there, viewport=Viewport((1.0, 0.0), 0.1))
    history.record(state, there, 0.0)
    history.go_on(there, near)
    back = history.undo(near)
    assert (back.z, back.viewport) == (state.z, state.viewport)
    assert history.redo(back) == near
    history.go_on(state, there)
    assert history.undo(there) == state

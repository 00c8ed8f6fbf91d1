"""Undo and redo of changes to the view, drawing, bookmarks or second model; a gesture is one step. No Qt."""

import dataclasses
from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from operator import is_
from typing import Any, Protocol

from numpy.typing import NDArray

from desktop.base.vector import Vector
from desktop.view.bookmarks import Bookmark, without_old_pictures
from desktop.view.comparison import Other
from desktop.view.state import ViewState

MAX_STEPS = 500
# The most memory for the vectors of all steps together, however many dimensions z has.
MAX_BYTES = 256 << 20
# Changes of one kind that follow each other faster than this are one gesture, such as a turn of the wheel.
GESTURE_S = 0.7
# The words for a change of a field, where the field's name is not enough.
FIELD_WORDS = {
    "scale": "changing the axes",
    "opacities": "changing a layer's opacity",
    "pinned": "pinning or unpinning an image",
    "nearness": "changing how nearness is measured",
    "path_times": "changing the path's times",
    "path_inputs": "setting the inputs of the path's points",
    "inputs": "setting an input of the model",
}
# Fields that refer to test images by their numbers, or to their labels.
FIELDS_OF_POINTS = frozenset({"pinned", "selected", "only_selected", "hidden_labels"})

Bookmarks = tuple[Bookmark, ...]


class Drawn(Protocol):
    """A drawing on the canvas: the parts of it that take memory."""

    @property
    def pixels(self) -> NDArray[Any]:
        """The pixels of the picture."""

    @property
    def known(self) -> NDArray[Any]:
        """Which of its pixels are known."""


@dataclass(frozen=True)
class Step:
    """One change: the states before and after it, the fields that differ, and a description.

    Attributes:
        drawings: the drawing before and after the step, if the step changed it.
        marks: the bookmarks before and after the step, if the step changed them.
        others: the second model of the comparison before and after the step, if the step changed it.
    """

    before: ViewState
    after: ViewState
    fields: tuple[str, ...]
    words: str
    drawings: tuple[Drawn, Drawn] | None = None
    marks: tuple[Bookmarks, Bookmarks] | None = None
    others: tuple[Other | None, Other | None] | None = None


NO_STEP = Step(ViewState(), ViewState(), (), "")


class History:
    """The steps that can be undone and redone; after a new step there is none to redo.

    Times are in seconds of any monotonic clock. Undo and redo restore only the fields that the step changed.
    """

    def __init__(self) -> None:
        # The step that was undone or redone last; and 0 if it was undone, 1 if it was redone.
        self._left = NO_STEP, 0
        self._undo: deque[Step] = deque()
        self._redo: list[Step] = []
        self._last_s = float("-inf")
        self._holding = False
        self._held = _HeldVectors()

    @property
    def undo_words(self) -> str:
        """Describes the step that undo would take back; empty if there is none."""
        return self._undo[-1].words if self._undo else ""

    @property
    def redo_words(self) -> str:
        """Describes the step that redo would repeat; empty if there is none."""
        return self._redo[-1].words if self._redo else ""

    @property
    def drawing(self) -> Drawn | None:
        """The drawing that the last undo or redo restored; None if it changed something else."""
        step, side = self._left
        return None if step.drawings is None else step.drawings[side]

    @property
    def marks(self) -> Bookmarks | None:
        """The bookmarks that the last undo or redo restored; None if it changed something else."""
        step, side = self._left
        return None if step.marks is None else step.marks[side]

    @property
    def others(self) -> tuple[Other | None, ...]:
        """The second model (or None) that the last undo or redo restored, in a tuple; empty if it did not."""
        step, side = self._left
        return () if step.others is None else (step.others[side],)

    def hold(self) -> None:
        """Start a gesture, because a button was pressed; it lasts until `release`, however slow it is."""
        self._holding = True
        self._last_s = float("-inf")

    def release(self) -> None:
        """End the gesture, because the button was released."""
        self._holding = False
        self._last_s = float("-inf")

    def record(self, before: ViewState, after: ViewState, now_s: float) -> None:
        """Record a change of the view; within a gesture the change extends the gesture's step."""
        names = tuple(f.name for f in dataclasses.fields(ViewState) if _differ(before, after, f.name))
        if not names:
            return
        step = Step(before, after, names, in_words(before, after))
        recent = now_s - self._last_s < GESTURE_S or (self._holding and self._last_s > float("-inf"))
        last = self._undo[-1] if self._undo else None
        if last is not None and recent and not self._redo and self._continues(last, step):
            fields = tuple(dict.fromkeys((*last.fields, *names)))
            words = step.words if step.words == last.words else in_words(last.before, after)
            self._held.remove(self._undo.pop())
            step = Step(last.before, after, fields, words)
        self._add(step)
        self._last_s = now_s

    def record_drawing(self, state: ViewState, before: Drawn, after: Drawn, words: str) -> None:
        """Record a change of the drawing as a separate step."""
        self._add(Step(state, state, (), words, (before, after)))
        self._last_s = float("-inf")

    def add_to_drawing(self, before: ViewState, after: ViewState) -> None:
        """Add a change of the view to the last step, the change of the drawing that caused it."""
        names = tuple(f.name for f in dataclasses.fields(ViewState) if _differ(before, after, f.name))
        last = self._undo[-1] if self._undo else None
        if last is None or last.drawings is None or last.fields or self._redo:
            self._add(Step(before, after, names, in_words(before, after)))
        else:
            self._held.remove(self._undo.pop())
            self._add(replace(last, before=before, after=after, fields=names))
        self._last_s = float("-inf")

    def go_on(self, before: ViewState, after: ViewState) -> None:
        """Add a change of the view to the last step, which led to `before` and caused the change."""
        names = tuple(f.name for f in dataclasses.fields(ViewState) if _differ(before, after, f.name))
        last = self._undo[-1] if self._undo else None
        if last is not None and last.after is before and last.fields and not self._redo:
            self._held.remove(self._undo.pop())
            self._add(replace(last, after=after, fields=tuple(dict.fromkeys((*last.fields, *names)))))
        elif names:
            self._add(Step(before, after, names, in_words(before, after)))
        self._last_s = float("-inf")

    def record_bookmarks(self, state: ViewState, before: Bookmarks, after: Bookmarks, words: str) -> None:
        """Record a change of the bookmarks as a separate step."""
        self._add(Step(state, state, (), words, marks=(before, after)))
        self._last_s = float("-inf")

    def record_other(self, state: ViewState, before: Other | None, after: Other | None, words: str) -> None:
        """Record a change of the second model as a separate step."""
        self._add(Step(state, state, (), words, others=(before, after)))
        self._last_s = float("-inf")

    def _add(self, step: Step) -> None:
        self._undo.append(step)
        self._held.add(step)
        for undone in self._redo:
            self._held.remove(undone)
        self._redo.clear()
        while len(self._undo) > MAX_STEPS or (self._held.size_bytes > MAX_BYTES and len(self._undo) > 2):
            self._held.remove(self._undo.popleft())

    def _continues(self, last: Step, step: Step) -> bool:
        """Whether a change extends the last step: it is of the same kind, or a button is held."""
        if not last.fields:
            return False
        return _goes_on(step) and (step.words == last.words or (self._holding and _goes_on(last)))

    def undo(self, state: ViewState) -> ViewState:
        """Return `state` without the last step, or unchanged if there is none.

        Afterwards `drawing`, `marks` and `others` say what else is restored.
        """
        self._left = NO_STEP, 0
        if not self._undo:
            return state
        step = self._undo.pop()
        self._redo.append(step)
        self._leave(step, 0)
        return _with_fields(state, step.before, step.fields)

    def redo(self, state: ViewState) -> ViewState:
        """Return `state` with the step that was undone last, or unchanged if there is none; as `undo`."""
        self._left = NO_STEP, 0
        if not self._redo:
            return state
        step = self._redo.pop()
        self._undo.append(step)
        self._leave(step, 1)
        return _with_fields(state, step.after, step.fields)

    def forget_points(self) -> None:
        """Remove all changes that refer to test images or labels by number, because these are others now."""

        def kept(step: Step) -> Step | None:
            fields = tuple(name for name in step.fields if name not in FIELDS_OF_POINTS)
            if fields == step.fields:
                return step
            return replace(step, fields=fields) if fields else None

        self._change(kept)

    def forget_pictures(self, right: Collection[int | None]) -> None:
        """Remove outdated pictures of bookmarks from all steps; `right` is as in `without_old_pictures`."""

        def kept(step: Step) -> Step:
            if step.marks is None:
                return step
            marks = without_old_pictures(step.marks[0], right), without_old_pictures(step.marks[1], right)
            return step if marks == step.marks else replace(step, marks=marks)

        self._change(kept)

    def _change(self, kept: Callable[[Step], Step | None]) -> None:
        """Replace each step by `kept(step)`, and drop it for None; a gesture that goes on stays one step."""
        undo, redo = [kept(step) for step in self._undo], [kept(step) for step in self._redo]
        if all(map(is_, (*undo, *redo), (*self._undo, *self._redo))):
            return
        if undo and undo[-1] is None:
            self._last_s = float("-inf")  # the next change must not extend the step before the dropped one
        self._undo = deque(step for step in undo if step is not None)
        self._redo = [step for step in redo if step is not None]
        self._held = _HeldVectors()
        for step in (*self._undo, *self._redo):
            self._held.add(step)

    def _leave(self, step: Step, side: int) -> None:
        """Note that a step was undone (side 0) or redone (side 1), and end any gesture."""
        self._left = step, side
        self._last_s = float("-inf")

    def clear(self) -> None:
        """Forget all steps, because another model was opened."""
        self._undo.clear()
        self._redo.clear()
        self._held = _HeldVectors()
        self._last_s = float("-inf")


class _HeldVectors:
    """Counts the memory of the vectors in steps; a vector that is in many steps counts once."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()  # by identity: the steps keep the vectors
        self.size_bytes = 0

    def add(self, step: Step) -> None:
        """Count a step's vectors."""
        for key, size_bytes in _vectors(step).items():
            self._counts[key] += 1
            if self._counts[key] == 1:
                self.size_bytes += size_bytes

    def remove(self, step: Step) -> None:
        """No longer count a step's vectors."""
        for key, size_bytes in _vectors(step).items():
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]
                self.size_bytes -= size_bytes


def _vectors(step: Step) -> dict[int, int]:
    sizes = {id(numbers): numbers.nbytes for numbers in (*step.before.vectors, *step.after.vectors)}
    for drawn in step.drawings or ():
        sizes |= {id(part): part.nbytes for part in (drawn.pixels, drawn.known)}
    for marks in step.marks or ():
        sizes |= {id(mark): mark.nbytes for mark in marks}
    return sizes


def in_words(before: ViewState, after: ViewState) -> str:
    """Describe a change in the words that follow "Undo" in the menu."""
    names = {f.name for f in dataclasses.fields(ViewState) if _differ(before, after, f.name)}
    if "path" in names and names <= {"path", "path_times", "path_inputs", "z", "plane", "inputs"}:
        grown = len(after.path) - len(before.path)
        if not after.path:
            return "clearing the path"
        return {1: "adding a path point", 0: "moving a path point", -1: "removing a path point"}.get(
            grown, "changing the path"
        )
    if after.seed == before.seed + 1 and names <= {"seed", "plane", "z", "viewport"}:
        return "drawing a random z"
    names -= {"seed"}  # going to a bookmark sets the seed along with the plane
    if "plane" in names and names <= {"plane", "z", "viewport"}:
        turned = (before.plane.u, before.plane.v) != (after.plane.u, after.plane.v)
        return "changing the plane" if turned else "moving the cursor"
    if names == {"z"} or ("z" in names and names <= {"z", "plane", "inputs"}):
        return "moving the cursor"
    if names == {"viewport"}:
        return "zooming" if before.viewport.span != after.viewport.span else "panning"
    if names == {"layers"}:
        shown, hidden = after.layers - before.layers, before.layers - after.layers
        if len(shown) + len(hidden) == 1:
            return f"showing “{next(iter(shown))}”" if shown else f"hiding “{next(iter(hidden))}”"
        return "showing or hiding layers"
    if names == {"layers", "opacities"}:
        return "showing or hiding layers"
    if names == {"hidden_labels"}:
        return "showing or hiding labels"
    if "selected" in names and names <= {"selected", "only_selected"}:
        return "selecting" if after.selected else "clearing the selection"
    if names == {"only_selected"}:
        return "showing the selected points alone" if after.only_selected else "showing all points"
    if names == {"picture_mode"}:
        return f"drawing the picture as “{after.picture_mode.value}”"
    if names - {"path_times"} == {"path_closed"}:
        return "closing the path" if after.path_closed else "opening the path"
    if names == {"path_kind"}:
        return f"setting the path to “{after.path_kind.value}”"
    if len(names) == 1:
        name = next(iter(names))
        return FIELD_WORDS.get(name, f"changing the {name.replace('_', ' ')}")
    return "changing the view"


def _differ(before: ViewState, after: ViewState, name: str) -> bool:
    old, new = getattr(before, name), getattr(after, name)
    return old is not new and old != new


def _goes_on(step: Step) -> bool:
    """Whether a change can be part of a gesture: only numbers changed, none was added or removed."""
    # Each random z is a separate step, and so is each command for the inputs of the path's points.
    if "seed" in step.fields or step.fields == ("path_inputs",):
        return False
    return all(_moved(getattr(step.before, name), getattr(step.after, name)) for name in step.fields)


def _moved(old: Any, new: Any) -> bool:
    if isinstance(old, (tuple, Vector)) and type(old) is type(new):
        return len(old) == len(new)
    if isinstance(old, bool) or isinstance(new, bool):
        return False
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        return True
    return dataclasses.is_dataclass(old) and type(old) is type(new)


def _with_fields(state: ViewState, other: ViewState, names: tuple[str, ...]) -> ViewState:
    """Return `state` with some fields from `other`; the cursor and its plane are always taken together."""
    together = {"z", "plane"}
    chosen = set(names) | (together if together & set(names) else set())
    return replace(state, **{name: getattr(other, name) for name in chosen})

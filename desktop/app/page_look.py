"""The look that a page starts with: plane, viewport, cursor, path and bookmarks. No Qt.

It is JSON for the command `export.page`. The same facts are shown in words before a page is saved.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from desktop.base.arrays import Floats
from desktop.base.words import NAME_CHARS, one_line
from desktop.jobs.route import Route, straight_walk
from desktop.latent.chart import AxisScale, Chart
from desktop.latent.paths import PathKind, leg_times
from desktop.latent.plane import Plane, Viewport
from desktop.latent.prior import NORMAL
from desktop.models.source import Source
from desktop.reading.input_values import InputValues, in_words, values_of
from desktop.reading.reading import OtherInput
from desktop.view.bookmarks import Bookmark
from desktop.view.first_view import home_view, is_on_samples
from desktop.view.state import ViewState

# The most numbers of all planes and path points together: about 10 MB of the page.
MOST_NUMBERS = 1_000_000
# A page computes with float32: a smaller part of the plane would be a single picture.
LEAST_SPAN = 1e-5
# The most test images on a page.
MOST_MEANS = 2000
# The most classes that a page lists.
MOST_VALUES = 2000
OF_OTHERS = "with other inputs than the current ones"
ALWAYS_LEFT_OUT = "Layers, selection and pins, your drawing and your own pictures, directions"


@dataclass(frozen=True)
class PageLook:
    """The look that a page starts with.

    Attributes:
        text: the look as JSON for the command.
        bookmarks: how many of the bookmarks it contains: the first ones, as far as there is room.
        has_path: whether it contains the path, for which there may be no room.
    """

    text: str
    bookmarks: int
    has_path: bool


class _Seen(NamedTuple):
    """A plane of a page: its number on the page, and the seed of the view that it comes from."""

    number: int
    seed: int


def page_look(
    state: ViewState, marks: Sequence[Bookmark], seconds: float, means: Floats | None = None
) -> PageLook:
    """The look of a state with these bookmarks; `seconds` is how long its path plays.

    `means` z [N, d] are the posterior means of the bundle's test images, if it has them. A bookmark comes
    with its values of the further inputs; one without any uses those that the page starts with.
    """
    planes: dict[Plane, _Seen] = {}
    place = _place(state, planes)
    room = MOST_NUMBERS - _numbers(state.plane)
    has_path = len(state.path) > 0 and len(state.path) * len(state.z) <= room
    room -= has_path * len(state.path) * len(state.z)
    places: list[dict[str, Any]] = []
    for mark in marks:
        room -= 0 if mark.view.plane in planes else _numbers(mark.view.plane)
        if room < 0:
            break
        inputs = _inputs(mark.view.inputs)
        places.append(_place(mark.view, planes) | {"name": mark.name, "inputs": inputs})
    look = {
        "planes": [
            _plane(replace(state, plane=plane, scale=AxisScale.LINEAR, seed=seen.seed), means)
            for plane, seen in planes.items()
        ],
        "place": place,
        "path": _path(state, seconds) if has_path else None,
        "bookmarks": places,
    }
    return PageLook(json.dumps(look, allow_nan=False), len(places), has_path)


def look_words(
    source: Source, state: ViewState, marks: Sequence[Bookmark], seconds: float
) -> tuple[list[str], list[str]]:
    """Lines that say what a page will contain, and lines that say what it will not."""
    kept = [mark for mark in marks if not _is_of_others(mark, state, source)]
    look = page_look(state, kept, seconds)
    along = ["The model, the plane, its part in view, and the cursor"]
    if source.bundle is not None:
        along.append("The bundle's test images, up to 2,000, its epochs, and its encoder, if it has them")
    if state.prior != NORMAL:
        along.append(f"The prior, {state.prior}: Sample draws from it")
    left_out: list[str] = []
    count = len(state.path)
    if look.has_path:
        points = "1 point" if count == 1 else f"{count} points"
        times = ", with the times of its legs" if state.path_times else ""
        differing = _others_on_path(state, source)
        fixed = [one_line(other.name, NAME_CHARS) for other in differing if not _can_change(other)]
        if fixed:
            names = ", ".join(fixed)
            left_out.append(f"The path: its points differ in {names}, which cannot be changed there")
        else:
            own = ", each point with its own inputs, if the page decodes itself" if differing else ""
            along.append(f"The path: {points}, {seconds:g} s{times}{own}")
    elif count:
        left_out.append(f"The path: {count} points, too large for the page")
    if look.bookmarks:
        along.append(f"{_bookmarks(look.bookmarks)}, in a row with names and pictures")
        others = sum(not mark.has_inputs(state.inputs) for mark in kept)
        if others:
            along.append(f"Of these, {_bookmarks(others)} {OF_OTHERS}, if the page decodes itself")
    if len(kept) < len(marks):
        lost, values = len(marks) - len(kept), in_words(state.inputs)
        left_out.append(f"{_bookmarks(lost)} {OF_OTHERS} ({values}), which cannot be changed there")
    if any(each.mix for each in state.inputs):
        left_out.append(
            "The mix of classes at the cursor: the page starts with the class of the largest weight"
        )
    too_large = len(kept) - look.bookmarks
    if too_large:
        left_out.append(f"{_bookmarks(too_large)}, too large for the page")
    if source.bundle is None:
        for other, value in zip(
            source.reading.other_inputs, values_of(source.reading.other_inputs), strict=True
        ):
            along.append(f"The input {value}; {_change_words(other)}")
    if count > 1 and state.path_kind is PathKind.VISUAL and not state.path_times:
        left_out.append("Equal visual change along the path: there it has an even pace in z")
    if state.scale is AxisScale.QUANTILES:
        left_out.append("Axes of prior quantiles: they are linear there")
    return along, [*left_out, ALWAYS_LEFT_OUT]


def _is_of_others(mark: Bookmark, state: ViewState, source: Source) -> bool:
    """Whether an input that a page cannot change has another value in a bookmark than now."""
    fixed = {other.name for other in source.reading.other_inputs if not _can_change(other)}
    now = {each.name: each.value for each in state.inputs}
    return any(each.name in fixed and now.get(each.name) != each.value for each in mark.view.inputs)


def _others_on_path(state: ViewState, source: Source) -> tuple[OtherInput, ...]:
    """The decoder's inputs whose value at a point of the path differs from the view's."""
    each = {value for point in (state.inputs, *state.inputs_on_path) for value in point}
    return tuple(
        other for other in source.reading.other_inputs if sum(value.name == other.name for value in each) > 1
    )


def _inputs(values: InputValues) -> dict[str, Any]:
    """Values by name, as a page stores them: a mix of classes as pairs of class and weight."""
    return {each.name: [list(part) for part in each.mix] if each.mix else each.value for each in values}


def _can_change(other: OtherInput) -> bool:
    """Whether a page lets people set an input, as `export.page.settings` does."""
    return not other.is_whole or 0 < (other.most or 0) < MOST_VALUES


def _change_words(other: OtherInput) -> str:
    if not _can_change(other):
        return "it cannot be changed there"
    return "it can be changed there, if the page decodes itself"


def _bookmarks(count: int) -> str:
    return "1 bookmark" if count == 1 else f"{count} bookmarks"


def _place(state: ViewState, planes: dict[Plane, _Seen]) -> dict[str, Any]:
    """A view as a place; its plane gets a number."""
    return {
        "plane": planes.setdefault(state.plane, _Seen(len(planes), state.seed)).number,
        "view": _rectangle(state.chart, state.viewport),
        "cursor": state.cursor_ab.tolist(),
        "epoch": state.epoch,
    }


def _rectangle(chart: Chart, viewport: Viewport) -> list[float]:
    """The left, bottom, right and top of a viewport in (a, b)."""
    (x, y), half = viewport.center, viewport.span / 2
    (left, bottom), (right, top) = chart.ab([(x - half, y - half), (x + half, y + half)]).tolist()
    least = LEAST_SPAN * (1 + max(map(abs, (left, bottom, right, top)))) / 2
    a, b = (left + right) / 2, (bottom + top) / 2
    across, up = max((right - left) / 2, least), max((top - bottom) / 2, least)
    return [a - across, b - up, a + across, b + up]


def _plane(state: ViewState, means: Floats | None) -> dict[str, Any]:
    """The plane of a state on linear axes, with the part that Home shows in the window."""
    plane, has_posterior = state.plane, means is not None
    home = home_view(state, has_posterior, None if means is None else means[:MOST_MEANS])
    facts = {"origin": list(plane.origin), "home": _rectangle(state.chart, home)}
    if plane.axes is not None:
        return facts | {"axes": list(plane.axes)}
    on_samples = is_on_samples(state, has_posterior)
    words = {"words": list(plane.words)} if any(plane.words) else {}
    return facts | {"u": list(plane.u), "v": list(plane.v), "on_samples": on_samples} | words


def _numbers(plane: Plane) -> int:
    """How many numbers a plane takes on the page."""
    return len(plane.origin) * (1 if plane.axes is not None else 3)


def _path(state: ViewState, seconds: float) -> dict[str, Any]:
    # A closed path of two points is not closed on a page, which plays it forward and backward.
    closed = state.path_closed and len(state.path) > 2
    route = Route(state.path, closed, state.path_kind, state.path_times, state.path_inputs)
    times: tuple[float, ...] = ()
    if route.is_walkable:
        legs = len(state.path) if closed else len(state.path) - 1
        route = replace(route, times=route.times[:legs])
        times = leg_times(straight_walk(route), seconds)
    return {
        "points": [list(point) for point in state.path],
        "times": list(times),
        "seconds": seconds,
        "closed": closed,
        "spherical": state.path_kind is PathKind.SPHERICAL,
    } | ({"inputs": list(map(_inputs, state.path_inputs))} if state.has_own_path_inputs else {})

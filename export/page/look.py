"""Reads a look, what a page shows at first: plane, view, cursor, epoch, a path and bookmarks.

The viewer passes it as JSON on standard input (`--look -`). All numbers of z are checked here.

    {"planes": [{"axes": [0, 1], "origin": [d numbers], "home": [left, bottom, right, top]},
                {"origin": [d], "u": [d], "v": [d], "home": […], "on_samples": false, "words": ["…", "…"]}],
     "place": {"plane": 0, "view": [left, bottom, right, top], "cursor": [a, b], "epoch": null},
     "path": {"points": [[d], …], "times": [s, …], "seconds": 8, "closed": false, "spherical": false,
              "inputs": [{"label": 7}, {"label": [[3, 0.75], [7, 0.25]]}, …]},
     "bookmarks": [{"name": "…", "plane": 1, "view": […], "cursor": […], "epoch": 3,
                    "inputs": {"label": 7}}]}

A bookmark without `inputs`, or a path without, has those of the page's first view. A class can be a mix:
several classes with their weights.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.page.plane import Frame, rounded
from export.page.reading import Reading, ReadingError
from export.page.settings import Setting, Value
from export.page.words import plain

MOST_BOOKMARKS = 500
# A larger distance, relative to the numbers of z, means that z is not on the plane of an atlas.
NEAR = 1e-4


@dataclass(frozen=True)
class Place:
    """A plane with the part in view, the cursor, and the epoch; None is the last epoch.

    `inputs` are values of the decoder's other inputs; a missing one has its first value.
    """

    plane: int
    frame: Frame
    epoch: int | None
    name: str = ""
    inputs: Mapping[str, Value] = field(default_factory=dict)

    def epoch_of(self, epochs: Sequence[int]) -> int | None:
        """The nearest of the epochs that a page has; None if it has none to choose from."""
        if not epochs:
            return None
        wanted = max(epochs) if self.epoch is None else self.epoch
        return min(epochs, key=lambda epoch: abs(epoch - wanted))

    def can_be_shown(self, reading: Reading, settings: Sequence[Setting]) -> bool:
        """Whether its inputs can be set in the page, or have the page's fixed values already."""
        return _can_be_shown(self.inputs, reading, settings)


@dataclass(frozen=True)
class LookPath:
    """A path: its points, the time of each leg (empty for equal times), and how it is played.

    `inputs` are those of each point; empty if they are the page's.
    """

    points: tuple[NDArray[np.float32], ...]
    times: tuple[float, ...]
    seconds: float
    closed: bool
    spherical: bool
    inputs: tuple[Mapping[str, Value], ...] = ()

    def as_json(self, settings: Sequence[Setting] = ()) -> dict[str, Any]:
        """The path as JSON for the page's script, with the values of all settings of the page."""
        inputs = {"inputs": [_values(each, settings) for each in self.inputs]}
        return {
            "points": [rounded(point) for point in self.points],
            "times": list(self.times),
            "seconds": round(self.seconds, 3),
            "closed": self.closed,
            "spherical": self.spherical,
        } | (inputs if self.inputs and settings else {})


@dataclass(frozen=True)
class Look:
    """What a page shows at first."""

    place: Place
    path: LookPath | None = None
    bookmarks: tuple[Place, ...] = ()

    def facts(self, epochs: Sequence[int], settings: Sequence[Setting] = ()) -> dict[str, Any]:
        """The look as facts for the script of a page with these epochs and `settings`.

        Planes that several bookmarks share are listed once.
        """
        facts: dict[str, Any] = {"epoch": self.place.epoch_of(epochs)}
        if self.path is not None:
            facts["path"] = self.path.as_json(settings)
        if self.bookmarks:
            numbers = sorted({mark.plane for mark in self.bookmarks})
            by_number = {mark.plane: mark.frame for mark in self.bookmarks}
            facts["planes"] = [by_number[number].plane_json() for number in numbers]
            facts["bookmarks"] = [
                {"name": mark.name, "plane": numbers.index(mark.plane), "epoch": mark.epoch_of(epochs)}
                | mark.frame.view_json()
                | _inputs(mark, settings)
                for mark in self.bookmarks
            ]
        return facts

    def with_inputs_of(self, reading: Reading, settings: Sequence[Setting]) -> tuple["Look", str]:
        """The look without bookmarks and path whose inputs the page cannot set, and words for them."""
        bookmarks = tuple(mark for mark in self.bookmarks if mark.can_be_shown(reading, settings))
        lost = len(self.bookmarks) - len(bookmarks)
        path = self.path
        if path is not None and not all(_can_be_shown(each, reading, settings) for each in path.inputs):
            path = None
        said = " and ".join(
            [*([_counted(lost)] if lost else []), *(["the path"] if path is not self.path else [])]
        )
        words = f"{said} of other inputs than those of the page" if said else ""
        return replace(self, bookmarks=bookmarks, path=path), words

    def on_its_plane(self) -> tuple["Look", str]:
        """The look without bookmarks and path outside the visible part of its plane, and words for them."""
        frame = self.place.frame
        bookmarks = tuple(mark for mark in self.bookmarks if _is_seen(frame, mark.frame.z(*mark.frame.start)))
        path = self.path
        if path is not None and not all(_is_seen(frame, point) for point in path.points):
            path = None
        lost = len(self.bookmarks) - len(bookmarks)
        words = [_counted(lost)] if lost else []
        words += ["the path"] if path is not self.path else []
        said = f"{' and '.join(words)} elsewhere than on the plane in view" if words else ""
        return replace(self, path=path, bookmarks=bookmarks), said


def look_of(text: str, latent_dim: int) -> Look:
    """The look in a JSON text. Raises ReadingError."""
    try:
        data = json.loads(text)
        planes = [_plane(one, latent_dim) for one in data["planes"]]
        marks = data.get("bookmarks", [])
        path = data.get("path")
        return Look(
            _place(data["place"], planes),
            None if path is None else _path(path, latent_dim),
            tuple(_place(mark, planes) for mark in marks[:MOST_BOOKMARKS]),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        said = plain(f"{type(error).__name__}: {error}", 120)
        raise ReadingError(
            f"--look: found {said}; expected planes and places for {latent_dim} numbers of z, as the viewer "
            "writes them"
        ) from error


def _plane(data: Mapping[str, Any], d: int) -> Frame:
    origin = _vector(data["origin"], d)
    right, up = (plain(text, 120) for text in data.get("words") or ("", ""))
    words = (right, up) if right or up else None
    home = None if data.get("home") is None else _rectangle(data["home"])
    axes = data.get("axes")
    if axes is None:
        u, v = _vector(data["u"], d), _vector(data["v"], d)
        on_samples = bool(data.get("on_samples"))
        return Frame(
            None, origin, u, v, (-1.0, -1.0, 1.0, 1.0), on_samples=on_samples, home=home, words=words
        )
    first, second = (int(axis) for axis in axes)
    if not 0 <= first < d or not 0 <= second < d:
        raise ValueError(f"axes {first} and {second}")
    unit = np.eye(1, d, first, dtype=np.float32)[0], np.eye(1, d, second, dtype=np.float32)[0]
    v = unit[1] if d > 1 else np.zeros(1, np.float32)
    return Frame((first, second), origin, unit[0], v, (-1.0, -1.0, 1.0, 1.0), home=home)


def _place(data: Mapping[str, Any], planes: list[Frame]) -> Place:
    view = _rectangle(data["view"])
    a, b = (_number(side) for side in data["cursor"])
    plane, epoch = int(data["plane"]), data.get("epoch")
    frame = replace(planes[plane], view=view, start=(a, b))
    inputs = _named(data.get("inputs", {}))
    return Place(plane, frame, None if epoch is None else int(epoch), plain(data.get("name", ""), 80), inputs)


def _path(data: Mapping[str, Any], d: int) -> LookPath:
    points = tuple(_vector(point, d) for point in data["points"])
    times = tuple(max(0.0, _number(time)) for time in data.get("times", []))
    seconds = max(0.1, _number(data.get("seconds", 8)))
    inputs = tuple(_named(each) for each in data.get("inputs", []))
    if len(inputs) not in (0, len(points)):
        raise ValueError(f"inputs of {len(inputs)} points, of {len(points)}")
    return LookPath(points, times, seconds, bool(data.get("closed")), bool(data.get("spherical")), inputs)


def _named(data: Mapping[str, Any]) -> dict[str, Value]:
    """The values of inputs by their names."""
    return {str(name): _value(value) for name, value in data.items()}


def _value(data: object) -> Value:
    if not isinstance(data, list):
        return _number(data)
    return tuple((_number(number), _number(weight)) for number, weight in data)


def _rectangle(data: Iterable[object]) -> tuple[float, float, float, float]:
    left, bottom, right, top = (_number(side) for side in data)
    if not left < right or not bottom < top:
        raise ValueError("a view without a size")
    return left, bottom, right, top


def _vector(numbers: object, d: int) -> NDArray[np.float32]:
    result = np.asarray(numbers, np.float32)
    if result.shape != (d,) or not np.isfinite(result).all():
        raise ValueError(f"numbers of the shape {list(result.shape)}, or ones that are not finite")
    return result


def _number(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError(f"{number}")
    return number


def _inputs(place: Place, settings: Sequence[Setting]) -> dict[str, Any]:
    """The values of all settings of the page, if the place has inputs."""
    return {"inputs": _values(place.inputs, settings)} if place.inputs and settings else {}


def _values(inputs: Mapping[str, Value], settings: Sequence[Setting]) -> list[Any]:
    """The value of each setting for the page's script; a missing one has the setting's first value."""
    values = [inputs.get(setting.name, setting.value) for setting in settings]
    return [
        [rounded(part) for part in value] if isinstance(value, tuple) else rounded([value])[0]
        for value in values
    ]


def _can_be_shown(inputs: Mapping[str, Value], reading: Reading, settings: Sequence[Setting]) -> bool:
    """Whether these inputs can be set in the page, or have the page's fixed values already."""
    by_name = {setting.name: setting for setting in settings}
    return all(
        by_name[name].fits(value)
        if name in by_name
        else not isinstance(value, tuple) and reading.has_input(name, value)
        for name, value in inputs.items()
    )


def _counted(bookmarks: int) -> str:
    return f"{bookmarks} bookmark{'s' if bookmarks > 1 else ''}"


def _is_seen(frame: Frame, z: NDArray[np.float32]) -> bool:
    """Whether z lies on the plane, in its view."""
    a, b = float((z - frame.origin) @ frame.u), float((z - frame.origin) @ frame.v)
    left, bottom, right, top = frame.view
    near = np.abs(frame.z(a, b) - z).max() <= NEAR * (1 + np.abs(z).max())
    return bool(near) and left <= a <= right and bottom <= b <= top

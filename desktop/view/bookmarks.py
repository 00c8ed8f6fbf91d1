"""Places that a person gave a name: cursor, plane, epoch, layers and inputs, with a small picture. No Qt."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from desktop.base.arrays import Doubles
from desktop.base.structure import shown
from desktop.base.vector import Vector
from desktop.base.words import NAME_CHARS, one_line
from desktop.latent.plane import Plane
from desktop.reading.input_values import InputValues
from desktop.view.state import ViewState
from desktop.view.state_json import state_from_dict, state_to_dict

# What a bookmark keeps of a view.
FIELDS = ("z", "plane", "scale", "viewport", "epoch", "prior", "layers", "inputs", "seed")
LATER_FIELDS = ("layers", "seed")  # earlier versions did not keep them
MAX_BOOKMARKS = 500
MAX_PICTURE_CHARS = 1 << 16
ON_PLANE = 1e-4  # farther from a plane, relative to z, a bookmark is not on it


@dataclass(frozen=True)
class Bookmark:
    """A named place.

    Attributes:
        name: for people.
        view: a view, of which only FIELDS count.
        picture: the picture at the cursor as a small PNG in base64, or an empty string.
        lacks: the names of FIELDS that it does not keep, because an earlier version wrote it.
    """

    name: str
    view: ViewState
    picture: str = ""
    lacks: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[str, ...]:
        """What it keeps of a view."""
        return tuple(name for name in FIELDS if name not in self.lacks)

    @property
    def nbytes(self) -> int:
        """How much memory it takes, nearly."""
        return sum(numbers.nbytes for numbers in self.view.vectors) + len(self.picture)

    def is_at(self, state: ViewState) -> bool:
        """Whether a state has the same cursor, the same epoch and the same further inputs."""
        return self.has_picture_of(state.z, state.epoch, state.inputs)

    def has_picture_of(self, z: Vector, epoch: int | None, inputs: InputValues) -> bool:
        """Whether its picture is that at z, by the model of an epoch with these inputs.

        A bookmark of an earlier version knows no inputs; its picture is that of those that are set.
        """
        return self.view.z == z and self.view.epoch == epoch and self.has_inputs(inputs)

    def has_inputs(self, inputs: InputValues) -> bool:
        """Whether it keeps these values of further inputs, or knows none."""
        return self.view.inputs in ((), inputs)

    def seen_from(self, state: ViewState) -> ViewState:
        """Return `state` at this place."""
        return replace(state, **{name: getattr(self.view, name) for name in self.fields})


def bookmark(state: ViewState, taken: Sequence[Bookmark], picture: str = "") -> Bookmark:
    """Return a bookmark of a state, under a name that is not taken."""
    names = {other.name for other in taken}
    name = next(name for n in range(1, len(names) + 2) if (name := f"Place {n}") not in names)
    view = replace(ViewState(), **{name: getattr(state, name) for name in FIELDS})
    return Bookmark(name, view, picture)


def renamed(marks: tuple[Bookmark, ...], index: int, name: str) -> tuple[Bookmark, ...]:
    """Return the bookmarks with another name for one; an empty name changes nothing."""
    text = one_line(name.strip(), NAME_CHARS)
    if not text:
        return marks
    return (*marks[:index], replace(marks[index], name=text), *marks[index + 1 :])


def moved(marks: tuple[Bookmark, ...], start: int, to: int) -> tuple[Bookmark, ...]:
    """Return the bookmarks with one of them at another place in their order."""
    left = [*marks[:start], *marks[start + 1 :]]
    left.insert(to, marks[start])
    return tuple(left)


def without_old_pictures(marks: tuple[Bookmark, ...], right: Collection[int | None]) -> tuple[Bookmark, ...]:
    """Return the bookmarks without the pictures that another decoder made.

    `right` are the epochs whose pictures are still right; None is the last one.
    """
    if all(not mark.picture or mark.view.epoch in right for mark in marks):
        return marks
    return tuple(mark if mark.view.epoch in right else replace(mark, picture="") for mark in marks)


def with_picture(
    marks: tuple[Bookmark, ...], z: Vector, epoch: int | None, inputs: InputValues, picture: str
) -> tuple[Bookmark, ...]:
    """Return the bookmarks with this picture for those at z that have none."""
    return tuple(
        replace(mark, picture=picture) if not mark.picture and mark.has_picture_of(z, epoch, inputs) else mark
        for mark in marks
    )


def places_on(plane: Plane, marks: Sequence[Bookmark]) -> tuple[tuple[int, ...], Doubles]:
    """Return the numbers of the bookmarks that lie on a plane, of any epoch, and their (a, b) [N, 2]."""
    found: list[int] = []
    places: list[Doubles] = []
    for index, mark in enumerate(marks):
        z = mark.view.z.array
        if len(z) != len(plane.origin):
            continue
        ab = plane.project(z)
        if np.abs(plane.embed(ab) - z).max() <= ON_PLANE * (1 + np.abs(z).max()):
            found.append(index)
            places.append(ab)
    return tuple(found), np.array(places, np.float64).reshape(-1, 2)


def as_path(state: ViewState, marks: Sequence[Bookmark], leg_s: float) -> ViewState:
    """Return the state with the bookmarks as its path, and `leg_s` seconds from each to the next.

    Each point has its bookmark's inputs; a bookmark of an earlier version, which knows none, has the view's.
    """
    known = any(mark.view.inputs for mark in marks)
    inputs = tuple(mark.view.inputs or state.inputs for mark in marks) if known else ()
    with_points = replace(state, path=tuple(mark.view.z for mark in marks), path_inputs=inputs)
    return replace(with_points, path_times=(leg_s,) * with_points.legs)


def bookmark_to_dict(mark: Bookmark) -> dict[str, Any]:
    """Return a bookmark as JSON values."""
    view = state_to_dict(mark.view)
    return {"name": mark.name, "picture": mark.picture, "view": {name: view[name] for name in mark.fields}}


def bookmarks_from_list(data: object, latent_dim: int | None = None) -> tuple[Bookmark, ...]:
    """Return the bookmarks that `bookmark_to_dict` wrote. Raises ValueError.

    Those of another number of dimensions than `latent_dim`, if given, are refused too.
    """
    if not isinstance(data, (list, tuple)) or len(data) > MAX_BOOKMARKS:
        raise ValueError(f"bookmarks: found {shown(data)}, expected a list of at most {MAX_BOOKMARKS}")
    return tuple(_read(one, latent_dim) for one in data)


def _read(data: object, latent_dim: int | None) -> Bookmark:
    if not isinstance(data, Mapping):
        raise ValueError(f"bookmarks: found {shown(data)}, expected an object")
    name, picture, view = data.get("name"), data.get("picture", ""), data.get("view")
    if not isinstance(name, str) or not isinstance(picture, str) or len(picture) > MAX_PICTURE_CHARS:
        raise ValueError("bookmarks: found no name or no picture as text, expected both")
    kept = {key: view[key] for key in FIELDS if key in view} if isinstance(view, Mapping) else view
    found = kept if isinstance(kept, Mapping) else {}
    lacks = frozenset(name for name in LATER_FIELDS if name not in found)
    return Bookmark(one_line(name, NAME_CHARS), state_from_dict(kept, latent_dim), picture, lacks)

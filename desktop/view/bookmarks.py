"""Bookmarks: named places with cursor, plane, epoch, layers and inputs, and a small picture. No Qt."""

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
LATER_FIELDS = ("layers", "seed")  # earlier versions did not save them
MAX_BOOKMARKS = 500
MAX_PICTURE_CHARS = 1 << 16
ON_PLANE = 1e-4  # the largest distance, relative to z, of a bookmark that counts as on a plane


@dataclass(frozen=True)
class Bookmark:
    """A named place.

    Attributes:
        name: the name, for people.
        view: a view, of which only FIELDS count.
        picture: the picture at the cursor as a small PNG in base64, or an empty string.
        lacks: the names in FIELDS that it has no value for, because an earlier version wrote it.
    """

    name: str
    view: ViewState
    picture: str = ""
    lacks: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a view that it keeps."""
        return tuple(name for name in FIELDS if name not in self.lacks)

    @property
    def nbytes(self) -> int:
        """About how much memory it takes."""
        return sum(numbers.nbytes for numbers in self.view.vectors) + len(self.picture)

    def is_at(self, state: ViewState) -> bool:
        """Whether a state has the same cursor, the same epoch and the same further inputs."""
        return self.has_picture_of(state.z, state.epoch, state.inputs)

    def has_picture_of(self, z: Vector, epoch: int | None, inputs: InputValues) -> bool:
        """Whether its picture is the one at z, by the model of this epoch with these inputs.

        A bookmark of an earlier version has no inputs; its picture counts as one with the inputs of now.
        """
        return self.view.z == z and self.view.epoch == epoch and self.has_inputs(inputs)

    def has_inputs(self, inputs: InputValues) -> bool:
        """Whether it has these values of further inputs, or none at all."""
        return self.view.inputs in ((), inputs)

    def seen_from(self, state: ViewState) -> ViewState:
        """Return `state` with the fields that this bookmark keeps."""
        return replace(state, **{name: getattr(self.view, name) for name in self.fields})


def bookmark(state: ViewState, taken: Sequence[Bookmark], picture: str = "") -> Bookmark:
    """Return a bookmark of a state, with a name that none of the bookmarks in `taken` has."""
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
    """Return the bookmarks without pictures that are out of date, because the decoder has changed.

    `right` are the epochs whose pictures are still right; None stands for the last epoch.
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
    """Return the indices of the bookmarks of any epoch that lie on a plane, and their (a, b) [N, 2]."""
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

    Each point gets its bookmark's inputs, or the view's if an earlier version wrote the bookmark.
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

    A bookmark whose z has another number of dimensions than `latent_dim`, if that is given, is an error too.
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

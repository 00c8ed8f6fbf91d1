"""Finds points of the latent space in a file's arrays, with their names and labels. No Qt."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Array, Doubles
from desktop.latent.number_file import NumberFileError, misfit, rows_of

# In a file of several arrays, z is the array with one of these names, if there is one.
Z_NAMES = ("z", "mean")
LABELS = "labels"
MAX_LABELS = 256


@dataclass(frozen=True, eq=False)
class NamedPoints:
    """Points of the latent space.

    Attributes:
        z: float64 [n, d].
        names: the name of each point: the name of its array, or a number such as "#12".
        labels: uint8 [n], or None.
        label_names: the names of the labels 0, 1, …
    """

    z: Doubles
    names: tuple[str, ...]
    labels: NDArray[np.uint8] | None = None
    label_names: tuple[str, ...] = ()

    def some(self, rows: NDArray[np.int64]) -> "NamedPoints":
        """Some of the points, with their own names."""
        labels = None if self.labels is None else self.labels[rows]
        names = tuple(self.names[row] for row in rows.tolist())
        return NamedPoints(self.z[rows], names, labels, self.label_names)

    def evenly(self, most: int) -> "NamedPoints":
        """At most `most` of them, evenly spaced, with the first and the last."""
        if len(self.z) <= most:
            return self
        return self.some(np.linspace(0, len(self.z) - 1, most).round().astype(np.int64))


def named_points(arrays: Mapping[str, Array], latent_dim: int, name: str) -> NamedPoints:
    """Return the points in a file's arrays.

    An array fits if it has d numbers in any shape, or if each of its n entries does. An array named z or mean
    is preferred; an array of whole numbers called labels has its labels. Otherwise all fitting arrays are
    points. An array of one point gives the point its name; if arrays have several points, each array is a
    label. Raises NumberFileError if no array fits; `name` is the file's name for errors.
    """
    fitting = {key: rows for key, array in arrays.items() if (rows := rows_of(array, latent_dim)) is not None}
    if not fitting:
        raise NumberFileError(f"{name}: {misfit(arrays, latent_dim)}")
    named = next((key for key in Z_NAMES if key in fitting), None)
    if named is not None:
        fitting = {named: fitting[named]}
    if len(fitting) == 1:
        (rows,) = fitting.values()
        return NamedPoints(rows, _numbers(len(rows)), *_labels(arrays, len(rows)))
    names: list[str] = []
    for key, rows in fitting.items():
        names += [key] if len(rows) == 1 else [f"{key} {number}" for number in _numbers(len(rows))]
    z = np.concatenate(list(fitting.values()))
    counts = [len(rows) for rows in fitting.values()]
    if max(counts) == 1 or len(fitting) > MAX_LABELS:
        return NamedPoints(z, tuple(names))
    labels = np.repeat(np.arange(len(fitting), dtype=np.uint8), counts)
    return NamedPoints(z, tuple(names), labels, tuple(fitting))


def _numbers(count: int) -> tuple[str, ...]:
    """Numbers from #0 on."""
    return tuple(f"#{number}" for number in range(count))


def _labels(arrays: Mapping[str, Array], count: int) -> tuple[NDArray[np.uint8] | None, tuple[str, ...]]:
    """The labels and their names, if the array "labels" has one whole number for each point."""
    found = arrays.get(LABELS)
    if found is None or found.shape != (count,) or (found != np.rint(found)).any():
        return None, ()
    values, labels = np.unique(found, return_inverse=True)
    if len(values) > MAX_LABELS:
        return None, ()
    return labels.astype(np.uint8), tuple(f"{value:.0f}" for value in values.tolist())

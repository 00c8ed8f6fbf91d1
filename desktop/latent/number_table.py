"""Reads arrays of numbers from a table as text, such as the CSV of a selection. No Qt."""

import csv
import io
import re
from collections.abc import Mapping, Sequence

import numpy as np

from desktop.base.arrays import Doubles

NUMBERED = re.compile(r"(.*?)_?(\d{1,7})")  # "mean_0", "z0", "0"
POINTS = ("z", "mean")  # the columns that are z if there are several kinds of numbered columns
LABEL = "label"


class TableError(ValueError):
    """A text is not a table of numbers; the message says what was found and what was expected."""


def arrays_of_table(text: str, name: str) -> dict[str, Doubles]:
    """The rows of a CSV table, float64 [n, d], as the array `name`, or as one array per label.

    A table without a header has only numbers. With a header, z are the columns z_0, z_1, … or mean_0, mean_1,
    …, or else the only columns that are numbered like this; other columns are ignored. Raises TableError.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise TableError(f"found a damaged CSV ({error}), expected a table of numbers") from error
    head = [] if not rows or _are_numbers(rows[0]) else [cell.strip() for cell in rows[0]]
    body = rows[1:] if head else rows
    if not body:
        raise TableError("found a table without rows, expected one row for each z")
    columns = _z_columns(head) if head else range(len(body[0]))
    numbers = _numbers(body, columns, len(rows[0]), first_line=2 if head else 1)
    if LABEL not in head:
        return {name: numbers}
    at = head.index(LABEL)
    labels = np.array([row[at] for row in body])
    return {
        # Of several arrays, only one called z or mean would be read.
        f"{LABEL} {label}" if label in POINTS else label: numbers[labels == label]
        for label in dict.fromkeys(labels.tolist())
    }


def _are_numbers(row: Sequence[str]) -> bool:
    try:
        [float(cell) for cell in row]
    except ValueError:
        return False
    return True


def _z_columns(head: Sequence[str]) -> list[int]:
    """The columns that hold z, in the order of their numbers."""
    kinds: dict[str, dict[int, int]] = {}
    for column, title in enumerate(head):
        if found := NUMBERED.fullmatch(title):
            kinds.setdefault(found[1], {})[int(found[2])] = column
    chosen = _chosen(kinds)
    if chosen is None:
        titles = ", ".join(title[:20] for title in head[:4]) + (", …" if len(head) > 4 else "")
        raise TableError(
            f"found the columns {titles}, expected z_0, z_1, … or mean_0, mean_1, …, "
            "or numbers without a head; rename the columns"
        )
    return [chosen[number] for number in sorted(chosen)]


def _chosen(kinds: Mapping[str, dict[int, int]]) -> dict[int, int] | None:
    named = next((kinds[kind] for kind in POINTS if kind in kinds), None)
    return next(iter(kinds.values())) if named is None and len(kinds) == 1 else named


def _numbers(body: Sequence[Sequence[str]], columns: Sequence[int], width: int, first_line: int) -> Doubles:
    """The numbers in some columns of rows that all have `width` cells."""
    numbers = np.empty((len(body), len(columns)))
    for place, row in enumerate(body):
        if len(row) != width:
            raise TableError(
                f"found {len(row):,} cells in row {place + first_line:,}, expected {width:,} as in the first"
            )
        try:
            numbers[place] = [float(row[column]) for column in columns]
        except ValueError as error:
            raise TableError(
                f"found a cell in row {place + first_line:,} that is no number, expected z; correct it"
            ) from error
    return numbers

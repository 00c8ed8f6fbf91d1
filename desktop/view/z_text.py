"""Z as text at full precision: numbers, JSON or NumPy. Each text can be pasted back. No Qt."""

import json
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import numpy as np

from desktop.view.state import ViewState

NUMPY_TEXT = re.compile(r"\s*(?:np\.|numpy\.)?(?:array|asarray)\s*\((.*?\])\s*(?:,[^\]]*)?\)\s*", re.DOTALL)

INNERMOST = re.compile(r"[\[(]([^\[\]()]*)[\])]")


class ZFormat(StrEnum):
    """How z is written. A value is its name in the menu."""

    NUMBERS = "Numbers"
    JSON = "JSON"
    NUMPY = "NumPy"


def z_text(z: Sequence[float], kind: ZFormat) -> str:
    """Return z with all digits of its numbers: reading the text gives the same floats."""
    if kind is ZFormat.JSON:
        return json.dumps([float(value) for value in z])
    numbers = ", ".join(repr(float(value)) for value in z)
    return f"np.array([{numbers}], dtype=np.float32)" if kind is ZFormat.NUMPY else numbers


def plane_moved(before: ViewState, after: ViewState) -> str:
    """Say how far the plane moved with the cursor without turning; empty if it did not move, or turned."""
    old, new = before.plane, after.plane
    if new.origin == old.origin or (new.u, new.v) != (old.u, old.v):
        return ""
    distance = float(np.linalg.norm(new.origin.array.astype(np.float64) - old.origin.array))
    return f"it was {distance:.3g} off the plane, which now goes through it"


def z_texts(text: str) -> Iterator[str]:
    """Yield the texts of several z: the contents of each innermost pair of brackets, or else each line."""
    inner = INNERMOST.findall(text)
    yield from inner if len(inner) > 1 else filter(str.strip, text.splitlines())


def without_numpy(text: str) -> str:
    """Return the list within a text such as `np.array([…])`; any other text is returned as it is."""
    found = NUMPY_TEXT.fullmatch(text)
    return found[1] if found else text

"""Z as text at full precision: numbers, JSON or NumPy, each of which can be pasted back. No Qt."""

import json
import re
from collections.abc import Sequence
from enum import StrEnum

NUMPY_TEXT = re.compile(r"\s*(?:np\.|numpy\.)?(?:array|asarray)\s*\((.*?\])\s*(?:,[^\]]*)?\)\s*", re.DOTALL)


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


def without_numpy(text: str) -> str:
    """Return the brackets within a text such as `np.array([…])`; any other text as it is."""
    found = NUMPY_TEXT.fullmatch(text)
    return found[1] if found else text

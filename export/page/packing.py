"""Numbers as text inside a page: compressed, in base64, and small.

Weights are float16 unless asked otherwise. The bytes of each order are put together, and an epoch holds only
its difference to the epoch after it: both compress better than the numbers do. `js/unpack.js` reads it.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.page.program import Floats

# Smaller arrays are kept exactly: float16 would lose an epsilon of 1e-8, and they take no space.
EXACT_COUNT = 64
FLOAT16_MOST = 65504.0
DTYPES: dict[str, tuple[np.dtype[Any], np.dtype[Any]]] = {
    "float16": (np.dtype("<f2"), np.dtype("<u2")),
    "float32": (np.dtype("<f4"), np.dtype("<u4")),
}


def block(data: bytes) -> str:
    """Bytes as text: deflated without a header, then base64."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(deflate.compress(data) + deflate.flush()).decode()


def weight_blocks(sets: Sequence[Mapping[int, Floats]], precision: str) -> list[str]:
    """One block for each set of weights; all but the last hold differences to the set after them.

    A block begins with the small arrays as they are.
    """
    blocks = []
    after: NDArray[Any] | None = None
    for weights in reversed(sets):
        small = [array.astype("<f4").tobytes() for array in weights.values() if array.size <= EXACT_COUNT]
        large = [array.reshape(-1) for array in weights.values() if array.size > EXACT_COUNT]
        ordered = _ordered(np.concatenate(large) if large else np.zeros(0, np.float32), precision)
        changed = ordered if after is None else _zigzag(ordered - after)
        blocks.append(block(b"".join(small) + planes(changed)))
        after = ordered
    return blocks[::-1]


def fits_float16(weights: Mapping[int, Floats]) -> bool:
    """Whether float16 can hold every weight."""
    return all(np.abs(array).max(initial=0) <= FLOAT16_MOST for array in weights.values())


def planes(numbers: NDArray[Any]) -> bytes:
    """The lowest byte of every number, then the next byte of every number, and so on."""
    little = numbers.astype(numbers.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, numbers.dtype.itemsize).T.tobytes()


def quantized(points: NDArray[np.float32]) -> tuple[str, list[list[float]]]:
    """Coordinates [N, d] in 16 bits: a block, coordinate by coordinate, and the range of each."""
    low, high = points.min(0), points.max(0)
    steps = np.round((points - low) / np.maximum(high - low, 1e-12) * 65535).astype(np.uint16)
    return block(planes(np.ascontiguousarray(steps.T).reshape(-1))), np.stack((low, high), 1).tolist()


def _ordered(values: Floats, precision: str) -> NDArray[Any]:
    """The floats' bits as whole numbers in the floats' order, so that near floats have near numbers."""
    kind, whole = DTYPES[precision]
    bits = values.astype(kind).view(whole)
    sign = whole.type(1 << (8 * whole.itemsize - 1))
    ordered: NDArray[Any] = np.where(bits & sign, ~(bits - sign) + whole.type(1), bits).astype(whole)
    return ordered


def _zigzag(steps: NDArray[Any]) -> NDArray[Any]:
    """Small differences of either sign as small numbers."""
    signed = steps.view(steps.dtype.str.replace("u", "i"))
    return ((signed << 1) ^ (signed >> (8 * steps.dtype.itemsize - 1))).view(steps.dtype)

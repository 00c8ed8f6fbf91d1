"""Packs numbers as text inside a page: compressed, then base64.

Weights are float16 unless float32 is requested. All lowest bytes are put together, then all next bytes, and
an epoch holds only its difference to the epoch after it: both compress better than the numbers themselves.
`js/unpack.js` reads the text.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.page.program import Floats

# Arrays of at most so many numbers stay float32: float16 would lose an epsilon of 1e-8, and they are small.
EXACT_COUNT = 64
FLOAT16_MOST = 65504.0
DTYPES: dict[str, tuple[np.dtype[Any], np.dtype[Any]]] = {
    "float16": (np.dtype("<f2"), np.dtype("<u2")),
    "float32": (np.dtype("<f4"), np.dtype("<u4")),
}


def block(data: bytes) -> str:
    """Bytes as text: raw deflate, then base64."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(deflate.compress(data) + deflate.flush()).decode()


def weight_blocks(sets: Sequence[Mapping[int, Floats]], precision: str) -> list[str]:
    """One block for each set of weights; all but the last hold differences to the set after them.

    A block begins with the small arrays, which are stored as they are.
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
    """Coordinates [N, d] quantized to 16 bits: a block, coordinate by coordinate, and the range of each."""
    low, high = points.min(0), points.max(0)
    steps = np.round((points - low) / np.maximum(high - low, 1e-12) * 65535).astype(np.uint16)
    return block(planes(np.ascontiguousarray(steps.T).reshape(-1))), np.stack((low, high), 1).tolist()


def _ordered(values: Floats, precision: str) -> NDArray[Any]:
    """The floats' bits as whole numbers in the order of the floats: similar floats give similar numbers."""
    kind, whole = DTYPES[precision]
    bits = values.astype(kind).view(whole)
    sign = whole.type(1 << (8 * whole.itemsize - 1))
    ordered: NDArray[Any] = np.where(bits & sign, ~(bits - sign) + whole.type(1), bits).astype(whole)
    return ordered


def _zigzag(steps: NDArray[Any]) -> NDArray[Any]:
    """Differences of either sign as unsigned numbers; small differences give small numbers."""
    signed = steps.view(steps.dtype.str.replace("u", "i"))
    return ((signed << 1) ^ (signed >> (8 * steps.dtype.itemsize - 1))).view(steps.dtype)

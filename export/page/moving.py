"""Rules for operators that move numbers without computing, and for resizing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.page.lowering import Lowering, Node, Rule, Shape
from export.page.program import NotLiveError
from export.page.trace import run_node

Places = NDArray[np.int64]
NOWHERE = -1


def reshaped(low: Lowering, node: Node) -> int:
    """Reshape, Flatten, Squeeze, Unsqueeze: the same numbers in the shape of the traced run."""
    return low.writer.view(low.number(node.input(0)), low.shape(node.outputs[0]))


def transpose(low: Lowering, value: int, order: tuple[int, ...]) -> int:
    """The value with its axes in another order; a constant is transposed at once."""
    shape = low.writer.shapes[value]
    turned = tuple(shape[axis] for axis in order)
    if value in low.writer.constants:
        return low.writer.constant(low.writer.constants[value].transpose(order))
    # Axes of length 1 can be anywhere, so only the order of the others counts.
    long = [axis for axis in order if shape[axis] != 1]
    if long == sorted(long):
        return low.writer.view(value, turned)
    return low.writer.step("transpose", [value], turned, order=list(order))


def transposed(low: Lowering, node: Node) -> int:
    """Transpose; by default the order of the axes is reversed."""
    x = low.number(node.input(0))
    order = node.get("perm") or list(reversed(range(len(low.writer.shapes[x]))))
    return transpose(low, x, tuple(order))


def pick(low: Lowering, value: int, places: Sequence[Places | None], fill: float = 0.0) -> int:
    """Select indices along each axis; None in `places` keeps an axis as it is."""
    shape = low.writer.shapes[value]
    wanted = [
        None if place is None or np.array_equal(place, np.arange(side)) else [int(index) for index in place]
        for place, side in zip(places, shape, strict=True)
    ]
    if all(place is None for place in wanted):
        return value
    result = tuple(side if place is None else len(place) for place, side in zip(wanted, shape, strict=True))
    return low.writer.step("pick", [value], result, places=wanted, fill=fill)


def broadcast(low: Lowering, value: int, shape: Shape) -> int:
    """The value repeated along its axes of length 1 until it has `shape`."""
    value = low.writer.view(
        value, (*[1] * (len(shape) - len(low.writer.shapes[value])), *low.writer.shapes[value])
    )
    places = [
        np.zeros(side, np.int64) if have == 1 and side != 1 else None
        for have, side in zip(low.writer.shapes[value], shape, strict=True)
    ]
    return pick(low, value, places)


def expand(low: Lowering, node: Node) -> int:
    """Expand to the shape of the traced run."""
    return broadcast(low, low.number(node.input(0)), low.shape(node.outputs[0]))


def split(low: Lowering, node: Node) -> list[int]:
    """Split along an axis, into parts as long as in the traced run."""
    x = low.number(node.input(0))
    rank = len(low.writer.shapes[x])
    axis, start, parts = int(node.get("axis", 0)) % rank, 0, []
    for name in node.outputs:
        length = low.shape(name)[axis]
        places: list[Places | None] = [None] * rank
        places[axis] = np.arange(start, start + length)
        parts.append(pick(low, x, places))
        start += length
    return parts


def gather(low: Lowering, node: Node) -> int:
    """Gather with indices that do not depend on the input."""
    x = low.number(node.input(0))
    shape = low.writer.shapes[x]
    axis = int(node.get("axis", 0)) % len(shape)
    indices = low.array(node.input(1), "an index").astype(np.int64)
    places: list[Places | None] = [None] * len(shape)
    places[axis] = indices.reshape(-1) % shape[axis]
    return low.writer.view(pick(low, x, places), low.shape(node.outputs[0]))


def run_on_indices(low: Lowering, node: Node) -> int:
    """Slice, Tile and Pad: ONNX Runtime runs the node on indices, to find where each number comes from."""
    x = low.number(node.input(0))
    shape = low.writer.shapes[x]
    given: list[NDArray[Any] | None] = [
        low.array(name, "a size") if name else None for name in node.inputs[1:]
    ]
    fill = 0.0
    padded = node.op == "Pad" and node.get("mode", "constant") == "constant"
    if padded:
        if low.found.opset < 11:
            raise NotLiveError("Pad before opset 11")
        value = given[1] if len(given) > 1 else None
        fill = 0.0 if value is None else float(value.reshape(-1)[0])
        given = [given[0], np.array(NOWHERE, np.float32), *given[2:]]
    places: list[Places | None] = []
    for axis, side in enumerate(shape):
        ramp = np.arange(side, dtype=np.float32).reshape(
            [side if other == axis else 1 for other in range(len(shape))]
        )
        result = run_node(
            node.proto, [np.ascontiguousarray(np.broadcast_to(ramp, shape)), *given], low.found.opset
        )
        # The index along this axis is the same for all positions on the other axes, except in padding.
        inside = np.moveaxis(result, axis, 0).reshape(result.shape[axis], -1).max(1)
        places.append(inside.astype(np.int64))
    return pick(low, x, places, fill)


def concat(low: Lowering, node: Node) -> int:
    """Concat along an axis."""
    shape = low.shape(node.outputs[0])
    axis = int(node.get("axis")) % len(shape)
    parts = [name for name in node.inputs if low.shape(name)[axis]]
    return low.writer.step("concat", [low.number(name) for name in parts], shape, axis=axis)


def depth_to_space(low: Lowering, node: Node) -> int:
    """DepthToSpace, both modes: three views and a transposition."""
    x = low.number(node.input(0))
    n, c, h, w = low.writer.shapes[x]
    b = int(node.get("blocksize"))
    if node.get("mode", "DCR") == "DCR":
        x = transpose(low, low.writer.view(x, (n, b, b, c // b**2, h, w)), (0, 3, 4, 1, 5, 2))
    else:
        x = transpose(low, low.writer.view(x, (n, c // b**2, b, b, h, w)), (0, 1, 4, 2, 5, 3))
    return low.writer.view(x, (n, c // b**2, h * b, w * b))


def space_to_depth(low: Lowering, node: Node) -> int:
    """SpaceToDepth."""
    x = low.number(node.input(0))
    n, c, h, w = low.writer.shapes[x]
    b = int(node.get("blocksize"))
    x = transpose(low, low.writer.view(x, (n, c, h // b, b, w // b, b)), (0, 3, 5, 1, 2, 4))
    return low.writer.view(x, (n, c * b**2, h // b, w // b))


def resize(low: Lowering, node: Node) -> int:
    """Resize and Upsample, axis by axis: ONNX Runtime gives the weights of the sum for each result."""
    x = low.number(node.input(0))
    shape, out = low.writer.shapes[x], low.shape(node.outputs[0])
    if node.get("mode", "nearest") != "nearest" and sum(a != b for a, b in zip(shape, out, strict=True)) > 2:
        raise NotLiveError(f"{node.op} of more than two axes")
    for axis, (have, want) in enumerate(zip(shape, out, strict=True)):
        scale = _scale(low, node, axis, len(shape))
        if have == want and scale in (None, 1.0):
            continue
        matrix = _resize_matrix(low, node, have, want, scale)
        x = _along(low, x, axis, matrix)
    return x


def _scale(low: Lowering, node: Node, axis: int, rank: int) -> float | None:
    """The scale factor in the graph for an axis; None if the graph has sizes instead."""
    scales = node.get("scales")
    if scales is None:
        name = node.input(1 if node.op == "Upsample" or low.found.opset < 11 else 2)
        if not name or not low.found.values[name].size:
            return None
        scales = low.array(name, "a scale")
    axes = [int(a) % rank for a in node.get("axes") or range(rank)]
    return float(scales[axes.index(axis)]) if axis in axes else 1.0


def _resize_matrix(
    low: Lowering, node: Node, have: int, want: int, scale: float | None
) -> NDArray[np.float32]:
    """The weights of one axis, [have, want]: each of `want` results is a sum over `have` numbers."""
    alone = type(node.proto)()
    alone.CopyFrom(node.proto)
    for name in ("axes", "keep_aspect_ratio_policy", "scales"):
        for attribute in [a for a in alone.attribute if a.name == name]:
            alone.attribute.remove(attribute)
    rows = np.eye(have, dtype=np.float32)[:, None, None, :]
    scales = np.array([1, 1, 1, want / have if scale is None else scale], np.float32)
    if node.op == "Upsample" and low.found.opset < 9:
        raise NotLiveError("Upsample before opset 9")
    # Before opset 13 an unused input cannot be left out; it is an empty array.
    unused = None if low.found.opset > 12 else np.zeros(0, np.float32)
    if node.op == "Upsample" or low.found.opset < 11:
        given: list[NDArray[Any] | None] = [rows, scales]
    elif scale is None:
        given = [rows, unused, unused, np.array([have, 1, 1, want], np.int64)]
    else:
        given = [rows, unused, scales]
    result = run_node(alone, given, low.found.opset)
    return result.reshape(have, want)


def _along(low: Lowering, x: int, axis: int, matrix: NDArray[np.float32]) -> int:
    """Add a step that multiplies `axis` by a matrix with few non-zero weights in each column."""
    shape = low.writer.shapes[x]
    used = matrix != 0
    taps = int(used.sum(0).max())
    order = np.argsort(~used, axis=0, kind="stable")[:taps].T  # [want, taps]
    weights = np.take_along_axis(matrix.T, order, axis=1)
    if taps == 1 and (weights == 1).all():
        places: list[Places | None] = [None] * len(shape)
        places[axis] = order[:, 0]
        return pick(low, x, places)
    result = (*shape[:axis], matrix.shape[1], *shape[axis + 1 :])
    return low.writer.step(
        "along", [x, low.writer.constant(weights)], result, work=int(np.prod(result)) * taps,
        axis=axis, taps=taps, places=[int(index) for index in order.reshape(-1)],
    )  # fmt: skip


MOVING_RULES: dict[str, Rule] = {
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), reshaped),
    **dict.fromkeys(("Slice", "Tile", "Pad"), run_on_indices),
    **dict.fromkeys(("Resize", "Upsample"), resize),
    "Transpose": transposed,
    "Expand": expand,
    "Split": split,
    "Gather": gather,
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}

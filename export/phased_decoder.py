"""Writes the decoder as an ONNX graph that runs faster on a CPU, with transposed convolutions in phases.

For a transposed convolution, ONNX Runtime computes a matrix product and then adds each number to its place,
one at a time, which takes longer than the product. A transposed convolution with stride 2 also equals four
plain convolutions, one for each phase, that is, for the pixels in even or odd rows and columns of its result.
(Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning", relate the two; Shi et al.
2016, "Is the deconvolution layer the same as a convolutional layer?", describe the phases.) The phases then
have to be interleaved:

    conv1   the four results are put side by side, and a permutation matrix sorts their columns
    conv2   not interleaved: conv3 takes the four phases as they are
    conv3   its taps first turn the phases into sixteen maps, one for each phase of the result and each shift;
            a transposed convolution of zeros and ones adds the maps in their places, still in phases; only
            the picture is interleaved

In a deeper decoder the last two layers are written like conv2 and conv3, and all layers before them like
conv1. Up to rounding, this is the same function as `training.model.Decoder` followed by `Likelihood.parts`
(for Bernoulli pixels the logistic function); `export.parity` checks that. `tests/benchmarks/decode.py`
measures the gain; export/README.md lists slower variants. The decoder of `training` works on mirrored images;
here the weights are mirrored instead of the picture.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from torch import Tensor

from training.likelihood import BERNOULLI, LEAST_LOG_SCALE, SMALL_LOGIT, Likelihood, bounded_log_scale

Floats = NDArray[np.float32]

PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))
# The rows (or columns) of the kernel that contribute to phase 0 and to phase 1 of the doubled result, in the
# order of the input rows that they read: the previous row and the same one, or only the same one.
TAPS = ([0, 2], [1])
# Removes a border of one pixel from a picture: starts, ends and axes of Slice.
BORDER = {"starts": (1, 1), "ends": (-1, -1), "axes": (2, 3)}
DOC = "Transposed convolutions are written as convolutions of each phase: faster on a CPU, the same function."


def phased_decoder(
    state: Mapping[str, Tensor],
    image_shape: Sequence[int],
    opset: int,
    batch_axis: str,
    likelihood: Likelihood = BERNOULLI,
) -> ModelProto:
    """The graph z float32 [N, d] → the likelihood's parts of a ConvVAE's state_dict."""
    weights = {
        name.removeprefix("decoder."): tensor.detach().cpu().numpy()
        for name, tensor in state.items()
        if name.startswith("decoder.")
    }
    channels, height, width = image_shape
    # All of the decoder's convolutions double the size, except the last one.
    depth = sum(name.startswith("conv") for name in weights) // 2 - 1
    first = weights["conv1.weight"].shape[0]
    rows, columns = (-(-size // 2**depth) for size in (height, width))
    graph = _Graph()
    dense, bias = (
        _mirrored(weights[f"dense.{name}"].reshape(first, rows, columns, -1), 1, 2)
        for name in ("weight", "bias")
    )
    h = graph.add(
        "Gemm",
        "z",
        graph.constant("dense.weight", dense.reshape(-1, dense.shape[-1])),
        graph.constant("dense.bias", bias.ravel()),
        transB=1,
    )
    h = graph.add("Relu", h)
    h = graph.add("Reshape", h, graph.constant("start_shape", _shape(0, first, rows, columns)))
    for number in range(1, depth):
        phases = _doubled(graph, h, f"conv{number}", weights)
        rows, columns = 2 * rows, 2 * columns
        outputs = weights[f"conv{number}.weight"].shape[1]
        suffix = f"_{number}" if number > 1 else ""
        h = graph.add(
            "Concat", *phases, axis=3
        )  # side by side: a row of phase (0, 0), (0, 1), (1, 0), (1, 1)
        shape = graph.constant(f"middle_shape{suffix}", _shape(0, outputs, rows, columns))
        h = graph.add("Reshape", h, shape)
        order = graph.constant(f"interleave_columns{suffix}", interleaving(columns))
        h = graph.add("MatMul", h, order)
    phases = _doubled(graph, h, f"conv{depth}", weights)
    last = f"conv{depth + 1}"
    kernel = _mirrored(weights[f"{last}.weight"], 2, 3)
    h = ""
    for (row, column), phase in zip(PHASES, phases, strict=True):
        name = graph.constant(f"{last}.weight.{row}{column}", shift_maps(kernel, row, column))
        maps = graph.add("Conv", phase, name, kernel_shape=[1, 1])
        h = graph.add("Add", maps, h) if h else maps
    h = graph.add(
        "ConvTranspose",
        h,
        graph.constant(f"{last}.places", places(kernel.shape[1])),
        graph.constant(f"{last}.bias", np.tile(weights[f"{last}.bias"], len(PHASES))),
        kernel_shape=[2, 2],
    )
    h = graph.add("DepthToSpace", h, blocksize=2, mode="DCR")
    is_cut = (2 * rows, 2 * columns) != (height, width)
    border = BORDER | ({"ends": (1 + height, 1 + width)} if is_cut else {})
    cut = (graph.constant(f"border_{name}", _shape(*values)) for name, values in border.items())
    h = graph.add("Slice", h, *cut)
    log_scale = weights.get("log_scale")
    _add_parts(graph, h, likelihood, None if log_scale is None else torch.from_numpy(log_scale))
    pictures: list[str | int | None] = [batch_axis, channels, height, width]
    shapes = [pictures] * len(likelihood.part_names)
    if likelihood.has_one_scale:
        shapes[1] = [batch_axis, 1, 1, 1]
    inputs = [make_tensor_value_info("z", TensorProto.FLOAT, [batch_axis, weights["dense.weight"].shape[1]])]
    outputs_info = [
        make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in zip(likelihood.part_names, shapes, strict=True)
    ]
    made = make_graph(graph.nodes, "main_graph", inputs, outputs_info, graph.constants, doc_string=DOC)
    model = make_model(
        made, producer_name="latent-plane", opset_imports=[make_opsetid("", opset)], ir_version=10
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _add_parts(graph: "_Graph", output: str, likelihood: Likelihood, log_scale: Tensor | None) -> None:
    """Add the nodes that compute `likelihood.parts` from the decoder's output, with the same names."""
    picture, *others = likelihood.part_names
    if likelihood.name == "continuous-bernoulli":
        graph.add("Identity", output, output="logits")
        _add_continuous_bernoulli_mean(graph, output, picture)
        return
    if likelihood.name == "logistic":
        output, scale = graph.add_several("Split", output, count=2, axis=1, num_outputs=2)
        least = graph.constant("least_log_scale", np.array(LEAST_LOG_SCALE, np.float32))
        scale = graph.add("Softplus", graph.add("Sub", scale, least))
        graph.add("Add", scale, least, output=others[0])
    if log_scale is not None:
        bounded = graph.constant("log_scale_of_all", bounded_log_scale(log_scale).numpy())
        batch = graph.add("Shape", "z", start=0, end=1)
        shape = graph.add("Concat", batch, graph.constant("ones", _shape(1, 1, 1)), axis=0)
        graph.add("Expand", bounded, shape, output=others[0])
    graph.add("Sigmoid", output, output=picture)


def _add_continuous_bernoulli_mean(graph: "_Graph", logits: str, picture: str) -> None:
    """Add `training.likelihood.continuous_bernoulli_mean`."""

    def number(value: float) -> str:
        return graph.constant(f"number_{len(graph.constants)}", np.array(value, np.float32))

    one = number(1)
    small = graph.add("Less", graph.add("Abs", logits), number(SMALL_LOGIT))
    near = graph.add("Where", small, logits, number(0))
    far = graph.add("Where", small, one, logits)
    square = graph.add("Mul", near, near)
    series = graph.add("Mul", square, number(1 / 1_209_600))
    for coefficient in (1 / 30_240, 1 / 720, 1 / 12):
        series = graph.add("Sub", number(coefficient), series)
        series = graph.add("Mul", series, near if coefficient == 1 / 12 else square)
    series = graph.add("Add", series, number(0.5))
    rest = graph.add("Reciprocal", graph.add("Sub", one, graph.add("Exp", graph.add("Neg", far))))
    exact = graph.add("Sub", rest, graph.add("Reciprocal", far))
    graph.add("Where", small, series, exact, output=picture)


def phase_kernel(weight: Floats, row: int, column: int) -> Floats:
    """The convolution that gives one phase: a doubling layer's weight [C, C', 3, 3] → [C', C, 1–2, 1–2].

    Phase 0 also reads the previous row (or column).
    """
    taps = weight[:, :, TAPS[row]][:, :, :, TAPS[column]]
    return np.ascontiguousarray(taps.transpose(1, 0, 2, 3))


def interleaving(size: int) -> Floats:
    """The permutation [size, size] that sorts a row with the even columns first: row @ permutation."""
    order = np.concatenate([np.arange(0, size, 2), np.arange(1, size, 2)])
    result: Floats = np.eye(size, dtype=np.float32)[order]
    return result


def shift_maps(kernel: Floats, row: int, column: int) -> Floats:
    """The kernel from phase (row, column) to each phase and shift: [C, C', 3, 3] → [16·C', C, 1, 1].

    An output pixel of phase r in row i of its phase's map reads, by the kernel's three taps, row i and the
    row beside it: row i − 1 for r = 0, row i + 1 for r = 1. So there are 2 phases × 2 shifts in each
    direction, and 16 maps for each of C' channels. ONNX Runtime's convolutions are fastest with whole blocks
    of 16.
    """
    inputs, channels = kernel.shape[:2]
    maps = np.zeros((2, 2, 2, 2, channels, inputs), np.float32)  # phase, shift; rows, then columns
    for k in range(3):
        for m in range(3):
            r, r_shift = _target(row + k - 1)
            c, c_shift = _target(column + m - 1)
            maps[r, r_shift, c, c_shift] = kernel[:, :, k, m].T
    return maps.reshape(-1, inputs, 1, 1)


def places(channels: int) -> Floats:
    """The transposed convolution of zeros and ones, [16·C', 4·C', 2, 2], that adds each map at its shift.

    Its result has one more row and column than a phase. In it, phase 1 comes before phase 0, so that
    interleaving gives the picture with a border of one pixel.
    """
    result = np.zeros((2, 2, 2, 2, channels, 2, 2, channels, 2, 2), np.float32)
    for r, r_shift, c, c_shift, channel in np.ndindex(2, 2, 2, 2, channels):
        result[r, r_shift, c, c_shift, channel, 1 - r, 1 - c, channel, r_shift, c_shift] = 1
    return result.reshape(16 * channels, 4 * channels, 2, 2)


def _target(place: int) -> tuple[int, int]:
    """The phase and the shift of the row `place`, from −1 to 2, counted from row 2i of the result.

    Row i of a map contributes to rows i (tap 0) and i + 1 (tap 1) of what `places` gives. Phase 0 of row i
    lies in row i, and phase 1 in row i + 1.
    """
    phase = place % 2
    return phase, place // 2 + phase


class _Graph:
    """Nodes and constants in the order in which they are added, each named after its output."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(make_node(kind, inputs, [output], output, **attributes))
        return output

    def add_several(self, kind: str, *inputs: str, count: int, **attributes: Any) -> list[str]:
        name = f"{kind.lower()}_{len(self.nodes)}"
        outputs = [f"{name}_{number}" for number in range(count)]
        self.nodes.append(make_node(kind, inputs, outputs, name, **attributes))
        return outputs


def _doubled(graph: _Graph, h: str, layer: str, weights: Mapping[str, Floats]) -> list[str]:
    """The four phases [N, C', H, W], after ReLU, of a layer that doubles the size of h [N, C, H, W]."""
    bias = graph.constant(f"{layer}.bias", weights[f"{layer}.bias"])
    phases = []
    for row, column in PHASES:
        kernel = phase_kernel(weights[f"{layer}.weight"], row, column)
        phase = graph.add(
            "Conv",
            h,
            graph.constant(f"{layer}.weight.{row}{column}", kernel),
            bias,
            kernel_shape=kernel.shape[2:],
            pads=[1 - row, 1 - column, 0, 0],
        )
        phases.append(graph.add("Relu", phase))
    return phases


def _mirrored(array: Floats, *axes: int) -> Floats:
    return np.flip(array, axes)


def _shape(*sizes: int) -> NDArray[np.int64]:
    """A shape as Reshape and Slice take it; in Reshape, 0 keeps the batch size."""
    return np.array(sizes, np.int64)

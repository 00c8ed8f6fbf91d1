"""Write the decoder as an ONNX graph that runs faster on a CPU, with transposed convolutions in phases.

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

Up to rounding, this is the same function as `training.model.Decoder` followed by the logistic function, which
`export.parity` checks. `tests/benchmarks/decode.py` measures the gain; export/README.md says what was slower.
The decoder works on mirrored images; here the weights are mirrored instead of the picture.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from torch import Tensor

Floats = NDArray[np.float32]

PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))
# The rows (or columns) of the kernel that contribute to phase 0 and to phase 1 of the doubled result, in the
# order of the input rows that they read: the previous row and the same one, or only the same one.
TAPS = ([0, 2], [1])
# Removes a border of one pixel from a picture: starts, ends and axes of Slice.
BORDER = {"starts": (1, 1), "ends": (-1, -1), "axes": (2, 3)}
DOC = "Transposed convolutions are written as convolutions of each phase: faster on a CPU, the same function."


def phased_decoder(
    state: Mapping[str, Tensor], image_shape: Sequence[int], opset: int, batch_axis: str
) -> ModelProto:
    """The graph z float32 [N, d] → Bernoulli probabilities float32 [N, C, H, W] of a ConvVAE's state_dict."""
    weights = {
        name.removeprefix("decoder."): tensor.detach().cpu().numpy()
        for name, tensor in state.items()
        if name.startswith("decoder.")
    }
    channels, height, width = image_shape
    first, second = weights["conv1.weight"].shape[:2]
    graph = _Graph()
    dense, bias = (
        _mirrored(weights[f"dense.{name}"].reshape(first, height // 4, width // 4, -1), 1, 2)
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
    h = graph.add("Reshape", h, graph.constant("start_shape", _shape(0, first, height // 4, width // 4)))
    phases = _doubled(graph, h, "conv1", weights)
    h = graph.add("Concat", *phases, axis=3)  # side by side: a row of phase (0, 0), (0, 1), (1, 0), (1, 1)
    h = graph.add("Reshape", h, graph.constant("middle_shape", _shape(0, second, height // 2, width // 2)))
    h = graph.add("MatMul", h, graph.constant("interleave_columns", interleaving(width // 2)))
    phases = _doubled(graph, h, "conv2", weights)
    kernel = _mirrored(weights["conv3.weight"], 2, 3)
    h = ""
    for (row, column), phase in zip(PHASES, phases, strict=True):
        name = graph.constant(f"conv3.weight.{row}{column}", shift_maps(kernel, row, column))
        maps = graph.add("Conv", phase, name, kernel_shape=[1, 1])
        h = graph.add("Add", maps, h) if h else maps
    h = graph.add(
        "ConvTranspose",
        h,
        graph.constant("conv3.places", places(channels)),
        graph.constant("conv3.bias", np.tile(weights["conv3.bias"], len(PHASES))),
        kernel_shape=[2, 2],
    )
    h = graph.add("DepthToSpace", h, blocksize=2, mode="DCR")
    cut = (graph.constant(f"border_{name}", _shape(*values)) for name, values in BORDER.items())
    h = graph.add("Slice", h, *cut)
    graph.add("Sigmoid", h, output="probabilities")
    shapes = [batch_axis, weights["dense.weight"].shape[1]], [batch_axis, channels, height, width]
    inputs, outputs = (
        [make_tensor_value_info(name, TensorProto.FLOAT, shape)]
        for name, shape in zip(("z", "probabilities"), shapes, strict=True)
    )
    made = make_graph(graph.nodes, "main_graph", inputs, outputs, graph.constants, doc_string=DOC)
    model = make_model(
        made, producer_name="latent-plane", opset_imports=[make_opsetid("", opset)], ir_version=10
    )
    onnx.checker.check_model(model, full_check=True)
    return model


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

    Its result has one more row and column than a phase. Phase 1 comes before phase 0 there, so that
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

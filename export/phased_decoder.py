"""The decoder as an ONNX graph that runs faster on a CPU: its transposed convolutions in phases.

ONNX Runtime multiplies a transposed convolution out and then adds each product to its place, one number at a
time, which takes longer than the products. A transposed convolution with stride 2 is also four plain
convolutions, one for each phase: the pixels in even or odd rows and columns of its result (Dumoulin and Visin
2016, "A guide to convolution arithmetic for deep learning", relates the two; Shi et al. 2016, "Is the
deconvolution layer the same as a convolutional layer?", has the phases). What is left is to interleave them:

    conv1   the four results side by side, and a product with a permutation matrix that sorts their columns
    conv2   none: conv3 takes the four as they are
    conv3   each tap of its kernel turns the phases into maps first; a transposed convolution of zeros and
            ones adds the maps where the taps point to, still in phases; only the picture is interleaved

The same function as `training.model.Decoder` and its logistic function, to rounding: `export.parity` holds it
to that. `tests/benchmarks/decode.py` measures what it gives. The decoder works on mirrored images; here the
weights are mirrored instead of the picture.
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

# ONNX Runtime's plain convolutions want whole blocks of so many channels.
CHANNEL_BLOCK = 16
PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))
# The kernel's rows, or columns, that reach phase 0 and phase 1 of what is doubled, in the order of the rows
# that they see: the one before and the same, or the same alone.
TAPS = ([0, 2], [1])
DOC = "Transposed convolutions are written as convolutions of each phase: faster on a CPU, the same function."


def phased_decoder(
    state: Mapping[str, Tensor], image_shape: Sequence[int], opset: int, batch_axis: str
) -> ModelProto:
    """z float32 [N, d] → Bernoulli probabilities float32 [N, C, H, W], from a ConvVAE's state_dict."""
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
    h = graph.add("Concat", *phases, axis=3)  # a row of phase (0, 0), of (0, 1), of (1, 0), of (1, 1)
    h = graph.add("Reshape", h, graph.constant("middle_shape", _shape(0, second, height // 2, width // 2)))
    h = graph.add("MatMul", h, graph.constant("interleave_columns", interleaving(width // 2)))
    phases = _doubled(graph, h, "conv2", weights)
    kernel = _mirrored(weights["conv3.weight"], 2, 3)
    maps = graph.constant("conv3.weight", tap_maps(kernel))
    h = graph.add(
        "Concat", *(graph.add("Conv", phase, maps, kernel_shape=[1, 1]) for phase in phases), axis=1
    )
    h = graph.add(
        "ConvTranspose",
        h,
        graph.constant("conv3.places", tap_places(channels, len(tap_maps(kernel)))),
        graph.constant("conv3.bias", np.tile(weights["conv3.bias"], len(PHASES))),
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
    )
    h = graph.add("DepthToSpace", h, blocksize=2, mode="DCR")
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
    """The convolution that makes one phase: a doubling layer's weight [C, C', 3, 3] → [C', C, 1–2, 1–2].

    Phase 0 also sees the row, or column, before.
    """
    taps = weight[:, :, TAPS[row]][:, :, :, TAPS[column]]
    return np.ascontiguousarray(taps.transpose(1, 0, 2, 3))


def interleaving(size: int) -> Floats:
    """The [size, size] that a row of first the even columns and then the odd ones is sorted by: row @ it."""
    order = np.concatenate([np.arange(0, size, 2), np.arange(1, size, 2)])
    result: Floats = np.eye(size, dtype=np.float32)[order]
    return result


def tap_maps(kernel: Floats) -> Floats:
    """The 1 × 1 convolution to a map for each tap, and to zeros: [C, C', 3, 3] → [whole blocks, C, 1, 1]."""
    maps = kernel.transpose(2, 3, 1, 0).reshape(-1, len(kernel), 1, 1)
    return np.pad(maps, ((0, -len(maps) % CHANNEL_BLOCK), (0, 0), (0, 0), (0, 0)))


def tap_places(channels: int, maps: int) -> Floats:
    """Where each phase's maps go: a transposed convolution [4·maps, 4·C', 3, 3] of zeros and ones.

    Tap k adds the pixel in row r to row r + k − 1. Row r is row i of phase p, 2i + p, and so is the other.
    """
    places = np.zeros((len(PHASES), maps, len(PHASES), channels, 3, 3), np.float32)
    for phase, (row, column) in enumerate(PHASES):
        for k, tap_row in enumerate(range(row - 1, row + 2)):
            for m, tap_column in enumerate(range(column - 1, column + 2)):
                target = PHASES.index((tap_row % 2, tap_column % 2))
                for channel in range(channels):
                    tap = (3 * k + m) * channels + channel
                    places[phase, tap, target, channel, 1 + tap_row // 2, 1 + tap_column // 2] = 1
    return places.reshape(len(PHASES) * maps, len(PHASES) * channels, 3, 3)


class _Graph:
    """Nodes and constants in the order in which they are added, each named after what it gives."""

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
    """The four phases [N, C', H, W] of a layer that doubles h [N, C, H, W], and their ReLU."""
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
    """For Reshape; 0 leaves the batch as it is."""
    return np.array(sizes, np.int64)

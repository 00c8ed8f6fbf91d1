"""Gives convolutions the same padding on both sides, because cuDNN's frontend refuses uneven padding.

Zeros are added to the kernel on the side with less padding, and as much padding: the result stays the same.
On the CPU the zeros would only cost time, so only sessions on CUDA get such a graph. Needs only the onnx
package.
"""

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

# Kernels that would become larger than this stay as they are.
MOST_NUMBERS = 1 << 26


def with_even_pads(graph: bytes) -> bytes:
    """The graph with even padding for each convolution whose kernel is stored in it as float32."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(graph)
    except DecodeError:
        return graph
    kernels = {
        tensor.name: tensor
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
        and tensor.data_location != onnx.TensorProto.EXTERNAL
        and tensor.name not in {value.name for value in model.graph.input}
    }
    changed = [node for node in model.graph.node if node.op_type == "Conv" and _grow(model, node, kernels)]
    if not changed:
        return graph
    used = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used or tensor.name not in kernels]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    return bytes(model.SerializeToString())


def _grow(model: onnx.ModelProto, node: onnx.NodeProto, kernels: dict[str, onnx.TensorProto]) -> bool:
    """Make a convolution's uneven padding even where possible; return whether the node was changed."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if "pads" not in attributes or len(node.input) < 2 or node.input[1] not in kernels:
        return False
    pads = list(attributes["pads"].ints)
    axes = len(pads) // 2
    starts, ends = pads[:axes], pads[axes:]
    kernel = numpy_helper.to_array(kernels[node.input[1]])
    dilations = list(attributes["dilations"].ints) if "dilations" in attributes else [1] * axes
    missing = [(max(0, e - s), max(0, s - e)) for s, e in zip(starts, ends, strict=True)]
    if starts == ends or kernel.ndim != axes + 2:
        return False
    # With dilation, each added row or column of zeros extends the kernel by `step` pixels.
    if any(number % step for pair, step in zip(missing, dilations, strict=True) for number in pair):
        return False
    zeros = [(a // step, b // step) for (a, b), step in zip(missing, dilations, strict=True)]
    shape = [size + a + b for size, (a, b) in zip(kernel.shape[2:], zeros, strict=True)]
    if int(np.prod([*kernel.shape[:2], *shape])) > MOST_NUMBERS:
        return False
    grown = np.pad(kernel, [(0, 0), (0, 0), *zeros])
    name = f"{node.input[1]}/{node.output[0]}/even"
    model.graph.initializer.append(numpy_helper.from_array(grown, name))
    node.input[1] = name
    attributes["pads"].ints[:] = [max(pair) for pair in zip(starts, ends, strict=True)] * 2
    if "kernel_shape" in attributes:
        attributes["kernel_shape"].ints[:] = shape
    return True

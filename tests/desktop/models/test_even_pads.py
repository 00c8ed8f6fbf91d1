"""Graphs that were changed for cuDNN give the same results as before."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from desktop.models.even_pads import with_even_pads


def convolutions(graph):
    """The padding of each convolution that has pads, as (starts, ends)."""
    found = [
        helper.get_node_attr_value(node, "pads")
        for node in graph.graph.node
        if node.op_type == "Conv" and any(attribute.name == "pads" for attribute in node.attribute)
    ]
    return [(pads[: len(pads) // 2], pads[len(pads) // 2 :]) for pads in found]


def run(graph, **inputs):
    """The output of ONNX Runtime on the CPU."""
    return ort.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, inputs)[0]


def test_the_phased_decoder_gets_even_padding_and_stays_the_same_function():
    """Six of its convolutions have uneven padding before, and none after; pictures agree to 2e-7."""
    # Imported here, so that not every worker imports PyTorch.
    from export.phased_decoder import phased_decoder
    from training.model import ConvVAE

    graph = phased_decoder(ConvVAE().state_dict(), (1, 28, 28), 20, "N")
    assert sum(starts != ends for starts, ends in convolutions(graph)) == 6
    before = graph.SerializeToString()
    after = with_even_pads(before)
    assert all(starts == ends for starts, ends in convolutions(onnx.load_from_string(after)))
    z = np.random.default_rng(0).standard_normal((16, 2)).astype(np.float32)
    assert run(after, z=z) == pytest.approx(run(before, z=z), abs=2e-7)
    assert with_even_pads(after) == after


def one_convolution(pads, dilation=1, stride=1):
    """A graph of one 3 × 2 convolution."""
    kernel = np.random.default_rng(1).standard_normal((4, 3, 3, 2)).astype(np.float32)
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], pads=pads, dilations=[dilation] * 2, strides=[stride] * 2
    )
    made = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 13, 11])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4, "H", "W"])],
        [numpy_helper.from_array(kernel, "w")],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize(
    ("pads", "dilation", "stride"),
    [((1, 0, 0, 0), 1, 1), ((0, 0, 1, 2), 1, 1), ((2, 1, 1, 0), 1, 2), ((0, 3, 2, 1), 2, 1)],
)
def test_any_uneven_padding_becomes_even(pads, dilation, stride):
    """It does not matter which side has more padding; stride and dilation are handled."""
    before = one_convolution(pads, dilation, stride).SerializeToString()
    after = with_even_pads(before)
    starts, ends = convolutions(onnx.load_from_string(after))[0]
    assert starts == ends
    x = np.random.default_rng(2).standard_normal((2, 3, 13, 11)).astype(np.float32)
    assert run(after, x=x) == pytest.approx(run(before, x=x), abs=1e-5)


def test_what_cannot_or_need_not_change_is_left_as_it_is():
    """Unchanged: even padding, a gap of half a dilation step, and bytes that are not a graph."""
    for graph in (one_convolution((1, 1, 1, 1)), one_convolution((1, 0, 0, 0), dilation=2)):
        assert with_even_pads(graph.SerializeToString()) == graph.SerializeToString()
    assert with_even_pads(b"\xff\xff") == b"\xff\xff"

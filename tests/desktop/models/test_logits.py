"""A decoder's logits, for a graph that ends with a sigmoid and for one that does not."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from desktop.base.shipped import shipped_bundle
from desktop.models.logits import without_sigmoid

GOOD_Z = np.random.default_rng(0).normal(0, 2, (30, 2)).astype(np.float32)


def test_the_logits_of_the_shipped_decoder_are_those_of_its_probabilities(make_model):
    """Their sigmoid is what `decode` gives, and they reach farther than float32 probabilities can."""
    model = make_model(shipped_bundle())
    logits = model.decode_logits(GOOD_Z)
    assert 1 / (1 + np.exp(-logits.astype(np.float64))) == pytest.approx(model.decode(GOOD_Z), abs=1e-6)
    assert logits.min() < -30


def test_a_sigmoid_before_a_reshape_is_found(decoder_graph):
    """The tests' own decoder ends with Sigmoid and Reshape, so its logits are the plain product."""
    graph = without_sigmoid(decoder_graph(2, (1, 4, 4), 0), "probabilities")
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"z": GOOD_Z})
    plain = ort.InferenceSession(decoder_graph(2, (1, 4, 4), 0), providers=["CPUExecutionProvider"])
    (probabilities,) = plain.run(None, {"z": GOOD_Z})
    assert 1 / (1 + np.exp(-logits)) == pytest.approx(probabilities, abs=1e-6)


def test_without_a_sigmoid_the_logits_are_the_probabilities_within_17(make_bundle, make_model):
    """If the graph has no sigmoid, logits end at the float32 numbers nearest to 0 and 1."""
    values = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Clip", ["z", "low", "high"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], ["probabilities"]),
        ],
        "decoder",
        [values("z", TensorProto.FLOAT, ["N", 2])],
        [values("probabilities", TensorProto.FLOAT, ["N", 1, 1, 2])],
        [
            helper.make_tensor("low", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("high", TensorProto.FLOAT, [], [1.0]),
            helper.make_tensor("shape", TensorProto.INT64, [4], [-1, 1, 1, 2]),
        ],
    )
    decoder = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(decoder)
    data = decoder.SerializeToString()
    assert without_sigmoid(data, "probabilities") is None
    model = make_model(make_bundle(image_shape=(1, 1, 2), decoder=data))
    logits = model.decode_logits(np.float32([[0.25, 1.0], [0.5, 0.0]])).reshape(2, 2)
    assert logits[:, 0] == pytest.approx([np.log(1 / 3), 0], abs=1e-6)
    assert logits[:, 1] == pytest.approx([17.33, -17.33], abs=0.01)


def test_what_is_no_graph_has_no_logits():
    """Bytes that are not a graph raise no error."""
    assert without_sigmoid(b"no graph", "probabilities") is None

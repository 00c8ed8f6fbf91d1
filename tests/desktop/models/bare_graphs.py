"""Bare graphs of a few nodes, and sources that are read as they should be without a trial."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from desktop.models.source import Source
from desktop.reading.reading import Layout, Reading, ValueRange

SLOW = 2**40  # turns of a loop


def bare(tmp_path, nodes, output_shape, *, z_shape=("N", 2), dtype="float32", more=(), **changes):
    """A source of one bare graph, read as z → `out`, unit range, [1, 4, 5] unless `changes` say otherwise."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("z", changes.pop("z_type", TensorProto.FLOAT), z_shape), *more],
        [helper.make_tensor_value_info("out", kind, output_shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    facts = {
        "z_input": "z",
        "z_dtype": "float32",
        "z_shape": (None, 2),
        "latent_dim": 2,
        "batch": None,
        "other_inputs": (),
        "output": "out",
        "output_dtype": dtype,
        "layout": Layout.NCHW,
        "image_shape": (1, 4, 5),
        "value_range": ValueRange.UNIT,
    }
    return Source(
        path=tmp_path / "bare.onnx",
        name="bare",
        sha256="0" * 64,
        decoder=model.SerializeToString(),
        reading=Reading(**(facts | changes)),
        encoder=None,
        encoder_reading=None,
        bundle=None,
        file=None,
    )


def constant(name, array):
    """A node that gives an array."""
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(array)))


def picture_nodes(shape, to=None):
    """z [N, 2] → half its first number at every pixel of a picture [N, *shape], of type `to`."""
    cast = [helper.make_node("Cast", ["wide"], ["out"], to=to)] if to else []
    return [
        constant("half", np.array([[0.5], [0]], np.float32)),
        helper.make_node("MatMul", ["z", "half"], ["mean"]),
        constant("one", np.array([-1] + [1] * len(shape), np.int64)),
        helper.make_node("Reshape", ["mean", "one"], ["small"]),
        constant("ones", np.ones((1, *shape), np.float32)),
        helper.make_node("Mul", ["small", "ones"], ["wide" if to else "out"]),
        *cast,
    ]


def looping_nodes():
    """A picture after as many iterations of a Loop as z's largest number says, which may be endless."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["still"]),
            helper.make_node("Add", ["sum", "sum"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    nodes = picture_nodes((1, 4, 5))[:-1]
    return [
        *nodes,
        helper.make_node("Mul", ["small", "ones"], ["start"]),
        helper.make_node("ReduceMax", ["z"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["turns"], to=TensorProto.INT64),
        constant("true", np.array(True)),
        helper.make_node("Loop", ["turns", "true", "start"], ["out"], body=body),
    ]


def nan_nodes(of):
    """A picture that is NaN where z's first number is negative, or everywhere."""
    nodes = picture_nodes((1, 4, 5))[:-1]
    operator = [helper.make_node("Sqrt", ["plain"], ["out"])]
    if of == "all":
        operator = [constant("nan", np.float32("nan")), helper.make_node("Add", ["plain", "nan"], ["out"])]
    return [*nodes, helper.make_node("Mul", ["small", "ones"], ["plain"]), *operator]

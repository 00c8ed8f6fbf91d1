"""Hostile or invalid model files, each with its name and a function that writes it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Write = Callable[[Path], object]
MUTATIONS = 150
CUTS = 50


def model_bytes(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto] | None = None,
    outputs: list[onnx.ValueInfoProto] | None = None,
    initializers: list[TensorProto] | None = None,
    functions: list[onnx.FunctionProto] | None = None,
    domains: tuple[str, ...] = (),
) -> bytes:
    """A model z [N, 2] → out [N, 1, 8, 8] by default. It is not checked, because it may be invalid."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 2])] if inputs is None else inputs,
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 1, 8, 8])]
        if outputs is None
        else outputs,
        initializers or [],
    )
    opsets = [helper.make_opsetid("", 20), *(helper.make_opsetid(domain, 1) for domain in domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=functions or [])
    return bytes(model.SerializeToString())


def good_nodes() -> tuple[list[onnx.NodeProto], list[TensorProto]]:
    """A decoder that works: sigmoid(z · W) as pictures."""
    weights = np.random.default_rng(0).normal(0, 1, (2, 64)).astype(np.float32)
    arrays = {"weights": weights, "shape": np.array([-1, 1, 8, 8], np.int64)}
    return [
        helper.make_node("MatMul", ["z", "weights"], ["product"]),
        helper.make_node("Sigmoid", ["product"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["out"]),
    ], [numpy_helper.from_array(array, name) for name, array in arrays.items()]


def good_model() -> bytes:
    """The bytes of the working decoder's file."""
    nodes, arrays = good_nodes()
    return model_bytes(nodes, initializers=arrays)


def nested_functions(count: int = 3000) -> bytes:
    """A chain of local functions, each calling the next: inlining it overflows ONNX Runtime's stack."""
    opset = [helper.make_opsetid("", 20), helper.make_opsetid("local", 1)]
    functions = [
        helper.make_function(
            "local",
            f"f{index}",
            ["a"],
            ["b"],
            [
                helper.make_node("Identity", ["a"], ["b"])
                if index == count - 1
                else helper.make_node(f"f{index + 1}", ["a"], ["b"], domain="local")
            ],
            opset,
        )
        for index in range(count)
    ]
    call = helper.make_node("f0", ["z"], ["out"], domain="local")
    return model_bytes([call], functions=functions, domains=("local",))


def constant_of_shape(count: int) -> bytes:
    """A graph of 75 bytes that requests any amount of memory; an operator hides the shape."""
    sizes = numpy_helper.from_array(np.array([count // 2], np.int64), "half")
    nodes = [
        helper.make_node("Add", ["half", "half"], ["sizes"]),
        helper.make_node("ConstantOfShape", ["sizes"], ["many"]),
        helper.make_node("ReduceSum", ["many"], ["sum"], keepdims=0),
        helper.make_node("Add", ["z", "sum"], ["out"]),
    ]
    return model_bytes(nodes, initializers=[sizes])


def plain_constant_of_shape(count: int) -> bytes:
    """The same request with the shape given directly."""
    sizes = numpy_helper.from_array(np.array([count], np.int64), "sizes")
    nodes = [
        helper.make_node("ConstantOfShape", ["sizes"], ["many"]),
        helper.make_node("ReduceSum", ["many"], ["sum"], keepdims=0),
        helper.make_node("Add", ["z", "sum"], ["out"]),
    ]
    return model_bytes(nodes, initializers=[sizes])


def endless_loop() -> bytes:
    """A Loop without a trip count whose condition is always true."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going_on"], ["goes_on"]),
            helper.make_node("Sin", ["carried"], ["carries"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carries", TensorProto.FLOAT, None),
        ],
    )
    true = numpy_helper.from_array(np.array(True), "true")
    return model_bytes([helper.make_node("Loop", ["", "true", "z"], ["out"], body=body)], initializers=[true])


def deep_subgraphs(depth: int = 20) -> bytes:
    """An If within an If within an If."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Identity", ["z"], ["x"])], "g", [], [value])
    other = helper.make_graph([helper.make_node("Identity", ["z"], ["x"])], "e", [], [value])
    for _ in range(depth):
        node = helper.make_node("If", ["true"], ["x"], then_branch=graph, else_branch=other)
        graph = helper.make_graph([node], "g", [], [value])
    true = numpy_helper.from_array(np.array(True), "true")
    nodes = [*graph.node, helper.make_node("Identity", ["x"], ["out"])]
    return model_bytes(nodes, initializers=[true])


def giant_initializer() -> bytes:
    """Weights that claim four terabytes and hold four bytes."""
    tensor = TensorProto(
        name="weights", dims=[1 << 20, 1 << 20], data_type=TensorProto.FLOAT, raw_data=b"abcd"
    )
    return model_bytes([helper.make_node("MatMul", ["z", "weights"], ["out"])], initializers=[tensor])


def external(location: str) -> bytes:
    """Weights in another file."""
    nodes, (weights, shape) = good_nodes()
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    return model_bytes(nodes, initializers=[weights, shape])


def external_by_link(path: Path) -> None:
    """Weights in a file with the right name that is a link to another."""
    secret = path.with_name("secret.txt")
    secret.write_bytes(bytes(512))
    path.with_suffix(".data").symlink_to(secret)
    path.write_bytes(external(f"{path.stem}.data"))


def protobuf_field(number: int, content: bytes) -> bytes:
    """A length-delimited field as it is stored in a file."""

    def varint(value: int) -> bytes:
        parts = [value & 127]
        while value := value >> 7:
            parts[-1] |= 128
            parts.append(value & 127)
        return bytes(parts)

    return varint(number << 3 | 2) + varint(len(content)) + content


def with_fields(graph: bytes = b"", model: bytes = b"") -> bytes:
    """The good decoder with more fields at the end of its graph and of the model."""
    whole = onnx.load_from_string(good_model())
    inner = whole.graph.SerializeToString() + graph
    whole.ClearField("graph")
    return bytes(whole.SerializeToString()) + protobuf_field(7, inner) + model


def many_outputs(count: int = 20_000) -> bytes:
    """A chain of operators, each of whose results is an output."""
    nodes = [
        helper.make_node("Identity", [f"o{index - 1}" if index else "z"], [f"o{index}"])
        for index in range(count)
    ]
    outputs = [onnx.ValueInfoProto(name=f"o{index}") for index in range(count)]
    return model_bytes(nodes, outputs=outputs)


def random_bytes(count: int) -> bytes:
    return np.random.default_rng(1).bytes(count)


def corpus() -> Iterator[tuple[str, Write]]:
    """Yield the name and the writer of every file, except the truncated and the mutated ones."""
    info = helper.make_tensor_value_info
    nodes, arrays = good_nodes()
    string_input = info("z", TensorProto.STRING, ["N", 2])
    z_only = [helper.make_node("Identity", ["z"], ["out"])]
    number = numpy_helper.from_array(np.ones((1, 1, 8, 8), np.float32), "ones")
    nan = numpy_helper.from_array(np.float32(np.nan), "nan")
    lying = [info("out", TensorProto.FLOAT, ["N", 3, 8, 8])]
    computed = [
        # The true shape of this output is known only when the graph runs.
        helper.make_node("ReduceSum", ["z"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Cast", ["nothing"], ["none"], to=TensorProto.INT64),
        helper.make_node("Add", ["none", "true_sizes"], ["sizes"]),
        helper.make_node("ConstantOfShape", ["sizes"], ["out"]),
    ]
    sizes = [
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(np.array([3, 1, 9, 9], np.int64), "true_sizes"),
    ]
    contents: dict[str, bytes] = {
        "empty": b"",
        "web page": b"<!DOCTYPE html>\n<html><body>404</body></html>",
        "git-LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "JSON": b'{"error": "not found"}',
        "random bytes": random_bytes(4096),
        "zeros": bytes(4096),
        "pickle": b"\x80\x04\x95cposix\nsystem\n",
        "3,000 nested functions": nested_functions(),
        "a function that calls itself": model_bytes(
            [helper.make_node("f", ["z"], ["out"], domain="local")],
            functions=[
                helper.make_function(
                    "local",
                    "f",
                    ["a"],
                    ["b"],
                    [helper.make_node("f", ["a"], ["b"], domain="local")],
                    [helper.make_opsetid("local", 1)],
                )
            ],
            domains=("local",),
        ),
        "graphs in graphs": deep_subgraphs(),
        "ConstantOfShape 2^28": constant_of_shape(2**28),
        "ConstantOfShape 2^40": constant_of_shape(2**40),
        "plain ConstantOfShape 2^28": plain_constant_of_shape(2**28),
        "plain ConstantOfShape 2^40": plain_constant_of_shape(2**40),
        "endless Loop": endless_loop(),
        "giant initializer": giant_initializer(),
        "external data, absolute": external("/etc/passwd"),
        "external data, relative": external("../secret"),
        "external data, another name": external("secret.txt"),
        "external data, a folder": external("."),
        "no input": model_bytes([helper.make_node("Identity", ["ones"], ["out"])], [], None, [number]),
        "string input": model_bytes(
            [helper.make_node("Shape", ["z"], ["out"])],
            [string_input],
            [info("out", TensorProto.INT64, None)],
        ),
        "scalar output": model_bytes(
            [helper.make_node("ReduceSum", ["z"], ["out"], keepdims=0)],
            outputs=[info("out", TensorProto.FLOAT, [])],
        ),
        "no output": model_bytes(z_only, outputs=[]),
        "unknown domain": model_bytes(
            [helper.make_node("Run", ["z"], ["out"], domain="evil.ops")], domains=("evil.ops",)
        ),
        "unknown operator": model_bytes([helper.make_node("Rnu", ["z"], ["out"])]),
        "compiled code in a file": model_bytes(
            [helper.make_node("EPContext", ["z"], ["out"], domain="com.microsoft")],
            domains=("com.microsoft",),
        ),
        "a shape that lies": model_bytes(nodes, outputs=lying, initializers=arrays),
        "a computed shape that lies": model_bytes(computed, initializers=sizes),
        "all NaN": model_bytes(
            [
                *nodes[:2],
                helper.make_node("Mul", ["flat", "nan"], ["no"]),
                helper.make_node("Reshape", ["no", "shape"], ["out"]),
            ],
            initializers=[*arrays, nan],
        ),
        "a picture of 2^15 by 2^15": model_bytes(
            [helper.make_node("Resize", ["four", "", "scales"], ["out"])],
            [info("four", TensorProto.FLOAT, [1, 1, 2, 2])],
            [info("out", TensorProto.FLOAT, [1, 1, 1 << 15, 1 << 15])],
            [numpy_helper.from_array(np.array([1, 1, 1 << 14, 1 << 14], np.float32), "scales")],
        ),
    }
    for name, content in contents.items():
        yield name, lambda path, content=content: path.write_bytes(content)
    one_by_one = {
        "a million empty nodes": lambda: with_fields(graph=protobuf_field(1, b"") * 1_000_000),
        "a million empty facts": lambda: with_fields(model=protobuf_field(14, b"") * 1_000_000),
        "numbers of one byte each": lambda: with_fields(
            graph=protobuf_field(5, protobuf_field(7, bytes(40_000_000)))
        ),
        "a node with a million inputs": lambda: with_fields(
            graph=protobuf_field(1, protobuf_field(1, b"") * 1_000_000)
        ),
        "20,000 outputs": many_outputs,
    }
    for name, make in one_by_one.items():
        yield name, lambda path, make=make: path.write_bytes(make())
    yield "external data, missing", lambda path: path.write_bytes(external(f"{path.stem}.data"))
    yield "external data, by link", external_by_link
    yield "a folder", lambda path: path.mkdir()
    if hasattr(os, "mkfifo"):
        yield "a pipe", os.mkfifo


def truncated() -> Iterator[bytes]:
    """A good file, cut off at evenly spaced places."""
    data = good_model()
    for index in range(CUTS):
        yield data[: len(data) * index // CUTS]


def mutated(seed: int = 0) -> Iterator[bytes]:
    """A good file with one to eight bytes changed at random places, mostly outside the weights."""
    data = good_model()
    draw = np.random.default_rng(seed)
    start = data.find(b"weights", data.find(b"Reshape")) + 8  # changes to the weights' own bytes are harmless
    places = np.array([*range(start), *range(start, len(data), 16)])
    for _ in range(MUTATIONS):
        changed = bytearray(data)
        for place in draw.choice(places, draw.integers(1, 9)):
            changed[place] = draw.integers(256)
        yield bytes(changed)

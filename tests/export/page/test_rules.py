"""Each operator, and each whole model, gives in Chromium what it gives in ONNX Runtime."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.bundle import open_bundle
from export.page.bare_decoder import Wanted, read_model
from export.page.content import decoder_program
from export.page.lowering import lower
from export.page.program import NotLiveError
from export.page.reading import bundle_reading
from export.page.rules import MAPS, REDUCTIONS, RULES, ZIPS
from export.page.trace import run_node, session
from tests.export.page.decoders import MNIST, foreign

LOGICAL = ("And", "Or", "Xor")
COMPARISONS = ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")


@dataclass
class Case:
    """One operator: the shape of x, its other inputs, and attributes. None is an input that is left out."""

    op: str
    shape: tuple[int, ...]
    others: tuple[Any, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    opset: int = 20
    outputs: int = 1
    x: np.ndarray | None = None
    x_type: int = TensorProto.FLOAT  # what x is cast to before
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.op


def numbers(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def model_of(case: Case) -> onnx.ModelProto:
    """x float32 → [cast] → the operator → cast to float32."""
    nodes, names, constants = [], ["x"], []
    if case.x_type != TensorProto.FLOAT:
        nodes.append(helper.make_node("Cast", ["x"], ["x2"], to=case.x_type))
        names = ["x2"]
    for index, other in enumerate(case.others):
        if isinstance(other, str):
            names.append(names[0] if other == "x" else "")
        elif other is None:
            names.append("")
        else:
            names.append(f"c{index}")
            constants.append(numpy_helper.from_array(np.asarray(other), f"c{index}"))
    results = [f"y{index}" for index in range(case.outputs)]
    nodes.append(helper.make_node(case.op, names, results, **case.attributes))
    for name in results:
        nodes.append(helper.make_node("Cast", [name], [f"{name}f"], to=TensorProto.FLOAT))
    graph = helper.make_graph(
        nodes,
        "one operator",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, case.shape)],
        [helper.make_tensor_value_info(f"{name}f", TensorProto.FLOAT, None) for name in results],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.opset)], ir_version=8)


def sizes(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def conv(
    name: str, x: tuple[int, ...], weight: tuple[int, ...], bias: bool = True, **attributes: Any
) -> Case:
    op = "ConvTranspose" if name.startswith("deconv") else "Conv"
    group = attributes.get("group", 1)
    outs = weight[1] * group if op == "ConvTranspose" else weight[0]
    others = (numbers(*weight), *([numbers(outs, seed=2)] if bias else []))
    return Case(op, x, others, attributes, name=name)


def resized(
    name: str, out: tuple[int, ...] | None, scales: tuple[float, ...] | None, **attributes: Any
) -> Case:
    last = sizes(1, 2, *out) if out else np.array((1, 1, *scales), np.float32)
    others = (None, None, last) if out else (None, last)
    return Case("Resize", (1, 2, 5, 6), others, attributes, name=f"Resize {name}")


NORM = (numbers(4), numbers(4, seed=2))
PICTURE = (1, 4, 5, 6)
CASES = [
    *(
        Case(
            op,
            (2, 5),
            x=np.abs(numbers(2, 5)) if op in ("Log", "Sqrt") else 3 * numbers(2, 5),
            opset=24 if op == "Swish" else 20,
        )
        for op in MAPS
        if op != "Not"
    ),
    Case("Round", (5,), x=np.array([0.5, 1.5, 2.5, -0.5, -1.5], np.float32), name="Round half to even"),
    Case("Not", (3, 4), x=numbers(3, 4).round(), x_type=TensorProto.BOOL),
    Case("Gelu", (3, 4)),
    Case("Gelu", (3, 4), attributes={"approximate": "tanh"}, name="Gelu by tanh"),
    Case("Clip", (3, 4), (np.float32(-0.3), np.float32(0.4))),
    Case("Clip", (3, 4), (None, np.float32(0.4)), name="Clip without a lower bound"),
    Case("Clip", (3, 4), attributes={"min": -0.5, "max": 0.2}, opset=6, name="Clip of opset 6"),
    Case("Cast", (3, 4), attributes={"to": TensorProto.INT32}, x=3 * numbers(3, 4)),
    Case("Cast", (3, 4), attributes={"to": TensorProto.BOOL}, x=numbers(3, 4).round(), name="Cast to bool"),
    *(
        Case(op, (2, 3, 4), (numbers(3, 1).round(),), x=numbers(2, 3, 4).round())
        for op in ZIPS
        if op not in (*LOGICAL, "Pow", "Mod")
    ),
    Case("Pow", (2, 3), (np.float32(2),)),
    Case("Mod", (2, 3), (np.int32(3),), x=4 * numbers(2, 3), x_type=TensorProto.INT32),
    *(
        Case(op, (2, 6), (numbers(6) > 0,), x=numbers(2, 6).round(), x_type=TensorProto.BOOL)
        for op in LOGICAL
    ),
    *(Case(op, (2, 3), (numbers(3), numbers(2, 1))) for op in ("Min", "Max", "Sum", "Mean")),
    Case("Where", (2, 3), (numbers(3), numbers(2, 1)), x=numbers(2, 3).round(), x_type=TensorProto.BOOL),
    Case("MatMul", (2, 3, 4), (numbers(4, 5),)),
    Case("MatMul", (2, 3, 4), (numbers(2, 4, 5),), name="MatMul in batches"),
    Case("MatMul", (3, 4), (numbers(2, 4, 5),), name="MatMul that is broadcast"),
    Case("MatMul", (4,), (numbers(4, 5),), name="MatMul of a vector"),
    Case("MatMul", (3, 4), (numbers(4),), name="MatMul with a vector"),
    Case("MatMul", (9, 17), (numbers(17, 23),), name="MatMul that fits no tile"),
    Case("Gemm", (3, 4), (numbers(5, 4), numbers(5)), {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    Case("Gemm", (4, 3), (numbers(4, 5),), {"transA": 1}, name="Gemm that turns x"),
    conv("conv", PICTURE, (8, 4, 3, 3), strides=[2, 2]),
    conv("conv 1 × 1", PICTURE, (8, 4, 1, 1), bias=False),
    conv("conv with pads", PICTURE, (3, 4, 3, 2), pads=[1, 0, 2, 1]),
    conv("conv in groups", PICTURE, (6, 2, 3, 3), group=2, pads=[1, 1, 1, 1]),
    conv("conv of each channel", PICTURE, (4, 1, 3, 3), group=4),
    conv("conv with dilation", (1, 4, 9, 9), (8, 4, 3, 3), dilations=[2, 3]),
    conv("conv SAME_UPPER", PICTURE, (8, 4, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER"),
    conv("conv SAME_LOWER", PICTURE, (8, 4, 2, 2), auto_pad="SAME_LOWER"),
    conv("conv of a row", (1, 4, 9), (8, 4, 3), strides=[2], pads=[1, 1]),
    conv("conv of two pictures", (2, 4, 5, 5), (3, 4, 3, 3)),
    conv("deconv", PICTURE, (4, 3, 3, 3), strides=[2, 2]),
    conv("deconv with pads", PICTURE, (4, 3, 4, 4), strides=[2, 2], pads=[1, 1, 1, 1]),
    conv(
        "deconv with output_padding",
        PICTURE,
        (4, 3, 3, 3),
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[1, 1],
    ),
    conv("deconv in groups", PICTURE, (4, 3, 3, 3), group=2, strides=[2, 1]),
    conv("deconv with dilation", PICTURE, (4, 3, 3, 3), dilations=[2, 2]),
    conv("deconv SAME_UPPER", PICTURE, (4, 3, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER"),
    conv("deconv SAME_LOWER", PICTURE, (4, 3, 3, 3), strides=[2, 2], auto_pad="SAME_LOWER"),
    conv("deconv of a size", PICTURE, (4, 3, 3, 3), strides=[2, 2], output_shape=[10, 12]),
    conv("deconv of a row", (1, 4, 9), (4, 3, 3), strides=[2], pads=[1, 0]),
    Case("BatchNormalization", PICTURE, (*NORM, numbers(4, seed=3), np.abs(numbers(4, seed=4)))),
    Case("InstanceNormalization", PICTURE, NORM),
    Case("GroupNormalization", PICTURE, NORM, {"num_groups": 2}, opset=21),
    Case(
        "GroupNormalization",
        PICTURE,
        (numbers(2), numbers(2, seed=2)),
        {"num_groups": 2},
        opset=18,
        name="GroupNormalization of opset 18",
    ),
    Case("LayerNormalization", (3, 4), NORM),
    Case(
        "LayerNormalization",
        (2, 3, 4),
        (numbers(3, 4), numbers(3, 4, seed=2)),
        {"axis": 1},
        name="LayerNormalization over two axes",
    ),
    Case("RMSNormalization", (3, 4), (numbers(4),), opset=23),
    *(
        Case(
            op,
            (2, 3, 4),
            (sizes(0, 2),),
            {"keepdims": 0},
            x=np.abs(numbers(2, 3, 4)),
            opset=13 if op == "ReduceSum" else 18,
        )
        for op in REDUCTIONS
    ),
    Case("ReduceMean", (2, 3, 4), attributes={"axes": [1]}, opset=13, name="ReduceMean of opset 13"),
    Case("GlobalAveragePool", PICTURE),
    Case("GlobalMaxPool", PICTURE),
    Case("Softmax", (2, 3, 4), attributes={"axis": 1}),
    Case("Softmax", (2, 3, 4), opset=11, name="Softmax of opset 11"),
    Case("LogSoftmax", (2, 3, 4)),
    Case("MaxPool", PICTURE, attributes={"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}),
    Case(
        "MaxPool",
        PICTURE,
        attributes={"kernel_shape": [2, 2], "dilations": [2, 2]},
        name="MaxPool with dilation",
    ),
    Case("AveragePool", PICTURE, attributes={"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    Case(
        "AveragePool",
        PICTURE,
        attributes={"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1},
        name="AveragePool that counts pads",
    ),
    Case(
        "AveragePool",
        (1, 4, 9),
        attributes={"kernel_shape": [3], "strides": [2]},
        name="AveragePool of a row",
    ),
    Case("Reshape", (2, 6), (sizes(3, -1),)),
    Case("Flatten", (2, 3, 4)),
    Case("Squeeze", (2, 1, 3), (sizes(1),)),
    Case("Unsqueeze", (2, 3), (sizes(0, 3),)),
    Case("Identity", (2, 3)),
    Case("Dropout", (2, 3)),
    Case("Transpose", (2, 3, 4), attributes={"perm": [2, 0, 1]}),
    Case("Transpose", (2, 3, 4), name="Transpose that turns around"),
    Case("Expand", (3, 1), (sizes(2, 3, 4),)),
    Case("Tile", (2, 3), (sizes(2, 3),)),
    Case("Split", (2, 7), (sizes(3, 4),), {"axis": 1}, outputs=2),
    Case("Gather", (4, 3), (sizes(2, -1, 0),)),
    Case("Gather", (4, 3), (sizes(1),), {"axis": 1}, name="Gather along the last axis"),
    Case("Gather", (4, 3), (np.int64(2),), name="Gather of one row"),
    Case("Slice", (5, 6), (sizes(1, -1), sizes(4, -7), sizes(0, 1), sizes(1, -2))),
    Case("Pad", (2, 3), (sizes(1, 0, 2, 1), np.float32(0.5))),
    Case("Pad", (4, 5), (sizes(1, 2, 2, 1),), {"mode": "reflect"}, name="Pad by reflection"),
    Case("Pad", (4, 5), (sizes(1, 2, 2, 1),), {"mode": "edge"}, name="Pad by the edge"),
    Case("Pad", (4, 5), (sizes(-1, 0, 0, 2), np.float32(1)), name="Pad that cuts"),
    Case("Concat", (2, 3), (numbers(2, 4), "x"), {"axis": 1}),
    Case("DepthToSpace", (1, 8, 2, 3), attributes={"blocksize": 2}),
    Case("DepthToSpace", (1, 8, 2, 3), attributes={"blocksize": 2, "mode": "CRD"}, name="DepthToSpace CRD"),
    Case("SpaceToDepth", (1, 2, 4, 6), attributes={"blocksize": 2}),
    resized("nearest", None, (2.0, 2.0)),
    resized("nearest to a size", (7, 4), None),
    resized(
        "nearest, ceil", None, (1.7, 2.3), nearest_mode="ceil", coordinate_transformation_mode="asymmetric"
    ),
    Case(
        "Resize",
        (1, 2, 5, 6),
        (np.zeros(0, np.float32), np.zeros(0, np.float32), sizes(1, 2, 10, 9)),
        {"mode": "linear"},
        opset=11,
        name="Resize to a size, opset 11",
    ),
    resized("linear", None, (2.0, 2.0), mode="linear"),
    resized("linear to a size", (8, 3), None, mode="linear"),
    resized("linear, corners", (9, 11), None, mode="linear", coordinate_transformation_mode="align_corners"),
    resized("cubic", None, (2.0, 3.0), mode="cubic"),
    Case("Upsample", (1, 2, 3, 4), (np.array([1, 1, 2, 2], np.float32),), opset=9),
    Case(
        "Upsample",
        (1, 2, 3, 4),
        (np.array([1, 1, 2, 2], np.float32),),
        {"mode": "linear"},
        opset=9,
        name="Upsample linear",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operator_agrees(case, calculator):
    """Every operator of the page agrees with ONNX Runtime to 1e-4."""
    model = model_of(case)
    x = numbers(*case.shape, seed=7) if case.x is None else case.x.astype(np.float32)
    names = [output.name for output in model.graph.output]
    expected = session(model.SerializeToString()).run(names, {"x": x})
    program = lower(model, RULES, {"x": x}, "x", names)
    _, found = calculator(program, x)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other.reshape(-1), abs=1e-4, rel=1e-5)


def test_every_rule_is_tried():
    """No operator is lowered without a test."""
    assert set(RULES) - {case.op for case in CASES} - {"CastLike"} == set()


def test_javascript_gives_the_same_without_webassembly(calculator):
    """In a browser without WebAssembly, the page computes the same in JavaScript, and says so."""
    case = conv("conv", (1, 4, 9, 9), (9, 4, 3, 3))
    model = model_of(case)
    x = numbers(*case.shape)
    program = lower(model, RULES, {"x": x}, "x", ["y0f"])
    kind, (fast,) = calculator(program, x)
    calculator.tab.evaluate("globalThis.kept = WebAssembly; delete globalThis.WebAssembly")
    try:
        slow_kind, (slow,) = calculator(program, x)
    finally:
        calculator.tab.evaluate("globalThis.WebAssembly = globalThis.kept")
    assert (kind, slow_kind) == ("WebAssembly", "JavaScript")
    assert slow == pytest.approx(fast, abs=1e-5)


@pytest.mark.parametrize("op", ["Einsum", "LSTM", "RandomNormalLike"])
def test_an_operator_that_is_not_known_is_named(op):
    """A graph with another operator is refused by the operator's name."""
    node = helper.make_node(op, ["x"], ["y"])
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    with pytest.raises(NotLiveError, match=op):
        lower(helper.make_model(graph), RULES, {"x": numbers(1, 2)}, "x", ["y"])


def test_what_does_not_depend_on_z_may_use_any_operator():
    """Operators that the page does not know are allowed in values that do not depend on z."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("Add", ["x", "zeros"], ["y"]),
    ]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", infos[:1], infos[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)
    assert [step["op"] for step in lower(model, RULES, {"x": numbers(1, 2)}, "x", ["y"]).steps][-1] == "zip"


def test_a_node_that_does_not_run_alone_is_named():
    """The error does not repeat ONNX Runtime's message."""
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"])
    given = [numbers(1, 1, 2, 2), None, None, np.array([1, 1, 4, 4], np.int64)]
    with pytest.raises(NotLiveError, match="an unusual Resize"):
        run_node(node, given, 11)


def test_whole_models_agree(calculator, tmp_path):
    """Whole graphs agree with ONNX Runtime to 1e-4: MNIST's decoder and a foreign one."""
    opened = open_bundle(MNIST)
    (tmp_path / "foreign.onnx").write_bytes(foreign().SerializeToString())
    for reading in (
        bundle_reading(opened, opened.read("decoder.onnx")),
        read_model(tmp_path / "foreign.onnx", Wanted()),
    ):
        z = np.random.default_rng(3).standard_normal(reading.latent_dim).astype(np.float32)
        (output,) = session(reading.source).run([reading.output], reading.feeds(z))
        _, (found,) = calculator(decoder_program(reading), z)
        assert found == pytest.approx(reading.picture(output).reshape(-1), abs=1e-4)
    assert (reading.layout, reading.range, reading.image_shape) == ("NHWC", "signed", (3, 16, 16))

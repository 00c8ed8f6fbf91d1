"""The work and the memory of one run are computed from the graph alone, or are unknown."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from desktop.vetting.graph_work import Work, work_of
from desktop.vetting.skeleton import skeleton
from tests.desktop.hostile_models import endless_loop

INFO = helper.make_tensor_value_info


def graph(nodes, inputs, arrays, output="y") -> onnx.ModelProto:
    """A model with float32 inputs, weights of these shapes, and one output of unknown shape."""
    weights = [
        numpy_helper.from_array(array if isinstance(array, np.ndarray) else np.ones(array, np.float32), name)
        for name, array in arrays.items()
    ]
    values = [INFO(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
    made = helper.make_graph(nodes, "g", values, [INFO(output, TensorProto.FLOAT, None)], weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)])


def test_a_product_counts_its_multiplications():
    """[1, 8] · [8, 5] has 40 multiply-adds; 8 and 5 float32 numbers are in memory at once."""
    model = graph([helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": ["N", 8]}, {"w": (8, 5)})
    assert work_of(model, {"x": (1, 8)}) == Work(40, 4 * (8 + 5))


@pytest.mark.parametrize(("flag", "x"), [(0, (3, 8)), (1, (8, 3))])
def test_a_gemm_counts_by_its_inner_axis(flag, x):
    """The inner axis is the right one also if the first factor is transposed."""
    node = helper.make_node("Gemm", ["x", "w"], ["y"], transA=flag)
    assert work_of(graph([node], {"x": x}, {"w": (8, 5)}), {"x": x}).multiply_adds == 3 * 5 * 8


def test_a_convolution_counts_its_kernel_for_each_number_of_its_result():
    """6 maps of 8 × 8 from 3 maps with 3 × 3 kernels: 6 · 64 · 27; with two groups half as many for each."""
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    assert work_of(graph([node], {"x": ["N", 4, 8, 8]}, {"w": (6, 4, 3, 3)}), {"x": (1, 4, 8, 8)}) == Work(
        6 * 64 * 36, 4 * (4 + 6) * 64
    )
    grouped = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1], group=2)
    model = graph([grouped], {"x": ["N", 4, 8, 8]}, {"w": (6, 2, 3, 3)})
    assert work_of(model, {"x": (1, 4, 8, 8)}).multiply_adds == 6 * 64 * 18


def test_a_transposed_convolution_counts_its_kernel_for_each_number_that_it_scatters():
    """Each number of 4 maps of 8 × 8 is multiplied by 6 kernels of 2 × 2."""
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])
    model = graph([node], {"x": ["N", 4, 8, 8]}, {"w": (4, 6, 2, 2)})
    assert work_of(model, {"x": (1, 4, 8, 8)}) == Work(4 * 64 * 24, 4 * (4 * 64 + 6 * 256))


def test_a_scalar_input_has_a_known_shape():
    """With a truncation that scales z, the work of later nodes is still known."""
    nodes = [helper.make_node("Mul", ["x", "psi"], ["s"]), helper.make_node("MatMul", ["s", "w"], ["y"])]
    model = graph(nodes, {"x": ["N", 8], "psi": []}, {"w": (8, 5)})
    found = work_of(model, {"x": (1, 8), "psi": ()})
    assert found is not None
    assert found.multiply_adds == 8 + 40


def test_memory_is_what_is_alive_at_once():
    """In a chain of three, at most two values are alive at once; a value that is used later stays alive."""
    chain = [helper.make_node("Relu", [a], [b]) for a, b in (("x", "a"), ("a", "b"), ("b", "y"))]
    assert work_of(graph(chain, {"x": ["N", 10]}, {}), {"x": (1, 10)}) == Work(30, 80)
    kept = [*chain[:2], helper.make_node("Add", ["b", "x"], ["y"])]
    assert work_of(graph(kept, {"x": ["N", 10]}, {}), {"x": (1, 10)}).activation_bytes == 120


def test_shapes_that_a_graph_computes_from_shapes_are_told():
    """Exporters write such chains of Shape, Gather, Concat and Reshape."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["n"]),
        helper.make_node("Concat", ["n", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    arrays = {"zero": np.array([0]), "rest": np.array([2, 4])}
    assert work_of(graph(nodes, {"x": ["N", 8]}, arrays), {"x": (5, 8)}) is not None


def test_what_depends_on_values_cannot_be_told():
    """The work of a loop, or with a shape that is computed from z, is unknown."""
    assert work_of(onnx.load_from_string(endless_loop()), {"z": (1, 2)}) is None
    nodes = [
        helper.make_node("Cast", ["x"], ["target"], to=TensorProto.INT64),
        helper.make_node("ConstantOfShape", ["target"], ["y"]),
    ]
    assert work_of(graph(nodes, {"x": [3]}, {}), {"x": (3,)}) is None


def test_functions_of_the_model_are_looked_into():
    """The work inside a local function counts like that of the graph."""
    product = helper.make_node("MatMul", ["a", "b"], ["c"])
    opset = [helper.make_opsetid("", 20)]
    function = helper.make_function("own", "Product", ["a", "b"], ["c"], [product], opset)
    model = graph(
        [helper.make_node("Product", ["x", "w"], ["y"], domain="own")], {"x": ["N", 8]}, {"w": (8, 5)}
    )
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("own", 1))
    assert work_of(model, {"x": (1, 8)}) == Work(40, 4 * (8 + 5))


def test_weights_need_not_be_there():
    """A model's skeleton gives the same result."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    model = graph(nodes, {"x": ["N", 100]}, {"w": (100, 100)})
    outline = onnx.ModelProto.FromString(skeleton(model.SerializeToString()))
    assert not outline.graph.initializer[0].raw_data
    assert work_of(outline, {"x": (1, 100)}) == work_of(model, {"x": (1, 100)}) == Work(10_000, 800)

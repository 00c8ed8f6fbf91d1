"""Decoders as other people write them are read correctly at once, and assumptions are reported."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.reading.reading import Layout, ValueRange
from tests.desktop.foreign_models import FLOAT, decoder, graph, save, smooth_weights

info = helper.make_tensor_value_info


def decoded(path, z):
    """The pictures at z as the program decodes them."""
    model = Model(open_source(path), "cpu")
    try:
        return model.decode(np.asarray(z, np.float32))
    finally:
        model.close()


@pytest.mark.parametrize(("shape", "expected"), [([6, 8, 4], (4, 6, 8)), ([3, 8, 6], (3, 8, 6))])
def test_a_batch_that_is_free_in_name_only_is_one(tmp_path, shape, expected):
    """The graph decodes only the first z, without a batch axis, although it declares one: RGBA, and colours.

    Three channels at first look like three pictures at three z.
    """
    weights = smooth_weights(2, *expected, "NHWC" if shape[2] == 4 else "NCHW")
    arrays = {
        "first": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "weights": weights,
        "shape": np.array(shape, np.int64),
    }
    nodes = [
        helper.make_node("Slice", ["z", "first", "one"], ["only"]),
        helper.make_node("MatMul", ["only", "weights"], ["product"]),
        helper.make_node("Sigmoid", ["product"], ["unit"]),
        helper.make_node("Reshape", ["unit", "shape"], ["output"]),
    ]
    outputs = [info("output", FLOAT, ["batch", "d1", "d2"])]
    path = save(tmp_path / "m.onnx", nodes, [info("z", FLOAT, ["batch", 2])], outputs, arrays)
    reading = open_source(path).reading
    assert (reading.batch, reading.image_shape) == (1, expected)
    assert "batch" in reading.guesses
    pictures = decoded(path, [[0, 0], [1, 2], [-1, 0.5]])
    assert pictures.shape == (3, *expected)
    assert not np.allclose(pictures[1], pictures[2])


@pytest.mark.parametrize(
    ("inputs", "z"),
    [
        ({"t": ["N"], "x": ["N", 16]}, "x"),  # the batch's symbol alone: one number for each picture
        ({"b": ["N", 10], "a": ["N", 100, 1, 1]}, "a"),  # axes of 1 do not count
        ({"a": ["N", 1, 8, 8], "b": ["N", 16]}, "b"),  # a map may be noise
        ({"class": ["N", 1000], "noise": ["N", 128], "truncation": ["N", 1]}, "noise"),
        ({"y": ["N", 10], "input": ["N", 2]}, "input"),
        ({"label": ["N", 10], "z": ["N", 1]}, "z"),
    ],
)
def test_z_is_chosen_by_the_shapes_of_several_inputs(tmp_path, inputs, z):
    """The number of axes does not matter, and one number per picture is z only if it is called z."""
    first = {z: inputs[z]}
    path = graph(tmp_path / "m.onnx", first | inputs, {"image": ["N", 1, 12, 12]})
    reading = open_source(path).reading
    assert reading.z_input == z
    assert {other.name for other in reading.other_inputs} == set(inputs) - {z}


def test_one_number_for_each_picture_can_be_z(tmp_path):
    """An input that has only the batch axis takes z with d = 1."""
    arrays = {"row": np.array([-1, 1], np.int64), "w": smooth_weights(1, 1, 8, 8, "NCHW")}
    arrays["shape"] = np.array([-1, 1, 8, 8], np.int64)
    nodes = [
        helper.make_node("Reshape", ["z", "row"], ["column"]),
        helper.make_node("MatMul", ["column", "w"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], ["image"]),
    ]
    inputs, outputs = [info("z", FLOAT, ["N"])], [info("image", FLOAT, ["N", 1, 8, 8])]
    path = save(tmp_path / "m.onnx", nodes, inputs, outputs, arrays)
    reading = open_source(path).reading
    assert (reading.latent_dim, reading.batch) == (1, None)
    assert "latent_dim" not in reading.guesses
    assert decoded(path, [[0], [1], [2], [3]]).shape == (4, 1, 8, 8)


def divided(path, name="gain", shape=("N", 1)):
    """A decoder that divides by one of its inputs; with 0 it gives only NaN."""
    arrays = {
        "w": smooth_weights(2, 1, 8, 8, "NCHW"),
        "shape": np.array([-1, 1, 8, 8], np.int64),
        "zero": np.array(0, np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["product"]),
        helper.make_node("Mul", ["product", name], ["times"]),
        helper.make_node("Div", ["times", name], ["over"]),
        helper.make_node("Reshape", ["over", "shape"], ["image"]),
    ]
    inputs = [info("z", FLOAT, ["N", 2]), info(name, FLOAT, list(shape))]
    return save(path, nodes, inputs, [info("image", FLOAT, ["N", 1, 8, 8])], arrays)


def test_another_input_is_one_if_zero_gives_no_numbers(tmp_path):
    """A note says so; a value that a person set stays."""
    path = divided(tmp_path / "m.onnx")
    source = open_source(path)
    assert [(o.name, o.value) for o in source.reading.other_inputs] == [("gain", 1)]
    assert source.notes == ("gain = 1, because 0 gives no numbers; set it if another value is right",)
    source = open_source(path, {"set gain": "0.5"})
    assert source.reading.other_inputs[0].value == 0.5
    assert source.notes == ()


@pytest.mark.parametrize("name", ["output", "image", "x_hat", "sample", "reconstruction", "output_0"])
def test_a_plain_name_goes_before_the_largest_output(tmp_path, name):
    """The other outputs are details or intermediate steps; each can be set."""
    outputs = {name: ["N", 3, 8, 8], "101": ["N", 3, 16, 16], "77": ["N", 3, 32, 32]}
    path = graph(tmp_path / "m.onnx", {"z": ["N", 4]}, outputs)
    reading = open_source(path).reading
    assert reading.output == name
    assert "output" in reading.guesses
    assert open_source(path, {"output": "77"}).reading.image_shape == (3, 32, 32)


@pytest.mark.parametrize("shape", [["N"], ["N", 1], None])
def test_a_class_gets_the_rank_that_the_graph_needs(tmp_path, shape):
    """A class is fed as [N] or [N, 1], or as whichever works if no shape is declared."""
    arrays = {
        "table": np.ones((10, 2), np.float32),
        "rows": np.array([-1, 2], np.int64),
        "w": smooth_weights(2, 1, 8, 8, "NCHW"),
        "shape": np.array([-1, 1, 8, 8], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["table", "label"], ["found"]),
        helper.make_node("Reshape", ["found", "rows"], ["embedded"]),
        # A shape of its own for each picture: one number for all of them would not do.
        helper.make_node("Concat", ["z", "embedded"], ["both"], axis=1),
        helper.make_node("Slice", ["both", "from", "to", "axis"], ["two"]),
        helper.make_node("MatMul", ["two", "w"], ["product"]),
        helper.make_node("Sigmoid", ["product"], ["unit"]),
        helper.make_node("Reshape", ["unit", "shape"], ["image"]),
    ]
    arrays |= {name: np.array([n], np.int64) for name, n in (("from", 0), ("to", 2), ("axis", 1))}
    inputs = [info("z", FLOAT, ["N", 2]), info("label", TensorProto.INT64, shape or ["N"])]
    path = save(tmp_path / "m.onnx", nodes, inputs, [info("image", FLOAT, ["N", 1, 8, 8])], arrays)
    if shape is None:  # the checker would refuse it; ONNX Runtime takes it
        model = onnx.load(path)
        model.graph.input[1].type.tensor_type.ClearField("shape")
        path.write_bytes(model.SerializeToString())
    reading = open_source(path).reading
    assert reading.batch is None
    assert reading.other_inputs[0].shape == ((None, 1) if shape == ["N", 1] else (None,))
    assert decoded(path, np.zeros((5, 2))).shape == (5, 1, 8, 8)


def test_a_class_without_a_batch_axis_is_one_hot_too(tmp_path):
    """The inputs are z [d] and label [10]."""
    path = decoder(tmp_path / "m.onnx", z_shape=[2], more_inputs=[info("label", FLOAT, [10])])
    (label,) = open_source(path).reading.other_inputs
    assert (label.shape, label.one_hot) == ((10,), True)


@pytest.mark.parametrize("layout", [Layout.NCHW, Layout.NHWC])
def test_of_six_channels_the_first_three_are_the_picture(tmp_path, layout):
    """The others are scales, as in a discretised logistic; a note says so, and the shape is a guess."""
    means, scales = smooth_weights(2, 3, 8, 8, "NCHW"), 9 * smooth_weights(2, 3, 8, 8, "NCHW")
    weights = np.concatenate([means, scales], axis=1)
    shape = [6, 8, 8]
    if layout is Layout.NHWC:
        weights, shape = weights.reshape(2, *shape).transpose(0, 2, 3, 1).reshape(2, -1), [8, 8, 6]
    arrays = {"w": np.ascontiguousarray(weights), "shape": np.array([-1, *shape], np.int64)}
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], ["stats"]),
    ]
    outputs = [info("stats", FLOAT, ["N", *shape])]
    path = save(tmp_path / "m.onnx", nodes, [info("z", FLOAT, ["N", 2])], outputs, arrays)
    source = open_source(path)
    reading = source.reading
    assert (reading.layout, reading.image_shape, reading.more_channels) == (layout, (3, 8, 8), 3)
    assert "image_shape" in reading.guesses
    expected = "stats has 6 channels; the first 3 are taken as the picture, the others as its scale"
    assert source.notes == (expected,)
    z = np.array([[0.1, -0.2], [0.05, 0.3]], np.float32)
    raw = (z @ means).reshape(2, 3, 8, 8)
    low = {ValueRange.LOGITS: 1 / (1 + np.exp(-raw)), ValueRange.SIGNED: np.clip((raw + 1) / 2, 0, 1)}
    assert decoded(path, z) == pytest.approx(low[reading.value_range], abs=1e-5)


def test_pictures_that_differ_for_the_same_z_are_told(tmp_path):
    """A graph that draws random numbers, as with dropout or sampled noise, gets a note."""
    arrays = {"w": smooth_weights(2, 1, 8, 8, "NCHW"), "shape": np.array([-1, 1, 8, 8], np.int64)}
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["product"]),
        helper.make_node("RandomNormalLike", ["product"], ["noise"]),
        helper.make_node("Add", ["product", "noise"], ["noisy"]),
        helper.make_node("Reshape", ["noisy", "shape"], ["image"]),
    ]
    inputs, outputs = [info("z", FLOAT, ["N", 2])], [info("image", FLOAT, ["N", 1, 8, 8])]
    source = open_source(save(tmp_path / "m.onnx", nodes, inputs, outputs, arrays))
    assert source.notes == ("the pictures of the same z differ, because the model draws random numbers",)


def test_codes_are_told_with_advice_that_can_help(tmp_path):
    """A graph that takes only whole numbers has no z, and no option can change that."""
    nodes = [helper.make_node("Gather", ["table", "codes"], ["y"])]
    arrays = {"table": np.ones((10, 64), np.float32)}
    inputs, outputs = [info("codes", TensorProto.INT32, ["N"])], [info("y", FLOAT, ["N", 64])]
    path = save(tmp_path / "m.onnx", nodes, inputs, outputs, arrays)
    with pytest.raises(Exception, match="found only inputs of whole numbers") as caught:
        open_source(path)
    assert "(codes int32 [N]), expected one of floats for z" in str(caught.value)
    assert "export the part that follows the lookup of the codes" in str(caught.value)
    assert caught.value.hints == ()

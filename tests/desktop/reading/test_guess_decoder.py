"""A decoder that was never seen before is read right, and what is a guess is said to be one."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from desktop.base.errors import ModelError
from desktop.models.source import open_source
from desktop.reading.reading import Layout, ValueRange
from tests.desktop.foreign_models import FLOAT, decoder, save


@pytest.fixture
def read(tmp_path):
    """`read(wishes, **how)`: the reading of a decoder written so."""

    def open_it(wishes=None, **how):
        return open_source(decoder(tmp_path / "model.onnx", **how), wishes).reading

    return open_it


@pytest.fixture
def refused(tmp_path):
    """`refused(wishes, **how)`: what is said of one that cannot be read so."""

    def open_it(wishes=None, path=None, **how):
        path = path or decoder(tmp_path / "model.onnx", **how)
        with pytest.raises(ModelError) as caught:
            open_source(path, wishes)
        message = str(caught.value)
        assert "\n" not in message
        return message.removeprefix(f"{path}: ")

    return open_it


@pytest.mark.parametrize(
    ("layout", "image_shape"),
    [
        ("NCHW", (1, 8, 10)),
        ("NCHW", (3, 8, 8)),
        ("NCHW", (4, 6, 6)),
        ("NHWC", (1, 8, 10)),
        ("NHWC", (3, 8, 10)),
        ("NHW", (1, 8, 10)),
    ],
)
def test_a_layout_that_only_fits_one_way_is_certain(read, layout, image_shape):
    """Channels first or last by their number; nothing is a guess after a sigmoid."""
    reading = read(layout=layout, image_shape=image_shape)
    assert (reading.layout.value, reading.image_shape) == (layout, image_shape)
    assert reading.value_range is ValueRange.UNIT
    assert reading.guesses == frozenset()


@pytest.mark.parametrize("layout", ["flat", "flat CHW"])
def test_flat_colours_are_told_apart_by_smoothness(read, layout):
    """Neighbours are alike in the right one; it stays a guess."""
    reading = read(layout=layout, image_shape=(3, 9, 9))
    assert (reading.layout.value, reading.image_shape) == (layout, (3, 9, 9))
    assert reading.guesses == {"layout", "image_shape"}


def test_a_flat_picture_is_taken_for_a_square(read, refused):
    """A guess, unless people know better; what is no square needs them."""
    assert read(layout="flat", image_shape=(1, 8, 8)).guesses == {"image_shape"}
    assert "no output is a picture" in refused(layout="flat", image_shape=(1, 8, 10))
    reading = read({"image-shape": "1,8,10"}, layout="flat", image_shape=(1, 8, 10))
    assert reading.image_shape == (1, 8, 10)
    assert reading.guesses == frozenset()


@pytest.mark.parametrize(
    ("z_shape", "expected", "latent_dim", "batch"),
    [
        (["N", 5], (None, 5), 5, None),
        ([None, 5, 1, 1], (None, 5, 1, 1), 5, None),
        ([1, 5], (None, 5), 5, 1),
        ([4, 5], (None, 5), 5, 4),
        ([5], (5,), 5, 1),
        (["N", 3, 2, 2], (None, 3, 2, 2), 12, None),
    ],
)
def test_z_is_found_in_any_shape(read, z_shape, expected, latent_dim, batch):
    """With or without a batch axis, fixed or free, with axes of one, as a small map."""
    reading = read(z_shape=z_shape, latent_dim=latent_dim)
    assert (reading.z_shape, reading.latent_dim, reading.batch) == (expected, latent_dim, batch)
    assert reading.guesses == frozenset()


def test_an_open_number_of_dimensions_is_tried_out(read, refused):
    """Where the model leaves d open, what works is a guess; it can be said, and be wrong."""
    reading = read(z_shape=["N", "d"], latent_dim=10)
    assert reading.latent_dim == 10
    assert "latent_dim" in reading.guesses
    assert read({"latent-dim": "10"}, z_shape=["N", "d"], latent_dim=10).guesses == frozenset()
    assert refused({"latent-dim": "3"}, latent_dim=2) == "--latent-dim: found 3, expected 2 as the model says"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_float_type_is_fed_and_read(read, dtype):
    """z as the graph takes it, the picture as it gives it."""
    reading = read(dtype=dtype)
    assert reading.z_dtype == reading.output_dtype == np.dtype(dtype).name


@pytest.mark.parametrize(
    ("how", "expected", "is_guess"),
    [
        ({"last": "Sigmoid"}, ValueRange.UNIT, False),
        ({"last": "Clip"}, ValueRange.UNIT, False),
        ({"last": "Tanh"}, ValueRange.SIGNED, False),
        ({"last": "Sigmoid", "bytes_out": True}, ValueRange.BYTES, False),
        ({"last": "", "scale": 5.0}, ValueRange.LOGITS, True),
        ({"last": "", "scale": 0.1, "shift": 0.5}, ValueRange.UNIT, True),
        ({"last": "", "scale": 0.1}, ValueRange.SIGNED, True),
        ({"last": "", "scale": 0.15, "shift": 0.2}, ValueRange.SIGNED, True),
        ({"last": "", "scale": 10.0, "shift": 128.0}, ValueRange.BYTES, True),
    ],
)
def test_the_range_is_certain_from_the_last_operator_and_a_guess_from_values(read, how, expected, is_guess):
    """Sigmoid, tanh, clip and uint8 say what they are."""
    reading = read(**how)
    assert reading.value_range is expected
    assert ("value_range" in reading.guesses) == is_guess


def test_further_inputs_get_defaults_and_are_guesses(read):
    """Truncation is 1, a class 0 or a one at 0, noise 0; each can be set."""
    more = [
        helper.make_tensor_value_info("truncation_psi", FLOAT, []),
        helper.make_tensor_value_info("noise", FLOAT, ["N", 1, 4, 4]),
        helper.make_tensor_value_info("class_label", TensorProto.INT64, ["N"]),
        helper.make_tensor_value_info("cond", FLOAT, ["N", 10]),
    ]
    reading = read(more_inputs=more)
    assert reading.z_input == "latent"
    assert [(o.name, o.value, o.one_hot) for o in reading.other_inputs] == [
        ("truncation_psi", 1, False),
        ("noise", 0, False),
        ("class_label", 0, False),
        ("cond", 0, True),
    ]
    assert reading.guesses == {"other_inputs"}
    wishes = {"set truncation_psi": "0.5", "set class_label": "7", "set cond": "9"}
    assert [o.value for o in read(wishes, more_inputs=more).other_inputs] == [0.5, 0, 7, 9]


def test_of_two_inputs_alike_one_is_a_guess(read):
    """Two floats [N, d] without names that say more; people can choose the other."""
    more = [helper.make_tensor_value_info("b", FLOAT, ["N", 2])]
    reading = read(z_name="a", more_inputs=more)
    assert "z_input" in reading.guesses
    assert read({"z-input": "b"}, z_name="a", more_inputs=more).z_input == "b"


def test_this_programs_own_decoder_is_certain(read):
    """Its metadata says what it is."""
    reading = read(last="", scale=5.0, metadata={"latent_plane.format": "latent-plane/1"})
    assert reading.guesses == frozenset()


def test_the_largest_picture_of_several_outputs_is_taken(tmp_path):
    """The others are on the way to it, and people can choose them."""
    arrays = {"small": np.array([-1, 1, 4, 4], np.int64), "w": np.ones((2, 16), np.float32)}
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["product"]),
        helper.make_node("Sigmoid", ["product"], ["unit"]),
        helper.make_node("Reshape", ["unit", "small"], ["first"]),
        helper.make_node("Concat", ["first", "first"], ["second"], axis=3),
    ]
    outputs = [helper.make_tensor_value_info(name, FLOAT, ["N", 1, 4, "w"]) for name in ("first", "second")]
    path = save(
        tmp_path / "two.onnx", nodes, [helper.make_tensor_value_info("z", FLOAT, ["N", 2])], outputs, arrays
    )
    reading = open_source(path).reading
    assert (reading.output, reading.image_shape) == ("second", (1, 4, 8))
    assert "output" in reading.guesses
    chosen = open_source(path, {"output": "first"}).reading
    assert (chosen.image_shape, chosen.guesses) == ((1, 4, 4), frozenset({"value_range"}) & chosen.guesses)


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"layout": "NWHC"}, "--layout: found 'NWHC', expected NCHW, NHWC, NHW, flat or flat CHW"),
        ({"layout": "NHWC"}, "no output is a picture with --layout NHWC: found image [3, 1, 8, 10] for 3 z"),
        ({"range": "percent"}, "--range: found 'percent', expected unit, signed, logits or bytes"),
        ({"image-shape": "8"}, "--image-shape: found '8', expected channels (1, 3 or 4), height, width"),
        ({"z-input": "y"}, "--z-input: found 'y', expected latent"),
        ({"output": "y"}, "--output: found 'y', expected image"),
        ({"batch": "0"}, "--batch: found '0', expected a whole number from 1 to 4096"),
        ({"set psi": "1"}, "--set: found 'psi', expected one of none: z is the only input"),
        ({"z-shape": "3"}, "--z-shape: found '3', expected what fits latent float32 [N, 2]"),
        ({"z-shape": "2,2"}, "--z-shape: found '2,2', expected what fits latent"),
        ({"z-shape": "-2"}, "--z-shape: found '-2', expected sizes such as 4,8,8"),
        ({"patience": "soon"}, "--patience: found 'soon', expected a number"),
        ({"colour": "red"}, "found the option 'colour', expected one of encoder, z-input"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_in_words(refused, wishes, said):
    """The option, what was found, what was expected."""
    assert said in refused(wishes)


def test_open_sizes_of_z_can_be_said(read):
    """A map that is no square; a vector by its only size."""
    wishes = {"z-shape": "2 x 2 x 8"}
    reading = read(wishes, z_shape=["N", 2, "h", "w"], latent_dim=32)
    assert (reading.z_shape, reading.latent_dim) == ((None, 2, 2, 8), 32)
    assert reading.guesses == frozenset()
    assert read({"z-shape": "7"}, z_shape=["N", "d"], latent_dim=7).latent_dim == 7


def test_where_there_is_no_reading_inputs_and_outputs_are_said(refused, tmp_path):
    """A model that gives no picture, with what could be set."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    info = helper.make_tensor_value_info
    path = save(tmp_path / "no.onnx", nodes, [info("x", FLOAT, ["N", 5])], [info("y", FLOAT, ["N", 5])], {})
    said = refused(path=path)
    assert said.startswith(
        "found no reading of it as a decoder: no output is a picture: found y [3, 5] for 3 z;"
    )
    assert "its inputs: x float32 [N, 5]; its outputs: y float32 [N, 5]" in said
    assert said.endswith("set --z-input, --output, --layout or --image-shape")


def test_layouts_by_name_are_those_of_the_options():
    """The option's texts and the reading's are the same."""
    assert Layout("flat CHW") is Layout.FLAT_CHW

"""An unknown decoder is read correctly, and every guess is marked as a guess."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from desktop.base.command_line import describe_error
from desktop.base.errors import ModelError
from desktop.models.open_source import open_source
from desktop.reading.reading import Layout, ValueRange
from tests.desktop.foreign_models import FLOAT, decoder, save


@pytest.fixture
def read(tmp_path):
    """`read(overrides, **how)`: the reading of a decoder that is written with the options `how`."""

    def open_it(overrides=None, **how):
        return open_source(decoder(tmp_path / "model.onnx", **how), overrides).reading

    return open_it


@pytest.fixture
def refused(tmp_path):
    """`refused(overrides, **how)`: the command line's message for a decoder that cannot be read."""

    def open_it(overrides=None, path=None, **how):
        path = path or decoder(tmp_path / "model.onnx", **how)
        with pytest.raises(ModelError) as caught:
            open_source(path, overrides)
        message = describe_error(caught.value)
        assert "\n" not in message
        assert "--" not in str(caught.value)
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
    """The number of channels shows whether they come first or last; after a sigmoid nothing is a guess."""
    reading = read(layout=layout, image_shape=image_shape)
    assert (reading.layout.value, reading.image_shape) == (layout, image_shape)
    assert reading.value_range is ValueRange.UNIT
    assert reading.guesses == frozenset()


@pytest.mark.parametrize("layout", ["flat", "flat CHW"])
def test_flat_colours_are_told_apart_by_smoothness(read, layout):
    """Neighbouring pixels are similar in the right layout, which still counts as a guess."""
    reading = read(layout=layout, image_shape=(3, 9, 9))
    assert (reading.layout.value, reading.image_shape) == (layout, (3, 9, 9))
    assert reading.guesses == {"layout", "image_shape"}


def test_a_flat_picture_is_taken_for_a_square(read, refused):
    """A square is a guess unless a person sets the shape; other shapes have to be set."""
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
    """z may have a batch axis or none, fixed or free, axes of 1, or be a small map."""
    reading = read(z_shape=z_shape, latent_dim=latent_dim)
    assert (reading.z_shape, reading.latent_dim, reading.batch) == (expected, latent_dim, batch)
    assert reading.guesses == frozenset()


def test_an_open_number_of_dimensions_is_tried_out(read, refused):
    """If the model leaves d open, a d that works is a guess; it can be set, and a wrong one is refused."""
    reading = read(z_shape=["N", "d"], latent_dim=10)
    assert reading.latent_dim == 10
    assert "latent_dim" in reading.guesses
    assert read({"latent-dim": "10"}, z_shape=["N", "d"], latent_dim=10).guesses == frozenset()
    said = refused({"latent-dim": "3"}, latent_dim=2)
    assert said == (
        "--latent-dim: found 3 for the number of latent dimensions, expected 2, as the model declares"
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_float_type_is_fed_and_read(read, dtype):
    """z has the type of the graph's input, and the picture the type of its output."""
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
    """Sigmoid, tanh, clip and uint8 determine the range."""
    reading = read(**how)
    assert reading.value_range is expected
    assert ("value_range" in reading.guesses) == is_guess


def test_further_inputs_get_defaults_and_are_guesses(read):
    """Truncation is 1, a class is 0 or one-hot at 0, and noise is 0; each can be set."""
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
    overrides = {"set truncation_psi": "0.5", "set class_label": "7", "set cond": "9"}
    assert [o.value for o in read(overrides, more_inputs=more).other_inputs] == [0.5, 0, 7, 9]


def test_of_two_inputs_alike_one_is_a_guess(read):
    """If two inputs are float [N, d] and no name decides, a person can choose the other one."""
    more = [helper.make_tensor_value_info("b", FLOAT, ["N", 2])]
    reading = read(z_name="a", more_inputs=more)
    assert "z_input" in reading.guesses
    assert read({"z-input": "b"}, z_name="a", more_inputs=more).z_input == "b"


def test_this_programs_own_decoder_is_certain(read):
    """Its metadata says how it is read."""
    reading = read(last="", scale=5.0, metadata={"latent_plane.format": "latent-plane/1"})
    assert reading.guesses == frozenset()


def test_the_largest_picture_of_several_outputs_is_taken(tmp_path):
    """The other outputs are intermediate steps, and a person can choose them."""
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
    ("overrides", "said"),
    [
        (
            {"layout": "NWHC"},
            (
                "--layout: found 'NWHC' for the layout, expected NCHW, NHWC, NHW, flat or flat CHW; "
                "did you mean NHWC?"
            ),
        ),
        ({"layout": "NHWC"}, "no output is a picture with layout NHWC: found image [3, 1, 8, 10] for 3 z"),
        (
            {"range": "percent"},
            "--range: found 'percent' for the value range, expected unit, signed, logits or bytes",
        ),
        (
            {"image-shape": "8"},
            "--image-shape: found '8' for the image shape, expected channels (1, 3 or 4), height and",
        ),
        ({"z-input": "y"}, "--z-input: found 'y' for the input of z, expected latent"),
        ({"output": "y"}, "--output: found 'y' for the output that is the picture, expected image"),
        (
            {"batch": "0"},
            "--batch: found '0' for the number of pictures at once, expected a whole number from 1 to 4096",
        ),
        (
            {"set psi": "1"},
            "--set: found a value for an input 'psi', expected none, because z is the only input",
        ),
        (
            {"z-shape": "3"},
            "--z-shape: found '3' for the sizes of z, expected sizes that fit latent float32 [N, 2]",
        ),
        ({"z-shape": "2,2"}, "--z-shape: found '2,2' for the sizes of z, expected sizes that fit latent"),
        ({"z-shape": "-2"}, "--z-shape: found '-2' for the sizes of z, expected sizes such as 4,8,8"),
        (
            {"patience": "soon"},
            "--patience: found 'soon' for the time that a trial may take, expected a number",
        ),
        ({"colour": "red"}, "found an override 'colour', expected one of encoder, z-input"),
    ],
)
def test_an_override_that_does_not_fit_is_refused_in_words(refused, overrides, said):
    """The error names the option, and says what was found and what was expected."""
    assert said in refused(overrides)


def test_open_sizes_of_z_can_be_set(read):
    """The sizes may be those of a map that is not square, or the only size of a vector."""
    overrides = {"z-shape": "2 x 2 x 8"}
    reading = read(overrides, z_shape=["N", 2, "h", "w"], latent_dim=32)
    assert (reading.z_shape, reading.latent_dim) == ((None, 2, 2, 8), 32)
    assert reading.guesses == frozenset()
    assert read({"z-shape": "7"}, z_shape=["N", "d"], latent_dim=7).latent_dim == 7


def test_where_there_is_no_reading_inputs_and_outputs_are_said(refused, tmp_path):
    """For a model that gives no picture, the error also names the options that may help."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    info = helper.make_tensor_value_info
    path = save(tmp_path / "no.onnx", nodes, [info("x", FLOAT, ["N", 5])], [info("y", FLOAT, ["N", 5])], {})
    said = refused(path=path)
    assert said.startswith(
        "this cannot be read as a decoder: no output is a picture: found y [3, 5] for 3 z;"
    )
    assert "its inputs are x float32 [N, 5]; its outputs are y float32 [N, 5]" in said
    assert said.endswith("; use --z-input NAME, --output NAME, --layout NAME or --image-shape C,H,W")


def test_layouts_by_name_are_those_of_the_options():
    """The options use the same names as the reading."""
    assert Layout("flat CHW") is Layout.FLAT_CHW

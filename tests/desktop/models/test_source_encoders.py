"""A bare decoder's encoder is found beside it, read, chosen or left out."""

import numpy as np
import onnx
import pytest

from desktop.base.errors import ModelError
from desktop.models.model import Model
from desktop.models.open_source import decoder_beside, encoder_beside, open_source
from desktop.reading.reading import Layout, Spread, ValueRange
from tests.desktop.foreign_models import decoder, encoder


@pytest.mark.parametrize(
    ("decoder_name", "others", "expected"),
    [
        ("decoder.onnx", ["encoder.onnx"], "encoder.onnx"),
        ("vae_Decoder.onnx", ["vae_encoder.onnx", "other_encoder.onnx"], "vae_encoder.onnx"),
        ("generator.onnx", ["my_encoder.onnx"], "my_encoder.onnx"),
        ("generator.onnx", ["a_encoder.onnx", "b_encoder.onnx"], None),
        ("one.onnx", ["two.onnx", "encoder.onnx"], None),
        ("encoder.onnx", ["other_encoder.onnx"], None),
        ("generator.onnx", [], None),
    ],
)
def test_the_encoder_is_the_one_that_the_name_points_to_or_the_only_one(
    tmp_path, decoder_name, others, expected
):
    """In a folder of several models, no encoder is used that could belong to another one."""
    for name in (decoder_name, *others):
        (tmp_path / name).touch()
    found = encoder_beside(tmp_path / decoder_name)
    assert (found.name.lower() if found else None) == expected


@pytest.mark.parametrize(
    ("how", "expected", "guesses"),
    [
        ({}, ("z_mean", "z_log_var", Spread.LOGVAR), {"value_range"}),
        ({"kind": "joined"}, ("both", "both", Spread.LOGVAR), {"value_range", "spread"}),
        ({"kind": "alone"}, ("z_mean", None, Spread.NONE), {"value_range"}),
        (
            {"names": ("mu", "sigma"), "spread": "std"},
            ("mu", "sigma", Spread.STD),
            {"value_range", "spread"},
        ),
        (
            {"names": ("mu", "variance"), "spread": "variance"},
            ("mu", "variance", Spread.VARIANCE),
            {"value_range", "spread"},
        ),
        (
            {"names": ("mu", "log_sigma"), "spread": "logstd"},
            ("mu", "log_sigma", Spread.LOGSTD),
            {"value_range", "spread"},
        ),
        (
            {"names": ("first", "second")},
            ("first", "second", Spread.LOGVAR),
            {"value_range", "spread", "mean_output"},
        ),
    ],
)
def test_every_kind_of_encoder_is_read(tmp_path, how, expected, guesses):
    """It may have two outputs, a joined one, or only a mean; the spread is found by name, or by sign."""
    path = decoder(tmp_path / "decoder.onnx")
    encoder(tmp_path / "encoder.onnx", **how)
    reading = open_source(path).encoder_reading
    assert (reading.mean_output, reading.spread_output, reading.spread) == expected
    assert reading.guesses == guesses


def test_an_encoder_takes_what_the_decoder_gives(tmp_path):
    """The decoder gives channels last and a tanh range, so the encoder takes channels last and [-1, 1]."""
    path = decoder(tmp_path / "decoder.onnx", layout="NHWC", last="Tanh")
    encoder(tmp_path / "encoder.onnx", x_shape=["N", 8, 10, 1])
    reading = open_source(path).encoder_reading
    assert (reading.layout, reading.value_range) == (Layout.NHWC, ValueRange.SIGNED)
    assert open_source(path, {"encoder-range": "bytes"}).encoder_reading.value_range is ValueRange.BYTES


def test_another_models_encoder_is_left_out_with_a_note_or_refused_where_it_was_chosen(tmp_path):
    """An encoder found by its name is left out with a note; one that a person chose is an error."""
    path = decoder(tmp_path / "decoder.onnx")
    other = encoder(tmp_path / "encoder.onnx", x_shape=["N", 1, 9, 9])
    source = open_source(path)
    assert source.encoder_reading is None
    assert "found no input of this encoder that takes the decoder's pictures of 1 × 8 × 10" in source.notes[0]
    with pytest.raises(ModelError, match="choose the encoder that belongs to this decoder"):
        open_source(path, {"encoder": str(other)})
    wide = encoder(tmp_path / "wide.onnx", latent_dim=5)
    with pytest.raises(ModelError, match="expected 2 numbers per image, or 4"):
        open_source(path, {"encoder": str(wide)})


@pytest.mark.parametrize(("channels", "taken"), [(4, 1), (3, 1), (1, 3), (4, 3), (1, 4)])
def test_an_encoder_of_other_channels_is_used(tmp_path, channels, taken):
    """Pictures are converted: grey beside a decoder with alpha, colour beside a grey one."""
    path = decoder(tmp_path / "decoder.onnx", image_shape=(channels, 8, 10))
    encoder(tmp_path / "encoder.onnx", x_shape=["N", taken, 8, 10])
    source = open_source(path)
    assert source.encoder_reading.image_shape == (taken, 8, 10)
    assert source.notes == ()
    model = Model(source, "cpu")
    try:
        bright, dark = (model.encode(np.full((2, channels, 8, 10), v, np.float32))[0] for v in (1, 0))
    finally:
        model.close()
    assert bright.shape == (2, 2)
    assert not np.allclose(bright, dark)


def test_the_decoder_of_an_encoder_is_found_by_its_name(tmp_path):
    """The file dialog for the decoder starts with it."""
    for name in ("vae_Encoder.onnx", "vae_decoder.onnx", "other.onnx"):
        (tmp_path / name).touch()
    assert decoder_beside(tmp_path / "vae_Encoder.onnx") == tmp_path / "vae_decoder.onnx"
    assert decoder_beside(tmp_path / "other.onnx") is None


def test_a_conditional_encoder_is_read_with_its_other_inputs(tmp_path):
    """A class is one-hot at 0 unless it is set, for both graphs; a value for an unknown input is refused."""
    more = [onnx.helper.make_tensor_value_info("label", onnx.TensorProto.FLOAT, ["N", 4])]
    path = decoder(tmp_path / "decoder.onnx")
    encoder(tmp_path / "encoder.onnx", more_inputs=more)
    source = open_source(path)
    (other,) = source.encoder_reading.other_inputs
    assert (other.name, other.value, other.one_hot) == ("label", 0, True)
    assert "other_inputs" in source.encoder_reading.guesses
    source = open_source(path, {"set label": "3"})
    assert source.encoder_reading.other_inputs[0].value == 3
    assert "other_inputs" not in source.encoder_reading.guesses
    model = Model(source, "cpu")
    try:
        mean, _ = model.encode(np.zeros((3, 1, 8, 10), np.float32))
    finally:
        model.close()
    assert mean.shape == (3, 2)
    with pytest.raises(
        ModelError, match="found a value for an input 'lable', expected an input such as label"
    ):
        open_source(path, {"set lable": "3"})


def test_no_encoder_can_be_chosen(tmp_path):
    """No encoder is used, whatever lies beside the decoder, and this choice is saved."""
    path = decoder(tmp_path / "decoder.onnx")
    encoder(tmp_path / "encoder.onnx")
    assert open_source(path).encoder_reading is not None
    assert open_source(path, {"encoder": "none"}).encoder_reading is None
    assert open_source(path).encoder_reading is None


def test_the_encoders_layout_can_be_set(tmp_path):
    """Equal numbers of rows, columns and channels leave a choice; a layout that does not fit is refused."""
    path = decoder(tmp_path / "decoder.onnx", image_shape=(3, 3, 3))
    encoder(tmp_path / "encoder.onnx", x_shape=["N", 3, 3, 3])
    assert open_source(path).encoder_reading.layout is Layout.NCHW
    assert "layout" in open_source(path).encoder_reading.guesses
    reading = open_source(path, {"encoder-layout": "NHWC"}).encoder_reading
    assert (reading.layout, "layout" in reading.guesses) == (Layout.NHWC, False)
    overrides = {"encoder-layout": "flat", "encoder": str(tmp_path / "encoder.onnx")}
    with pytest.raises(
        ModelError, match="or say which input takes the picture and in which layout"
    ) as caught:
        open_source(path, overrides)
    assert caught.value.hints == ("x-input NAME", "encoder-layout NAME")

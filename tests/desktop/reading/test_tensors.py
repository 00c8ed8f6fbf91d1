"""z becomes feeds, and raw outputs become pictures, as the reading says."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.base.errors import ModelError
from desktop.reading.reading import EncoderReading, Layout, OtherInput, Reading, Spread, ValueRange
from desktop.reading.tensors import encoder_feeds, feeds, posterior, probabilities, with_channels

READING = Reading(
    z_input="z",
    z_dtype="float32",
    z_shape=(None, 2),
    latent_dim=2,
    batch=None,
    other_inputs=(),
    output="out",
    output_dtype="float32",
    layout=Layout.NCHW,
    image_shape=(3, 4, 5),
    value_range=ValueRange.UNIT,
)
ENCODER = EncoderReading(
    x_input="x",
    x_dtype="float32",
    layout=Layout.NCHW,
    image_shape=(3, 4, 5),
    value_range=ValueRange.UNIT,
    batch=None,
    mean_output="mean",
    spread_output="spread",
    spread=Spread.LOGVAR,
    latent_dim=2,
)
PICTURES = np.random.default_rng(0).random((2, 3, 4, 5), np.float32)


def test_the_encoder_gets_the_channels_that_it_takes():
    """Grey is the luma of the colours, on black if transparent; grey becomes three equal channels."""
    colors = np.zeros((1, 4, 1, 2), np.float32)
    colors[0, :, 0, 0] = (1, 0.5, 0, 1)
    colors[0, :, 0, 1] = (1, 1, 1, 0.25)
    assert with_channels(colors, 1)[0, 0, 0] == pytest.approx([0.299 + 0.587 / 2, 0.25])
    assert with_channels(colors, 3)[0, :, 0, 1] == pytest.approx([0.25, 0.25, 0.25])
    grey = np.full((2, 1, 3, 3), 0.5, np.float32)
    assert with_channels(grey, 3).shape == (2, 3, 3, 3)
    assert with_channels(grey, 4)[0, :, 0, 0].tolist() == [0.5, 0.5, 0.5, 1]
    assert with_channels(grey, 1) is grey
    x = np.ones((2, 1, 4, 5), np.float32)
    assert encoder_feeds(ENCODER, x)["x"].shape == (2, 3, 4, 5)


def test_z_gets_the_shape_and_type_that_the_graph_takes():
    """The graph may take axes of 1, another float type, or a single z without a batch axis."""
    z = np.array([[1, 2], [3, 4]], np.float32)
    fed = feeds(replace(READING, z_shape=(None, 2, 1, 1), z_dtype="float16"), z)["z"]
    assert fed.shape == (2, 2, 1, 1)
    assert fed.dtype == np.float16
    assert fed.ravel().tolist() == [1, 2, 3, 4]
    assert feeds(replace(READING, z_shape=(2,), batch=1), z[:1])["z"].shape == (2,)


def test_a_fixed_batch_takes_so_many_and_no_other():
    """`feeds` does not pad a batch; that is done elsewhere."""
    with pytest.raises(ValueError, match=r"^found 2 z, expected 4 at once$"):
        feeds(replace(READING, batch=4), np.zeros((2, 2), np.float32))


def test_other_inputs_are_filled_with_their_value():
    """Other inputs may be scalars, maps per picture, or one-hot."""
    others = (
        OtherInput("psi", "float32", (), 0.7),
        OtherInput("noise", "float16", (None, 1, 2, 2), 0.0),
        OtherInput("label", "int64", (None,), 3),
        OtherInput("one", "float32", (None, 4), 2, one_hot=True),
    )
    fed = feeds(replace(READING, other_inputs=others), np.zeros((2, 2), np.float32))
    assert fed["psi"] == pytest.approx(0.7)
    assert (fed["noise"].shape, fed["noise"].dtype) == ((2, 1, 2, 2), np.float16)
    assert (fed["label"].tolist(), fed["label"].dtype) == ([3, 3], np.int64)
    assert fed["one"].tolist() == [[0, 0, 1, 0]] * 2


@pytest.mark.parametrize(
    ("layout", "raw"),
    [
        (Layout.NCHW, PICTURES),
        (Layout.NHWC, PICTURES.transpose(0, 2, 3, 1)),
        (Layout.FLAT, PICTURES.transpose(0, 2, 3, 1).reshape(2, -1)),
        (Layout.FLAT_CHW, PICTURES.reshape(2, -1)),
        (Layout.FLAT_CHW, PICTURES.reshape(2, -1, 1, 1)),
        (Layout.FLAT_CHW, PICTURES.reshape(-1, 1)),
    ],
)
def test_every_layout_gives_the_same_pictures(layout, raw):
    """The result is channels, height and width, in a new array."""
    found = probabilities(replace(READING, layout=layout), raw)
    assert np.array_equal(found, PICTURES)
    assert not np.shares_memory(found, raw)


def test_one_channel_may_have_no_axis_and_one_picture_no_batch():
    """The output may be [N, H, W] or [H, W, C]."""
    gray = replace(READING, layout=Layout.NHW, image_shape=(1, 4, 5))
    assert np.array_equal(probabilities(gray, PICTURES[:, 0]), PICTURES[:, :1])
    alone = replace(READING, layout=Layout.NHWC, batch=1)
    assert np.array_equal(probabilities(alone, PICTURES[0].transpose(1, 2, 0)), PICTURES[:1])


@pytest.mark.parametrize(
    ("value_range", "raw", "expected"),
    [
        (ValueRange.UNIT, [-0.5, 0.25, 1.5], [0, 0.25, 1]),
        (ValueRange.SIGNED, [-1.5, 0, 1], [0, 0.5, 1]),
        (ValueRange.BYTES, [0, 51, 300], [0, 0.2, 1]),
        (ValueRange.LOGITS, [-1000, 0, 1000], [0, 0.5, 1]),
    ],
)
def test_every_range_becomes_probabilities(value_range, raw, expected):
    """Values outside the range are clipped, no logit is too large, and half and double precision work too."""
    reading = replace(READING, value_range=value_range, image_shape=(1, 1, 3))
    for dtype in (np.float16, np.float32, np.float64):
        found = probabilities(reading, np.array(raw, dtype).reshape(1, 1, 1, 3))
        assert found.dtype == np.float32
        assert found.ravel() == pytest.approx(expected, abs=1e-3)
    if value_range is ValueRange.BYTES:
        bytes_ = np.array([[[[0, 51, 255]]]], np.uint8)
        assert probabilities(reading, bytes_).ravel() == pytest.approx([0, 0.2, 1])


@pytest.mark.parametrize("value_range", list(ValueRange))
def test_nan_stays_nan(value_range):
    """NaN is left for the runtime to find."""
    raw = np.full((1, 3, 4, 5), np.nan, np.float32)
    assert np.isnan(probabilities(replace(READING, value_range=value_range), raw)).all()


def test_another_shape_than_the_reading_says_is_an_error():
    """The error says what was found and what was expected."""
    with pytest.raises(ModelError) as caught:
        probabilities(READING, np.zeros((2, 3, 5, 5)))
    assert str(caught.value) == (
        "found an output of shape [2, 3, 5, 5], expected [N, 3, 4, 5] because it is read as NCHW"
    )


@pytest.mark.parametrize(
    ("value_range", "dtype", "expected"),
    [
        (ValueRange.UNIT, "float32", [0, 0.5, 1]),
        (ValueRange.SIGNED, "float16", [-1, 0, 1]),
        (ValueRange.BYTES, "uint8", [0, 128, 255]),
    ],
)
def test_images_become_what_the_encoder_takes(value_range, dtype, expected):
    """The range and the type are converted."""
    reading = replace(ENCODER, value_range=value_range, x_dtype=dtype, image_shape=(1, 1, 3))
    fed = encoder_feeds(reading, np.array([0, 0.5, 1], np.float32).reshape(1, 1, 1, 3))["x"]
    assert fed.dtype == np.dtype(dtype)
    assert fed.ravel().tolist() == expected


@pytest.mark.parametrize("layout", [Layout.NCHW, Layout.NHWC, Layout.FLAT, Layout.FLAT_CHW])
def test_images_are_laid_out_as_pictures_are_read(layout):
    """A picture that is fed and read back in the same layout is unchanged; a different size is an error."""
    fed = encoder_feeds(replace(ENCODER, layout=layout), PICTURES)["x"]
    assert np.array_equal(probabilities(replace(READING, layout=layout), fed), PICTURES)
    with pytest.raises(ValueError, match=r"^found images of shape \(3, 5, 4\), expected \(3, 4, 5\)$"):
        encoder_feeds(ENCODER, PICTURES.transpose(0, 1, 3, 2))


@pytest.mark.parametrize(
    ("spread", "raw"),
    [
        (Spread.LOGVAR, [-2, 1]),
        (Spread.LOGSTD, [-1, 0.5]),
        (Spread.VARIANCE, np.exp([-2, 1])),
        (Spread.STD, np.exp([-1, 0.5])),
    ],
)
def test_every_spread_becomes_a_log_variance(spread, raw):
    """The spread may be an output of its own, or joined to the mean."""
    mean, raw = np.array([[1, 2]], np.float32), np.array([raw], np.float32)
    apart = posterior(replace(ENCODER, spread=spread), {"mean": mean, "spread": raw})
    joined = replace(ENCODER, spread=spread, spread_output="mean")
    for found_mean, found_logvar in (apart, posterior(joined, {"mean": np.hstack([mean, raw])})):
        assert found_mean.tolist() == [[1, 2]]
        assert found_logvar.ravel() == pytest.approx([-2, 1], abs=1e-5)


def test_no_spread_is_next_to_none_and_a_wrong_width_an_error():
    """Without a spread, the ellipse is a point."""
    alone = replace(ENCODER, spread=Spread.NONE, spread_output=None)
    _, logvar = posterior(alone, {"mean": np.zeros((1, 2), np.float32)})
    assert (logvar < -20).all()
    with pytest.raises(ModelError, match=r"found an output mean of shape \[1, 3\], expected 2 numbers"):
        posterior(alone, {"mean": np.zeros((1, 3), np.float32)})

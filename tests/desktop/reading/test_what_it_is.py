"""A graph that is not a decoder is recognised, and a person can still open it as one."""

import pytest

from desktop.models.open_source import open_source
from desktop.models.source import UnreadError
from desktop.reading.what_it_is import LooksLike
from tests.desktop.foreign_models import encoder, graph


@pytest.fixture
def looks_like(tmp_path):
    """`looks_like(inputs, outputs, name, **how)`: what a graph is taken for, and the message."""

    def open_it(inputs, outputs, name="model.onnx", **how):
        path = graph(tmp_path / name, inputs, outputs, **how)
        with pytest.raises(UnreadError) as caught:
            open_source(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        assert "--" not in message
        return caught.value.looks_like, message

    return open_it


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ({"input": ["N", 3, "H", "W"]}, {"latent": ["N", 4, "h", "w"]}),  # one number for each 8 × 8 pixels
        ({"input": ["N", 1, 28, 28]}, {"output": ["N", 2]}),
        ({"x": ["N", 28, 28, 1]}, {"output": ["N", 16]}),  # 16 = 4 × 4 by chance
        ({"x": ["N", 784]}, {"mu": ["N", 16], "log_var": ["N", 16]}),
        ({"x": [1, 3, 32, 32]}, {"map": [1, 8, 4, 4]}),
    ],
)
def test_an_encoder_is_no_decoder_of_small_pictures(looks_like, inputs, outputs):
    """It takes pictures and gives fewer numbers: a map of features, a mean, or a mean and a log-variance."""
    kind, message = looks_like(inputs, outputs)
    assert kind is LooksLike.ENCODER
    assert "this looks like an encoder: it takes " in message
    assert "; open its decoder and choose this file as the encoder there, or say which input" in message


def test_an_encoder_too_large_to_try_is_told_too(looks_like):
    """The declared shapes are enough."""
    assert looks_like({"x": ["N", 3, 1024, 1024]}, {"y": ["N", 2]})[0] is LooksLike.ENCODER


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        ({"input.1": [1, 3, 12, 12]}, {"146": [1, 3, 24, 24]}, "perhaps one that enlarges them"),
        ({"x": ["N", 1, 16, 16]}, {"x_hat": ["N", 1, 16, 16]}, "perhaps a whole autoencoder or a filter"),
        ({"x": ["N", 64]}, {"recon": ["N", 64]}, "perhaps a whole autoencoder or a filter"),
    ],
)
def test_pictures_to_pictures_is_no_decoder(looks_like, inputs, outputs, said):
    """Upscaling, filters and whole autoencoders have no z to explore."""
    kind, message = looks_like(inputs, outputs)
    assert kind is LooksLike.PICTURES_TO_PICTURES
    assert said in message


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ({"serving_default": ["N", 4096, 1]}, {"y": ["N", 16, 24]}),
        ({"waveform": ["N", 512]}, {"y": ["N", 16, 24]}),
        ({"z": ["N", 8]}, {"reconstructed_audio": ["N", 1, 4096]}),
        ({"z": ["N", 8]}, {"y": ["N", 1, 4096]}),  # a square number of samples
    ],
)
def test_audio_is_no_picture(looks_like, inputs, outputs):
    """A wave is recognised by its name, or as one long axis beside an axis of 1."""
    kind, message = looks_like(inputs, outputs)
    assert kind is LooksLike.AUDIO
    assert message.endswith("; choose a decoder of pictures")


@pytest.mark.parametrize(
    ("outputs", "how"),
    [
        ({"y": ["N", 100]}, {}),
        ({"y": ["N", 768]}, {"last": "Tanh"}),
        ({"y": ["N", 100]}, {"last": "Softmax", "smooth": True}),
        ({"logits": ["N", 100]}, {"smooth": True}),
    ],
)
def test_a_square_number_of_features_is_no_picture(looks_like, outputs, how):
    """100 classes and 768 features are squares by chance."""
    kind, message = looks_like({"z": ["N", 16]}, outputs, **how)
    assert kind is LooksLike.FEATURES
    assert "numbers without rows and columns, a picture's size only by chance" in message


@pytest.mark.parametrize(
    ("name", "outputs", "how"),
    [
        ("model.onnx", {"image": ["N", 100]}, {}),
        ("model.onnx", {"x_hat": ["N", 100]}, {}),
        ("vae_decoder.onnx", {"y": ["N", 100]}, {}),
        ("model.onnx", {"y": ["N", 100]}, {"smooth": True}),
        ("model.onnx", {"y": ["N", 784]}, {"last": "Sigmoid"}),
    ],
)
def test_other_evidence_makes_a_flat_output_a_picture(tmp_path, name, outputs, how):
    """The evidence is a name, smooth pictures, or a range of pixels with many more numbers than z."""
    source = open_source(graph(tmp_path / name, {"z": ["N", 2]}, outputs, **how))
    assert source.reading.image_shape in {(1, 10, 10), (1, 28, 28)}
    assert source.notes == ()


def test_states_that_go_in_and_come_out_are_a_recurrence(looks_like):
    """One step of a recurrent network needs the states of the previous step."""
    inputs = {"x": ["N", 5], "h": [1, "N", 64], "c": [1, "N", 64]}
    kind, message = looks_like(inputs, {"y": ["N", 123], "hn": [1, 1, 64], "cn": [1, 1, 64]})
    assert kind is LooksLike.RECURRENCE
    assert "its states h, c go in and come out again" in message


def test_a_person_who_sets_z_opens_it_anyway(tmp_path):
    """A note then says what the graph looks like."""
    path = graph(tmp_path / "model.onnx", {"input": ["N", 3, 8, 8]}, {"y": ["N", 1, 4, 4]})
    with pytest.raises(UnreadError):
        open_source(path)
    source = open_source(path, {"z-input": "input"})
    assert source.reading.image_shape == (1, 4, 4)
    assert source.notes[0].startswith("this looks like an encoder: it takes input float32 [N, 3, 8, 8]")


@pytest.mark.parametrize(
    ("name", "z_name", "z_shape"),
    [
        ("model.onnx", "latent", ["N", 3, 8, 8]),
        ("decoder.onnx", "x", ["N", 3, 8, 8]),
        ("model.onnx", "x", ["N", 192]),
    ],
)
def test_an_unusual_decoder_opens_with_a_note(tmp_path, name, z_name, z_shape):
    """Its pictures have fewer numbers than z, but names or shapes say that it is a decoder."""
    source = open_source(graph(tmp_path / name, {z_name: z_shape}, {"y": ["N", 1, 8, 8]}))
    expected = "its pictures have fewer numbers (64) than z (192), which is unusual for a decoder"
    assert source.notes == (expected,)


@pytest.mark.parametrize("z_name", ["z", "latents", "quantized"])
def test_maps_that_are_called_z_are_no_pictures(tmp_path, z_name):
    """A decoder may enlarge three-channel vectors, just as a network from pictures to pictures does."""
    source = open_source(graph(tmp_path / "m.onnx", {z_name: ["N", 3, 8, 8]}, {"y": ["N", 3, 16, 16]}))
    assert source.reading.image_shape == (3, 16, 16)
    assert source.notes == ()


@pytest.mark.parametrize(
    ("name", "z_shape", "picture"),
    [
        ("m.onnx", ["N", 1, 8, 8], ["N", 3, 16, 16]),  # more channels than a filter would give
        ("m.onnx", ["N", 8, 8, 1], ["N", 16, 16, 3]),
        ("m.onnx", ["N", 3, 8, 8], ["N", 4, 32, 32]),
        ("m.onnx", ["N", 3, 8, 8], ["N", 3, 128, 128]),  # sixteen times as large
        ("vq-f4.onnx", ["N", 3, 8, 8], ["N", 3, 32, 32]),
    ],
)
def test_maps_of_few_channels_are_z_if_the_pictures_tell(tmp_path, name, z_shape, picture):
    """A note says that this is unusual."""
    source = open_source(graph(tmp_path / name, {"x": z_shape}, {"y": picture}))
    (note,) = source.notes
    assert note.startswith("it takes x float32 [")
    assert note.endswith("], the shape of a picture, which is unusual for a decoder")


@pytest.mark.parametrize(
    ("z_name", "z_shape", "picture"),
    [
        ("x", ["N", 3, 8, 8], ["N", 3, 32, 32]),  # a VQ decoder, or a network that enlarges four times
        ("x", ["N", 1, 8, 8], ["N", 3, 8, 8]),  # perhaps a network that colours pictures
        ("x", ["N", 1, 8, 8], ["N", 3, 20, 20]),
        ("image", ["N", 1, 8, 8], ["N", 3, 16, 16]),
    ],
)
def test_what_could_be_either_is_refused_with_the_name_to_give(
    looks_like, tmp_path, z_name, z_shape, picture
):
    """With the name in the message, the model opens."""
    kind, _ = looks_like({z_name: z_shape}, {"y": picture})
    assert kind is LooksLike.PICTURES_TO_PICTURES
    with pytest.raises(UnreadError) as caught:
        open_source(tmp_path / "model.onnx")
    assert caught.value.hints == (f"z-input {z_name}",)
    overrides = caught.value.as_decoder()
    assert overrides == {"z-input": z_name}
    assert open_source(tmp_path / "model.onnx", overrides).reading.z_input == z_name


def test_a_name_that_a_command_line_would_misread_is_not_repeated(tmp_path):
    """The hint then has a placeholder instead of the name."""
    path = graph(tmp_path / "model.onnx", {"x; rm -r": ["N", 3, 8, 8]}, {"y": ["N", 3, 16, 16]})
    with pytest.raises(UnreadError) as caught:
        open_source(path)
    assert caught.value.hints == ("z-input NAME",)


def test_the_encoders_of_other_tests_are_encoders(tmp_path):
    """They are recognised with two outputs, one joined output, or only a mean."""
    for kind in ("two", "joined", "alone"):
        with pytest.raises(UnreadError) as caught:
            open_source(encoder(tmp_path / f"{kind}.onnx", kind))
        assert caught.value.looks_like is LooksLike.ENCODER

"""The model gives what ONNX Runtime alone would give, whatever graph it is and however z is cut."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from onnx import TensorProto, helper

from desktop.base.errors import ModelError
from desktop.models.model import RUNS, Model
from desktop.models.open_source import open_source
from desktop.reading.input_values import InputValue
from desktop.reading.reading import Layout, OtherInput, ValueRange
from export.bundle import DECODER_FILE, ENCODER_FILE, BundleError
from tests.desktop.foreign_models import conditional
from tests.desktop.models.bare_graphs import bare, constant, nan_nodes, picture_nodes
from tests.waiting import SOON_S


@pytest.mark.parametrize("count", [0, 1, 2, 7, 64, 401])
def test_decoding_in_chunks_and_threads_equals_decoding_at_once(
    bundle_path, make_model, plain_decoder, count
):
    """Any batch gives what a plain session gives for the whole of it."""
    z = np.random.default_rng(0).normal(size=(401, 2)).astype(np.float32)
    found = make_model(bundle_path).decode(z[:count])
    assert found.dtype == np.float32
    assert found.shape == (count, 1, 28, 28)
    assert found == pytest.approx(plain_decoder(bundle_path)(z)[:count], abs=1e-6)


def test_z_may_be_doubles_or_a_view(bundle_path, make_model):
    """Float64, and every second row of an array, are decoded like float32 copies."""
    model = make_model(bundle_path)
    z = np.random.default_rng(0).normal(size=(10, 2))
    assert (model.decode(z[::2]) == model.decode(z[::2].astype(np.float32).copy())).all()


@pytest.mark.parametrize("shape", [(2,), (3, 3), (3, 1), (1, 2, 2)])
def test_z_of_another_shape_is_refused_in_words(bundle_path, make_model, shape):
    """The error says what was found and what was expected."""
    with pytest.raises(ValueError, match="found z of shape") as caught:
        make_model(bundle_path).decode(np.zeros(shape, np.float32))
    assert str(caught.value) == f"found z of shape {shape}, expected (N, 2)"


def test_the_time_of_a_decode_is_its_own(bundle_path, make_model, monkeypatch):
    """The shown time is that from the start of the call to its end."""
    model = make_model(bundle_path)
    ticks = iter([10.0, 10.25])
    monkeypatch.setattr("desktop.models.model.time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    model.decode(np.zeros((64, 2), np.float32))
    assert model.last_decode_ms == 250
    assert list(ticks) == []


def test_a_busy_moment_does_not_make_pictures_dear(bundle_path, make_model):
    """The time of a quick picture is that of the quickest of the last runs."""
    model, took_s = make_model(bundle_path), []
    for count in (1, 3, 1, 20, 2, 1, 1, 5, 1, 1, 2):
        model.decode(np.zeros((count, 2), np.float32))
        took_s.append(model.last_decode_ms / 1e3 / count)
        assert model.picture_s == min(took_s[-RUNS:])


def test_encoding_gives_the_posterior_that_the_bundle_holds(bundle_path, make_model):
    """The held-out images encode to the means and log-variances that are stored with them."""
    model = make_model(bundle_path)
    posterior = model.source.bundle.read_posterior()
    mean, logvar = model.encode(posterior.images[:9].astype(np.float32))
    assert mean == pytest.approx(posterior.mean[:9], abs=1e-5)
    assert logvar == pytest.approx(posterior.logvar[:9], abs=1e-5)


def test_images_of_another_shape_are_refused_in_words(bundle_path, make_model):
    """The error says what was found and what was expected."""
    with pytest.raises(ValueError, match=r"^found images of shape \(1, 28, 27\), expected \(1, 28, 28\)$"):
        make_model(bundle_path).encode(np.zeros((2, 1, 28, 27), np.float32))


def test_a_bundle_without_encoder_says_so(make_bundle, make_model):
    """It decodes; `has_encoder` is false, and `encode` says what is missing."""
    model = make_model(make_bundle(name="half"))
    assert not model.has_encoder
    assert model.decode(np.zeros((1, 2), np.float32)).shape == (1, 1, 12, 12)
    with pytest.raises(
        ValueError, match=r"^found no encoder\.onnx for half, expected one to encode an image$"
    ):
        model.encode(np.zeros((1, 1, 12, 12), np.float32))


def small_graph(nodes, inputs, outputs):
    """The bytes of a graph of float tensors given as (name, shape)."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("forged_dim", "forged_shape", "wrong"),
    [
        (
            3,
            (1, 12, 12),
            "found the inputs z float32 [N, 3], expected z float32 [N, 2], as the manifest says",
        ),
        (
            2,
            (1, 12, 13),
            (
                "found the outputs probabilities float32 [N, 1, 12, 13], "
                "expected probabilities float32 [N, 1, 12, 12], as the manifest says"
            ),
        ),
    ],
)
def test_a_decoder_of_another_shape_than_the_manifest_is_refused(
    make_bundle, decoder_graph, forged_dim, forged_shape, wrong
):
    """Names, types and shapes of the graph are compared with the manifest."""
    path = make_bundle(decoder=decoder_graph(forged_dim, forged_shape))
    with pytest.raises(BundleError) as caught:
        Model(open_source(path), "cpu")
    assert str(caught.value) == f"{path}: {DECODER_FILE}: {wrong}; export it again"


def test_a_graph_that_lies_about_its_output_is_found_out_at_the_first_run(make_bundle):
    """Declared shapes are not trusted: the model decodes once before it counts as working."""
    # The true shape is computed from z, so that it cannot be known beforehand.
    lying = small_graph(
        [
            helper.make_node("Constant", [], ["zero"], value_float=0.0),
            helper.make_node("Mul", ["z", "zero"], ["zeros"]),
            helper.make_node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
            helper.make_node("Constant", [], ["true"], value_floats=[1.0, 1.0, 12.0, 13.0]),
            helper.make_node("Add", ["true", "nothing"], ["computed"]),
            helper.make_node("Cast", ["computed"], ["shape"], to=TensorProto.INT64),
            helper.make_node("ConstantOfShape", ["shape"], ["probabilities"]),
        ],
        [("z", ["N", 2])],
        [("probabilities", ["N", 1, 12, 12])],
    )
    path = make_bundle(decoder=lying)
    with pytest.raises(BundleError) as caught:
        Model(open_source(path), "cpu")
    assert str(caught.value).startswith(f"{path}: {DECODER_FILE}: found ")
    assert "12, 13]" in str(caught.value)


def test_an_encoder_of_another_shape_is_refused_too(make_bundle):
    """The second graph is checked like the first."""
    encoder = small_graph(
        [helper.make_node("Identity", ["x"], [name]) for name in ("mean", "logvar")],
        [("x", ["N", 3])],
        [("mean", ["N", 3]), ("logvar", ["N", 3])],
    )
    path = make_bundle(encoder=encoder)
    with pytest.raises(
        BundleError, match=r"encoder\.onnx: found the inputs x float32 \[N, 3\], expected x float32"
    ):
        Model(open_source(path), "cpu")


def test_a_model_that_was_refused_leaves_no_thread(make_bundle, decoder_graph):
    """Opening a wrong file again and again leaves no thread, as the check of every test here confirms."""
    path = make_bundle(decoder=decoder_graph(5, (1, 12, 12)))
    for _ in range(20):
        with pytest.raises(BundleError):
            Model(open_source(path), "cpu")


def test_the_encoder_file_is_loaded_only_where_there_is_one(bundle_path, make_model):
    """A complete bundle can encode."""
    model = make_model(bundle_path)
    assert ENCODER_FILE in model.source.bundle.files
    assert model.has_encoder


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 25])
def test_a_fixed_batch_is_decoded_in_pieces(tmp_path, opened, batch, count):
    """A graph for exactly 1 or 3 at a time decodes any number; rows that fill up a batch are dropped."""
    nodes = picture_nodes((1, 4, 5))
    source = bare(tmp_path, nodes, [batch, 1, 4, 5], z_shape=[batch, 2], batch=batch)
    z = np.linspace(0, 2, 2 * count, dtype=np.float32).reshape(count, 2)
    found = opened(source).decode(z)
    assert found.shape == (count, 1, 4, 5)
    assert found == pytest.approx(np.broadcast_to(z[:, 0, None, None, None] / 2, found.shape))


@pytest.mark.parametrize("dtype", ["float16", "float64", "uint8"])
def test_other_number_types_become_float32(tmp_path, opened, dtype):
    """A picture of 16 or 64 bits or of bytes becomes float32 probabilities like any other."""
    bytes_ = dtype == "uint8"
    nodes = picture_nodes((1, 4, 5), to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
    value_range = ValueRange.BYTES if bytes_ else ValueRange.UNIT
    source = bare(tmp_path, nodes, ["N", 1, 4, 5], dtype=dtype, value_range=value_range)
    found = opened(source).decode(np.full((3, 2), 102 if bytes_ else 0.4, np.float32))
    assert found.dtype == np.float32
    assert found == pytest.approx(np.full((3, 1, 4, 5), 51 / 255 if bytes_ else 0.2), abs=1e-3)


def test_channels_last_are_put_first(tmp_path, opened):
    """NHWC becomes [N, C, H, W], each channel with its own numbers."""
    nodes = [
        *picture_nodes((4, 5, 3))[:-2],
        constant("colors", np.tile(np.array([0.2, 0.4, 0.6], np.float32), (1, 4, 5, 1))),
        helper.make_node("Add", ["small", "colors"], ["out"]),
    ]
    source = bare(tmp_path, nodes, ["N", 4, 5, 3], layout=Layout.NHWC, image_shape=(3, 4, 5))
    found = opened(source).decode(np.zeros((2, 2), np.float32))
    assert found.shape == (2, 3, 4, 5)
    assert found[1, :, 3, 4] == pytest.approx([0.2, 0.4, 0.6])


def test_other_inputs_are_fed(tmp_path, opened):
    """Another input gets the value from the reading for every picture of the batch."""
    nodes = [
        *picture_nodes((1, 4, 5))[:-1],
        helper.make_node("Mul", ["small", "ones"], ["plain"]),
        helper.make_node("Reshape", ["shift", "one"], ["shifts"]),
        helper.make_node("Add", ["plain", "shifts"], ["out"]),
    ]
    more = [helper.make_tensor_value_info("shift", TensorProto.FLOAT, ["N", 1])]
    inputs = (OtherInput("shift", "float32", (None, 1), 0.25),)
    source = bare(tmp_path, nodes, ["N", 1, 4, 5], more=more, other_inputs=inputs)
    assert opened(source).decode(np.zeros((5, 2), np.float32)) == pytest.approx(0.25)


def test_a_model_with_other_inputs_shares_the_sessions(tmp_path, opened):
    """Its pictures are those of the other class; with unchanged values it is the model itself."""
    model = opened(open_source(conditional(tmp_path / "model.onnx"), use_saved=False))
    z = np.array([[0.5, -0.5]], np.float32)
    other = model.with_inputs((InputValue("label", 3), InputValue("strength", 0)))
    assert other._decoder is model._decoder
    row = np.linspace(-3, 3, 320, dtype=np.float32)[240:].reshape(8, 10)
    assert other.decode(z)[0, 0] == pytest.approx(1 / (1 + np.exp(-row)), abs=1e-6)
    assert (model.decode(z) != other.decode(z)).any()
    assert other.with_inputs((InputValue("label", 0), InputValue("strength", 1))) is model
    assert other.with_inputs((InputValue("label", 3), InputValue("strength", 0))) is other
    assert other.decode_logits(z)[0, 0] == pytest.approx(row, abs=1e-5)


def test_nan_is_drawn_as_nothing_and_said(tmp_path, opened):
    """Pictures of NaN become 0, the others stay as they are, and the warning counts the NaN ones."""
    model = opened(bare(tmp_path, nan_nodes("some"), ["N", 1, 4, 5]))
    assert model.warning == ""
    found = model.decode(np.array([[-1, 0], [0.5, 0], [-2, 0]], np.float32))
    assert found[:, 0, 0, 0] == pytest.approx([0, 0.5, 0])
    assert model.warning == "NaN in 2 of 3 pictures, drawn as 0"


def test_nothing_but_nan_is_an_error(tmp_path):
    """A decoder whose very first picture is entirely NaN is not opened."""
    source = bare(tmp_path, nan_nodes("all"), ["N", 1, 4, 5])
    with pytest.raises(ModelError) as caught:
        Model(source, "cpu")
    said = "found only NaN in its first picture, expected numbers"
    assert str(caught.value) == f"{source.path}: {said}"


def test_a_bare_model_that_lies_about_its_shape_is_found_out(tmp_path):
    """A picture whose size differs from the reading is an error that names the file."""
    source = bare(tmp_path, picture_nodes((1, 4, 5)), ["N", 1, 4, 5], image_shape=(1, 5, 5))
    with pytest.raises(ModelError, match=r"bare\.onnx: found .*4, 5\]"):
        Model(source, "cpu")


def test_a_decode_does_not_wait_for_threads_that_never_begin(make_bundle, make_model):
    """If a model is closed during a decode, work that has not started is dropped and not waited for."""
    model = make_model(make_bundle())
    model._sessions.cpu_threads, free = 2, threading.Event()
    for _ in range(model._pool._max_workers):
        model._pool.submit(free.wait)
    pictures = []
    thread = threading.Thread(
        target=lambda: pictures.append(model.decode(np.zeros((40, 2), np.float32))), daemon=True
    )
    thread.start()
    thread.join(SOON_S)
    free.set()
    assert pictures, "the decode is still waiting"
    assert pictures[0].shape == (40, 1, 12, 12)

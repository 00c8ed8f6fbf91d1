"""The model runs as ONNX Runtime alone would run it, and says where."""

import ctypes
import time

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from desktop.runtime import DRIVER_LIBRARY, DeviceError, Model
from export.bundle import DECODER_FILE, ENCODER_FILE, BundleError, open_bundle


def has_driver():
    """Whether CUDA could be tried here."""
    try:
        ctypes.CDLL(DRIVER_LIBRARY)
    except OSError:
        return False
    return "CUDAExecutionProvider" in ort.get_available_providers()


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


@pytest.mark.parametrize("count", [0, 1, 2, 7, 64, 401])
def test_decoding_in_chunks_and_threads_equals_decoding_at_once(
    bundle_path, make_model, plain_decoder, count
):
    """Any batch gives what a plain session gives for all of it at once."""
    z = np.random.default_rng(0).normal(size=(401, 2)).astype(np.float32)
    found = make_model(bundle_path).decode(z[:count])
    assert found.dtype == np.float32
    assert found.shape == (count, 1, 28, 28)
    assert found == pytest.approx(plain_decoder(bundle_path)(z)[:count], abs=1e-6)


def test_z_may_be_doubles_or_a_view(bundle_path, make_model):
    """Float64 and every second row of an array are decoded like their float32 copies."""
    model = make_model(bundle_path)
    z = np.random.default_rng(0).normal(size=(10, 2))
    assert (model.decode(z[::2]) == model.decode(z[::2].astype(np.float32).copy())).all()


@pytest.mark.parametrize("shape", [(2,), (3, 3), (3, 1), (1, 2, 2)])
def test_z_of_another_shape_is_refused_in_words(bundle_path, make_model, shape):
    """Found and expected are said."""
    with pytest.raises(ValueError, match="found z of shape") as caught:
        make_model(bundle_path).decode(np.zeros(shape, np.float32))
    assert str(caught.value) == f"found z of shape {shape}, expected (N, 2)"


def test_the_time_of_a_decode_is_its_own(bundle_path, make_model):
    """The time that is shown is not longer than the call took, and not nothing."""
    model = make_model(bundle_path)
    start = time.perf_counter()
    model.decode(np.zeros((64, 2), np.float32))
    assert 0 < model.last_decode_ms <= 1e3 * (time.perf_counter() - start)


def test_encoding_gives_the_posterior_that_the_bundle_holds(bundle_path, make_model):
    """The held-out images encode to the means and log-variances stored beside them."""
    model = make_model(bundle_path)
    posterior = model.bundle.read_posterior()
    mean, logvar = model.encode(posterior.images[:9].astype(np.float32))
    assert mean == pytest.approx(posterior.mean[:9], abs=1e-5)
    assert logvar == pytest.approx(posterior.logvar[:9], abs=1e-5)


def test_images_of_another_shape_are_refused_in_words(bundle_path, make_model):
    """Found and expected are said."""
    with pytest.raises(ValueError, match=r"^found images of shape \(1, 28, 27\), expected \(1, 28, 28\)$"):
        make_model(bundle_path).encode(np.zeros((2, 1, 28, 27), np.float32))


def test_a_bundle_without_encoder_says_so(make_bundle, make_model):
    """It decodes, knows that it cannot encode, and says what is missing when asked to."""
    model = make_model(make_bundle(name="half"))
    assert not model.has_encoder
    assert model.decode(np.zeros((1, 2), np.float32)).shape == (1, 1, 12, 12)
    with pytest.raises(ValueError, match=r"^half has no encoder\.onnx, expected one to encode an image$"):
        model.encode(np.zeros((1, 1, 12, 12), np.float32))


def test_the_cpu_is_named_when_it_was_asked_for(bundle_path, make_model):
    """The status bar says CPU and how many threads; the reason is that it was asked for."""
    device = make_model(bundle_path, "cpu").device
    assert device.kind == "cpu"
    assert device.description.startswith("CPU, ")
    assert device.reason == "the CPU was asked for"


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_without_a_driver_auto_runs_on_the_cpu_and_says_why(bundle_path, make_model):
    """What the session reports is believed, not what the package could do."""
    device = make_model(bundle_path, "auto").device
    assert device.kind == "cpu"
    assert device.reason in ("found no NVIDIA driver", "this ONNX Runtime is built without CUDA")


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_cuda_that_was_asked_for_is_not_silently_the_cpu(bundle_path):
    """Without a driver `cuda` is an error that says what was found and what to do."""
    with pytest.raises(DeviceError) as caught:
        Model(open_bundle(bundle_path), "cuda")
    assert str(caught.value).startswith("--device cuda: ")
    assert str(caught.value).endswith("; expected CUDA to run; use --device auto or --device cpu")


@pytest.mark.skipif(not has_driver(), reason="there is no GPU")
def test_on_a_gpu_decoding_agrees_with_the_cpu(bundle_path, make_model):
    """CUDA, where it runs, gives the CPU's probabilities to a thousandth."""
    model = make_model(bundle_path, "auto")
    if model.device.kind != "cuda":
        pytest.skip(model.device.reason)
    z = np.random.default_rng(0).normal(size=(401, 2)).astype(np.float32)
    assert model.decode(z) == pytest.approx(make_model(bundle_path, "cpu").decode(z), abs=1e-3)


@pytest.mark.parametrize(
    ("forged_dim", "forged_shape", "wrong"),
    [
        (3, (1, 12, 12), "found inputs z float ['N', 3], expected z float ['N', 2] from the manifest"),
        (
            2,
            (1, 12, 13),
            (
                "found outputs probabilities float ['N', 1, 12, 13], "
                "expected probabilities float ['N', 1, 12, 12] from the manifest"
            ),
        ),
    ],
)
def test_a_decoder_of_another_shape_than_the_manifest_is_refused(
    make_bundle, decoder_graph, forged_dim, forged_shape, wrong
):
    """Names, types and shapes of the graph are compared with what the manifest promises."""
    path = make_bundle(decoder=decoder_graph(forged_dim, forged_shape))
    with pytest.raises(BundleError) as caught:
        Model(open_bundle(path), "cpu")
    assert str(caught.value) == f"{path}: {DECODER_FILE}: {wrong}; export it again"


def test_a_graph_that_lies_about_its_output_is_found_out_at_the_first_run(make_bundle):
    """Shapes that are only declared do not count: the model decodes once before it is said to work."""
    # The true shape is computed from z, so that no one can know it beforehand.
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
        Model(open_bundle(path), "cpu")
    found = "found an output of shape (1, 1, 12, 13), expected (1, 1, 12, 12)"
    assert str(caught.value) == f"{path}: {DECODER_FILE}: {found}"


def test_an_encoder_of_another_shape_is_refused_too(make_bundle):
    """The second graph is checked like the first."""
    encoder = small_graph(
        [helper.make_node("Identity", ["x"], [name]) for name in ("mean", "logvar")],
        [("x", ["N", 3])],
        [("mean", ["N", 3]), ("logvar", ["N", 3])],
    )
    path = make_bundle(encoder=encoder)
    with pytest.raises(
        BundleError, match=r"encoder\.onnx: found inputs x float \['N', 3\], expected x float"
    ):
        Model(open_bundle(path), "cpu")


@pytest.mark.parametrize("data", [b"not a graph at all", b"\x00", b"\x08\x0a"])
def test_a_decoder_that_is_no_onnx_is_refused_in_words(make_bundle, data):
    """A file with the right checksum and the wrong content names itself and says what was expected."""
    path = make_bundle(decoder=data)
    with pytest.raises(BundleError) as caught:
        Model(open_bundle(path), "cpu")
    message = str(caught.value)
    assert message.startswith(f"{path}: {DECODER_FILE}: ")
    assert message.endswith("; expected an ONNX graph; export it again")
    assert "\n" not in message


def test_a_model_that_was_refused_leaves_no_thread(make_bundle, decoder_graph):
    """Opening the wrong file again and again costs nothing; the check is that of every test here."""
    path = make_bundle(decoder=decoder_graph(5, (1, 12, 12)))
    for _ in range(20):
        with pytest.raises(BundleError):
            Model(open_bundle(path), "cpu")


def test_the_encoder_file_is_loaded_only_where_there_is_one(bundle_path, make_model):
    """A whole bundle can encode."""
    model = make_model(bundle_path)
    assert ENCODER_FILE in model.bundle.files
    assert model.has_encoder

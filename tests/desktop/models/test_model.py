"""The model gives what ONNX Runtime alone would give, and says where it runs."""

import ctypes
import dataclasses
import threading
import time
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from desktop.base.errors import ModelError
from desktop.base.machine import DRIVER_LIBRARY, DeviceError
from desktop.base.vector import Vector
from desktop.models.cuda_session import CudaSession
from desktop.models.model import LONG_MS, InterruptedDecodeError, Model, _chunk_size
from desktop.models.source import FirstDecode, Source, open_source
from desktop.reading.reading import Layout, OtherInput, Reading, ValueRange
from export.bundle import DECODER_FILE, ENCODER_FILE, BundleError
from tests.desktop.hostile_models import good_nodes, model_bytes
from tests.waiting import SOON_S, wait_until


def has_driver():
    """Whether CUDA could be tried on this machine."""
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
    """The time that is shown is from the call's begin to its end."""
    model = make_model(bundle_path)
    ticks = iter([10.0, 10.25])
    monkeypatch.setattr("desktop.models.model.time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    model.decode(np.zeros((64, 2), np.float32))
    assert model.last_decode_ms == 250
    assert list(ticks) == []


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
    """It decodes, knows that it cannot encode, and says what is missing if asked to."""
    model = make_model(make_bundle(name="half"))
    assert not model.has_encoder
    assert model.decode(np.zeros((1, 2), np.float32)).shape == (1, 1, 12, 12)
    with pytest.raises(
        ValueError, match=r"^found no encoder\.onnx for half, expected one to encode an image$"
    ):
        model.encode(np.zeros((1, 1, 12, 12), np.float32))


def test_the_cpu_is_named_when_it_was_asked_for(bundle_path, make_model):
    """The description gives the CPU and its threads, and the reason is that the CPU was requested."""
    device = make_model(bundle_path, "cpu").device
    assert device.kind == "cpu"
    assert device.description.startswith("CPU, ")
    assert device.reason == "the CPU was requested"


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_without_a_driver_auto_runs_on_the_cpu_and_says_why(bundle_path, make_model):
    """The device is the one that the session reports, not one that the package could use."""
    device = make_model(bundle_path, "auto").device
    assert device.kind == "cpu"
    assert device.reason in ("found no NVIDIA driver", "this ONNX Runtime is built without CUDA")


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_cuda_that_was_asked_for_is_not_silently_the_cpu(bundle_path):
    """Without a driver, `cuda` is an error that says what was found; its options are hints."""
    with pytest.raises(DeviceError) as caught:
        Model(open_source(bundle_path), "cuda")
    assert str(caught.value).endswith("; expected CUDA to run the model")
    assert caught.value.option == "device cuda"
    assert caught.value.hints == ("device auto", "device cpu")


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_cuda_that_fails_at_its_first_run_is_left_with_a_reason(bundle_path, make_model, monkeypatch, capsys):
    """With a driver but without CUDA's libraries the model runs on the CPU, and nothing is printed."""
    monkeypatch.setattr("desktop.base.machine.why_no_cuda", lambda _: "")
    device = make_model(bundle_path, "auto").device
    assert device.kind == "cpu"
    assert "not found: " in device.reason or device.reason.startswith("CUDA failed")
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_on_a_pretended_device_all_results_are_those_of_the_cpu(
    bundle_path, make_model, plain_decoder, monkeypatch
):
    """The path of CUDA with tensors bound on the CPU: sizes, recording, logits and encoder."""

    class Pretended(CudaSession):
        """A session on CUDA whose tensors are bound on the CPU."""

        def __init__(self, *arguments, **options):
            super().__init__(*arguments, device_kind="cpu", **options)

        def run(self, *arguments):
            """The first one takes longer, as on CUDA, where it loads libraries."""
            if not first:
                first.append(self)
                time.sleep(2e-3 * LONG_MS)
            return super().run(*arguments)

    first = []
    monkeypatch.setattr("desktop.base.machine.why_no_cuda", lambda _: "")
    monkeypatch.setattr("desktop.models.model.CudaSession", Pretended)
    monkeypatch.setattr("desktop.models.model.cuda_session.nodes_on_cuda", lambda _: (33, 33))
    model, on_cpu = make_model(bundle_path, "auto"), make_model(bundle_path, "cpu")
    assert (model.device.kind, model.device.description, model.device.reason) == ("cuda", "CUDA", "")
    assert model._loaded.is_recorded
    z = np.random.default_rng(0).normal(size=(90, 2)).astype(np.float32)
    assert model.decode(z) == pytest.approx(plain_decoder(bundle_path)(z), abs=1e-6)
    assert model.decode_logits(z) == pytest.approx(on_cpu.decode_logits(z), abs=1e-4)
    images = model.source.bundle.read_posterior().images[:5].astype(np.float32)
    assert model.encode(images)[0] == pytest.approx(on_cpu.encode(images)[0], abs=1e-5)
    assert {size for _, ((_, (size, _), _),) in model._loaded._bound} <= {1, 16, 64}
    assert model.device.kind == "cuda"


@pytest.mark.skipif(not has_driver(), reason="there is no GPU")
def test_on_a_gpu_decoding_agrees_with_the_cpu(bundle_path, make_model):
    """CUDA, if it runs, gives the CPU's probabilities to a thousandth."""
    model = make_model(bundle_path, "auto")
    if model.device.kind != "cuda":
        pytest.skip(model.device.reason)
    z = np.random.default_rng(0).normal(size=(401, 2)).astype(np.float32)
    assert model.decode(z) == pytest.approx(make_model(bundle_path, "cpu").decode(z), abs=1e-3)


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


@pytest.mark.parametrize("data", [b"not a graph at all", b"\x00", b"\x08\x0a"])
def test_a_decoder_that_is_no_onnx_is_refused_in_words(make_bundle, data):
    """For a right checksum and wrong content, the error names the file and says what was expected."""
    path = make_bundle(decoder=data)
    with pytest.raises(BundleError) as caught:
        Model(open_source(path), "cpu")
    message = str(caught.value)
    assert message.startswith(f"{path}: {DECODER_FILE}: ")
    assert ", expected a" in message
    assert message.endswith("export it again")
    assert "\n" not in message


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


def bare(tmp_path, nodes, output_shape, *, z_shape=("N", 2), dtype="float32", more=(), **changes):
    """A source of one bare graph, read as z → `out`, unit range, [1, 4, 5] unless `changes` say otherwise."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("z", changes.pop("z_type", TensorProto.FLOAT), z_shape), *more],
        [helper.make_tensor_value_info("out", kind, output_shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    facts = {
        "z_input": "z",
        "z_dtype": "float32",
        "z_shape": (None, 2),
        "latent_dim": 2,
        "batch": None,
        "other_inputs": (),
        "output": "out",
        "output_dtype": dtype,
        "layout": Layout.NCHW,
        "image_shape": (1, 4, 5),
        "value_range": ValueRange.UNIT,
    }
    return Source(
        path=tmp_path / "bare.onnx",
        name="bare",
        sha256="0" * 64,
        decoder=model.SerializeToString(),
        reading=Reading(**(facts | changes)),
        encoder=None,
        encoder_reading=None,
        bundle=None,
        file=None,
    )


def constant(name, array):
    """A node that gives an array."""
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(array)))


def picture_nodes(shape, to=None):
    """z [N, 2] → half its first number at every pixel of a picture [N, *shape], of type `to`."""
    cast = [helper.make_node("Cast", ["wide"], ["out"], to=to)] if to else []
    return [
        constant("half", np.array([[0.5], [0]], np.float32)),
        helper.make_node("MatMul", ["z", "half"], ["mean"]),
        constant("one", np.array([-1] + [1] * len(shape), np.int64)),
        helper.make_node("Reshape", ["mean", "one"], ["small"]),
        constant("ones", np.ones((1, *shape), np.float32)),
        helper.make_node("Mul", ["small", "ones"], ["wide" if to else "out"]),
        *cast,
    ]


@pytest.fixture
def opened():
    """`opened(source, **options)`: a model on the CPU that is closed after the test."""
    models = []

    def make(source, **options):
        models.append(Model(source, "cpu", **options))
        return models[-1]

    yield make
    for model in models:
        model.close()


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


SLOW = 2**40


def looping_nodes():
    """A picture after as many iterations of a Loop as z's largest number says, which may be endless."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["still"]),
            helper.make_node("Add", ["sum", "sum"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    nodes = picture_nodes((1, 4, 5))[:-1]
    return [
        *nodes,
        helper.make_node("Mul", ["small", "ones"], ["start"]),
        helper.make_node("ReduceMax", ["z"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["turns"], to=TensorProto.INT64),
        constant("true", np.array(True)),
        helper.make_node("Loop", ["turns", "true", "start"], ["out"], body=body),
    ]


def test_a_run_that_takes_too_long_is_ended_and_the_model_lives_on(tmp_path, opened):
    """An endless Loop is stopped after the limit, with a message; the next decode works."""
    model = opened(bare(tmp_path, looping_nodes(), ["N", 1, 4, 5]), limit_s=0.2)
    with pytest.raises(ModelError) as caught:
        model.decode(np.array([[SLOW, 0]], np.float32))
    limit = "a run took longer than 0.2 s and was stopped, expected less"
    assert str(caught.value) == f"{model.source.path}: {limit}"
    assert model.decode(np.zeros((30, 2), np.float32)).shape == (30, 1, 4, 5)


def test_a_slow_decode_can_be_interrupted_if_it_may_be(tmp_path, opened):
    """It raises an error of its own kind, and the next decode runs."""
    source = bare(tmp_path, looping_nodes(), ["N", 1, 4, 5])
    first = FirstDecode(Vector((1.0, 1.0)), np.zeros((1, 4, 5), np.float32), 1.0)
    model = opened(dataclasses.replace(source, first=first))
    errors = []

    def decode():
        try:
            model.decode(np.array([[SLOW, 0]], np.float32), may_be_interrupted=True)
        except ModelError as error:
            errors.append(type(error))

    thread = threading.Thread(target=decode)
    thread.start()
    wait_until(lambda: model._interruptible is not None)
    model.interrupt()
    thread.join(SOON_S)
    assert errors == [InterruptedDecodeError]
    model.interrupt()  # nothing runs
    assert model.decode(np.zeros((2, 2), np.float32)).shape == (2, 1, 4, 5)


def test_closing_ends_what_still_runs(tmp_path, opened):
    """A model that is closed during an endless decode returns at once, and the decode raises an error."""
    model = opened(bare(tmp_path, looping_nodes(), ["N", 1, 4, 5]))
    errors = []

    def decode():
        try:
            model.decode(np.array([[SLOW, 0]], np.float32))
        except ModelError as error:
            errors.append(str(error))

    thread = threading.Thread(target=decode)
    thread.start()
    wait_until(lambda: model._watchdog._running)
    model.close()
    thread.join(SOON_S)
    assert not thread.is_alive()
    assert len(errors) == 1


def nan_nodes(of):
    """A picture that is NaN where z's first number is negative, or everywhere."""
    nodes = picture_nodes((1, 4, 5))[:-1]
    operator = [helper.make_node("Sqrt", ["plain"], ["out"])]
    if of == "all":
        operator = [constant("nan", np.float32("nan")), helper.make_node("Add", ["plain", "nan"], ["out"])]
    return [*nodes, helper.make_node("Mul", ["small", "ones"], ["plain"]), *operator]


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


def test_a_bare_file_that_is_no_onnx_is_a_model_error(tmp_path):
    """The error for a file that cannot be loaded is one line, without advice for those who export bundles."""
    source = dataclasses.replace(bare(tmp_path, picture_nodes((1, 4, 5)), ["N", 1, 4, 5]), decoder=b"no")
    with pytest.raises(ModelError) as caught:
        Model(source, "cpu")
    assert str(caught.value).startswith(f"{source.path}: ")
    assert str(caught.value).endswith("; expected an ONNX graph")


def test_a_model_cannot_choose_its_session(tmp_path, opened, monkeypatch):
    """Session settings in a model's metadata are ignored, whatever the environment says."""
    monkeypatch.setenv("ORT_LOAD_CONFIG_FROM_MODEL", "1")
    source = bare(tmp_path, picture_nodes((1, 4, 5)), ["N", 1, 4, 5])
    model = onnx.load_from_string(source.decoder)
    onnx.helper.set_model_props(
        model, {"ort_config": '{"session_options": {"intra_op_num_threads": "many"}}'}
    )
    with pytest.raises(Exception, match="intra_op"):
        ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    opened(dataclasses.replace(source, decoder=model.SerializeToString()))


def test_a_slow_network_is_decoded_in_small_chunks():
    """A chunk takes at most a tenth of a second, is never empty, and holds whole fixed batches."""
    fast = Reading(
        "z", "float32", (None, 2), 2, None, (), "out", "float32", Layout.NCHW, (1, 4, 5), ValueRange.UNIT
    )
    assert _chunk_size(fast, "cpu", 0.2) == 10
    assert _chunk_size(fast, "cpu", 30) == 3
    assert _chunk_size(fast, "cpu", 5_000) == 1
    assert _chunk_size(dataclasses.replace(fast, batch=4), "cpu", 0.2) == 8
    assert _chunk_size(dataclasses.replace(fast, batch=64), "cpu", 500) == 64
    assert _chunk_size(dataclasses.replace(fast, image_shape=(3, 1024, 1024)), "cuda", 1) == 2


def test_a_model_that_asks_for_memory_only_later_does_not_get_it(tmp_path, make_model):
    """A model that is harmless in its trial and needs gigabytes at another z gives an error and lives on."""
    nodes = [
        helper.make_node("ReduceMax", ["z"], ["most"], keepdims=0),
        helper.make_node("Mul", ["most", "giga"], ["floats"]),
        helper.make_node("Clip", ["floats", "none"], ["many"]),
        helper.make_node("Cast", ["many"], ["count"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["count", "axis"], ["sizes"]),
        helper.make_node("ConstantOfShape", ["sizes"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        *good_nodes()[0][:2],
        helper.make_node("Reshape", ["flat", "shape"], ["pictures"]),
        helper.make_node("Add", ["pictures", "nothing"], ["out"]),
    ]
    facts = {"giga": np.float32(2**20), "none": np.float32(0), "axis": np.array([0], np.int64)}
    arrays = [*good_nodes()[1], *(numpy_helper.from_array(np.asarray(a), n) for n, a in facts.items())]
    path = tmp_path / "later.onnx"
    path.write_bytes(model_bytes(nodes, initializers=arrays))
    model = make_model(path)
    with pytest.raises(ModelError) as caught:
        model.decode(np.array([[1000.0, 0]], np.float32))
    assert str(caught.value) == f"{path}: a run needs more than 2,048 MiB of memory, expected less"
    assert model.decode(np.zeros((2, 2), np.float32)).shape == (2, 1, 8, 8)


def test_a_decode_does_not_wait_for_threads_that_never_begin(make_bundle, make_model):
    """A model that is closed during a decode drops what has not begun; it was waited for without an end."""
    model = make_model(make_bundle())
    model._cpu_threads, free = 2, threading.Event()
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

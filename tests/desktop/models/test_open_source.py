"""Models are inspected, tried and read; overrides are saved for their files."""

import shutil

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper

from desktop.base.errors import ModelError
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.models.source import UnreadError
from desktop.reading.reading import Spread, ValueRange
from desktop.reading.saved_overrides import save_overrides, saved_overrides
from export.bundle import DECODER_FILE, ENCODER_FILE, BundleError
from tests.desktop.foreign_models import FLOAT, decoder, save, smooth_weights
from tests.desktop.hostile_models import endless_loop, nested_functions


def test_a_bundle_says_itself_how_it_is_read(bundle_path):
    """Nothing is a guess, and there is nothing to override."""
    source = open_source(bundle_path)
    assert source.bundle is not None
    assert source.file is None
    assert source.reading.guesses == source.encoder_reading.guesses == frozenset()
    assert source.encoder_reading.spread is Spread.LOGVAR
    with pytest.raises(
        ModelError, match=r"found overrides \(layout\), expected none, because a bundle says how it is read"
    ):
        open_source(bundle_path, {"layout": "NCHW"})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "said"), [(nested_functions(), "local functions"), (endless_loop(), "longer than")]
)
def test_a_strangers_bundle_is_looked_into_and_tried_too(make_bundle, decoder_graph, data, said):
    """Right checksums do not make a graph harmless; this one is never loaded by the program itself."""
    good = decoder_graph(2, (1, 12, 12))
    forged = onnx.load_from_string(data)
    real = onnx.load_from_string(good)
    for side in ("input", "output"):
        del getattr(forged.graph, side)[:]
        getattr(forged.graph, side).extend(getattr(real.graph, side))
    for node in forged.graph.node:
        node.output[:] = ["probabilities" if name == "out" else name for name in node.output]
    path = make_bundle(decoder=forged.SerializeToString())
    with pytest.raises(BundleError) as caught:
        open_source(path)
    assert str(caught.value).startswith(f"{path}: {DECODER_FILE}: ")
    assert said in str(caught.value)


def test_the_same_graph_bare_gives_the_same_pictures(bundle_path, tmp_path):
    """A decoder and its encoder copied out of a bundle decode and encode as the bundle does."""
    for name in (DECODER_FILE, ENCODER_FILE):
        shutil.copy(bundle_path / name, tmp_path / name)
    sources = [open_source(bundle_path), open_source(tmp_path / DECODER_FILE)]
    assert sources[1].name == sources[0].name == "MNIST, small"
    assert sources[1].encoder_file.path == tmp_path / ENCODER_FILE
    models = [Model(source, "cpu") for source in sources]
    z = np.random.default_rng(0).standard_normal((30, 2), np.float32)
    try:
        pictures = [model.decode(z) for model in models]
        posteriors = [model.encode(pictures[0]) for model in models]
    finally:
        for model in models:
            model.close()
    assert np.array_equal(*pictures)
    assert all(np.array_equal(a, b) for a, b in zip(*posteriors, strict=True))


def test_overrides_are_saved_for_that_file(tmp_path):
    """Saved by the file's hash, they apply to a copy but not to a changed file; empty ones clear them."""
    path = decoder(tmp_path / "decoder.onnx", last="", scale=5.0)
    assert open_source(path).reading.value_range is ValueRange.LOGITS
    chosen = open_source(path, {"range": "signed"})
    assert chosen.reading.value_range is ValueRange.SIGNED
    assert saved_overrides(chosen.sha256) == {"range": "signed"}
    copy = shutil.copy(path, tmp_path / "copy.onnx")
    assert open_source(copy).reading.value_range is ValueRange.SIGNED
    assert open_source(copy).overrides == {"range": "signed"}
    decoder(path, last="", scale=6.0)
    assert open_source(path).reading.value_range is ValueRange.LOGITS
    open_source(copy, {})
    assert open_source(copy).reading.value_range is ValueRange.LOGITS


def test_a_command_depends_on_its_options_alone(tmp_path):
    """It neither uses what was set in the window nor changes it."""
    path = decoder(tmp_path / "decoder.onnx", last="", scale=5.0)
    sha256 = open_source(path, {"range": "signed"}).sha256
    source = open_source(path, None, use_saved=False)
    assert (source.reading.value_range, source.overrides) == (ValueRange.LOGITS, {})
    source = open_source(path, {"range": "unit"}, use_saved=False)
    assert source.reading.value_range is ValueRange.UNIT
    assert saved_overrides(sha256) == {"range": "signed"}
    assert open_source(path).reading.value_range is ValueRange.SIGNED


def test_an_override_that_failed_is_not_saved(tmp_path):
    """A file that cannot be opened with some overrides opens without them next time."""
    path = decoder(tmp_path / "decoder.onnx")
    with pytest.raises(ModelError):
        open_source(path, {"layout": "NHWC"})
    assert open_source(path).overrides == {}


def test_a_choice_that_no_longer_fits_does_not_keep_a_model_shut(tmp_path):
    """Saved overrides that no longer fit are ignored, with a note."""
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    save_overrides(source.sha256, {"layout": "NHWC", "set label": "3"})
    again = open_source(path)
    assert again.reading == source.reading
    assert again.notes[0].startswith("the saved overrides were ignored: ")


def test_a_model_without_a_reading_gives_its_file_and_overrides(tmp_path):
    """So the overrides can be changed and tried again."""
    path = decoder(tmp_path / "decoder.onnx", layout="flat", image_shape=(1, 8, 10))
    with pytest.raises(UnreadError) as caught:
        open_source(path, {"range": "unit"})
    assert (caught.value.file.path, caught.value.overrides) == (path, {"range": "unit"})
    assert saved_overrides(caught.value.file.sha256) == {}


def normalising(path):
    """A decoder that divides z by its length: at z = 0 all of its picture is NaN."""
    info = helper.make_tensor_value_info
    nodes = [
        helper.make_node("ReduceL2", ["latent", "axis"], ["length"], keepdims=1),
        helper.make_node("Div", ["latent", "length"], ["unit"]),
        helper.make_node("MatMul", ["unit", "weights"], ["product"]),
        helper.make_node("Sigmoid", ["product"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["image"]),
    ]
    arrays = {
        "axis": np.array([1]),
        "weights": smooth_weights(16, 1, 8, 8, "NCHW"),
        "shape": np.array([-1, 1, 8, 8]),
    }
    inputs = [info("latent", FLOAT, ["N", 16])]
    return save(path, nodes, inputs, [info("image", FLOAT, ["N", 1, 8, 8])], arrays)


@pytest.mark.parametrize("slow", [False, True])
def test_a_decoder_that_gives_nan_at_zero_is_read_by_its_samples(tmp_path, monkeypatch, slow):
    """No reading depends on z = 0, and the model opens."""
    if slow:
        monkeypatch.setattr("desktop.vetting.trial.COUNTED_WEIGHTS_BYTES", 0)
        monkeypatch.setattr("desktop.vetting.trial.SLOW_MULTIPLY_ADDS", 0)
    source = open_source(normalising(tmp_path / "decoder.onnx"))
    assert source.reading.image_shape == (1, 8, 8)
    model = Model(source, "cpu")
    z = np.stack([np.zeros(16), np.ones(16)]).astype(np.float32)
    pictures = model.decode(z)
    model.close()
    assert (pictures[0] == 0).all()
    assert pictures[1].std() > 0.01


def test_a_model_that_took_too_long_can_be_given_ten_times_the_time(tmp_path, monkeypatch):
    """The error offers overrides with more time; an error for another reason offers none."""
    (tmp_path / "loop.onnx").write_bytes(endless_loop())
    with monkeypatch.context() as patch, pytest.raises(UnreadError) as caught:
        patch.setattr("desktop.vetting.trial.TIME_LIMIT_S", 0.2)
        open_source(tmp_path / "loop.onnx")
    assert float(caught.value.with_more_time()["patience"]) == pytest.approx(2, abs=0.1)
    assert caught.value.hints == ("patience SECONDS",)
    with pytest.raises(UnreadError) as caught:
        open_source(decoder(tmp_path / "d.onnx"), {"image-shape": "1,9,9"})
    assert caught.value.with_more_time() is None


def with_default(path, ir_version=10, lists_weights=False):
    """A decoder whose inputs `gain` and `unused` may be left out: the graph has 0.5 and 3 for them."""
    model = onnx.load(decoder(path))
    graph = model.graph
    z = graph.input[0].name
    graph.node[0].input[0] = "gained"
    graph.node.insert(0, helper.make_node("Mul", [z, "gain"], ["gained"]))
    for name, shape, value in (("gain", (), 0.5), ("unused", (1,), 3)):
        graph.input.append(helper.make_tensor_value_info(name, FLOAT, shape))
        graph.initializer.append(helper.make_tensor(name, FLOAT, shape, [value]))
    if lists_weights:
        for tensor in graph.initializer[:-2]:
            graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    model.ir_version = ir_version
    onnx.save(model, path)
    return path


def test_an_input_with_a_number_of_its_own_can_be_set(tmp_path):
    """Without a setting it is the graph's own number, which is no guess."""
    path = with_default(tmp_path / "model.onnx")
    z = np.float32([[1, -1]])
    pictures = []
    for overrides in ({}, {"set gain": "0.5"}, {"set gain": "2"}):
        source = open_source(path, overrides, use_saved=False)
        assert source.reading.guesses == frozenset()
        gain = float(overrides.get("set gain", "0.5"))
        assert [(o.name, o.value) for o in source.reading.other_inputs] == [("gain", gain), ("unused", 3)]
        model = Model(source, "cpu")
        pictures.append(model.decode(z))
        model.close()
    plain = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"latent": z})[0]
    assert (pictures[0] == pictures[1]).all()
    assert pictures[0].ravel() == pytest.approx(plain.ravel(), abs=1e-6)
    assert np.abs(pictures[2] - pictures[0]).max() > 0.01


@pytest.mark.parametrize("how", [{"ir_version": 3, "lists_weights": True}, {"lists_weights": True}])
def test_weights_among_the_inputs_are_no_settings(tmp_path, how):
    """Old exporters list all weights as inputs, also those of one number."""
    path = with_default(tmp_path / "model.onnx", **how)
    assert open_source(path).reading.other_inputs == ()

"""Models are inspected, tried and read; an encoder is found beside them; overrides are saved."""

import shutil

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper

from desktop.base.errors import ModelError
from desktop.base.vector import Vector
from desktop.jobs.decode import decode_picture
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.plane import sample_prior
from desktop.models.model import Model
from desktop.models.source import UnreadError, decoder_beside, encoder_beside, open_source
from desktop.reading.reading import Layout, Spread, ValueRange
from desktop.reading.saved_overrides import save_overrides, saved_overrides
from desktop.view.first_view import first_view
from export.bundle import DECODER_FILE, ENCODER_FILE, BundleError
from tests.desktop.foreign_models import FLOAT, decoder, encoder, save, smooth_weights
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
    """There may be two outputs, a joined one or a mean alone; the spread is known by name, else by sign."""
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


def test_overrides_are_saved_for_that_file(tmp_path):
    """They are saved by the file's hash: a copy has them, a changed file has not; empty ones clear them."""
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
    """The dialog that asks for it begins there."""
    for name in ("vae_Encoder.onnx", "vae_decoder.onnx", "other.onnx"):
        (tmp_path / name).touch()
    assert decoder_beside(tmp_path / "vae_Encoder.onnx") == tmp_path / "vae_decoder.onnx"
    assert decoder_beside(tmp_path / "other.onnx") is None


def test_an_override_that_failed_is_not_saved(tmp_path):
    """A file that cannot be opened with some overrides opens without them next time."""
    path = decoder(tmp_path / "decoder.onnx")
    with pytest.raises(ModelError):
        open_source(path, {"layout": "NHWC"})
    assert open_source(path).overrides == {}


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


def test_a_choice_that_no_longer_fits_does_not_keep_a_model_shut(tmp_path):
    """Saved overrides that no longer fit are ignored, with a note."""
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    save_overrides(source.sha256, {"layout": "NHWC", "set label": "3"})
    again = open_source(path)
    assert again.reading == source.reading
    assert again.notes[0].startswith("the saved overrides were ignored: ")


def test_a_model_without_a_reading_gives_its_file_and_overrides(tmp_path):
    """So they can be changed and tried again."""
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


@pytest.mark.usefixtures("all_are_slow")
def test_a_slow_decoder_runs_once_and_its_picture_is_kept(tmp_path):
    """The picture is that of a sample, one z at a time is certain, and no other reading is lost."""
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    assert source.reading.batch == 1
    assert "batch" not in source.reading.guesses
    assert (source.reading.image_shape, source.reading.value_range) == ((1, 8, 10), ValueRange.UNIT)
    z = sample_prior(1, 2, seed=0)
    assert source.first.z == tuple(z[0].tolist())
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert source.first.picture == pytest.approx(session.run(None, {"latent": z})[0][0], abs=1e-6)
    assert source.first.seconds > 0


@pytest.mark.usefixtures("all_are_slow")
@pytest.mark.parametrize("prior", ["normal", "uniform", "sphere:4"])
def test_the_first_picture_is_that_of_the_first_view(tmp_path, prior):
    """In more than 8 dimensions the window starts where the trial was, so that nobody waits twice."""
    path = decoder(tmp_path / "decoder.onnx", latent_dim=20)
    source = open_source(path, {"prior": prior})
    assert first_view(20, source.reading.prior).z == source.first.z


def test_a_quick_decoder_keeps_no_picture(tmp_path):
    """It is decoded again sooner than anyone could look."""
    source = open_source(decoder(tmp_path / "decoder.onnx"))
    assert source.first is None
    assert source.reading.batch is None


@pytest.mark.parametrize("slow", [False, True])
def test_a_decoder_that_gives_nan_at_zero_is_read_by_its_samples(tmp_path, monkeypatch, slow):
    """No reading depends on z = 0, and the model opens."""
    if slow:
        monkeypatch.setattr("desktop.vetting.trial.TOLD_WEIGHTS_BYTES", 0)
        monkeypatch.setattr("desktop.vetting.trial.SLOW_MULTIPLY_ADDS", 0)
    source = open_source(normalising(tmp_path / "decoder.onnx"))
    assert source.reading.image_shape == (1, 8, 8)
    model = Model(source, "cpu")
    z = np.stack([np.zeros(16), np.ones(16)]).astype(np.float32)
    pictures = model.decode(z)
    model.close()
    assert (pictures[0] == 0).all()
    assert pictures[1].std() > 0.01


@pytest.mark.usefixtures("all_are_slow")
def test_a_slow_decoder_loads_its_weights_when_something_else_is_decoded(tmp_path):
    """Its first picture comes without them; another z has its own, by all cores."""
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    model = Model(source, "cpu")
    decoder_of_model = KeptDecoder(model, DecodedPictures())
    (decoded,) = decode_picture(decoder_of_model, source.first.z)
    assert (decoded.probabilities == source.first.picture).all()
    assert model._loaded is None
    (other,) = decode_picture(decoder_of_model, Vector((0.5, -1.5)))
    assert model._loaded is not None
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"latent": np.array([[0.5, -1.5]], np.float32)})
    assert other.probabilities == pytest.approx(expected[0], abs=1e-6)
    model.close()


@pytest.mark.usefixtures("all_are_slow")
def test_a_file_that_is_replaced_before_it_is_loaded_is_not_loaded(tmp_path, monkeypatch):
    """What was tried is not what would run: one line says so."""
    monkeypatch.setattr("desktop.vetting.onnx_file.LARGE_BYTES", 0)
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    assert source.decoder == path
    model = Model(source, "cpu")
    decoder(path, last="Tanh", shift=1.0)
    with pytest.raises(ModelError, match="found that it was changed while it was opened; open it again"):
        model.decode(np.zeros((1, 2), np.float32))
    model.close()


def test_a_model_that_took_too_long_can_be_given_ten_times_the_time(tmp_path, monkeypatch):
    """The error knows the overrides that would do it; a model with no reading for another reason has none."""
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
    """Old exporters list all of them, also those of one number."""
    path = with_default(tmp_path / "model.onnx", **how)
    assert open_source(path).reading.other_inputs == ()

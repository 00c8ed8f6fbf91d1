"""A model cannot configure its session; a run that is too long, too large or not urgent is stopped."""

import dataclasses
import threading

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from desktop.base.errors import ModelError
from desktop.base.vector import Vector
from desktop.models.first_decode import FirstDecode
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.models.sessions import InterruptedDecodeError
from export.bundle import DECODER_FILE, BundleError
from tests.desktop.hostile_models import good_nodes, model_bytes
from tests.desktop.models.bare_graphs import SLOW, bare, looping_nodes, picture_nodes
from tests.waiting import SOON_S, wait_until


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


def test_a_run_that_takes_too_long_is_ended_and_the_model_lives_on(tmp_path, opened):
    """An endless Loop is stopped after the limit, with a message; the next decode works."""
    model = opened(bare(tmp_path, looping_nodes(), ["N", 1, 4, 5]), limit_s=0.2)
    with pytest.raises(ModelError) as caught:
        model.decode(np.array([[SLOW, 0]], np.float32))
    limit = "a run took longer than 0.2 s and was stopped, expected less"
    to_do = "try again when other programs use the processor less"
    assert str(caught.value) == f"{model.source.path}: {limit}; {to_do}"
    assert model.decode(np.zeros((30, 2), np.float32)).shape == (30, 1, 4, 5)


def test_a_slow_decode_can_be_interrupted_if_it_may_be(tmp_path, opened):
    """It raises InterruptedDecodeError, and the next decode runs."""
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
    wait_until(lambda: model._sessions._interruptible is not None)
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
    wait_until(lambda: model._sessions._watchdog._running)
    model.close()
    thread.join(SOON_S)
    assert not thread.is_alive()
    assert len(errors) == 1


def test_runs_that_were_stopped_for_good_do_not_begin_again(tmp_path, opened):
    """After `stop_runs` a decode raises an error, but not the one after which a slow decode is repeated."""
    source = bare(tmp_path, picture_nodes((1, 4, 5)), ["N", 1, 4, 5])
    first = FirstDecode(Vector((1.0, 1.0)), np.zeros((1, 4, 5), np.float32), 1.0)
    model = opened(dataclasses.replace(source, first=first))
    model.decode(np.zeros((1, 2), np.float32), may_be_interrupted=True)
    model.stop_runs()
    with pytest.raises(ModelError) as caught:
        model.decode(np.zeros((1, 2), np.float32), may_be_interrupted=True)
    assert type(caught.value) is ModelError


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

"""Fixed sizes, bound tensors and one thread, tested on the CPU: the code must give the same numbers there."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from desktop.models.cuda_session import (
    ARENA_BYTES,
    SIZES,
    SMALL_SIZE,
    WHERE_IT_RUNS,
    CudaSession,
    batches,
    nodes_on_cuda,
    settings,
    where_in_words,
)

CPU = ["CPUExecutionProvider"]
ERRORS = (RuntimeError, ValueError, ort.capi.onnxruntime_pybind11_state.RuntimeException)


@pytest.mark.parametrize("most", [1, 2, 100, 1024])
@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 65, 128, 129, 400, 1024, 2500])
def test_any_number_of_rows_is_run_in_a_few_sizes(count, most):
    """All rows are run, only in these sizes, and less than half of a large run is padding."""
    found = batches(count, most)
    assert sum(rows for rows, _ in found) == count
    for rows, size in found:
        assert size in {*SIZES, most}
        assert size <= most
        assert 1 <= rows <= size <= max(SMALL_SIZE, 2 * rows)
    assert len(found) <= count // most + 4 + SMALL_SIZE


def graph_of_sums():
    """z [N, 2] → z + 1 and 2 z."""
    nodes = [helper.make_node("Add", ["z", "one"], ["more"]), helper.make_node("Add", ["z", "z"], ["twice"])]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in ("z", "more", "twice")
    ]
    one = numpy_helper.from_array(np.ones(1, np.float32), "one")
    graph = helper.make_graph(nodes, "graph", values[:1], values[1:], [one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return model.SerializeToString()


def plain_session():
    """A session for the graph on the CPU that records where its nodes run."""
    options = ort.SessionOptions()
    options.add_session_config_entry(WHERE_IT_RUNS, "1")
    return ort.InferenceSession(graph_of_sums(), options, providers=CPU)


class Watched:
    """A session on the CPU that calls `on_end` with the options of each run that has ended."""

    def __init__(self, on_end):
        self.session = plain_session()
        self._on_end = on_end

    def io_binding(self):
        """As ONNX Runtime's."""
        return self.session.io_binding()

    def run_with_iobinding(self, binding, options):
        """As ONNX Runtime's."""
        self.session.run_with_iobinding(binding, options)
        self._on_end(options)


@pytest.fixture
def thread():
    """The one thread of a model's sessions."""
    with ThreadPoolExecutor(1, "cuda") as made:
        yield made


def test_bound_runs_give_what_plain_runs_give(thread):
    """That holds for runs of several sizes in turn; a later run does not overwrite earlier results."""
    session = CudaSession(plain_session(), thread, lambda _: plain_session(), ERRORS, "cpu")
    inputs = [np.random.default_rng(n).standard_normal((n, 2)).astype(np.float32) for n in (1, 16, 1, 16)]
    found = [session.run(["twice", "more"], {"z": z}, ort.RunOptions()) for z in inputs]
    for z, (twice, more) in zip(inputs, found, strict=True):
        assert (twice == z + z).all()
        assert (more == z + 1).all()
    assert session.is_on_device


def test_all_runs_happen_on_one_thread(thread):
    """That holds for calls from any thread: otherwise cuDNN would plan again for each thread."""
    seen = set()
    watched = Watched(lambda _: seen.add(threading.get_ident()))
    session = CudaSession(watched, thread, lambda _: plain_session(), ERRORS, "cpu")
    with ThreadPoolExecutor(4) as pool:
        z = np.ones((16, 2), np.float32)
        list(pool.map(lambda _: session.run(["more"], {"z": z}, ort.RunOptions()), range(8)))
    assert seen == {thread.submit(threading.get_ident).result()}


def test_after_a_failure_it_goes_on_without_the_device(thread):
    """The failure is reported once; the run is repeated on the CPU, and all later runs are made there."""

    class Broken:
        """A session whose device has failed."""

        def io_binding(self):
            """Fails."""
            raise RuntimeError("CUDA failure 700")

    told = []

    def on_cpu(error):
        told.append(str(error))
        return plain_session()

    session = CudaSession(Broken(), thread, on_cpu, ERRORS, "cpu")
    for _ in range(2):
        (more,) = session.run(["more"], {"z": np.zeros((1, 2), np.float32)}, ort.RunOptions())
        assert (more == 1).all()
    assert told == ["CUDA failure 700"]
    assert not session.is_on_device


def test_a_stopped_run_is_not_repeated(thread):
    """A run that was stopped on purpose does not count as a failure of the device."""
    options = ort.RunOptions()
    options.terminate = True
    session = CudaSession(plain_session(), thread, lambda _: pytest.fail("repeated"), ERRORS, "cpu")
    session.run(["more"], {"z": np.zeros((1, 2), np.float32)}, ort.RunOptions())
    with pytest.raises(ERRORS):
        session.run(["more"], {"z": np.zeros((1, 2), np.float32)}, options)


def test_the_first_run_of_a_size_can_be_stopped_too(thread):
    """The first run may be the one that takes too long: its options can end every run in it."""
    finished = []
    options = ort.RunOptions()
    options.terminate = True
    session = CudaSession(Watched(finished.append), thread, lambda _: pytest.fail("repeated"), ERRORS, "cpu")
    with pytest.raises(ERRORS):
        session.run(["more"], {"z": np.zeros((1, 2), np.float32)}, options)
    assert not finished
    (more,) = session.run(["more"], {"z": np.zeros((1, 2), np.float32)}, ort.RunOptions())
    assert (more == 1).all()
    assert len(finished) == 1


def test_a_run_whose_turn_never_comes_raises_an_error_as_others_do():
    """If a model is closed while a run waits, the error is of the usual kind, and no CPU session is made."""
    thread, may_end = ThreadPoolExecutor(1), threading.Event()
    session = CudaSession(plain_session(), thread, lambda _: pytest.fail("repeated"), ERRORS, "cpu")
    thread.submit(may_end.wait)
    with ThreadPoolExecutor(1) as other:
        z = np.zeros((1, 2), np.float32)
        waiting = other.submit(session.run, ["more"], {"z": z}, ort.RunOptions())
        while not thread._work_queue.qsize():
            threading.Event().wait(0.01)
        thread.shutdown(wait=False, cancel_futures=True)
        may_end.set()
        with pytest.raises(RuntimeError, match=r"^the model was closed before this run started$"):
            waiting.result()


@pytest.mark.parametrize("kind", [np.int64, np.bool_, np.float16, np.float32])
def test_a_further_input_that_is_one_number_stays_one(thread, kind):
    """A class picks a row of a table; if it became a list of one number, it would pick a table of one row."""
    code = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    nodes = [
        helper.make_node("Cast", ["class"], ["row"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "row"], ["picked"]),
        helper.make_node("Concat", ["picked", "ends"], ["joined"], axis=0),
        helper.make_node("Add", ["z", "joined"], ["out"]),
    ]
    inputs = [
        helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 3]),
        helper.make_tensor_value_info("class", code, []),
    ]
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 3])
    weights = {"table": np.array([[1, 2], [3, 4]], np.float32), "ends": np.array([5], np.float32)}
    arrays = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "graph", inputs, [out], arrays)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = ort.InferenceSession(made.SerializeToString(), providers=CPU)
    session = CudaSession(session, thread, lambda error: pytest.fail(str(error)), ERRORS, "cpu")
    for count, number in ((1, 1), (1, 0), (16, 1)):
        feeds = {"z": np.zeros((count, 3), np.float32), "class": np.full([], number, kind)}
        (found,) = session.run(["out"], feeds, ort.RunOptions())
        assert found.tolist() == [[1, 2, 5] if number == 0 else [3, 4, 5]] * count


def test_where_nodes_run_is_asked_of_the_session():
    """On the CPU none of the two nodes is on CUDA; the words say how many operators run on the CPU."""
    assert nodes_on_cuda(plain_session()) == (0, 2)
    assert where_in_words(33, 33) == "CUDA"
    assert where_in_words(30, 33) == "CUDA, 3 of 33 operators on the CPU"


def test_numbers_that_are_added_up_are_not_rounded():
    """TF32 is used for pictures only; a slow decoder may use all of the device's memory."""
    assert settings(is_exact=True, is_recorded=False)["gpu_mem_limit"] == str(ARENA_BYTES)
    assert "gpu_mem_limit" not in settings(is_exact=True, is_recorded=False, is_bounded=False)
    assert settings(is_exact=True, is_recorded=False)["use_tf32"] == "0"
    assert settings(is_exact=False, is_recorded=True)["enable_cuda_graph"] == "1"

"""ONNX Runtime sessions on CUDA: a few batch sizes, bound tensors, one thread, and where nodes really run.

cuDNN plans each convolution again for each batch size and for each thread. So only a few batch sizes are run,
all by one thread, on tensors that keep their memory; a CUDA graph can then replay a run.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime as ort

from desktop.base.arrays import Array
from desktop.models.runtime import CUDA

SIZES = (1, 16, 64, 256, 1024)
# Up to this size, a run costs about the same for fewer pictures.
SMALL_SIZE = 16
ARENA_BYTES = 2**32
WHERE_IT_RUNS = "session.record_ep_graph_assignment_info"


class CudaSession:
    """A session whose runs all happen on one thread, on bound tensors; after a failure, on the CPU instead.

    With `device_kind` "cpu" the bound tensors are on the CPU; the tests run it like that.

    Args:
        session: the session on the device.
        thread: the one thread of all sessions of a model.
        on_cpu: called once with the error if the device fails; makes the same session on the CPU.
        errors: the exceptions that ONNX Runtime raises.
        device_kind: "cuda" or "cpu".
        is_recorded: whether the session records its runs as CUDA graphs.
    """

    def __init__(
        self,
        session: ort.InferenceSession,
        thread: ThreadPoolExecutor,
        on_cpu: Callable[[Exception], ort.InferenceSession],
        errors: tuple[type[Exception], ...],
        device_kind: str = "cuda",
        is_recorded: bool = False,
    ) -> None:
        self.session = session
        self.is_recorded = is_recorded
        self._thread = thread
        self._on_cpu = on_cpu
        self._errors = errors
        self._device_kind = device_kind
        self._bound: dict[Any, _Bound] = {}
        self._falling = threading.Lock()
        self._cpu: ort.InferenceSession | None = None

    @property
    def is_on_device(self) -> bool:
        """Whether no run has failed on the device."""
        return self._cpu is None

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Array], options: Any) -> list[Array]:
        """Return the outputs, as `InferenceSession.run` does. Any thread may call it."""
        if self._cpu is None:
            try:
                return self._thread.submit(self._run, tuple(outputs), inputs, options).result()
            except CancelledError as error:
                raise RuntimeError("the model was closed before this run started") from error
            except self._errors as error:
                if options.terminate:
                    raise
                with self._falling:
                    if self._cpu is None:
                        self._cpu = self._on_cpu(error)
        results: list[Array] = self._cpu.run(outputs, inputs, options)
        return results

    def _run(self, outputs: tuple[str, ...], inputs: Mapping[str, Array], options: Any) -> list[Array]:
        key = outputs, tuple((name, array.shape, array.dtype.str) for name, array in inputs.items())
        bound = self._bound.get(key)
        if bound is None:
            options.add_run_config_entry("gpu_graph_id", "-1")  # -1: do not record this run
            bound = _Bound(self.session, outputs, inputs, self._device_kind, options)
            self._bound[key] = bound
            return bound.results()
        # Each set of shapes has its own recording.
        options.add_run_config_entry("gpu_graph_id", str(1 + list(self._bound).index(key)))
        return bound.run(inputs, options)


class _Bound:
    """The bound tensors on the device for one set of shapes; making them runs the session once."""

    def __init__(
        self,
        session: ort.InferenceSession,
        outputs: Sequence[str],
        inputs: Mapping[str, Array],
        device_kind: str,
        options: Any,
    ) -> None:
        self._session = session
        self._shows_itself = device_kind == "cpu"
        self._binding = session.io_binding()
        self._inputs = {}
        for name, array in inputs.items():
            there = ort.OrtValue.ortvalue_from_numpy(_in_order(array), device_kind, 0)
            self._inputs[name] = there
            self._binding.bind_ortvalue_input(name, there)
        # The shapes of the outputs are known only after a run.
        for name in outputs:
            self._binding.bind_output(name, device_kind, 0)
        session.run_with_iobinding(self._binding, options)
        self._outputs = self._binding.get_outputs()
        for name, there in zip(outputs, self._outputs, strict=True):
            self._binding.bind_ortvalue_output(name, there)

    def run(self, inputs: Mapping[str, Array], options: Any) -> list[Array]:
        """Bring the inputs to the device, run, and bring the outputs back."""
        for name, array in inputs.items():
            self._inputs[name].update_inplace(_in_order(array))
        self._session.run_with_iobinding(self._binding, options)
        return self.results()

    def results(self) -> list[Array]:
        """Bring the outputs of the last run back."""
        found = [there.numpy() for there in self._outputs]
        # On the CPU, `numpy` shows the bound tensor itself, which the next run overwrites.
        return [array.copy() for array in found] if self._shows_itself else found


def _in_order(array: Array) -> Array:
    """The array as a contiguous one in C order; a scalar keeps its shape ()."""
    return np.asarray(array, order="C")


def settings(is_exact: bool, is_recorded: bool, is_bounded: bool = True) -> dict[str, str]:
    """The options of ONNX Runtime's CUDA provider; `is_bounded`, for quick decoders, limits its memory.

    `is_exact` turns TF32 off, for numbers that are added up, such as logits: TF32 rounds factors to ten bits,
    which is enough for a picture only. By default ONNX Runtime tries all of a convolution's algorithms for
    every new size, which takes longer than it saves; the heuristic search does not.
    """
    return {
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
        **({"gpu_mem_limit": str(ARENA_BYTES)} if is_bounded else {}),
        "use_tf32": "0" if is_exact else "1",
        "enable_cuda_graph": "1" if is_recorded else "0",
    }


def batches(count: int, most: int) -> list[tuple[int, int]]:
    """Split `count` rows into runs of a few sizes, none above `most`: the rows and the size of each run.

    A run is padded up to its size. In runs larger than `SMALL_SIZE`, at most half of the rows are padding.
    """
    sizes = sorted({*(size for size in SIZES if size < most), max(1, most)})
    found = []
    while count:
        size = next((size for size in sizes if size >= count), sizes[-1])
        if size > max(2 * count, SMALL_SIZE):
            size = max(each for each in sizes if each <= count)
        rows = min(count, size)
        found.append((rows, size))
        count -= rows
    return found


def nodes_on_cuda(session: ort.InferenceSession) -> tuple[int, int]:
    """How many of a graph's nodes run on CUDA, and how many nodes it has.

    The session must have been made with `WHERE_IT_RUNS`. The session's list of providers does not say it: it
    holds all that are registered.
    """
    parts = session.get_provider_graph_assignment_info()
    counts = [(part.ep_name == CUDA, len(part.get_nodes())) for part in parts]
    return sum(count for is_cuda, count in counts if is_cuda), sum(count for _, count in counts)


def where_in_words(on_cuda: int, nodes: int) -> str:
    """Where a graph runs, for the status bar: "CUDA", or also how many operators run on the CPU."""
    left = nodes - on_cuda
    return "CUDA" if not left else f"CUDA, {left} of {nodes} operator{'s' * (nodes > 1)} on the CPU"

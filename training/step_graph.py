"""A training step as one CUDA graph: the host starts a step with one call instead of some hundred."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP_STEPS = 3


class StepGraph:
    """Records `take_step` once it has run a few times, and from then on replays the recording.

    What `take_step` reads and writes must stay where it is: weights, optimizer state, step size, loss. The
    first steps run as they are: they let cuDNN choose its algorithms and the optimizer make its state, which
    a recording must not contain. (PyTorch, "CUDA semantics", section "CUDA Graphs".)

    Args:
        take_step: one step on indices int64 [n] and noise float32 [n, d]; returns the loss, a scalar.
    """

    def __init__(self, take_step: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._take_step = take_step
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._graph: torch.cuda.CUDAGraph | None = None
        self._steps = 0
        self._indices = self._noise = self._loss = torch.empty(0)
        self.capture_seconds = 0.0

    def __call__(self, indices: Tensor, noise: Tensor) -> Tensor:
        """One step. All calls must have the same shapes. The loss is overwritten by the next call."""
        if self._steps < WARM_UP_STEPS:
            self._steps += 1
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                loss = self._take_step(indices, noise)
            torch.cuda.current_stream().wait_stream(self._stream)
            return loss
        if self._graph is None:
            self._capture(indices, noise)
        assert self._graph is not None
        self._indices.copy_(indices)
        self._noise.copy_(noise)
        self._graph.replay()
        return self._loss

    def _capture(self, indices: Tensor, noise: Tensor) -> None:
        start = time.perf_counter()
        torch.cuda.synchronize()
        self._indices, self._noise = indices.clone(), noise.clone()
        self._graph = torch.cuda.CUDAGraph()
        # Recording does not run anything: the state is that of the steps before.
        with torch.cuda.graph(self._graph, stream=self._stream):
            self._loss = self._take_step(self._indices, self._noise)
        torch.cuda.synchronize()
        self.capture_seconds = time.perf_counter() - start

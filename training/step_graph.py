"""A training step as one CUDA graph, which the host starts with one call instead of about a hundred."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP_STEPS = 3


class StepGraph:
    """Runs `take_step` a few times, records it once, and from then on replays the recording.

    Everything that `take_step` reads and writes must keep its place in memory: weights, optimizer state, step
    size, loss. The first steps are not recorded, because in them cuDNN chooses its algorithms and the
    optimizer creates its state. (PyTorch, "CUDA semantics", section "CUDA Graphs".)

    Args:
        take_step: one step on indices int64 [n] and noise float32 [n, d]; returns the loss, a scalar.
        has_ranks: whether a step speaks with other ranks. A thread of NCCL's then looks after what was sent
            before, which recording must allow.
    """

    def __init__(self, take_step: Callable[[Tensor, Tensor], Tensor], has_ranks: bool = False) -> None:
        self._take_step = take_step
        self._error_mode = "thread_local" if has_ranks else "global"
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._graph: torch.cuda.CUDAGraph | None = None
        self._steps = 0
        self._indices = self._noise = self._loss = torch.empty(0)
        self.capture_seconds = 0.0

    def prepare(self, indices: Tensor, noise: Tensor) -> None:
        """Take the steps before the recording, and record; whoever calls it puts back what they changed."""
        while self._steps < WARM_UP_STEPS:
            self(indices, noise)
        if self._graph is None:
            self._capture(indices, noise)

    def __call__(self, indices: Tensor, noise: Tensor) -> Tensor:
        """Take one step. All calls must have the same shapes, and the next call overwrites the loss."""
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
        # Recording does not run anything, so the state stays that of the steps before.
        with torch.cuda.graph(self._graph, stream=self._stream, capture_error_mode=self._error_mode):
            self._loss = self._take_step(self._indices, self._noise)
        torch.cuda.synchronize()
        self.capture_seconds = time.perf_counter() - start

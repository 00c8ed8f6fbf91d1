"""A training step as one CUDA graph, which the host starts with one call instead of about a hundred."""

import time
from collections.abc import Callable

import torch

WARM_UP_STEPS = 3


class StepGraph:
    """Runs `take_step` a few times, records it once, and from then on replays the recording.

    Everything that `take_step` reads and writes must keep its address in memory: images, draws, schedules,
    weights, optimizer state, losses. The first steps are not recorded, because in them cuDNN chooses its
    algorithms and the optimizer creates its state. (PyTorch, "CUDA semantics", section "CUDA Graphs".)

    Args:
        take_step: one step.
        has_ranks: whether a step communicates with other ranks. Then a thread of NCCL watches earlier
            transfers by CUDA calls, which recording must allow.
    """

    def __init__(self, take_step: Callable[[], None], has_ranks: bool = False) -> None:
        self._take_step = take_step
        self._error_mode = "thread_local" if has_ranks else "global"
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._graph: torch.cuda.CUDAGraph | None = None
        self._steps = 0
        self.capture_seconds = 0.0

    def prepare(self, before_step: Callable[[], object]) -> None:
        """Take the steps before the recording, then record; the caller restores the state they changed."""
        while self._steps < WARM_UP_STEPS:
            before_step()
            self()
        if self._graph is None:
            self._graph = self._recorded()

    def __call__(self) -> None:
        """Take one step."""
        if self._steps < WARM_UP_STEPS:
            self._steps += 1
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                self._take_step()
            torch.cuda.current_stream().wait_stream(self._stream)
            return
        if self._graph is None:
            self._graph = self._recorded()
        self._graph.replay()

    def _recorded(self) -> torch.cuda.CUDAGraph:
        start = time.perf_counter()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Recording runs nothing, so the state does not change.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode=self._error_mode):
            self._take_step()
        torch.cuda.synchronize()
        self.capture_seconds = time.perf_counter() - start
        return graph

"""The place where the parts of the GPU check run: device, data, folder, and sizes."""

import contextlib
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from training.config import RECIPES, FitConfig
from training.data.dataset import Dataset
from training.loop import Trainer

Row = dict[str, Any]


class SkippedError(Exception):
    """A part cannot run here; the message says why."""


@dataclass
class Place:
    """A device, its data, and the results that parts keep for later parts.

    Attributes:
        device: where to compute.
        data: images of 28 × 28, binary.
        folder: for runs and bundles.
        is_tiny: whether all sizes are tiny: then it proves that the check works, and nothing else.
        kept: results that parts keep, by name: "run" is that of `ten_epochs`.
    """

    device: torch.device
    data: Dataset
    folder: Path
    is_tiny: bool
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def is_cuda(self) -> bool:
        """Whether the device is an NVIDIA GPU."""
        return self.device.type == "cuda"

    def size(self, full: int, tiny: int) -> int:
        """A number of steps, pictures or draws: `tiny` if all sizes are tiny, otherwise `full`."""
        return tiny if self.is_tiny else full

    def wait(self) -> None:
        """Wait until the device has done everything."""
        if self.is_cuda:
            torch.cuda.synchronize()

    def needed(self, name: str, part: str) -> Any:
        """The result that another part has kept. Raises SkippedError if there is none."""
        if name not in self.kept:
            raise SkippedError(f"needs the result of {part}")
        return self.kept[name]

    def config(self, recipe: str = "default", **changes: Any) -> FitConfig:
        """A recipe with changes; narrow if all sizes are tiny."""
        if self.is_tiny:
            changes = {"filters": (2,) * len(RECIPES[recipe].filters), "batch_size": 32} | changes
        return dataclasses.replace(RECIPES[recipe], **changes)

    def memory(self) -> Row:
        """The device's peak memory since `fresh_memory`."""
        if not self.is_cuda:
            return {}
        return {"peak_mib": round(torch.cuda.max_memory_reserved() / 2**20)}

    def fresh_memory(self) -> None:
        """Start counting the peak memory anew."""
        if self.is_cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def milliseconds(self, call: Callable[[], object]) -> float:
        """The median time of a call that ends on the host."""
        call()
        spent: list[float] = []
        begin = time.perf_counter()
        while len(spent) < 2 or (not self.is_tiny and len(spent) < 30 and time.perf_counter() - begin < 1):
            start = time.perf_counter()
            call()
            spent.append(1e3 * (time.perf_counter() - start))
        return short(statistics.median(spent))


def short(number: float) -> float:
    """A number rounded to four digits."""
    return float(f"{number:.4g}")


class EnoughError(Exception):
    """The wanted number of steps is taken."""


def take_steps(trainer: Trainer, count: int) -> None:
    """Take `count` steps, through several epochs if necessary."""
    last = trainer.step + count

    def on_step(_: int) -> None:
        if trainer.step == last:
            raise EnoughError

    with contextlib.suppress(EnoughError):
        while trainer.step < trainer.step_count:
            trainer.train_epoch(on_step)


@contextlib.contextmanager
def repeatable() -> Iterator[None]:
    """Within the block, cuDNN chooses algorithms by rule, and only deterministic ones."""
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32
    cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = False, True, False
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = before

"""The processes (ranks) that fit together, as torchrun starts them."""

import os
import re
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

import torch
import torch.distributed
from torch import Tensor

T = TypeVar("T")
# Words in the errors of gloo, NCCL and torchrun's store when another process is gone or does not answer.
SIGNS_OF_A_LOST_RANK = ("connection closed", "connection reset", "broken pipe", "timed out", "nccl", "gloo")


class RanksError(Exception):
    """The ranks cannot work together, or one of them is lost."""


@dataclass(frozen=True)
class Ranks:
    """The rank of this process, the number of ranks, and its rank on its own machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def are_several(self) -> bool:
        """Whether there are other ranks."""
        return self.size > 1

    @property
    def is_first(self) -> bool:
        """Whether this is the rank that writes and prints."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """The rows of a batch [N, …] for this rank; the ranks' shares differ by at most one row."""
        return batch.tensor_split(self.size)[self.rank] if self.size > 1 else batch

    def average_(self, values: Tensor) -> None:
        """Replace `values` with their mean over the ranks, on every rank."""
        if self.are_several:
            torch.distributed.all_reduce(values)
            values /= self.size

    def average_gradients_(self, parameters: Sequence[Tensor]) -> None:
        """Replace each parameter's gradient with its mean over the ranks, by one all-reduce of all of them.

        Nothing waits for the device, so a step that calls this can be recorded as a CUDA graph.
        """
        if not self.are_several:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        self.average_(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        torch._foreach_copy_(gradients, [a.view_as(b) for a, b in zip(parts, gradients, strict=True)])

    def give_first_(self, values: Iterable[Tensor]) -> None:
        """Replace `values` with those of the first rank, on every rank."""
        if self.are_several:
            for each in values:
                # NCCL sends only contiguous tensors.
                ordered = each.detach().contiguous().clone()
                torch.distributed.broadcast(ordered, 0)
                each.detach().copy_(ordered)

    def from_first(self, value: T) -> T:
        """The first rank's `value`, on every rank; the values of the others are ignored."""
        if self.size == 1:
            return value
        box = [value]
        torch.distributed.broadcast_object_list(box)
        return box[0]


ALONE = Ranks()


def ranks_from(environment: Mapping[str, str] = os.environ) -> Ranks:
    """The ranks that torchrun describes in the environment; ALONE if it did not start this process.

    Raises RanksError if the description is incomplete.
    """
    if "WORLD_SIZE" not in environment:
        return ALONE
    found = {name: environment.get(name, "") for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    addresses = ("MASTER_ADDR", "MASTER_PORT")
    if all(text.isdecimal() for text in found.values()) and all(name in environment for name in addresses):
        ranks = Ranks(*map(int, found.values()))
        if ranks.rank < ranks.size:
            return ranks
    words = ", ".join(f"{name}={environment.get(name, '')}" for name in (*found, *addresses))
    raise RanksError(
        f"found the environment variables {words}, expected all of them as torchrun sets them; "
        "start the ranks with torchrun, or unset WORLD_SIZE"
    )


@contextmanager
def joined(ranks: Ranks, device: torch.device) -> Iterator[None]:
    """Connect the ranks within the block: by NCCL on CUDA, otherwise by gloo.

    Raises RanksError if another rank is lost, or if torchrun asks this one to end for that reason.
    """
    if ranks.size == 1:
        yield
        return
    signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        on_cuda = device.type == "cuda"
        torch.distributed.init_process_group(
            "nccl" if on_cuda else "gloo", device_id=device if on_cuda else None
        )
        yield
        # No rank leaves before the first one has written everything.
        torch.distributed.barrier()
    except RuntimeError as error:
        text = str(error).strip().split("\n")[0]
        if not any(sign in text.lower() for sign in SIGNS_OF_A_LOST_RANK):
            raise
        raise RanksError(
            f"rank {ranks.rank} of {ranks.size}: lost another rank ({_core_message(text)}), expected all "
            f"{ranks.size}; every rank ends; the lost rank's own message says why; what was saved is kept: "
            "continue with --resume"
        ) from error
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _core_message(text: str) -> str:
    """A message of gloo or NCCL without its source location and advice."""
    return re.sub(r"^\[\S+:\d+\] ", "", text).split(". ")[0]


def _raise_terminated(signal_number: int, _frame: FrameType | None) -> None:
    raise RanksError(
        f"rank {os.environ.get('RANK')}: received {signal.Signals(signal_number).name}, which torchrun sends "
        "when another rank has ended; what was saved is kept: continue with --resume"
    )

"""The processes that fit together, one rank each, as torchrun starts them."""

import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

import torch
import torch.distributed
from torch import Tensor

T = TypeVar("T")
# What gloo, NCCL and torchrun's store say when another process is gone or stays silent.
SIGNS_OF_A_LOST_RANK = ("connection closed", "connection reset", "broken pipe", "timed out", "nccl", "gloo")


class RanksError(Exception):
    """The ranks cannot work together, or no longer."""


@dataclass(frozen=True)
class Ranks:
    """Which one of how many this process is, among all and on its own machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this is the rank that writes and speaks."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """The rows of a batch [N, …] that are this rank's: as many as the others', or one more."""
        return batch.tensor_split(self.size)[self.rank] if self.size > 1 else batch

    def average_(self, values: Tensor) -> None:
        """Put the mean over the ranks in the place of `values`, on every rank."""
        if self.size > 1:
            torch.distributed.all_reduce(values)
            values /= self.size

    def from_first(self, value: T) -> T:
        """The first rank's `value`, on every rank; what the others pass is dropped."""
        if self.size == 1:
            return value
        box = [value]
        torch.distributed.broadcast_object_list(box)
        return box[0]


ALONE = Ranks()


def ranks_from(environment: Mapping[str, str] = os.environ) -> Ranks:
    """The ranks that torchrun describes in the environment; ALONE if it did not start this process.

    Raises RanksError when the description is not whole.
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
        f"found the environment {words}, expected all of them as torchrun sets them; "
        "start the ranks with torchrun, or unset WORLD_SIZE"
    )


@contextmanager
def joined(ranks: Ranks, device: torch.device) -> Iterator[None]:
    """Within it the ranks can reach each other: by NCCL on CUDA, else by gloo.

    Raises RanksError when another rank is gone, or when torchrun asks this one to end for that reason.
    """
    if ranks.size == 1:
        yield
        return
    signal.signal(signal.SIGTERM, _end)
    try:
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        yield
        # Nobody leaves before the first rank has written everything.
        torch.distributed.barrier()
    except RuntimeError as error:
        text = str(error).strip().split("\n")[0]
        if not any(sign in text.lower() for sign in SIGNS_OF_A_LOST_RANK):
            raise
        raise RanksError(
            f"rank {ranks.rank} of {ranks.size}: found another rank gone ({_gist(text)}), expected all "
            f"{ranks.size}; every rank ends; that rank's own message says why; what was saved is kept: go on "
            "with --resume"
        ) from error
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _gist(text: str) -> str:
    """What gloo and NCCL say, without the place in their source and the advice."""
    return re.sub(r"^\[\S+:\d+\] ", "", text).split(". ")[0]


def _end(signal_number: int, _frame: FrameType | None) -> None:
    raise RanksError(
        f"rank {os.environ.get('RANK')}: found {signal.Signals(signal_number).name}, which torchrun sends "
        "when another rank has ended; what was saved is kept: go on with --resume"
    )

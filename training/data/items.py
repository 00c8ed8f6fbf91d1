"""Where pictures come from, one after another: what folders, archives, shards and arrays have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Part = Literal["train", "test"]


@dataclass(frozen=True)
class Item:
    """One picture that has not been read yet.

    Attributes:
        name: what people find it by.
        label: number of its label.
        part: the part that it belongs to, if its place says so.
        read: gives a picture file's bytes, or its pixels as uint8 [C, H, W]. Raises OSError, or PictureError.
    """

    name: str
    label: int
    part: Part | None
    read: Callable[[], bytes | NDArray[np.uint8]]


class Source(ABC):
    """Pictures in a fixed order.

    Attributes:
        name: what people call the dataset.
        where: the place, as errors name it.
        label_names: the names of the labels 0, 1, …; empty if there are none.
        count: the number of pictures, if it is known before they are read.
        levels: 2 if all numbers are known to be black or white.
        signature: a hash that changes if the pictures may have changed; found without reading them.
        sequential: whether a picture must be read before the next one is asked for.
        notes: what people should know about how the source was understood.
    """

    name: str
    where: str
    label_names: tuple[str, ...] = ()
    count: int | None = None
    levels: int = 256
    signature: str
    sequential: bool = False
    notes: tuple[str, ...] = ()

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """All pictures, in the same order each time. Raises DatasetError if a part cannot be read."""

"""Sources of pictures, read one after another: the interface of folders, archives, shards and arrays."""

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
        name: a name by which people find the picture.
        label: number of its label.
        part: "train" or "test" if its place says so, otherwise None.
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
        where: the place, as error messages name it.
        label_names: the names of the labels 0, 1, …; empty if there are none.
        count: the number of pictures, if it is known before they are read.
        levels: 2 if all numbers are known to be black or white.
        signature: a hash that changes if the pictures may have changed; computed without reading them.
        sequential: whether a picture must be read before the next one is asked for.
        notes: lines for people on how the source was interpreted.
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

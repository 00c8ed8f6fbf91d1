"""Guesses which input of a graph takes z, and which sizes z can have if the graph leaves them open."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from desktop.base.errors import ModelError
from desktop.reading.other_inputs import FLOATS, OTHER_NAMES
from desktop.reading.overrides import Overrides, one_of, refusal, whole_number, z_shape_of
from desktop.vetting.onnx_file import ModelFile, Tensor

# As many as in the one-hot codes of DALL·E's dVAE, [8192, 32, 32]; a view with so many numbers takes 128 MiB.
MAX_LATENT_DIM = 1 << 23
Z_NAMES = re.compile(
    r"(^|[^a-z])(z|latents?|code|w|ws|styles?|embedding|h|zq|quant(ized)?)([^a-z]|$)|latent", re.IGNORECASE
)
NOISE_NAMES = re.compile(r"noise", re.IGNORECASE)
# If a model leaves d open, these are tried first.
USUAL_DIMS = (2, 3, 4, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512, 1024)
# The sides that are tried first if z is maps, with d = channels × side × side.
USUAL_SIDES = (8, 16, 4, 32, 64, 7, 1, 2, 3, 5, 6)

Shape = tuple[int | None, ...]


class NoZError(ModelError):
    """No input can take z; the text gives only the reason, without the file's name and advice."""


@dataclass(frozen=True)
class ZInput:
    """The input of z as the graph declares it.

    Attributes:
        tensor: the input.
        shape: the input's sizes, with None for the batch axis and for sizes that the graph leaves open.
        has_batch_axis: whether the first axis is the batch axis.
        latent_dim: d, or None if the graph leaves it open.
        batch: the fixed number of z, or None.
        is_only_one: whether no other input could be z.
    """

    tensor: Tensor
    shape: Shape
    has_batch_axis: bool
    latent_dim: int | None
    batch: int | None
    is_only_one: bool

    @property
    def open_axes(self) -> list[int]:
        """The axes after the batch axis that the graph leaves open."""
        return [i for i, size in enumerate(self.shape) if size is None and i >= self.has_batch_axis]

    def dims_to_try(self) -> Iterator[int]:
        """The declared d, or else the values of d to try for this number of open axes."""
        if self.latent_dim is not None:
            yield self.latent_dim
        elif len(self.open_axes) == 1:
            yield from USUAL_DIMS
            yield from (dim for dim in range(1, 513) if dim not in USUAL_DIMS)
        else:
            yield from (known_size(self.shape) * side**2 for side in USUAL_SIDES)

    def with_dim(self, latent_dim: int) -> Shape | None:
        """The shape for d numbers, with the open axes of equal size; None if there is no such shape."""
        shape, axes = list(self.shape), self.open_axes
        if axes:
            side = round((latent_dim / known_size(self.shape)) ** (1 / len(axes)))
            for axis in axes:
                shape[axis] = side
        return tuple(shape) if known_size(tuple(shape)) == latent_dim else None


def find_z(file: ModelFile, overrides: Overrides) -> ZInput:
    """Find the input of z: the one that a person set, or else the most likely one by name and shape.

    Raises NoZError if there is none, and ModelError if an override does not fit.
    """
    by_name = {tensor.name: tensor for tensor in file.inputs}
    name = one_of(overrides, "z-input", by_name)
    if not by_name:
        raise NoZError("it has no inputs, expected one for z")
    floats = [tensor for tensor in file.inputs if tensor.dtype in FLOATS and tensor.shape]
    if name is not None:
        if by_name[name] not in floats:
            raise refusal("z-input", by_name[name].in_words(), "float [N, d] or [d]")
        tensor, is_only_one = by_name[name], True
    else:
        if not floats:
            raise NoZError("it has no input of type float [N, d] or [d], which z needs")
        ranks = {t.name: _rank(t, _is_one_number(t, file)) for t in floats}
        tensor = max(floats, key=lambda t: ranks[t.name])
        best = ranks[tensor.name][0]
        is_only_one = sum(rank[0] == best for rank in ranks.values()) == 1
    assert tensor.shape is not None
    numbers: Shape = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    batch: int | None
    declared: int | None
    if _is_one_number(tensor, file):
        has_batch_axis, batch, shape, declared = True, None, numbers, 1
    else:
        has_batch_axis = len(numbers) > 1  # without a batch axis, the graph takes one z at a time
        batch = numbers[0] if has_batch_axis else 1
        shape = _with_set_sizes(
            tensor, (None, *numbers[1:]) if has_batch_axis else numbers, has_batch_axis, overrides
        )
        is_open = None in shape[has_batch_axis:]
        declared = None if is_open else known_size(shape)
    latent_dim = whole_number(overrides, "latent-dim", MAX_LATENT_DIM)
    if declared is not None and not 1 <= declared <= MAX_LATENT_DIM:
        raise NoZError(
            f"its input {tensor.in_words()} takes {declared:,} numbers per picture, expected at most "
            f"{MAX_LATENT_DIM:,}"
        )
    if declared is not None and latent_dim not in (None, declared):
        raise refusal("latent-dim", latent_dim, f"{declared}, as the model declares")
    set_batch = whole_number(overrides, "batch", 4096)
    if set_batch is not None and batch not in (None, set_batch):
        raise refusal("batch", set_batch, f"{batch}, as the model declares")
    batch = batch if set_batch is None else set_batch
    return ZInput(tensor, shape, has_batch_axis, declared or latent_dim, batch, is_only_one)


def known_size(shape: Shape) -> int:
    """The product of the sizes that are known."""
    return int(np.prod([size for size in shape if size is not None], dtype=object))


def _is_one_number(tensor: Tensor, file: ModelFile) -> bool:
    """Whether an input has only the batch axis, so that it takes one number per picture.

    An axis is the batch axis if another input or output with more axes begins with the same symbol.
    """
    shape = tensor.shape or ()
    if len(shape) != 1 or not isinstance(shape[0], str):
        return False
    others = [t.shape for t in (*file.inputs, *file.outputs) if t.shape is not None and len(t.shape) > 1]
    return any(other[0] == shape[0] for other in others)


def _rank(tensor: Tensor, is_one_number: bool) -> tuple[int, int, int]:
    """A rank for how likely an input takes z: by name, then fewer axes longer than 1, then more numbers."""
    shape = tensor.shape or ()
    after_batch = shape[1:] if len(shape) > 1 else () if is_one_number else shape
    # An input with two axes longer than 1 may be noise that is added to the picture.
    long_axes = [size for size in after_batch if size != 1]
    if Z_NAMES.search(tensor.name) and not OTHER_NAMES.search(tensor.name):
        by_name = 3
    elif not long_axes:
        by_name = -1  # one number per picture: a truncation, a temperature, a time
    elif not OTHER_NAMES.search(tensor.name):
        by_name = 2
    else:
        by_name = 1 if NOISE_NAMES.search(tensor.name) else 0
    return by_name, -len(long_axes), known_size(tuple(s for s in after_batch if isinstance(s, int)))


def _with_set_sizes(tensor: Tensor, shape: Shape, has_batch_axis: bool, overrides: Overrides) -> Shape:
    """The shape, with sizes from the overrides where the model leaves them open."""
    sizes = z_shape_of(overrides)
    if sizes is None:
        return shape
    declared = shape[has_batch_axis:]
    if len(sizes) != len(declared) or any(
        size not in (None, there) for size, there in zip(declared, sizes, strict=True)
    ):
        raise refusal("z-shape", repr(overrides["z-shape"]), f"sizes that fit {tensor.in_words()}")
    return (*shape[:has_batch_axis], *sizes)

"""The z for trying out a decoder. Pure."""

from collections.abc import Callable, Mapping

from desktop.base.arrays import Array, Floats
from desktop.latent.plane import sample_prior
from desktop.reading.reading import Reading

# Runs a graph with the given inputs and returns the named outputs.
Run = Callable[[Mapping[str, Array], list[str]], dict[str, Array]]
FREE_BATCH = 3  # a size that in a shape is rarely anything but the batch


def trial_z(reading: Reading) -> Floats:
    """A few z float32 [N, d] for trying out a decoder: samples, but the first of several is zero.

    Zero alone would not be enough: a decoder that normalises z divides 0 by 0 there.
    """
    count = FREE_BATCH if reading.batch is None else reading.batch
    z = sample_prior(count, reading.latent_dim, 0, reading.prior)
    if count > 1:
        z[0] = 0
    return z

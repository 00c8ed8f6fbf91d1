"""The z with which a decoder is tried. Pure."""

from collections.abc import Callable, Mapping

from desktop.base.arrays import Array, Floats
from desktop.latent.plane import sample_prior
from desktop.reading.reading import Reading

# Runs a graph with these inputs: gives the outputs of these names.
Run = Callable[[Mapping[str, Array], list[str]], dict[str, Array]]
FREE_BATCH = 3  # in a shape this number rarely means anything else


def trial_z(reading: Reading) -> Floats:
    """A few z float32 [N, d] to try a decoder with: samples, but the first of several is the prior's mean.

    The prior's mean alone would tell little: a decoder that normalises z divides 0 by 0 there.
    """
    count = FREE_BATCH if reading.batch is None else reading.batch
    z = sample_prior(count, reading.latent_dim, 0, reading.prior)
    if count > 1:
        z[0] = 0
    return z

"""The jobs for your own image: fit it to the open model, encode it, and compute its likelihoods."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from desktop.app.explorer import Explorer
from desktop.base.arrays import Bytes, Floats
from desktop.images.drawing import Drawing
from desktop.images.fitting import Fitted
from desktop.jobs.encode import Encoded, encode, fit_image
from desktop.jobs.kept_decoder import pictures_per_step
from desktop.latent.likelihood import as_data
from desktop.latent.true_posterior import LikelihoodTable, half_width, table_side


def network_input(explorer: Explorer, drawing: Drawing) -> Floats:
    """Return a drawing as the model's input, float32 [C, H, W], rounded to the levels of the data."""
    return as_data(drawing.pixels, explorer.look.levels)


def fit_steps(explorer: Explorer, picture: Bytes | Path) -> Iterator[Fitted] | None:
    """Return the job that fits a picture or a picture file to the model; None if no model is open."""
    model = explorer.model
    return None if model is None else fit_image(picture, model.image_shape, explorer.look)


def encode_steps(explorer: Explorer, drawing: Drawing) -> Iterator[Encoded] | None:
    """Return the job that encodes a drawing; None if it is empty or the model has no encoder."""
    model = explorer.model
    if model is None or not model.has_encoder or drawing.is_empty:
        return None
    return encode(model, network_input(explorer, drawing))


def has_true_posterior(explorer: Explorer) -> bool:
    """Whether p(z|x) can be computed: two latent dimensions, a known likelihood, and no slow decoder.

    It takes tens of thousands of pictures, which take a slow decoder hours, and memory for a grid of them,
    which is not available for very large images.
    """
    likelihood, model = explorer.likelihood, explorer.model
    if likelihood is None or model is None or model.is_slow or model.latent_dim != 2:
        return False
    return table_side(likelihood, model.image_shape) is not None


def likelihood_table(explorer: Explorer, side: int) -> LikelihoodTable | None:
    """Return a table, not built yet, of log p(x|z) at no more than `side` × `side` points.

    Returns None if `has_true_posterior` is false.
    """
    model, posterior, likelihood = explorer.model, explorer.points.encoded, explorer.likelihood
    if model is None or likelihood is None or not has_true_posterior(explorer):
        return None
    side = min(side, table_side(likelihood, model.image_shape) or side)
    means = np.zeros((0, 2)) if posterior is None else posterior.mean
    step = pictures_per_step(model, 1e3 * model.picture_s or None)
    reach = half_width(means)
    return LikelihoodTable(model.decode_parameters, reach, model.image_shape, side, likelihood, step)


def bits_of(explorer: Explorer, nats: float) -> float | None:
    """Return log p(x), or a bound on it, in bits per dimension; None if that cannot be compared."""
    likelihood, image_shape = explorer.likelihood, explorer.image_shape
    if likelihood is None or image_shape is None:
        return None
    return likelihood.bits_per_dimension(nats, image_shape)

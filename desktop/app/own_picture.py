"""A picture of one's own and the open model: the jobs that fit it, encode it, and compute its likelihoods."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from desktop.app.explorer import Explorer
from desktop.base.arrays import Bytes, Floats
from desktop.images.drawing import Drawing
from desktop.images.fitting import Fitted
from desktop.jobs.encode import Encoded, encode, fit_image
from desktop.latent.true_posterior import LikelihoodTable, half_width


def is_bernoulli(explorer: Explorer) -> bool:
    """Whether the open model says that its pixels are 0 or 1, with the probabilities that it gives."""
    source = explorer.source
    return source is not None and source.bundle is not None and source.bundle.likelihood == "bernoulli"


def network_input(explorer: Explorer, drawing: Drawing) -> Floats:
    """A drawing as the open model takes it: float32 [C, H, W], thresholded where its training data was."""
    return drawing.thresholded() if is_bernoulli(explorer) else drawing.pixels


def fit_steps(explorer: Explorer, picture: Bytes | Path) -> Iterator[Fitted] | None:
    """The job that fits a picture, or one in a file, to the open model; None while nothing is open."""
    model = explorer.model
    return None if model is None else fit_image(picture, model.image_shape, _is_of_digits(explorer))


def encode_steps(explorer: Explorer, drawing: Drawing) -> Iterator[Encoded] | None:
    """The job that encodes a drawing; None for an empty drawing, and where the model has no encoder."""
    model = explorer.model
    if model is None or not model.has_encoder or drawing.is_empty:
        return None
    return encode(model, network_input(explorer, drawing), is_bernoulli(explorer))


def has_true_posterior(explorer: Explorer) -> bool:
    """Whether p(z|x) can be computed: two latent dimensions and Bernoulli pixels."""
    return explorer.latent_dim == 2 and is_bernoulli(explorer)


def likelihood_table(explorer: Explorer, side: int) -> LikelihoodTable | None:
    """An unbuilt table of log p(x|z) on a grid of `side` × `side` points of the plane.

    None where `has_true_posterior` says no.
    """
    model, posterior = explorer.model, explorer.posterior
    if model is None or not has_true_posterior(explorer):
        return None
    means = np.zeros((0, 2)) if posterior is None else posterior.mean
    return LikelihoodTable(model.decode_logits, half_width(means), model.image_shape, side)


def _is_of_digits(explorer: Explorer) -> bool:
    """Whether the training data was made as MNIST was."""
    source = explorer.source
    dataset = None if source is None or source.bundle is None else source.bundle.manifest.get("dataset")
    name = dataset.get("name") if isinstance(dataset, dict) else None
    return isinstance(name, str) and name.lower().startswith("mnist")

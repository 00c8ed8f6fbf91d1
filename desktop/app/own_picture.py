"""The jobs for your own image: fit it to the open model, encode it, and compute its likelihoods."""

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
    """Whether the open bundle says that its pixels are Bernoulli."""
    source = explorer.source
    return source is not None and source.bundle is not None and source.bundle.likelihood == "bernoulli"


def network_input(explorer: Explorer, drawing: Drawing) -> Floats:
    """Return a drawing as the model's input, float32 [C, H, W], thresholded if the pixels are Bernoulli."""
    return drawing.thresholded() if is_bernoulli(explorer) else drawing.pixels


def fit_steps(explorer: Explorer, picture: Bytes | Path) -> Iterator[Fitted] | None:
    """Return the job that fits a picture or a picture file to the model; None if no model is open."""
    model = explorer.model
    return None if model is None else fit_image(picture, model.image_shape, is_of_digits(explorer))


def encode_steps(explorer: Explorer, drawing: Drawing) -> Iterator[Encoded] | None:
    """Return the job that encodes a drawing; None if it is empty or the model has no encoder."""
    model = explorer.model
    if model is None or not model.has_encoder or drawing.is_empty:
        return None
    return encode(model, network_input(explorer, drawing), is_bernoulli(explorer))


def has_true_posterior(explorer: Explorer) -> bool:
    """Whether p(z|x) can be computed: two latent dimensions, Bernoulli pixels, and no slow decoder.

    It takes tens of thousands of pictures, which are hours with a slow one.
    """
    model = explorer.model
    return explorer.latent_dim == 2 and is_bernoulli(explorer) and model is not None and not model.is_slow


def likelihood_table(explorer: Explorer, side: int) -> LikelihoodTable | None:
    """Return a table of log p(x|z) for `side` × `side` points of the plane, which is still to be built.

    Returns None if `has_true_posterior` is false.
    """
    model, posterior = explorer.model, explorer.encoded
    if model is None or not has_true_posterior(explorer):
        return None
    means = np.zeros((0, 2)) if posterior is None else posterior.mean
    return LikelihoodTable(model.decode_logits, half_width(means), model.image_shape, side)


def is_of_digits(explorer: Explorer) -> bool:
    """Whether the training data was prepared like MNIST."""
    source = explorer.source
    dataset = None if source is None or source.bundle is None else source.bundle.manifest.get("dataset")
    name = dataset.get("name") if isinstance(dataset, dict) else None
    return isinstance(name, str) and name.lower().startswith("mnist")

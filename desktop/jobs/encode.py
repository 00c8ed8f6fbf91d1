"""The worker's jobs for your own image: fit it, encode it, find its true posterior. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.base.arrays import Bytes, Doubles, Floats
from desktop.images.data_look import DataLook
from desktop.images.fitting import Fitted, fit
from desktop.images.posterior_picture import PosteriorPicture, posterior_picture
from desktop.latent.elbo import rate_nats
from desktop.latent.true_posterior import LikelihoodTable, TruePosterior
from desktop.models.model import Model

# One or two latent dimensions: Gauss-Hermite nodes per dimension. More: draws, each with its mirror image.
NODES = 8
DRAWS = 32


@dataclass(frozen=True)
class Encoded:
    """An encoded image: its approximate posterior, reconstruction and ELBO.

    Attributes:
        x: the image, float32 [C, H, W].
        mean, logvar: of q(z|x), float32 [d].
        reconstruction: the picture decoded at the mean, float32 [C, H, W].
        rate_nats: KL(q(z|x) ‖ p(z)).
        distortion_nats: −E log p(x|z) under q(z|x); None if the likelihood is not known.
        error_nats: the standard error of the distortion, and so of the ELBO; None if no draws were used.
    """

    x: Floats
    mean: Floats
    logvar: Floats
    reconstruction: Floats
    rate_nats: float
    distortion_nats: float | None
    error_nats: float | None = None

    @property
    def elbo_nats(self) -> float | None:
        """The ELBO, −(rate + distortion)."""
        return None if self.distortion_nats is None else -(self.rate_nats + self.distortion_nats)


@dataclass(frozen=True)
class Located:
    """The true posterior of an image, and its picture.

    Attributes:
        x: the image, float32 [C, H, W].
    """

    posterior: TruePosterior
    picture: PosteriorPicture
    x: Floats

    def gap_nats(self, encoded: Encoded | None) -> float | None:
        """log p(x) − ELBO, once the grid is fine enough for that.

        None if some pixels are unknown, or if another image was encoded, as happens while a person draws.
        """
        difference = self._above_elbo_nats(encoded)
        # On a coarse grid log p(x) can be wrong by some nats.
        if difference is None or self.posterior.change_nats is None or self.is_too_low(encoded):
            return None
        return difference

    def is_too_low(self, encoded: Encoded | None) -> bool:
        """Whether log p(x) is still so coarse that it is below the ELBO of the same image, as it never is."""
        difference = self._above_elbo_nats(encoded)
        return difference is not None and difference < 0 and not self.posterior.is_converged

    def _above_elbo_nats(self, encoded: Encoded | None) -> float | None:
        if encoded is None or encoded.elbo_nats is None or self.posterior.mixture is not None:
            return None
        is_same = np.array_equal(encoded.x, self.x)
        return self.posterior.log_px_nats - encoded.elbo_nats if is_same else None


def fit_image(original: Bytes | Path, image_shape: tuple[int, int, int], look: DataLook) -> Iterator[Fitted]:
    """Fit a picture, given as pixels or as a file, to the model. Raises ImageError or OSError."""
    from desktop.images.read_image import read_image  # imports Pillow, so not before a picture is opened

    picture = read_image(original) if isinstance(original, Path) else original
    yield fit(picture, image_shape, look)


def locate(table: LikelihoodTable, x: Floats, known: NDArray[np.bool_]) -> Iterator[Located | None]:
    """Find the true posterior from the known pixels [H, W] of x [C, H, W], on finer and finer grids.

    Yields each one found, and None between steps.
    """
    for posterior in table.posterior(x, np.broadcast_to(known, x.shape)):
        yield None if posterior is None else Located(posterior, posterior_picture(posterior), x)


def encode(model: Model, x: Floats) -> Iterator[Encoded]:
    """Encode x [C, H, W], and decode its approximate posterior at the mean and at nodes for expectations."""
    mean, logvar = model.encode(x[np.newaxis])
    nodes, weights = posterior_nodes(mean[0], logvar[0])
    distortion = error = None
    likelihood = model.source.likelihood
    if likelihood is not None:
        nats = likelihood.nats(x[np.newaxis], model.decode_parameters(nodes))
        distortion = -float(nats @ weights)
        if model.latent_dim > 2:
            pairs = nats.reshape(2, DRAWS).mean(0)  # a draw and its mirror image are not independent
            error = float(pairs.std(ddof=1) / DRAWS**0.5)
    rate = float(rate_nats(mean, logvar).sum())
    yield Encoded(x, mean[0], logvar[0], model.decode(mean)[0], rate, distortion, error)


def posterior_nodes(mean: Floats, logvar: Floats) -> tuple[Floats, Doubles]:
    """Return z float32 [K, d] and weights [K] for expectations under N(mean, exp(logvar)), as weighted sums.

    `mean` and `logvar` are float32 [d]. In one or two dimensions the nodes follow the Gauss-Hermite rule,
    which is exact for polynomials up to degree 15 in each. In more dimensions they are draws, the same every
    time.
    """
    deviation = np.exp(0.5 * logvar)
    if len(mean) > 2:
        noise = np.random.default_rng(0).standard_normal((DRAWS, len(mean)), dtype=np.float32)
        noise = np.concatenate([noise, -noise])
        return mean + deviation * noise, np.full(len(noise), 1 / len(noise))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    grids = np.meshgrid(*[nodes] * len(mean), indexing="ij")
    shares = np.meshgrid(*[weights] * len(mean), indexing="ij")
    offsets = np.stack([grid.ravel() for grid in grids], axis=1)
    return (mean + deviation * offsets).astype(np.float32), np.prod([s.ravel() for s in shares], axis=0)

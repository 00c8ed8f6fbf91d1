"""The network that a config asks for."""

from training.config import FitConfig
from training.likelihood import LIKELIHOODS
from training.model import VAE, ConvVAE
from training.perceptron import PerceptronVAE

NETWORKS = {"conv": ConvVAE, "mlp": PerceptronVAE}


def network_of(config: FitConfig) -> VAE:
    """The network of a config; its weights are not drawn yet.

    Raises ValueError if its filters do not fit its images.
    """
    likelihood = LIKELIHOODS[config.likelihood]
    return NETWORKS[config.network](
        config.image_shape, config.filters, config.latent_dim, likelihood, config.levels
    )

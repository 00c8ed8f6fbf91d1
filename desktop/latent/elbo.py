"""Computes the rate of the evidence lower bound in nats, and the logits of probabilities.

ELBO = −(rate + distortion) per image; higher is better. `desktop.latent.likelihood` gives the distortion.
Equations: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, appendix B. Pure numpy; sums are
float64.
"""

import numpy as np

from desktop.base.arrays import Doubles, Floats

# Probabilities count as at least this far from 0 and 1: half the distance from 1 to the next lower float32.
MIN_PROBABILITY = 2.0**-25


def rate_nats(mean: Floats, logvar: Floats) -> Doubles:
    """KL(q(z|x) ‖ N(0, I)) = ½ [mean² + exp(logvar) − 1 − logvar] per dimension: [N, d] → [N, d]."""
    mean64, logvar64 = mean.astype(np.float64), logvar.astype(np.float64)
    nats: Doubles = 0.5 * (mean64**2 + np.exp(logvar64) - 1 - logvar64)
    return nats


def logits_of(probabilities: Floats) -> Floats:
    """log p − log(1 − p) of probabilities of any shape, within ±17.3.

    A probability of exactly 0 or 1 counts as 2⁻²⁵ away from it, because float32 may have rounded it.
    """
    p = np.clip(probabilities, MIN_PROBABILITY, None)
    return np.log(p) - np.log(np.clip(1 - p, MIN_PROBABILITY, None))

"""The terms of the model that the window uses, each explained once, for tool tips and for the help."""

import textwrap

TIP_CHARS = 88  # per line; Qt does not wrap plain tool tips

ELBO, BITS, RATE, DISTORTION, LOG_PX, GAP = "ELBO", "Bits/dim", "Rate", "Distortion", "log p(x)", "Gap"
QUADRATURE, MODE, MEAN = "Quadrature", "Mode", "Encoder's mean"
APPROXIMATE, TRUE, NATS = "Approximate posterior", "True posterior", "nats"
MISPLACED = "Misplaced"

TERMS = {
    ELBO: (
        "The evidence lower bound: log p(x) is at least this. It is −(rate + distortion), by quadrature or, "
        "in more than two dimensions, from 64 draws. Higher is better."
    ),
    BITS: (
        "−ELBO in bits for each number of the image, by which models of other image sizes can be "
        "compared; lower is better."
    ),
    RATE: (
        "How far the approximate posterior is from the prior: their KL divergence. It is what the encoder "
        "says about the image, and computed in closed form."
    ),
    DISTORTION: (
        "How badly pictures decoded from the approximate posterior fit the image: the mean of −log p(x|z) "
        "over it, by quadrature or, in more than two dimensions, from 64 draws."
    ),
    LOG_PX: (
        "How probable the model finds the image, whatever z it comes from: the logarithm of the mean of "
        "p(x|z) over the prior. It is computed by quadrature over the plane, without the encoder."
    ),
    QUADRATURE: (
        "An integral as a sum: the plane is cut into small cells, the decoder is asked in the middle of "
        "each, and cells that hold much of the sum are cut smaller until it no longer changes."
    ),
    TRUE: (
        "p(z|x): how probable each z is for the image, by the decoder and the prior alone. On the plane "
        "it is a glow, with the curves that hold 50 and 95 % of it."
    ),
    APPROXIMATE: (
        "q(z|x): the encoder's estimate of the true posterior, a normal distribution. On the plane it is "
        "an ellipse of 1 and one of 2 standard deviations."
    ),
    MEAN: "The middle of the approximate posterior: the z that the encoder gives to the image.",
    MODE: (
        "The peak of the true posterior: the z that the image most probably comes "
        "from, by the decoder and the prior; the encoder takes no part."
    ),
    GAP: (
        "log p(x) − ELBO, what is lost because the approximate posterior is not the true one: the KL "
        "divergence between them. 0 would be perfect."
    ),
    NATS: (
        "The unit of these figures, which are natural logarithms: one nat more is 2.7 times as probable, "
        "and 0.69 nats are one bit."
    ),
    MISPLACED: (
        "A point whose nearest neighbour in z, over all dimensions, has another label. The clearest come "
        "first: those much nearer to another label than to their own."
    ),
}


def term_tip(name: str, more: str = "") -> str:
    """Return a tool tip that explains a term, with `more` below it."""
    return "\n".join(filter(None, [textwrap.fill(TERMS[name], TIP_CHARS), more]))

"""log p(x) of held-out images by importance weighting, from q(z|x) or from a proposal fitted to each image.

Pure functions: tensors in, tensors out. Images are numbers in [0, 1], flattened to [N, P]; `decode` takes z
float32 [M, d] to what `likelihood` reads, float32 [M, …], of Bernoulli pixels their logits. Proposals and
weights are float64 on the CPU, and weights are summed in log space. Image n has its own generator on the CPU,
seeded with `seed` + n: its noise is the same on every device, for every `batch`, and however many images come
after it.

Sources: Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, equation 8. For the
fitted proposal, Cappé et al., "Adaptive importance sampling in general mixture classes", 2008 (EM on weighted
draws); Cornuet et al., "Adaptive multiple importance sampling", 2012 (the draws of all rounds count, each
against the mixture of all proposals); Koblents and Míguez, "A population Monte Carlo scheme with transformed
weights", 2015 (weights tempered until enough draws count).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from training.elbo import LOG_2PI
from training.likelihood import BERNOULLI, Decode, Likelihood
from training.summaries import Progress, as_float64, ignore, log_prior_nats

NOISE_BLOCK = 1000
# The proposal is first fitted to draws from the prior, which all images share; each image keeps the best.
EXPLORED = 10_000
KEPT = 100
# Then, in each round, every image gets draws of its own, and EM fits a mixture of normal distributions.
ROUND_DRAWS = 250
ROUNDS = 8
COMPONENTS = 6
EM_STEPS = 10
LEAST_EFFECTIVE = 25.0
LEAST_VARIANCE = 1e-8
# Shares of the final draws: from the fitted normals, from the same with twice the standard deviations,
# from q(z|x), and from the prior.
SHARES = (0.7, 0.15, 0.05, 0.1)


@dataclass(frozen=True)
class ImportanceEstimate:
    """log p(x) of each image from its importance weights w; all float64 [N].

    Attributes:
        log_px_nats: log of the mean weight. The mean is unbiased for p(x); its log is too low by half of
            `error_nats` squared on average.
        error_nats: standard error of `log_px_nats` by the delta method, sd(w) / (mean(w) √K).
        effective_samples: (Σ w)² / Σ w², from 1 to K.
    """

    log_px_nats: Tensor
    error_nats: Tensor
    effective_samples: Tensor


@dataclass(frozen=True)
class Mixture:
    """For each of G images a mixture of C normal distributions in d dimensions; float64.

    Attributes:
        share: [G, C], sums to 1.
        mean: [G, C, d].
        cholesky: lower Cholesky factors of the covariances, [G, C, d, d].
    """

    share: Tensor
    mean: Tensor
    cholesky: Tensor

    def log_parts(self, z: Tensor) -> Tensor:
        """log of share · N(z; mean, covariance) for each component: [G, M, d] → [G, M, C]."""
        size = self.mean.shape[2]
        inverse = torch.linalg.solve_triangular(
            self.cholesky, torch.eye(size, dtype=self.cholesky.dtype), upper=False
        )
        noise = torch.einsum("gcij,gmcj->gmci", inverse, z.unsqueeze(2) - self.mean.unsqueeze(1))
        log_volume = self.cholesky.diagonal(dim1=2, dim2=3).log().sum(2) + 0.5 * size * LOG_2PI
        return (self.share.log() - log_volume).unsqueeze(1) - 0.5 * noise.square().sum(3)

    def log_density(self, z: Tensor) -> Tensor:
        """log of the mixture's density at z: [G, M, d] → [G, M]."""
        return self.log_parts(z).logsumexp(2)

    def stratified(self, draws: int) -> "Mixture":
        """The same mixture with each share rounded to a whole number of `draws` draws."""
        ends = self._ends(draws).double() / draws
        return Mixture(ends.diff(dim=1, prepend=torch.zeros_like(ends[:, :1])), self.mean, self.cholesky)

    def draws(self, noise: Tensor, numbers: Tensor, total: int) -> Tensor:
        """The draws `numbers` [M], each from 0 to `total` − 1, made from N(0, I) noise [G, M, d].

        The `total` draws go through the components in order, with a whole number of draws for each.
        """
        ends = self._ends(total)
        component = torch.searchsorted(ends, numbers.expand(len(ends), -1).contiguous(), right=True)
        image = torch.arange(len(ends)).unsqueeze(1)
        offset = (self.cholesky[image, component] @ noise.unsqueeze(3)).squeeze(3)
        return self.mean[image, component] + offset

    def _ends(self, draws: int) -> Tensor:
        """How many of `draws` draws come from each component and those before it: int64 [G, C]."""
        return (self.share.cumsum(1) * draws).round().long()


@torch.inference_mode()
def importance_weighted(
    decode: Decode,
    images: Tensor,
    mean: Tensor,
    logvar: Tensor,
    samples: int,
    seed: int,
    batch: int = 100,
    on_images: Progress = ignore,
    likelihood: Likelihood = BERNOULLI,
) -> ImportanceEstimate:
    """log p(x) ≥ E log 1/K Σ p(x|z) p(z) / q(z|x) with K = `samples` draws of z from q(z|x): the IWAE bound.

    If q(z|x) is narrower than the true posterior, or in another place, a few draws hold nearly all of the
    weight, or none reaches the mass: the estimate is then too low, and its error cannot show it.

    Args:
        decode: z float32 [M, d] → what `likelihood` reads.
        images: [N, P], in [0, 1].
        mean: mean of q(z|x), [N, d].
        logvar: log-variance of q(z|x), [N, d].
        samples: K, at least 2.
        seed: seed of the first image's generator.
        batch: number of z decoded at once.
        on_images: called with the number of images just finished.
        likelihood: p(x|z).
    """
    parts = []
    for _, draw, q in _groups(decode, images, mean, logvar, samples, seed, batch, likelihood):
        parts.append(_weigh(draw, q, samples))
        on_images(len(draw.x))
    return _estimate(parts, samples)


@torch.inference_mode()
def adaptively_weighted(
    decode: Decode,
    images: Tensor,
    mean: Tensor,
    logvar: Tensor,
    samples: int,
    seed: int,
    batch: int = 100,
    on_images: Progress = ignore,
    likelihood: Likelihood = BERNOULLI,
) -> ImportanceEstimate:
    """log p(x) ≈ log 1/K Σ p(x|z) p(z) / r(z) with K = `samples` draws from a mixture r fitted to the image.

    The search for an image's true posterior begins with `EXPLORED` draws from the prior, the same for all
    images. Then come `ROUNDS` rounds of `ROUND_DRAWS` draws per image: the first from q and from q with three
    times its standard deviations, the others from a mixture of q, the prior and normal distributions fitted
    to all draws so far. The last such mixture is r. The K draws are fresh, so that their mean weight is
    unbiased for p(x) whatever the rounds have found; mass that the rounds missed can still be reached by the
    shares of q and the prior.

    Measured against quadrature on the first 200 held-out images of the model that ships, with K = 1000: the
    mean difference is +0.0001 ± 0.0010 nats, the largest of one image 0.025 (1.6 of its errors), effective
    samples 827 (median) and 482 (smallest). With 3 rounds of 500 draws the hardest image had only 43; with
    `EXPLORED` at 5,000 and 6 rounds of 300, two of four hard images were off by 2.7 and 3.7 of their errors.

    The arguments are those of `importance_weighted`.
    """
    near = _explore(decode, images, mean.shape[1], seed - 1, batch, likelihood)
    parts = []
    for chosen, draw, q in _groups(decode, images, mean, logvar, samples, seed, batch, likelihood):
        proposal = _fitted_proposal(draw, q, *(found[chosen] for found in near))
        parts.append(_weigh(draw, proposal, samples))
        on_images(len(draw.x))
    return _estimate(parts, samples)


@dataclass(frozen=True)
class _Draws:
    """Draws z for a group of images, each with its own noise, and computes log p(x, z) at each draw.

    x is float64 [G, P]; `device` is the decoder's, `batch` the number of z it decodes at once.
    """

    decode: Decode
    x: Tensor
    noise: list[torch.Generator]
    device: torch.device
    batch: int
    likelihood: Likelihood

    def __call__(self, mixture: Mixture, numbers: Tensor, total: int) -> tuple[Tensor, Tensor]:
        """z float64 [G, M, d] and log p(x|z) p(z) float64 [G, M] of the draws `numbers` of `total`."""
        shape = len(numbers), mixture.mean.shape[2]
        noise = torch.stack([torch.randn(shape, generator=each, dtype=torch.float64) for each in self.noise])
        # Rounded to float32 first, so that the weight belongs to the z that is decoded.
        z = mixture.draws(noise, numbers, total).float()
        flat = z.flatten(0, 1)
        parts = []
        for at in torch.split(torch.arange(len(flat)), self.batch):
            output = as_float64(self.decode(flat[at].to(self.device)).flatten(1))
            of_image = self.x[(at // len(numbers)).to(self.x.device)]
            parts.append(-self.likelihood.distortion_nats(output, of_image))
        log_likelihood = torch.cat(parts).cpu() + log_prior_nats(flat.double())
        return z.double(), log_likelihood.reshape(z.shape[:2])


def _groups(
    decode: Decode,
    images: Tensor,
    mean: Tensor,
    logvar: Tensor,
    samples: int,
    seed: int,
    batch: int,
    likelihood: Likelihood,
) -> Iterator[tuple[slice, _Draws, Mixture]]:
    """Yield groups of images that fit into one decode: their slice, their draws and their q."""
    together = max(1, batch // min(samples, NOISE_BLOCK))
    for first in range(0, len(images), together):
        chosen = slice(first, first + together)
        x = as_float64(images[chosen])
        noise = [torch.Generator().manual_seed(seed + first + n) for n in range(len(x))]
        q = _normal(mean[chosen].cpu().double(), (0.5 * logvar[chosen].cpu().double()).exp())
        yield chosen, _Draws(decode, x, noise, mean.device, batch, likelihood), q


def _normal(mean: Tensor, deviation: Tensor) -> Mixture:
    """One normal distribution per image with independent dimensions; mean and deviation are [G, d]."""
    return Mixture(mean.new_ones(len(mean), 1), mean.unsqueeze(1), torch.diag_embed(deviation).unsqueeze(1))


def _join(shares: tuple[float, ...], parts: tuple[Mixture, ...]) -> Mixture:
    return Mixture(
        torch.cat([share * part.share for share, part in zip(shares, parts, strict=True)], 1),
        torch.cat([part.mean for part in parts], 1),
        torch.cat([part.cholesky for part in parts], 1),
    )


def _scaled(mixture: Mixture, factor: float) -> Mixture:
    """The same mixture with `factor` times the standard deviations."""
    return Mixture(mixture.share, mixture.mean, factor * mixture.cholesky)


def _weigh(draw: _Draws, proposal: Mixture, samples: int) -> tuple[Tensor, Tensor]:
    """log Σ w and log Σ w² over fresh draws from the proposal, [G] each."""
    proposal = proposal.stratified(samples)
    log_sum = proposal.mean.new_full((len(proposal.mean),), -math.inf)
    log_square_sum = log_sum.clone()
    for numbers in torch.split(torch.arange(samples), NOISE_BLOCK):
        z, log_joint = draw(proposal, numbers, samples)
        log_w = log_joint - proposal.log_density(z)
        log_sum = torch.logaddexp(log_sum, log_w.logsumexp(1))
        log_square_sum = torch.logaddexp(log_square_sum, (2 * log_w).logsumexp(1))
    return log_sum, log_square_sum


def _estimate(parts: list[tuple[Tensor, Tensor]], samples: int) -> ImportanceEstimate:
    log_sum, log_square_sum = (torch.cat(part) for part in zip(*parts, strict=True))
    effective = (2 * log_sum - log_square_sum).exp()
    return ImportanceEstimate(
        log_px_nats=log_sum - math.log(samples),
        error_nats=((samples / effective - 1).clamp(min=0) / (samples - 1)).sqrt(),
        effective_samples=effective,
    )


def _explore(
    decode: Decode, images: Tensor, latent_dim: int, seed: int, batch: int, likelihood: Likelihood
) -> tuple[Tensor, Tensor]:
    """The `KEPT` of `EXPLORED` prior draws with the largest p(x|z): z [N, KEPT, d], log p(x, z) [N, KEPT]."""
    z = torch.randn(EXPLORED, latent_dim, generator=torch.Generator().manual_seed(seed))
    x = images.float()
    best = x.new_empty(len(x), 0)
    where = torch.empty(len(x), 0, dtype=torch.long, device=x.device)
    for at in torch.split(torch.arange(EXPLORED), NOISE_BLOCK):
        output = torch.cat([decode(part.to(x.device)).flatten(1) for part in torch.split(z[at], batch)])
        best, order = torch.cat([best, likelihood.log_px_of_pairs_nats(output, x)], 1).topk(KEPT, 1)
        where = torch.cat([where, at.to(x.device).expand(len(x), -1)], 1).gather(1, order)
    near = z.double()[where.cpu()]
    return near, best.cpu().double() + log_prior_nats(near.flatten(0, 1)).reshape(best.shape)


def _fitted_proposal(draw: _Draws, q: Mixture, z: Tensor, log_joint: Tensor) -> Mixture:
    """The mixture for the final draws, from the results z [G, M, d] and log p(x, z) [G, M] of `_explore`."""
    prior = _normal(torch.zeros_like(q.mean[:, 0]), torch.ones_like(q.mean[:, 0]))
    drawn_from = [(EXPLORED, prior)]
    proposal = _join((0.5, 0.5), (q, _scaled(q, 3.0)))
    for _ in range(ROUNDS):
        proposal = proposal.stratified(ROUND_DRAWS)
        drawn_from.append((ROUND_DRAWS, proposal))
        more_z, more_log_joint = draw(proposal, torch.arange(ROUND_DRAWS), ROUND_DRAWS)
        z, log_joint = torch.cat([z, more_z], 1), torch.cat([log_joint, more_log_joint], 1)
        log_drawn = torch.stack([math.log(count) + each.log_density(z) for count, each in drawn_from])
        fitted = _fit(z, log_joint - log_drawn.logsumexp(0), q)
        proposal = _join(SHARES, (fitted, _scaled(fitted, 2.0), q, prior))
    return proposal


def _fit(z: Tensor, log_w: Tensor, q: Mixture) -> Mixture:
    """Fit `COMPONENTS` normal distributions to weighted points [G, M, d], [G, M] by EM.

    Every covariance is pulled towards q's with the weight of d + 1 points, because a few points may lie on a
    line.
    """
    log_w, effective = _tempered(log_w)
    weight = log_w.exp().unsqueeze(2)
    size = z.shape[2]
    q_covariance = torch.diag_embed(q.cholesky[:, 0].diagonal(dim1=1, dim2=2).square() + LEAST_VARIANCE)
    mean = _starts(z, log_w)
    share = torch.full(mean.shape[:2], 1 / COMPONENTS, dtype=torch.float64)
    overall = _covariances(weight, z, (weight * z).sum(1, keepdim=True)).squeeze(1)
    covariance = (overall + q_covariance) / COMPONENTS ** (2 / size)
    covariance = covariance.unsqueeze(1).expand(-1, COMPONENTS, -1, -1)
    for _ in range(EM_STEPS):
        mixture = Mixture(share, mean, torch.linalg.cholesky(covariance))
        responsibility = mixture.log_parts(z).softmax(2) * weight
        share = responsibility.sum(1)
        normalized = responsibility / share.clamp(min=1e-300).unsqueeze(1)
        mean = torch.einsum("gmc,gmi->gci", normalized, z)
        points = (share * effective.unsqueeze(1)).reshape(*share.shape, 1, 1)
        found = _covariances(normalized, z, mean)
        covariance = (points * found + (size + 1) * q_covariance.unsqueeze(1)) / (points + size + 1)
    return Mixture(share, mean, torch.linalg.cholesky(covariance))


def _covariances(weight: Tensor, z: Tensor, mean: Tensor) -> Tensor:
    """Weighted covariances of z about the means: [G, M, C], [G, M, d], [G, C, d] → [G, C, d, d]."""
    offset = z.unsqueeze(2) - mean.unsqueeze(1)
    return torch.einsum("gmc,gmci,gmcj->gcij", weight, offset, offset)


def _tempered(log_w: Tensor) -> tuple[Tensor, Tensor]:
    """Raise the weights to the largest power up to 1 that leaves `LEAST_EFFECTIVE` effective points.

    [G, M] → log weights that sum to 1, [G, M], and their number of effective points, [G]. The power is found
    by bisection.
    """
    low, high = log_w.new_zeros(len(log_w), 1), log_w.new_ones(len(log_w), 1)
    power = high
    for _ in range(40):
        log_squares = (2 * (power * log_w).log_softmax(1)).logsumexp(1, keepdim=True)
        enough = log_squares <= -math.log(LEAST_EFFECTIVE)
        low, high = torch.where(enough, power, low), torch.where(enough, high, power)
        power = (low + high) / 2
    tempered = (low * log_w).log_softmax(1)
    return tempered, (-(2 * tempered).logsumexp(1)).exp()


def _starts(z: Tensor, log_w: Tensor) -> Tensor:
    """Starting means for EM, [G, C, d]: the heaviest point, then one by one those of the largest product.

    The product is that of a point's weight and its squared distance to the nearest point taken before.
    """
    image = torch.arange(len(z))
    taken = [z[image, log_w.argmax(1)]]
    nearest = torch.full_like(log_w, math.inf)
    for _ in range(COMPONENTS - 1):
        nearest = torch.minimum(nearest, (z - taken[-1].unsqueeze(1)).square().sum(2))
        taken.append(z[image, (log_w + nearest.log()).argmax(1)])
    return torch.stack(taken, 1)

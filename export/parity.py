"""Compares the exported graphs, run by ONNX Runtime, with PyTorch. If they differ, no bundle is written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch.nn.functional import softplus

from export.graphs import PartsDecoder
from export.own_likelihoods import OfProbabilities
from training.elbo import LOG_2PI, gaussian_rate_nats
from training.likelihood import HALF_LEVEL, Bernoulli
from training.model import VAE

Floats = NDArray[np.float32]

BATCHES = (1, 2, 7, 64)
# Tolerances of the decoder's outputs; for numbers beyond ±1 they are relative.
PART_TOLERANCES = {"probabilities": 1e-5, "picture": 1e-5, "mean": 1e-5, "logits": 1e-4, "log_scale": 1e-4}
POSTERIOR_TOLERANCE = 1e-4
ELBO_TOLERANCE_NATS = 0.01
# The tolerance for large images, for each number of an image.
ELBO_TOLERANCE_NATS_EACH = 1e-5
# The least probability that is used, half the float32 spacing below 1. A probability near 1 loses as much by
# rounding, and ONNX Runtime's sigmoid is 0 for logits below −18. So no pixel of a file costs more than 17.3
# nats.
LEAST_PROBABILITY = float(np.finfo(np.float32).epsneg) / 2
# Rounding matters at smaller costs already: 16 nats may be wrong by 1.4. So only this many nats of a pixel
# are compared, which is the cost of a probability as large as its tolerance.
MOST_NATS = -math.log(PART_TOLERANCES["probabilities"])
CHUNK = 250
# At most so many numbers of pictures are computed at once, but at least two pictures.
MOST_NUMBERS = 4_000_000
SEED = 20_140_401


class ParityError(Exception):
    """An exported graph does not compute what PyTorch computes."""


@dataclass
class Parity:
    """The largest absolute differences found so far, and the number of inputs compared.

    `parts` are the differences of the decoder's outputs, by name.
    """

    parts: dict[str, float] = field(default_factory=dict)
    mean: float = 0.0
    logvar: float = 0.0
    decoded_inputs: int = 0
    encoded_inputs: int = 0
    elbo_nats: dict[str, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """All figures by name, as a manifest holds them."""
        others = {name: value for name, value in vars(self).items() if name != "parts"}
        parts = {"decoder_mean" if name == "mean" else name: value for name, value in self.parts.items()}
        return {**parts, **others}


def session(graph: bytes) -> ort.InferenceSession:
    """A CPU session for one of our own graphs."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


@torch.inference_mode()
def check_decoder(parity: Parity, decoder: ort.InferenceSession, model: VAE, latent_dim: int) -> None:
    """Compare both decoders' outputs at samples z of N(0, I) in every batch size. Raises ParityError."""
    reference = PartsDecoder(model.decoder, model.likelihood)
    names = model.likelihood.part_names
    noise = np.random.default_rng(SEED)
    for batch in _batches(decoder.get_outputs()[0].shape[1:]):
        z = noise.standard_normal((batch, latent_dim), dtype=np.float32)
        for name, found, expected in zip(
            names, decoder.run(names, {"z": z}), reference(torch.from_numpy(z)), strict=True
        ):
            difference = _compare(name, found, expected.numpy(), PART_TOLERANCES[name])
            parity.parts[name] = max(parity.parts.get(name, 0.0), difference)
        parity.decoded_inputs += batch


@torch.inference_mode()
def check_encoder(
    parity: Parity,
    encoder: ort.InferenceSession,
    model: VAE,
    images: NDArray[np.uint8],
    most: int | None = None,
) -> tuple[Floats, Floats]:
    """Compare the posteriors of uint8 images [N, C, H, W], and those of the first images in every batch size.

    All images are compared, or the first `most`. Returns the graph's mean and logvar [N, d] of all images.
    Raises ParityError.
    """
    for batch in _batches(images.shape[1:]):
        _encode_both(parity, encoder, model, images[:batch])
    compared = images[:most]
    parts = [_encode_both(parity, encoder, model, compared[part]) for part in _slices(compared)]
    others = images[len(compared) :]
    parts += [_encode(encoder, _network_input(others[part], model.levels)) for part in _slices(others)]
    mean, logvar = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return mean, logvar


@torch.inference_mode()
def check_elbo(
    parity: Parity,
    decoder: ort.InferenceSession,
    model: VAE,
    images: NDArray[np.uint8],
    mean: Floats,
    logvar: Floats,
) -> None:
    """Compare the ELBO of all images, with the same noise for both. Raises ParityError.

    For the graphs, only the content of a bundle is used: mean and logvar [N, d] and the decoder's outputs. At
    most MOST_NATS of a Bernoulli pixel are compared, because float32 probabilities are not precise enough for
    more.
    """
    names = model.likelihood.part_names
    tolerance = max(ELBO_TOLERANCE_NATS, ELBO_TOLERANCE_NATS_EACH * images[0].size)
    noise = np.random.default_rng(SEED).standard_normal(mean.shape, dtype=np.float32)
    is_bernoulli = isinstance(model.likelihood, Bernoulli)
    are_logits = not isinstance(model.likelihood, OfProbabilities)
    found = expected = found_beyond = expected_beyond = 0.0
    for part in _slices(images):
        x, m, v, n = images[part], mean[part], logvar[part], noise[part]
        parts = dict(zip(names, decoder.run(names, {"z": m + np.exp(0.5 * v) * n}), strict=True))
        distortion = _DISTORTIONS[model.likelihood.name](parts, _network_input(x, model.levels))
        found -= distortion + _rate(m, v)
        pixels = model.network_input(torch.from_numpy(x))
        torch_mean, torch_logvar = model.encoder(pixels)
        output = model.decoder(torch_mean + (0.5 * torch_logvar).exp() * torch.from_numpy(n))
        distortions = model.likelihood.distortion_nats(output, pixels)
        terms = distortions + gaussian_rate_nats(torch_mean, torch_logvar)
        expected -= terms.double().sum().item()
        if is_bernoulli:
            by_file = torch.from_numpy(parts["probabilities"])
            found_beyond += _beyond_nats(by_file, pixels, are_logits=False)
            expected_beyond += _beyond_nats(output, pixels, are_logits)
    compared, reference = (found + found_beyond) / len(images), (expected + expected_beyond) / len(images)
    if not abs(compared - reference) <= tolerance:
        raise ParityError(
            f"ELBO of {len(images):,} images: found {compared:.4f} nats with ONNX Runtime, "
            f"{reference:.4f} with PyTorch, expected them within {tolerance:g}; no bundle was written"
        )
    parity.elbo_nats = {"onnx_runtime": found / len(images), "torch": expected / len(images)}


def _beyond_nats(output: torch.Tensor, x: torch.Tensor, are_logits: bool) -> float:
    """The part of −log p(x|z) of all images above MOST_NATS in a pixel, from logits or probabilities."""
    if are_logits:
        on, off = softplus(-output), softplus(output)
    else:
        p = output.double()
        on, off = (-each.clamp(min=LEAST_PROBABILITY).log() for each in (p, 1 - p))
    on, off = ((nats - MOST_NATS).relu() for nats in (on, off))
    return (x * on + (1 - x) * off).double().sum().item()


def _encode_both(
    parity: Parity, encoder: ort.InferenceSession, model: VAE, images: NDArray[np.uint8]
) -> tuple[Floats, Floats]:
    x = _network_input(images, model.levels)
    mean, logvar = _encode(encoder, x)
    torch_mean, torch_logvar = model.encoder(torch.from_numpy(x))
    parity.mean = max(parity.mean, _compare("mean", mean, torch_mean.numpy(), POSTERIOR_TOLERANCE))
    parity.logvar = max(parity.logvar, _compare("logvar", logvar, torch_logvar.numpy(), POSTERIOR_TOLERANCE))
    parity.encoded_inputs += len(images)
    return mean, logvar


def _encode(encoder: ort.InferenceSession, x: Floats) -> tuple[Floats, Floats]:
    mean, logvar = encoder.run(["mean", "logvar"], {"x": x})
    return mean, logvar


def _compare(name: str, found: Floats, expected: Floats, tolerance: float) -> float:
    """The largest absolute difference. Raises ParityError if it exceeds the tolerance or is NaN."""
    if found.shape != expected.shape:
        raise ParityError(
            f"{name}: found shape {found.shape} with ONNX Runtime, {expected.shape} with PyTorch; "
            "no bundle was written"
        )
    difference = np.abs(found - expected)
    largest = float(difference.max())
    if name in ("logits", "log_scale"):
        difference /= np.maximum(1, np.abs(expected))
    if not float(difference.max()) <= tolerance:
        place = np.unravel_index(int(difference.argmax()), difference.shape)
        raise ParityError(
            f"{name}{[int(i) for i in place]} in a batch of {len(found)}: found {found[place]:.8g} with "
            f"ONNX Runtime, {expected[place]:.8g} with PyTorch, expected them within {tolerance:g}; "
            "no bundle was written"
        )
    return largest


def _network_input(images: NDArray[np.uint8], levels: int) -> Floats:
    x = images.astype(np.float32)
    return x if levels == 2 else x / np.float32(levels - 1)


# −log p(x|z) of all images from the outputs of a bundle's decoder, as the specification says, in numpy.


def _bernoulli_nats(parts: dict[str, Floats], x: Floats) -> float:
    p = parts["probabilities"]
    on, off = (np.log(np.maximum(each.astype(np.float64), LEAST_PROBABILITY)) for each in (p, 1 - p))
    return -float(np.where(x == 1, on, np.where(x == 0, off, x * on + (1 - x) * off)).sum())


def _continuous_bernoulli_nats(parts: dict[str, Floats], x: Floats) -> float:
    logits = parts["logits"].astype(np.float64)
    other_than_zero = np.where(np.abs(logits) < 1e-6, 1e-6, logits)
    log_constant = np.log(other_than_zero / np.tanh(other_than_zero / 2))
    return float((np.logaddexp(0, logits) - log_constant - x * logits).sum())


def _gaussian_nats(parts: dict[str, Floats], x: Floats) -> float:
    mean, log_scale = _mean_and_log_scale(parts)
    return float((0.5 * ((x - mean) * np.exp(-log_scale)) ** 2 + log_scale + LOG_2PI / 2).sum())


def _logistic_nats(parts: dict[str, Floats], x: Floats) -> float:
    mean, log_scale = _mean_and_log_scale(parts)
    upper, lower = ((x + edge - mean) * np.exp(-log_scale) for edge in (HALF_LEVEL, -HALF_LEVEL))
    upper, lower = np.where(x == 1, np.inf, upper), np.where(x == 0, -np.inf, lower)
    return float((np.logaddexp(0, -upper) + np.logaddexp(0, lower) - np.log(-np.expm1(lower - upper))).sum())


def _mean_and_log_scale(parts: dict[str, Floats]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = parts.get("mean", parts["picture"])
    return mean.astype(np.float64), parts["log_scale"].astype(np.float64)


_DISTORTIONS = {
    "bernoulli": _bernoulli_nats,
    "continuous-bernoulli": _continuous_bernoulli_nats,
    "gaussian": _gaussian_nats,
    "logistic": _logistic_nats,
}


def _rate(mean: Floats, logvar: Floats) -> float:
    m, v = mean.astype(np.float64), logvar.astype(np.float64)
    return float(0.5 * (m**2 + np.exp(v) - 1 - v).sum())


def _together(image_shape: Sequence[int]) -> int:
    """How many images of a shape are computed at once, at least 2."""
    return max(2, min(CHUNK, MOST_NUMBERS // math.prod(image_shape)))


def _batches(image_shape: Sequence[int]) -> list[int]:
    """The batch sizes that are compared."""
    return [batch for batch in BATCHES if batch <= _together(image_shape)]


def _slices(images: NDArray[np.uint8]) -> list[slice]:
    """All images, some at a time."""
    step = _together(images.shape[1:])
    return [slice(start, start + step) for start in range(0, len(images), step)]

"""Compare the exported graphs with PyTorch by ONNX Runtime. If they differ, no bundle is written."""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from export.graphs import ProbabilityDecoder
from training.elbo import distortion_nats, gaussian_rate_nats
from training.model import ConvVAE

Floats = NDArray[np.float32]
T = TypeVar("T", bound=np.generic)

BATCHES = (1, 2, 7, 64)
PROBABILITY_TOLERANCE = 1e-5
POSTERIOR_TOLERANCE = 1e-4
ELBO_TOLERANCE_NATS = 0.01
CHUNK = 250
SEED = 20_140_401


class ParityError(Exception):
    """An exported graph does not compute what PyTorch computes."""


@dataclass
class Parity:
    """The largest absolute differences found so far, and the number of inputs compared."""

    probabilities: float = 0.0
    mean: float = 0.0
    logvar: float = 0.0
    decoded_inputs: int = 0
    encoded_inputs: int = 0
    elbo_nats: dict[str, float] = field(default_factory=dict)


def session(graph: bytes) -> ort.InferenceSession:
    """A CPU session for one of our own graphs."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


@torch.inference_mode()
def check_decoder(parity: Parity, decoder: ort.InferenceSession, model: ConvVAE, latent_dim: int) -> None:
    """Compare probabilities at samples z of N(0, I) in every batch size. Raises ParityError."""
    reference = ProbabilityDecoder(model.decoder)
    noise = np.random.default_rng(SEED)
    for batch in BATCHES:
        z = noise.standard_normal((batch, latent_dim), dtype=np.float32)
        (found,) = decoder.run(["probabilities"], {"z": z})
        expected = reference(torch.from_numpy(z)).numpy()
        difference = _compare("probabilities", found, expected, PROBABILITY_TOLERANCE)
        parity.probabilities = max(parity.probabilities, difference)
        parity.decoded_inputs += batch


@torch.inference_mode()
def check_encoder(
    parity: Parity, encoder: ort.InferenceSession, model: ConvVAE, images: NDArray[np.uint8]
) -> tuple[Floats, Floats]:
    """Compare the posteriors of all uint8 images [N, C, H, W], and of the first in every batch size.

    Returns the graph's mean and logvar [N, d]. Raises ParityError.
    """
    for batch in BATCHES:
        _encode_both(parity, encoder, model, images[:batch])
    parts = [_encode_both(parity, encoder, model, chunk) for chunk in _chunks(images)]
    mean, logvar = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return mean, logvar


@torch.inference_mode()
def check_elbo(
    parity: Parity,
    decoder: ort.InferenceSession,
    model: ConvVAE,
    images: NDArray[np.uint8],
    mean: Floats,
    logvar: Floats,
) -> None:
    """Compare the ELBO of all images, with the same noise for both. Raises ParityError.

    For the graphs, only what a bundle holds is used: mean and logvar [N, d] and the decoder's probabilities.
    """
    noise = np.random.default_rng(SEED).standard_normal(mean.shape, dtype=np.float32)
    found = expected = 0.0
    for x, m, v, n in zip(_chunks(images), _chunks(mean), _chunks(logvar), _chunks(noise), strict=True):
        (p,) = decoder.run(["probabilities"], {"z": m + np.exp(0.5 * v) * n})
        found -= _distortion_of_probabilities(p, x) + _rate(m, v)
        pixels = torch.from_numpy(x).float()
        torch_mean, torch_logvar = model.encoder(pixels)
        logits = model.decoder(torch_mean + (0.5 * torch_logvar).exp() * torch.from_numpy(n))
        terms = distortion_nats(logits, pixels) + gaussian_rate_nats(torch_mean, torch_logvar)
        expected -= terms.double().sum().item()
    found, expected = found / len(images), expected / len(images)
    if not abs(found - expected) <= ELBO_TOLERANCE_NATS:
        raise ParityError(
            f"ELBO of {len(images):,} images: found {found:.4f} nats with ONNX Runtime, {expected:.4f} with "
            f"PyTorch, expected them within {ELBO_TOLERANCE_NATS}; no bundle was written"
        )
    parity.elbo_nats = {"onnx_runtime": found, "torch": expected}


def _encode_both(
    parity: Parity, encoder: ort.InferenceSession, model: ConvVAE, images: NDArray[np.uint8]
) -> tuple[Floats, Floats]:
    x = images.astype(np.float32)
    mean, logvar = encoder.run(["mean", "logvar"], {"x": x})
    torch_mean, torch_logvar = model.encoder(torch.from_numpy(x))
    parity.mean = max(parity.mean, _compare("mean", mean, torch_mean.numpy(), POSTERIOR_TOLERANCE))
    parity.logvar = max(parity.logvar, _compare("logvar", logvar, torch_logvar.numpy(), POSTERIOR_TOLERANCE))
    parity.encoded_inputs += len(images)
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
    if not largest <= tolerance:
        place = np.unravel_index(int(difference.argmax()), difference.shape)
        raise ParityError(
            f"{name}{[int(i) for i in place]} in a batch of {len(found)}: found {found[place]:.8g} with "
            f"ONNX Runtime, {expected[place]:.8g} with PyTorch, expected them within {tolerance:g}; "
            "no bundle was written"
        )
    return largest


def _distortion_of_probabilities(p: Floats, x: NDArray[np.uint8]) -> float:
    likelihood = np.where(x == 1, p, 1 - p).astype(np.float64)
    # A float32 probability near 1 may round to 1. Half the float32 spacing there replaces what was lost.
    return -float(np.log(np.maximum(likelihood, np.finfo(np.float32).epsneg / 2)).sum())


def _rate(mean: Floats, logvar: Floats) -> float:
    m, v = mean.astype(np.float64), logvar.astype(np.float64)
    return float(0.5 * (m**2 + np.exp(v) - 1 - v).sum())


def _chunks(array: NDArray[T]) -> list[NDArray[T]]:
    return [array[start : start + CHUNK] for start in range(0, len(array), CHUNK)]

"""Reads the output of another project's module: a picture, or a mean and a log-variance, as tensors.

Networks of other projects give tensors, tuples, dicts, dataclasses, objects with attributes, or distributions
of `torch.distributions`. The functions here are pure functions of one such output, so they can be exported to
ONNX together with the module.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, ContinuousBernoulli, Distribution, Independent, Normal

from export.graphs import ExportError

Spread = Literal["logvar", "std", "log_std", "variance"]
SPREADS: tuple[Spread, ...] = get_args(Spread)
# Names of fields, in small letters and without underscores.
MEANS = ("mean", "mu", "zmean", "zmu", "loc", "embedding")
SPREAD_NAMES: dict[str, Spread] = {
    "logvar": "logvar",
    "zlogvar": "logvar",
    "logvariance": "logvar",
    "logcovariance": "logvar",
    "logsigma2": "logvar",
    "std": "std",
    "scale": "std",
    "sigma": "std",
    "stddev": "std",
    "logstd": "log_std",
    "logscale": "log_std",
    "logsigma": "log_std",
    "variance": "variance",
    "var": "variance",
}
PICTURES = (
    *("reconstruction", "reconx", "recon", "xhat", "xrecon", "sample", "picture", "pictures"),
    *("image", "images", "logits", "probs", "probabilities", "mean", "x"),
)
EXPECTED_MOMENTS = (
    "mean and log-variance: two tensors, one with both joined along its second axis, an output with fields "
    "such as mean and logvar, or a torch.distributions.Normal"
)
EXPECTED_PICTURE = (
    "one tensor of pictures, an output with one such as reconstruction or sample, or a Bernoulli, "
    "ContinuousBernoulli or Normal of torch.distributions"
)


@dataclass(frozen=True)
class DecoderOutput:
    """The output of a decoder.

    Attributes:
        values: the numbers of the picture, whatever they mean.
        log_scale: the log-scale of each number, from a Normal; None otherwise.
        likelihood: the likelihood that a distribution stands for; None for tensors.
    """

    values: Tensor
    log_scale: Tensor | None = None
    likelihood: str | None = None


def picture_of(output: Any) -> DecoderOutput:
    """Read a decoder's output. Raises ExportError if no single picture can be found in it."""
    if isinstance(output, Tensor):
        return DecoderOutput(output)
    if isinstance(output, Distribution):
        return _of_distribution(output)
    fields = fields_of(output)
    for value in fields.values():
        if isinstance(value, Distribution):
            return _of_distribution(value)
    tensors = {name: value for name, value in fields.items() if isinstance(value, Tensor)}
    is_row = isinstance(output, list | tuple) and not hasattr(output, "_asdict")
    if len(tensors) == 1 and not (is_row and len(fields) > 1):
        return DecoderOutput(next(iter(tensors.values())))
    by_name = {_plain(name): value for name, value in tensors.items()}
    mean = next((by_name[name] for name in MEANS if name in by_name), None)
    spread = next((name for name in SPREAD_NAMES if name in by_name), None)
    if mean is not None and spread is not None:
        return DecoderOutput(mean, _logvar(by_name[spread], SPREAD_NAMES[spread]) / 2, "gaussian")
    picture = next((by_name[name] for name in PICTURES if name in by_name), None)
    if picture is None:
        raise ExportError(f"the decoder: found {in_words(output)}, expected {EXPECTED_PICTURE}")
    return DecoderOutput(picture)


def moments_of(output: Any, spread: Spread = "logvar") -> tuple[Tensor, Tensor]:
    """Mean and log-variance of z, of any shape, from an encoder's output.

    `spread` says what the second tensor is if its name does not. Raises ExportError if one is missing.
    """
    if isinstance(output, Tensor):
        if output.ndim < 2 or output.shape[1] % 2:
            raise ExportError(f"the encoder: found {in_words(output)}, expected {EXPECTED_MOMENTS}")
        mean, second = output.chunk(2, dim=1)
        return mean, _logvar(second, spread)
    if isinstance(output, Distribution):
        inner = _inner(output)
        if not isinstance(inner, Normal):
            raise ExportError(f"the encoder: found {in_words(output)}, expected {EXPECTED_MOMENTS}")
        return inner.loc, 2 * inner.scale.log()
    fields = fields_of(output)
    by_name = {_plain(name): value for name, value in fields.items()}
    named_mean = next((by_name[name] for name in MEANS if isinstance(by_name.get(name), Tensor)), None)
    second_name = next((name for name in SPREAD_NAMES if isinstance(by_name.get(name), Tensor)), None)
    if named_mean is not None and second_name is not None:
        return named_mean, _logvar(by_name[second_name], SPREAD_NAMES[second_name])
    values = list(fields.values())
    if isinstance(output, Sequence) and len(values) == 2 and all(isinstance(v, Tensor) for v in values):
        return values[0], _logvar(values[1], spread)
    # One field may be the distribution, as in diffusers' `latent_dist`.
    inner_ones = [value for value in values if not isinstance(value, Tensor) and fields_of(value)]
    if len(inner_ones) == 1:
        return moments_of(inner_ones[0], spread)
    if isinstance(output, Sequence) and len(values) == 1:
        return moments_of(values[0], spread)
    raise ExportError(f"the encoder: found {in_words(output)}, expected {EXPECTED_MOMENTS}")


def fields_of(output: Any) -> dict[str, Any]:
    """The parts of an output by name, or by position."""
    if isinstance(output, Mapping):
        return {str(name): value for name, value in output.items()}
    if isinstance(output, tuple) and hasattr(output, "_asdict"):
        return dict(output._asdict())
    if isinstance(output, list | tuple):
        return {str(place): value for place, value in enumerate(output)}
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    if isinstance(output, Distribution):
        return {"distribution": output}
    found = getattr(output, "__dict__", {})
    return {name: value for name, value in found.items() if not isinstance(output, nn.Module)}


def in_words(output: Any) -> str:
    """An output described for messages: "a tuple of float32 [2, 8], float32 [2, 8] and float32 [2, 8]"."""
    if isinstance(output, Tensor):
        return f"a tensor {_tensor(output)}"
    fields = fields_of(output)
    kind = type(output).__name__
    if not fields or isinstance(output, Distribution):
        return f"a {kind}"
    named = not isinstance(output, list | tuple) or hasattr(output, "_asdict")
    parts = [
        f"{name}: {_tensor(value)}" if named else _tensor(value) for name, value in list(fields.items())[:8]
    ]
    return f"a {kind} of {parts[0]}" if len(parts) == 1 else f"a {kind} of {', '.join(parts)}"


def _of_distribution(output: Distribution) -> DecoderOutput:
    inner = _inner(output)
    if isinstance(inner, Bernoulli):
        return DecoderOutput(inner.logits, likelihood="bernoulli")
    if isinstance(inner, ContinuousBernoulli):
        return DecoderOutput(inner.logits, likelihood="continuous-bernoulli")
    if isinstance(inner, Normal):
        return DecoderOutput(inner.loc, inner.scale.log(), "gaussian")
    raise ExportError(f"the decoder: found {in_words(output)}, expected {EXPECTED_PICTURE}")


def _inner(output: Distribution) -> Distribution:
    while isinstance(output, Independent):
        output = output.base_dist
    return output


def _logvar(second: Tensor, spread: Spread) -> Tensor:
    if spread == "logvar":
        return second
    if spread == "log_std":
        return 2 * second
    return second.log() if spread == "variance" else 2 * second.log()


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def _tensor(value: Any) -> str:
    if not isinstance(value, Tensor):
        return type(value).__name__
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"


def is_same(first: Any, second: Any) -> bool:
    """Whether two tensors are equal in all numbers, NaN included."""
    return bool(torch.equal(first.nan_to_num(), second.nan_to_num()))

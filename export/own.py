"""Exports any PyTorch decoder, and an encoder if there is one, as a bundle."""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime
from io import StringIO
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from torch import nn
from torch.distributions import Distribution

from export.bundle import Bundle, check_target, write_bundle
from export.containers import check_suffix
from export.decoder_output import SPREADS, Spread
from export.exporter import IMAGES_SEED, held_out_places, in_unicode, serialize, tools
from export.graphs import OPSET, ExportError, export_decoder, export_encoder, in_one_line
from export.manifest import DECODER_FILE, ENCODER_FILE, FORMAT_1_1, LIKELIHOODS, POSTERIOR_FILE, tensor_facts
from export.own_images import OwnImages, own_images
from export.own_likelihoods import own_likelihood
from export.own_modules import OwnDecoder, OwnEncoder, copied
from export.own_reading import Gives, Reading, read_modules
from export.parity import Parity, check_decoder, check_elbo, check_encoder, session
from export.posterior import Posterior, pack_posterior
from training.choices import likelihood_for
from training.likelihood import HALF_LEVEL
from training.likelihood import LIKELIHOODS as TRAINING_LIKELIHOODS
from training.model import VAE

SEED = 20_140_401
# The number of images on which the scale is measured.
MEASURED_IMAGES = 1_000
# The number of random images on which an encoder is compared with PyTorch if no images were given.
RANDOM_IMAGES = 64


@contextmanager
def _usual_defaults() -> Iterator[None]:
    """Within the block, new tensors are float32 and on the CPU, whatever the caller's defaults are."""
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    torch.set_default_dtype(torch.float32)
    try:
        with nullcontext() if device.type == "cpu" else torch.device("cpu"):
            yield
    finally:
        torch.set_default_dtype(dtype)


@_usual_defaults()
def bundle_of(
    decoder: Callable[..., Any],
    encoder: Callable[..., Any] | None = None,
    *,
    out: Path | str,
    images: Any = None,
    labels: Any = None,
    label_names: Sequence[str] = (),
    latent_dim: int | Sequence[int] | None = None,
    image_shape: Sequence[int] | None = None,
    likelihood: str | None = None,
    gives: Gives | None = None,
    scale: float | None = None,
    spread: Spread = "logvar",
    pixel_range: tuple[float, float] = (0.0, 1.0),
    name: str = "Own model",
    dataset: str = "own images",
    overwrite: bool = False,
) -> Bundle:
    """Write two modules as a bundle, after the same comparison with PyTorch that a run's export makes.

    A module, or a method of one such as `vae.decode`, takes a tensor. It gives one tensor, several in a tuple
    or in fields, or a distribution of `torch.distributions`; `export.decoder_output` has the details. The
    modules are not changed: copies of them are exported, on the CPU, in float32 and without dropout.

    Args:
        decoder: takes z [N, d], or [N, *latent_dim], to pictures.
        encoder: takes images [N, C, H, W] to mean and log-variance of z.
        out: a new folder, or a file that ends in .latent.
        images: held-out images, an array or a tensor: uint8, bool or floats from 0 to 1; [N, C, H, W],
            [N, H, W, C], [N, H, W], or flat. With an encoder, their posterior means are the points on the
            plane.
        labels: a whole number for each of the images.
        label_names: the names of the labels 0, 1, …
        latent_dim: d, or the shape of z; by default that of the encoder's mean.
        image_shape: (C, H, W); by default that of the images, or of the decoder's output.
        likelihood: one of `export.bundle.LIKELIHOODS`; by default that of the decoder's distribution, or the
            one for the images: Bernoulli if they are binary, else Gaussian.
        gives: whether the decoder's tensor is a "picture" or "logits"; by default decided by its numbers.
        scale: the standard deviation of a Gaussian or logistic pixel, in units of the picture from 0 to 1. By
            default that of the reconstructions' errors. A loss of half the squared error means 1.
        spread: the meaning of the encoder's second tensor, if its name does not say it.
        pixel_range: the networks' values of black and white, such as (−1, 1).
        name: the model's name, for people.
        dataset: the name of the images, for people.
        overwrite: whether to replace a bundle that is at `out`.

    Raises ExportError for a module with another output, ParityError if the graphs do not compute what PyTorch
    computes, BundleError if `out` is taken or named like another kind of file, OSError if it cannot be
    written.
    """
    target = Path(out)
    check_suffix(target)
    check_target(target, overwrite, "pass overwrite=True")
    _check_choice("likelihood", likelihood, (None, *LIKELIHOODS))
    _check_choice("gives", gives, (None, "picture", "logits"))
    _check_choice("spread", spread, SPREADS)
    black, white = pixel_range
    if not (math.isfinite(black) and math.isfinite(white) and black < white):
        raise ExportError(
            f"pixel_range: found {pixel_range}, expected black and white, such as (0, 1) or (-1, 1)"
        )
    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise ExportError(f"scale: found {scale!r}, expected a positive number, or None to measure it")
    data = None if images is None else own_images(images, labels, image_shape)
    with torch.inference_mode(), _without_validation():
        pair = copied(decoder, "decoder"), None if encoder is None else copied(encoder, "encoder")
        reading = read_modules(
            *pair,
            _shape(data.images.shape[1:] if data is not None else image_shape),
            _latent_shape(latent_dim),
            spread,
            pixel_range,
            gives,
        )
        chosen = _chosen_likelihood(likelihood, reading, data)
        levels = data.levels if data is not None else 2 if chosen == "bernoulli" else 256
        _check_levels(chosen, levels)
        reading = reading.decided(chosen)
        model = _model(reading, chosen, levels, scale, data)
    with torch.no_grad(), _without_validation():
        graph = _exported(
            "decoder", lambda: export_decoder(model.decoder, reading.latent_dim, model.likelihood)
        )
        encoder_graph = (
            None
            if reading.encoder is None
            else _exported("encoder", lambda: export_encoder(model.encoder, reading.image_shape))
        )
    with _without_validation():
        return _written(
            target, overwrite, model, reading, graph, encoder_graph, data, name, dataset, label_names
        )


def _chosen_likelihood(asked: str | None, reading: Reading, data: OwnImages | None) -> str:
    """The likelihood: the requested one, or that of the decoder's distribution, or the one for the images."""
    if asked is not None and reading.distribution not in (None, asked):
        raise ExportError(
            f"likelihood: found {asked!r}, but the decoder gives a distribution that is "
            f"{reading.distribution!r}; leave likelihood out, or give the distribution's parameters as a "
            "tensor"
        )
    found = asked or reading.distribution
    return found or (likelihood_for(data.levels) if data is not None else "bernoulli")


def _check_levels(likelihood: str, levels: int) -> None:
    if levels not in TRAINING_LIKELIHOODS[likelihood].levels:
        raise ExportError(
            f"likelihood: found {likelihood!r} and images of {levels} levels, expected images of 256; use "
            f"likelihood={likelihood_for(levels)!r}"
        )


def _model(
    reading: Reading, likelihood: str, levels: int, scale: float | None, data: OwnImages | None
) -> VAE:
    """Both modules with the interface of a network of `training`."""
    needs_scale = likelihood in ("gaussian", "logistic") and not reading.gives_scales
    log_scale = None
    if needs_scale:
        deviation = scale if scale is not None else _measured_scale(reading, levels, data)
        log_scale = math.log(deviation)
        if likelihood == "logistic":
            log_scale += math.log(math.sqrt(3) / math.pi)
    elif scale is not None:
        what = "the decoder gives its own" if reading.gives_scales else f"{likelihood!r} has none"
        raise ExportError(f"scale: found {scale:g}, but {what}; leave it out")
    own = own_likelihood(likelihood, reading.gives == "logits", needs_scale)
    decoder = OwnDecoder(reading, likelihood, log_scale)
    encoder = nn.Identity() if reading.encoder is None else OwnEncoder(reading)
    return VAE(encoder, decoder, own, levels).eval()


def _measured_scale(reading: Reading, levels: int, data: OwnImages | None) -> float:
    """The standard deviation of the reconstructions' errors, decoded at the posterior's mean."""
    if reading.encoder is None or data is None:
        missing = "encoder" if reading.encoder is None else "images"
        raise ExportError(
            f"scale: found no {missing} to measure the errors of reconstructions with, expected a number; "
            "pass scale=, such as 0.1 (1 if the loss was half the squared error), or another likelihood"
        )
    encoder, decoder = OwnEncoder(reading), OwnDecoder(reading, "gaussian", 0.0)
    squares, count = 0.0, 0
    step = 50
    for start in range(0, min(MEASURED_IMAGES, len(data.images)), step):
        x = torch.from_numpy(data.images[start : start + step].astype(np.float32)) / (levels - 1)
        mean = decoder(encoder(x)[0]).chunk(2, dim=1)[0]
        squares += float((x - mean).double().square().sum())
        count += x.numel()
    return max(math.sqrt(squares / count), HALF_LEVEL)


def _written(
    target: Path,
    overwrite: bool,
    model: VAE,
    reading: Reading,
    decoder: ModelProto,
    encoder: ModelProto | None,
    data: OwnImages | None,
    name: str,
    dataset: str,
    label_names: Sequence[str],
) -> Bundle:
    """Compare the graphs with the modules, and write the bundle."""
    likelihood, levels = model.likelihood.name, model.levels
    is_version_1 = likelihood == "bernoulli" and levels == 2
    channels, height, width = reading.image_shape
    facts = {
        "latent_plane.name": in_unicode(name),
        "latent_plane.image": f"{channels} x {height} x {width}",
        "latent_plane.latent_dim": str(reading.latent_dim),
        "latent_plane.likelihood": likelihood,
        **({} if is_version_1 else {"latent_plane.format": FORMAT_1_1, "latent_plane.levels": str(levels)}),
    }
    parity = Parity()
    files = {DECODER_FILE: serialize(decoder, facts)}
    decoder_session = session(files[DECODER_FILE])
    check_decoder(parity, decoder_session, model, reading.latent_dim)
    held_out: dict[str, Any] = {}
    if encoder is not None:
        files[ENCODER_FILE] = serialize(encoder, facts)
        images = _random_images(reading.image_shape, levels)
        if data is not None:
            places = held_out_places(data.images.shape, levels)
            images = np.ascontiguousarray(data.images[places])
            if len(places) < len(data.images):
                held_out = {"held_out": {"images": len(places), "of": len(data.images), "seed": IMAGES_SEED}}
        mean, logvar = check_encoder(parity, session(files[ENCODER_FILE]), model, images)
        if data is not None:
            check_elbo(parity, decoder_session, model, images, mean, logvar)
            chosen_labels = None if data.labels is None else data.labels[places]
            files[POSTERIOR_FILE] = pack_posterior(Posterior(mean, logvar, images, chosen_labels, levels))
    tensors = tensor_facts(
        reading.image_shape,
        reading.latent_dim,
        likelihood,
        shared_scale=model.likelihood.has_one_scale,
        with_mean="mean" in model.likelihood.part_names,
    )
    manifest = {
        "name": in_unicode(name),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "image": {"channels": channels, "height": height, "width": width},
        "latent_dim": reading.latent_dim,
        **({"latent_shape": list(reading.latent_shape)} if len(reading.latent_shape) > 1 else {}),
        "likelihood": likelihood,
        **({} if is_version_1 else {"levels": levels}),
        "opset": OPSET,
        "tensors": {file: tensors[file] for file in files if file in tensors},
        **(
            {}
            if data is None
            else {"dataset": {"name": in_unicode(dataset), "labels": list(map(str, label_names)), **held_out}}
        ),
        "made_with": ["export.bundle_of"],
        "read_as": reading.in_words(),
        "parity": parity.facts(),
        "tools": tools(),
    }
    return write_bundle(target, manifest, files, overwrite)


def _random_images(image_shape: tuple[int, int, int], levels: int) -> NDArray[np.uint8]:
    """Random images, to compare an encoder with PyTorch if no images were given."""
    noise = np.random.default_rng(SEED)
    return noise.integers(0, levels, (RANDOM_IMAGES, *image_shape), dtype=np.uint8)


def _exported(which: str, export: Callable[[], ModelProto]) -> ModelProto:
    # If PyTorch cannot export a module, it logs and prints the whole graph.
    silenced = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            return export()
    except Exception as error:
        raise ExportError(
            f"the {which}: PyTorch cannot export it to ONNX: {in_one_line(error)}; expected a forward that "
            "does the same steps for any number of inputs, without branches that depend on their values"
        ) from error
    finally:
        logging.disable(silenced)


def _latent_shape(latent_dim: Any) -> tuple[int, ...] | None:
    with suppress(TypeError):
        return (index(latent_dim),)
    try:
        return _shape(latent_dim)
    except (TypeError, ValueError):
        raise ExportError(
            f"latent_dim: found {latent_dim!r}, expected a whole number, or the shape of one z"
        ) from None


def _shape(shape: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if shape is None else tuple(int(side) for side in shape)


def _check_choice(what: str, found: Any, allowed: Sequence[Any]) -> None:
    if found not in allowed:
        names = ", ".join(repr(each) for each in allowed if each is not None)
        raise ExportError(f"{what}: found {found!r}, expected one of {names}")


@contextmanager
def _without_validation() -> Iterator[None]:
    """Within the block, distributions do not check their parameters: such checks cannot be exported."""
    validates = Distribution._validate_args
    Distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        Distribution.set_default_validate_args(validates)

"""Call somebody's modules to see what they take and give."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from export.decoder_output import (
    EXPECTED_PICTURE,
    DecoderOutput,
    Spread,
    in_words,
    is_same,
    moments_of,
    picture_of,
)
from export.graphs import ExportError, in_one_line

Gives = Literal["picture", "logits"]
# Usual names of the halves of an autoencoder.
HALVES = (("decode", "encode"), ("decoder", "encoder"))
# How many z are decoded, how many if an image is large, and from how many numbers on it is.
PROBES, LARGE_PROBES, LARGE_NUMBERS = 64, 4, 1 << 16
SEED = 20_140_401
# A picture's numbers may exceed [0, 1] by this margin; beyond it they are not taken for a picture.
MARGIN = 0.5
# Numbers farther from 0 than this are taken for logits.
LOGITS_BEYOND = 2.0


@dataclass(frozen=True)
class Reading:
    """The inputs of two modules, and the meaning of their outputs.

    Attributes:
        decoder: takes z [N, *latent_shape].
        encoder: takes images [N, *image_shape], or None.
        image_shape: channels, height, width.
        latent_shape: of one z.
        takes_flat: whether the encoder takes images as rows of numbers.
        gives: whether the decoder's numbers are a picture or logits.
        gives_scales: whether the decoder gives a scale for each number.
        distribution: the likelihood that the decoder's distribution stands for, or None.
        least: the least number of the decoder's pictures that was seen, in units of [0, 1].
        most: the largest one.
        spread: the meaning of the encoder's second tensor.
        pixel_range: the values of black and white.
    """

    decoder: nn.Module
    encoder: nn.Module | None
    image_shape: tuple[int, int, int]
    latent_shape: tuple[int, ...]
    takes_flat: bool
    gives: Gives | None
    gives_scales: bool
    distribution: str | None
    least: float
    most: float
    spread: Spread
    pixel_range: tuple[float, float]

    @property
    def latent_dim(self) -> int:
        """The number of coordinates of z."""
        return math.prod(self.latent_shape)

    @property
    def is_from_0_to_1(self) -> bool:
        """Whether black is 0 and white is 1."""
        black, white = self.pixel_range
        return black == 0 and white == 1

    def decided(self, likelihood: str) -> "Reading":
        """The same with `gives` decided for a likelihood.

        Raises ExportError if the numbers fit neither a picture nor logits.
        """
        if self.gives is not None:
            if likelihood == "bernoulli" and self.gives == "picture" and not self._is_within(0):
                raise ExportError(
                    f"the decoder: found {self._range()}, expected probabilities from 0 to 1 for the "
                    "likelihood 'bernoulli'; pass gives='logits' if they are, or likelihood='gaussian'"
                )
            return self
        if self._is_within(0):
            return dataclasses.replace(self, gives="picture")
        if likelihood in ("bernoulli", "continuous-bernoulli") and self.is_from_0_to_1:
            return dataclasses.replace(self, gives="logits")
        has_mean = likelihood in ("gaussian", "logistic")
        # Whoever sets which number is black says that the numbers are a picture.
        if has_mean and (self._is_within(MARGIN) or not self.is_from_0_to_1):
            return dataclasses.replace(self, gives="picture")
        if self.is_from_0_to_1 and max(-self.least, self.most) > LOGITS_BEYOND:
            return dataclasses.replace(self, gives="logits")
        raise ExportError(
            f"the decoder: found {self._range()}, expected a picture from 0 to 1; pass pixel_range=(-1, 1) "
            "if black is -1, gives='logits' if the picture is their logistic function, or gives='picture' "
            "if it is as it is"
        )

    def in_words(self) -> dict[str, Any]:
        """How the modules were read, for people."""
        return {
            "decoder_gives": self.gives,
            "pixel_range": list(self.pixel_range),
            "encoder_takes": None if self.encoder is None else "flat" if self.takes_flat else "images",
        }

    def _is_within(self, margin: float) -> bool:
        return -margin <= self.least and self.most <= 1 + margin

    def _range(self) -> str:
        black, white = self.pixel_range
        low, high = (black + number * (white - black) for number in (self.least, self.most))
        return f"numbers from {low:.3g} to {high:.3g} at z of N(0, I)"


def read_modules(
    decoder: nn.Module,
    encoder: nn.Module | None,
    image_shape: tuple[int, ...] | None,
    latent_shape: tuple[int, ...] | None,
    spread: Spread,
    pixel_range: tuple[float, float],
    gives: Gives | None,
) -> Reading:
    """Call both modules to see what they take and give. Raises ExportError if it is something else."""
    noise = torch.Generator().manual_seed(SEED)
    if image_shape is not None and (len(image_shape) != 3 or min(image_shape) < 1):
        raise ExportError(f"image_shape: found {list(image_shape)}, expected channels, height, width")
    if latent_shape is None and encoder is None and _halves(decoder):
        raise ExportError(f"the decoder: found {_halves(decoder)}")
    if latent_shape is None and (encoder is None or image_shape is None):
        raise ExportError(
            "latent_dim: found none, expected the numbers of z, or the shape of one z; or pass an encoder "
            "and images, which tell it"
        )
    takes_flat = None
    if encoder is not None and image_shape is not None:
        try:
            takes_flat, found = _read_encoder(encoder, image_shape, spread, pixel_range, noise, latent_shape)
        except ExportError as error:
            if not _takes_images(decoder, image_shape):
                raise
            raise ExportError(
                f"{error}; the decoder takes them: pass the decoder first, then the encoder"
            ) from error
        if latent_shape is None:
            latent_shape = found
        elif math.prod(found) != math.prod(latent_shape):
            raise ExportError(
                f"the encoder: found a mean of shape {list(found)} for each image, expected "
                f"{list(latent_shape)} from latent_dim"
            )
        elif len(latent_shape) == 1:
            latent_shape = found
    assert latent_shape is not None
    probes = PROBES if image_shape is None or math.prod(image_shape) < LARGE_NUMBERS else LARGE_PROBES
    z = torch.randn(probes, *latent_shape, generator=noise)
    given = _decoded(decoder, z)
    values = given.values
    if image_shape is None:
        if values.ndim != 4:
            raise ExportError(
                f"the decoder: found {list(values.shape)} for {probes} z of shape {list(latent_shape)}, "
                f"expected [{probes}, C, H, W]; pass image_shape=(C, H, W) if these are its numbers in a row"
            )
        image_shape = tuple(values.shape[1:])
    if len(values) != probes or values[0].numel() != math.prod(image_shape):
        raise ExportError(
            f"the decoder: found {list(values.shape)} for {probes} z of shape {list(latent_shape)}, expected "
            f"{[probes, *image_shape]}"
        )
    if values.ndim == 4 and tuple(values.shape[1:]) != image_shape:
        raise ExportError(
            f"the decoder: found pictures {list(values.shape[1:])}, expected {list(image_shape)}, channels "
            "first"
        )
    if not values.isfinite().all():
        raise ExportError(
            "the decoder: found numbers that are not finite, expected finite ones at z of N(0, I)"
        )
    if not is_same(values, _decoded(decoder, z).values):
        raise ExportError(
            "the decoder: found two different outputs for the same z, expected one; give the part without "
            "random numbers"
        )
    if encoder is not None and takes_flat is None:
        takes_flat, found = _read_encoder(encoder, image_shape, spread, pixel_range, noise, latent_shape)
        if math.prod(found) != math.prod(latent_shape):
            raise ExportError(
                f"the encoder: found a mean of shape {list(found)} for each image, expected "
                f"{list(latent_shape)} from latent_dim"
            )
    black, white = pixel_range
    seen = (values - black) / (white - black)
    distribution = given.likelihood
    if distribution in ("bernoulli", "continuous-bernoulli"):
        gives = "logits"
    elif distribution is not None:
        gives = "picture"
    channels, height, width = image_shape
    return Reading(
        decoder,
        encoder,
        (channels, height, width),
        latent_shape,
        bool(takes_flat),
        gives,
        given.log_scale is not None,
        distribution,
        float(seen.min()),
        float(seen.max()),
        spread,
        pixel_range,
    )


def _read_encoder(
    encoder: nn.Module,
    image_shape: tuple[int, ...],
    spread: Spread,
    pixel_range: tuple[float, float],
    noise: torch.Generator,
    wanted: tuple[int, ...] | None,
) -> tuple[bool, tuple[int, ...]]:
    """Whether an encoder takes images as rows of numbers, and the shape of the mean for one image."""
    black, white = pixel_range
    x = torch.rand(2, *image_shape, generator=noise) * (white - black) + black
    takes_flat = False
    try:
        output = encoder(x)
    except Exception as first:
        try:
            output, takes_flat = encoder(x.flatten(1)), True
        except Exception:
            raise ExportError(
                f"the encoder: it does not take a tensor float32 {list(x.shape)}: {in_one_line(first)}; "
                "expected one that takes images of this shape, or their numbers in a row"
            ) from first
    mean, logvar = moments_of(output, spread)
    if isinstance(output, Tensor) and wanted is not None and mean[0].numel() != math.prod(wanted):
        raise ExportError(
            f"the encoder: found one tensor {list(output.shape)} for 2 images, expected mean and "
            f"log-variance of {math.prod(wanted)} numbers each, together [2, {2 * math.prod(wanted)}]; leave "
            "out an encoder that gives no log-variance"
        )
    if mean.shape != logvar.shape or len(mean) != 2:
        raise ExportError(
            f"the encoder: found a mean {list(mean.shape)} and a spread {list(logvar.shape)} for 2 images, "
            "expected both of one shape [2, …]"
        )
    if not (mean.isfinite().all() and logvar.isfinite().all()):
        raise ExportError(
            "the encoder: found means or log-variances that are not finite; if its second tensor is a "
            "standard deviation or a variance, pass spread='std' or spread='variance'; if it is, it must be "
            "above 0"
        )
    again, _ = moments_of(encoder(x.flatten(1) if takes_flat else x), spread)
    if not is_same(mean, again):
        raise ExportError(
            "the encoder: found two different means for the same images, expected one; give the part "
            "without random numbers"
        )
    return takes_flat, tuple(mean.shape[1:])


def _halves(module: nn.Module) -> str:
    """Part of the error for a whole autoencoder that was given as a decoder; empty for any other module."""
    for decoder, encoder in HALVES:
        if all(callable(getattr(module, name, None)) for name in (decoder, encoder)):
            return (
                f"a module that has {encoder!r} and {decoder!r}, expected the decoder alone; pass "
                f"vae.{decoder}, vae.{encoder}"
            )
    return ""


def _takes_images(module: nn.Module, image_shape: tuple[int, ...]) -> bool:
    """Whether a module takes images, as they are or as rows of numbers."""
    images = torch.zeros(2, *image_shape)
    for x in (images, images.flatten(1)):
        try:
            module(x)
        except Exception:  # noqa: S112 - a stranger's module may raise anything
            continue
        return True
    return False


def _decoded(decoder: nn.Module, z: Tensor) -> DecoderOutput:
    try:
        output = decoder(z)
    except Exception as error:
        if halves := _halves(decoder):
            raise ExportError(f"the decoder: found {halves}") from error
        raise ExportError(
            f"the decoder: it does not take a tensor float32 {list(z.shape)}: {in_one_line(error)}; expected "
            "one that takes z; pass latent_dim if z has another size or shape"
        ) from error
    try:
        return picture_of(output)
    except AttributeError as error:
        raise ExportError(f"the decoder: found {in_words(output)}, expected {EXPECTED_PICTURE}") from error

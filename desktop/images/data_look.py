"""Finds how a model's data look: their levels, their background, their colours. No Qt."""

import math
from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Bytes, Floats
from desktop.models.own_posterior import pictures_of
from desktop.models.source import Source
from export.bundle import Posterior

MOST_IMAGES = 512  # at most this many test images are examined, evenly spaced
MOST_PIXELS = 1 << 16
SAME = 0.06  # pixels of one background differ by at most this
EVEN_SHARE = 0.6  # an even background takes at least this share of the pixels at the edges
HALF = 0.5
PALETTE = 8  # colours of the data, in addition to black and white
CUT = 32  # the data's colours are reduced to so many, from which the palette is chosen
APART = 0.12  # the least distance between two colours of the palette
GRAYS = (0.0, 0.25, 0.5, 0.75, 1.0)

DIGITS = tuple("0123456789")
DRAW_A_DIGIT = "Draw a digit"

Color = tuple[float, ...]

# Colours to draw with if a model's data are not known.
PRIMARIES: tuple[Color, ...] = (
    (1.0, 0.0, 0.0),
    (1.0, 0.8, 0.0),
    (0.0, 0.7, 0.2),
    (0.0, 0.7, 0.9),
    (0.1, 0.2, 0.9),
    (0.8, 0.2, 0.8),
    (0.5, 0.3, 0.1),
    (0.5, 0.5, 0.5),
)


@dataclass(frozen=True)
class DataLook:
    """The properties of a model's data that are needed to fit a picture to them or to draw a similar one.

    Attributes:
        levels: the number of values that a pixel can have, 2 or 256.
        is_mnist: whether images were prepared like MNIST's digits.
        ground: the colour of an even background, a number from 0 to 1 per channel; None without one.
        is_filled: whether images are known to fill their frame, as photos do.
    """

    levels: int = 256
    is_mnist: bool = False
    ground: Color | None = None
    is_filled: bool = False


def data_look(source: Source, posterior: Posterior | None) -> DataLook:
    """Return how a model's data look, judged by its bundle and its test images."""
    bundle = source.bundle
    dataset = None if bundle is None else bundle.manifest.get("dataset")
    name = dataset.get("name") if isinstance(dataset, dict) else None
    # Only the tutorial's data are thresholded digits; other bundles of version 1 say "bernoulli" too.
    is_mnist = isinstance(name, str) and name.lower().startswith("mnist")
    likelihood = source.likelihood
    levels = 256 if likelihood is None else likelihood.levels
    images = None if posterior is None else some_images(posterior)
    if images is None:
        return DataLook(levels, is_mnist)
    ground = _ground(images)
    return DataLook(levels, is_mnist, ground, is_filled=ground is None)


def invitation(source: Source | None, look: DataLook) -> str:
    """Return the text on an empty canvas. Labels 0 to 9 alone do not make digits: clothes have them, too."""
    bundle = None if source is None else source.bundle
    is_of_digits = look.is_mnist and bundle is not None and bundle.label_names == DIGITS
    return DRAW_A_DIGIT if is_of_digits else "Draw here, or drop a picture"


def some_images(posterior: Posterior) -> Floats | None:
    """Return some of the test images, float32 [N, C, H, W] in [0, 1]; None if there are none."""
    if posterior.images is None or not len(posterior.images):
        return None
    return pictures_of(posterior, slice(None, None, -(-len(posterior.images) // MOST_IMAGES)))


def surface(look: DataLook, images: Floats | None, image_shape: tuple[int, int, int]) -> Floats:
    """Return the surface to draw on, float32 [C, H, W]: the data's background, or else their mean.

    Without images it is black for grey levels, medium grey for colours, and transparent for data with alpha.
    """
    if look.ground is not None:
        color = np.array(look.ground, np.float32)[:, np.newaxis, np.newaxis]
        return np.broadcast_to(color, image_shape).copy()
    if images is not None:
        return np.asarray(images.mean(axis=0), np.float32)
    return np.full(image_shape, HALF if image_shape[0] == 3 else 0, np.float32)


def palette(look: DataLook, images: Floats | None, channels: int) -> tuple[Color, ...]:
    """Return colours to draw with: grey levels, or black, white and a few colours of the data.

    The palette is empty for binary data, where there is nothing to choose.
    """
    if look.levels == 2:
        return ()
    if channels == 1:
        return tuple((gray,) for gray in GRAYS)
    found: list[Color] = [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0)]
    left = list(PRIMARIES) if images is None else _common(images)
    while left and len(found) < PALETTE + 2:
        # Take the colour farthest from all others, so that a few colours show the range of the data.
        distances = [min(math.dist(color, other) for other in found) for color in left]
        farthest = int(np.argmax(distances))
        if distances[farthest] < APART:
            break
        found.append(left.pop(farthest))
    return tuple(found)


def contrasting(color: Color) -> Color:
    """Return black or white, whichever is seen better on a colour, with the same number of channels."""
    bright = sum(color[:3]) / len(color[:3]) > HALF
    return tuple(0.0 if bright else 1.0 for _ in color[:3])


def _ground(images: Floats) -> Color | None:
    edges = np.concatenate([images[:, :, 0], images[:, :, -1], images[..., 0], images[..., -1]], axis=2)
    color = np.median(edges, axis=(0, 2))
    is_near = (np.abs(edges - color[:, np.newaxis]) <= SAME).all(axis=1)
    if images.shape[1] == 4 and color[3] <= SAME:  # transparent pixels have no colour
        is_near = edges[:, 3] <= SAME
        color = np.zeros(4)
    return tuple(float(number) for number in color) if is_near.mean() >= EVEN_SHARE else None


def _common(images: Floats) -> list[Color]:
    """The images' colours, reduced by a median cut; transparent pixels are left out."""
    pixels = images.transpose(0, 2, 3, 1).reshape(-1, images.shape[1])
    if pixels.shape[1] == 4:
        pixels = pixels[pixels[:, 3] > HALF]
    rgb: Bytes = np.rint(255 * pixels[:, :3]).astype(np.uint8)
    if not len(rgb):
        return list(PRIMARIES)
    from PIL import Image  # models of grey levels need no Pillow

    # Evenly spaced pixels are enough if there are many. pillow needs them as a picture.
    sheet = Image.fromarray(rgb[:: -(-len(rgb) // MOST_PIXELS)][np.newaxis])
    chosen = sheet.quantize(CUT, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colors = np.asarray(chosen.getpalette(), np.float64).reshape(-1, 3)[:CUT] / 255
    return [tuple(color) for color in colors.tolist()]

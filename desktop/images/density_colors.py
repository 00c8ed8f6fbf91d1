"""Maps densities to colours with alpha; lightness rises evenly, so that equal steps look equal. No Qt."""

import numpy as np
from numpy.typing import ArrayLike

from desktop.base.arrays import Bytes, Doubles, Floats

# Densities are relative to the prior's peak, so that a colour means the same for all models and views. The
# scale goes from a hundredth of the peak, which is drawn clear, to ten times the peak.
LOW_SHARE, HIGH_SHARE = 0.01, 10.0
LEVELS = 256
MAX_ALPHA = 0.86
# Lightness, chroma and hue in degrees of OKLCH, evenly spaced: violet, rose, amber, cream.
STOPS = (
    (0.34, 0.10, 290.0),
    (0.49, 0.15, 322.0),
    (0.64, 0.17, 368.0),
    (0.79, 0.14, 420.0),
    (0.94, 0.09, 460.0),
)


def oklab_to_srgb(lab: ArrayLike) -> Doubles:
    """Convert OKLab [..., 3] to sRGB [..., 3], clipped to [0, 1].

    Björn Ottosson, "A perceptual color space", 2020.
    """
    lightness, a, b = np.moveaxis(np.asarray(lab, np.float64), -1, 0)
    cones = [
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    ]
    to_linear = [
        (4.0767416621, -3.3077115913, 0.2309699292),
        (-1.2684380046, 2.6097574011, -0.3413193965),
        (-0.0041960863, -0.7034186147, 1.7076147010),
    ]
    linear = np.stack([sum(k * c for k, c in zip(row, cones, strict=True)) for row in to_linear], axis=-1)
    linear = np.clip(linear, 0, 1)
    srgb: Doubles = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return srgb


def color_scale() -> Bytes:
    """Return the colours uint8 [256, 4] from `LOW_SHARE`, clear, to `HIGH_SHARE`, nearly opaque."""
    at = np.linspace(0, 1, LEVELS)
    places = np.linspace(0, 1, len(STOPS))
    lightness, chroma, hue = (np.interp(at, places, column) for column in zip(*STOPS, strict=True))
    angle = np.radians(hue)
    rgb = oklab_to_srgb(np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1))
    alpha = MAX_ALPHA * np.minimum(1, 1.6 * at) ** 0.8
    return np.rint(255 * np.column_stack([rgb, alpha])).astype(np.uint8)


def density_picture(density: Floats, peak: float) -> Bytes:
    """Draw a density [H, W], whose rows go up, as uint8 [H, W, 4] with the highest row first.

    `peak` is the prior's highest density: (2π)^(−1) for N(0, I) in two dimensions.
    """
    share = np.maximum(density / peak, LOW_SHARE)
    level = np.log(share / LOW_SHARE) * ((LEVELS - 1) / np.log(HIGH_SHARE / LOW_SHARE))
    index = np.clip(np.rint(level), 0, LEVELS - 1).astype(np.uint8)
    picture: Bytes = color_scale()[index[::-1]]
    return picture

"""The density's colours rise evenly in lightness, from clear to nearly opaque."""

import numpy as np
import pytest

from desktop.images.density_colors import (
    HIGH_SHARE,
    LEVELS,
    LOW_SHARE,
    color_scale,
    density_picture,
    oklab_to_srgb,
)


def to_oklab_lightness(rgb):
    """Return OKLab's L of sRGB bytes, by the forward matrices."""
    c = rgb / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    cones = (
        linear
        @ np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        ).T
    )
    return np.cbrt(cones) @ [0.2104542553, 0.7936177850, -0.0040720468]


def test_white_and_black_are_what_oklab_says():
    """In OKLab, white is L = 1 and black is L = 0, both with a = b = 0."""
    np.testing.assert_allclose(oklab_to_srgb([[1, 0, 0], [0, 0, 0]]), [[1, 1, 1], [0, 0, 0]], atol=1e-3)


def test_lightness_climbs_evenly():
    """Equal steps of the scale are equal steps of OKLab's lightness, up to rounding."""
    lightness = to_oklab_lightness(color_scale()[:, :3].astype(float))
    np.testing.assert_allclose(lightness, np.linspace(lightness[0], lightness[-1], LEVELS), atol=0.015)
    assert lightness[-1] - lightness[0] > 0.5


def test_alpha_grows_from_nothing():
    """The backdrop shows through most where the density is lowest."""
    alpha = color_scale()[:, 3].astype(int)
    assert alpha[0] == 0
    assert (np.diff(alpha) >= 0).all()
    assert 180 < alpha[-1] < 255


@pytest.mark.parametrize("dimensions", [1, 2])
def test_a_colour_says_the_share_of_the_priors_peak(dimensions):
    """For every model, a hundredth of the peak is clear and ten times the peak the top colour; rows flip."""
    peak = (2 * np.pi) ** (-dimensions / 2)
    rows = np.array([[0.0, LOW_SHARE * peak], [peak, 2 * HIGH_SHARE * peak]], np.float32)
    scale = color_scale()
    picture = density_picture(rows, peak)
    level = round((LEVELS - 1) * np.log(1 / LOW_SHARE) / np.log(HIGH_SHARE / LOW_SHARE))
    assert picture.tolist() == [[scale[level].tolist(), scale[-1].tolist()], [scale[0].tolist()] * 2]

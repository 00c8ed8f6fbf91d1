"""Finds the ink on any paper. Its levels are relative to the paper around it, not to black and white. No Qt.

Ink is everything that is narrower than half the picture and lighter than its surroundings (the white top-hat
transform), so that shadows and uneven light count as paper. Dark ink is inverted first. Parts that are tiny
compared with the largest are specks.
"""

from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Floats
from desktop.images.connected import Mask, connected_parts
from desktop.images.windows import box_mean, dilated, opened

MIN_CONTRAST = 0.03  # the least contrast of ink, as a share of the range from black to white
MIN_SIGMAS = 8.0  # the least contrast of ink in standard deviations of the paper's noise
NOISY, SHARP_GRAIN = 1 / 255, 0.07
SMOOTHED_SIDE_PX = 200  # smaller pictures are not smoothed, because their strokes are too few pixels wide
SPECK_SHARE = 0.06  # parts with less than this share of the largest part's pixels are specks
EDGE_SHARE = 0.05  # parts at the picture's edge are left out if others have at least this share of its size
SAME_LEVELS = 0.2


@dataclass(frozen=True)
class Ink:
    """The ink of a picture.

    Attributes:
        levels: float32 [H, W]: 0 on the paper and 1 in the ink.
        is_dark: whether the ink was darker than the paper.
        is_levelled: whether `levels` differ by more than an inversion from the picture; if not, the picture
            was light on black or dark on white.
    """

    levels: Floats
    is_dark: bool
    is_levelled: bool


def find_ink(gray: Floats) -> Ink | None:
    """Find the ink in a picture [H, W] in [0, 1]; None if nothing stands out from the background."""
    side = max(gray.shape)
    deviations = gray - box_mean(gray, side // 4)
    is_dark = float((deviations**3).sum()) < 0
    light = 1 - gray if is_dark else gray
    smooth = light
    grain = float(np.median(np.abs(light - box_mean(light, 1))))
    if side >= SMOOTHED_SIDE_PX and grain > NOISY:
        smooth = box_mean(box_mean(light, 1), 1)
    ground = opened(smooth, max(2, side // 2))
    heights = smooth - ground
    paper = float(np.median(heights))
    sigma = 1.4826 * float(np.median(np.abs(heights - paper)))
    least = paper + max(MIN_CONTRAST, MIN_SIGMAS * sigma)
    full = _ink_level(heights, paper, least)
    if full is None:
        return None
    low = paper + 2 * sigma
    kept = _without_specks(heights - low > 0.5 * (full - low))
    # Use the unsmoothed picture, with sharp edges, unless it is too grainy.
    sharp = light if grain < SHARP_GRAIN * (full - low) else smooth
    levels = np.clip((sharp - ground - low) / (full - low), 0, 1).astype(np.float32)
    levels *= dilated(kept.astype(np.float32), max(1, side // 100))
    # A few stray pixels do not count.
    is_levelled = float(np.quantile(np.abs(levels - light), 0.999)) > SAME_LEVELS
    return Ink(levels, is_dark, is_levelled)


def _ink_level(heights: Floats, paper: float, least: float) -> float | None:
    """The level in the middle of the ink's strokes; None if there is no ink."""
    core = heights[heights > least]
    if not core.size:
        return None
    half = (paper + float(np.quantile(core, 0.9))) / 2
    return float(np.median(core[core > max(half, least)]))


def _without_specks(mask: Mask) -> Mask:
    """The large parts of a mask; parts that touch the picture's edge stay only if there is little else."""
    labels, sizes = connected_parts(mask)
    sizes[0] = 0
    at_edge, along_edge = np.zeros((2, len(sizes)), bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        contact = np.bincount(edge, minlength=len(sizes))
        at_edge |= contact > 0
        along_edge |= contact > len(edge) / 2
    for unlikely, share in ((along_edge, 0.0), (at_edge, EDGE_SHARE)):
        others = np.where(unlikely, 0, sizes)
        if others.max() > share * sizes.max():
            sizes = others
    kept: Mask = (sizes > SPECK_SHARE * sizes.max())[labels]
    return kept

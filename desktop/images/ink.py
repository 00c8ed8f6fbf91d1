"""Finds the ink on any paper: its levels are relative to the paper beside it, not to black and white. No Qt.

What is narrower than half the picture and lighter than its surroundings is ink (the white top-hat transform),
so that shadows and uneven light count as paper; dark ink is inverted first. Parts that are tiny beside the
largest are specks.
"""

from dataclasses import dataclass

import numpy as np

from desktop.base.arrays import Floats
from desktop.images.connected import Mask, connected_parts
from desktop.images.windows import box_mean, dilated, opened

MIN_CONTRAST = 0.03  # of the range from black to white
MIN_SIGMAS = 8.0  # how far ink stands out of the paper's noise
NOISY, SHARP_GRAIN = 1 / 255, 0.07
SMOOTHED_SIDE_PX = 200  # smaller pictures have no pixels to spare for the mean over neighbours
SPECK_SHARE = 0.06  # of the largest part's pixels
EDGE_SHARE = 0.05  # how large the rest must be for what touches the picture's edge to be no ink
SAME_LEVELS = 0.2


@dataclass(frozen=True)
class Ink:
    """The ink of a picture.

    Attributes:
        levels: float32 [H, W]: 0 on the paper and 1 in the ink.
        is_dark: whether the ink was darker than the paper.
        is_levelled: whether more was done than inverting; otherwise the picture was light on black, or dark
            on white.
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
    # Strokes keep their edges unless these would be lost in the grain.
    sharp = light if grain < SHARP_GRAIN * (full - low) else smooth
    levels = np.clip((sharp - ground - low) / (full - low), 0, 1).astype(np.float32)
    levels *= dilated(kept.astype(np.float32), max(1, side // 100))
    # One stray pixel is no reason to speak of levels.
    is_levelled = float(np.quantile(np.abs(levels - light), 0.999)) > SAME_LEVELS
    return Ink(levels, is_dark, is_levelled)


def _ink_level(heights: Floats, paper: float, least: float) -> float | None:
    """The level of the ink's middle; None if there is none."""
    core = heights[heights > least]
    if not core.size:
        return None
    half = (paper + float(np.quantile(core, 0.9))) / 2
    return float(np.median(core[core > max(half, least)]))


def _without_specks(mask: Mask) -> Mask:
    """The large parts of a mask; what touches the picture's edge only if there is little else."""
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

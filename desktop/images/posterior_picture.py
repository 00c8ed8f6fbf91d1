"""Draws the true posterior as a picture with contours, to be shown on the plane. No Qt."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from desktop.base.arrays import Bytes, Doubles
from desktop.latent.true_posterior import Cells, TruePosterior

MASSES = (0.5, 0.95)
VISIBLE_NATS = 9.0  # the picture covers densities down to this far below the peak
MAX_SIDE_PX = 320
GLOW = (255, 92, 60)  # red, green and blue of the peak
MARGIN_CELLS = 2
PEAK_ALPHA = 235
SEEN_ALPHA = 52  # the alpha where the density is a twentieth of the peak's


@dataclass(frozen=True)
class PosteriorPicture:
    """The true posterior on the plane.

    Attributes:
        a, b: float64 [W] and [H], the plane coordinates of the pixels' centres, ascending.
        picture: uint8 [H, W, 4], the row with the lowest b first.
        contours: for each of MASSES, the closed curves (a, b) [K, 2] that contain this share.
        peak: the point (a, b) where the posterior is highest.
    """

    a: Doubles
    b: Doubles
    picture: Bytes
    contours: tuple[tuple[Doubles, ...], ...]
    peak: tuple[float, float]

    @cached_property
    def outline(self) -> Doubles:
        """Two corners (a, b) [2, 2] of the box around the clearly visible part, which has nearly all mass."""
        rows, columns = np.nonzero(self.picture[..., 3] >= SEEN_ALPHA)
        half_a, half_b = (np.ptp(line) / max(1, len(line) - 1) / 2 for line in (self.a, self.b))
        low = self.a[columns.min()] - half_a, self.b[rows.min()] - half_b
        return np.array([low, (self.a[columns.max()] + half_a, self.b[rows.max()] + half_b)])


def posterior_picture(posterior: TruePosterior) -> PosteriorPicture:
    """Draw the posterior at the resolution of its finest cells, cropped to where it is visible."""
    top = max(float(part.log_joint.max()) for part in posterior.parts)
    edges = _visible_edges(posterior.parts, top - VISIBLE_NATS)
    step = min(part.step for part in posterior.parts)
    step = max(step, *((high - low) / MAX_SIDE_PX for low, high in edges))
    a, b = (np.arange(low + step / 2, high, step) for low, high in edges)
    log_joint = np.full((len(b), len(a)), -np.inf)
    for part in posterior.parts:
        _paint(log_joint, a, b, part)
    density = np.exp(log_joint - top)
    picture = np.empty((*density.shape, 4), np.uint8)
    picture[..., :3] = GLOW
    # With the square root, the slopes around the peak stay visible.
    picture[..., 3] = np.rint(PEAK_ALPHA * np.sqrt(np.clip(density, 0, 1)))
    row, column = np.unravel_index(int(density.argmax()), density.shape)
    peak = (float(a[column]), float(b[row]))
    return PosteriorPicture(a, b, picture, _contours(a, b, density), peak)


def _visible_edges(parts: tuple[Cells, ...], least: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (left, right), (bottom, top) of the cells whose log joint is at least `least`, plus a margin."""
    lows, highs = [], []
    for part in parts:
        rows, columns = np.nonzero(part.log_joint >= least)
        if len(rows):
            room = part.step * (0.5 + MARGIN_CELLS)
            lows.append((part.a[columns].min() - room, part.b[rows].min() - room))
            highs.append((part.a[columns].max() + room, part.b[rows].max() + room))
    (left, bottom), (right, top) = np.min(lows, axis=0).tolist(), np.max(highs, axis=0).tolist()
    return (left, right), (bottom, top)


def _paint(log_joint: Doubles, a: Doubles, b: Doubles, part: Cells) -> None:
    """Copy a part's values to the pixels that lie in its cells."""
    columns = np.floor((a - part.a[0]) / part.step + 0.5).astype(np.intp)
    rows = np.floor((b - part.b[0]) / part.step + 0.5).astype(np.intp)
    in_columns = np.flatnonzero((columns >= 0) & (columns < len(part.a)))
    in_rows = np.flatnonzero((rows >= 0) & (rows < len(part.b)))
    if not len(in_columns) or not len(in_rows):
        return
    area = np.ix_(in_rows, in_columns)
    values = part.log_joint[np.ix_(rows[in_rows], columns[in_columns])]
    log_joint[area] = np.where(np.isfinite(values), values, log_joint[area])


def _contours(a: Doubles, b: Doubles, density: Doubles) -> tuple[tuple[Doubles, ...], ...]:
    import contourpy  # imported only when contours are drawn

    if min(density.shape) < 2:
        return tuple(() for _ in MASSES)
    ordered = np.sort(density.ravel())[::-1]
    held = ordered.cumsum() / ordered.sum()
    generator = contourpy.contour_generator(a, b, density)
    levels = [float(ordered[min(int(np.searchsorted(held, mass)), len(ordered) - 1)]) for mass in MASSES]
    return tuple(tuple(np.asarray(line) for line in generator.lines(level)) for level in levels)

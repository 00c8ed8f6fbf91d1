"""The names and numbers of the plane's axes, for the window and for figures. No Qt."""

import math

from desktop.base.minus import with_minus
from desktop.latent.chart import AxisScale, Chart
from desktop.latent.plane import ticks
from desktop.latent.prior import PriorKind

ENOUGH_FOR_TWO = 8  # with this limit, any range has at least two round numbers


def axis_names(chart: Chart) -> tuple[str, str]:
    """The names of the horizontal and the vertical axis; the second is empty if z has one dimension."""
    axes = chart.plane.axes
    right, up = ("a", "b") if axes is None else (f"z{axes[0]}", f"z{axes[1]}")
    if chart.scale is AxisScale.QUANTILES:
        name = "Φ" if chart.prior.kind is PriorKind.NORMAL else "F"
        right, up = f"{name}({right})", f"{name}({up})"
    return right, "" if chart.plane.is_line else up


def axis_words(chart: Chart) -> tuple[str, str]:
    """The names of the axes with their meanings, such as "a: towards sample 2"."""
    named = zip(axis_names(chart), chart.plane.words, strict=True)
    right, up = (f"{name}: {words}" if name and words else name for name, words in named)
    return right, up


def tick_texts(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """About `most` round numbers from low to high, with enough decimals to tell them apart.

    A single number gives no scale, so if there would be fewer than two, up to ENOUGH_FOR_TWO are returned. If
    both ends are the same number, because they are far from zero, it is the only one.
    """
    if low == high:
        return [(low, with_minus(f"{low:.6g}"))]
    counts = range(most, max(most, ENOUGH_FOR_TWO) + 1)
    found = (ticks(low, high, count) for count in counts)
    values = next((each for each in found if len(each) > 1), ticks(low, high, most))
    if len(values) < 2:
        return [(value, with_minus(f"{value:.6g}")) for value in values]
    step = values[1] - values[0]
    largest = max(map(abs, values))
    if largest >= 1e6:
        digits = max(6, math.floor(math.log10(largest)) - math.floor(math.log10(step) + 1e-6) + 1)
        return [(value, with_minus(f"{value:.{digits}g}")) for value in values]
    decimals = max(0, -math.floor(math.log10(step) + 1e-6))
    return [(value, with_minus(f"{value:z.{decimals}f}")) for value in values]

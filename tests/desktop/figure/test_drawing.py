"""Axes and names around the plane are drawn where the layout has room for them."""

from dataclasses import replace

import pytest

from desktop.figure.drawing import Content, draw
from desktop.figure.figure import Figure
from desktop.figure.layout import layout_of


@pytest.mark.parametrize("size_px", [(900, 600), (360, 300)])
def test_long_names_of_axes_stand_beside_the_middle_of_their_axes(subject, size_px):
    """Each name stays within the length of its axis, also the left one, which is rotated."""
    words = tuple(f"{nth} principal axis of epoch 40, 12 % of the variance" for nth in ("1st", "2nd"))
    plane = replace(subject.state.plane, u=(0.6, 0.8), v=(-0.8, 0.6), words=words)
    turned = replace(subject, state=replace(subject.state, plane=plane))
    figure = Figure(size_px, scale=1, has_legend=False, parts=frozenset(), caption="A caption.")
    layout = layout_of(turned, figure)
    canvas = draw(turned, figure, layout, [Content()])
    left, top, width, height = layout.area
    across, upward = layout.planes[0].names
    boxes = {text.get_text(): text.get_window_extent() for text in canvas.axes[-1].texts}
    assert (boxes[across].x0 + boxes[across].x1) / 2 == pytest.approx(left + width / 2, abs=1.5)
    middle_px = size_px[1] - (top + height / 2)  # Matplotlib's y grows upward
    assert (boxes[upward].y0 + boxes[upward].y1) / 2 == pytest.approx(middle_px, abs=1.5)
    assert boxes[upward].height <= height + 1
    assert boxes[upward].x0 >= 0
    assert boxes[upward].x1 < left

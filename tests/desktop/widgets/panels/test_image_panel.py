"""The pen's radius follows the images' size, also across starts."""

import pytest

from desktop.widgets.panels.image_panel import ImagePanel

WHITE = (1.0,)


@pytest.fixture
def panel(qtbot):
    """A panel for images of 28 × 28."""
    panel = ImagePanel()
    qtbot.addWidget(panel)
    return panel


def test_the_pen_is_as_thick_in_images_of_another_size(panel):
    """The radius keeps its size relative to the image."""
    panel.radius.setValue(2.0)
    panel.set_data((1, 56, 70), (), WHITE)
    assert panel.radius.value() == panel.canvas.radius_px == 4.0
    panel.set_data((1, 4, 4), (), WHITE)
    assert panel.radius.value() == 0.5  # the thinnest
    panel.set_data((1, 28, 28), (), WHITE)
    assert panel.radius.value() == panel.canvas.radius_px == 2.0


def test_a_saved_pen_fits_images_that_are_opened_later(panel, qtbot):
    """A saved radius is scaled to the images; nonsense in the saved text changes nothing."""
    panel.set_data((1, 56, 56), (), WHITE)
    panel.radius.setValue(6.0)
    other = ImagePanel()
    qtbot.addWidget(other)
    other.restore_text(panel.saved_text())
    for nonsense in ("", "thick", "nan", "inf", "-1", "1e9"):
        other.restore_text(nonsense)
    assert other.radius.value() == 3.0
    other.set_data((3, 56, 56), (), WHITE)
    assert other.radius.value() == other.canvas.radius_px == 6.0


def test_the_standard_error_stands_in_the_tool_tips(panel):
    """The tips of ELBO and distortion give it if they are from draws; the rate is exact."""
    panel.show_error(8.25)
    said = "Here ± 8.25 nats, the standard error of these draws."
    tips = {name: panel.figures[name].toolTip() for name in ("elbo", "distortion", "rate")}
    assert [said in tip for tip in tips.values()] == [True, True, False]
    panel.show_error(None)
    assert "standard error" not in panel.figures["elbo"].toolTip()

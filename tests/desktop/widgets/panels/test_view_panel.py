"""The view panel shows the plane and layers of a state."""

import numpy as np
import pytest

from desktop.jobs.density_map import PosteriorMap
from desktop.latent.plane import axis_plane, plane_through
from desktop.models.point_words import TEST_IMAGES
from desktop.view.state import Layer, Opacities, ViewState
from desktop.widgets.panels.view_panel import NO_IMAGES, ViewPanel


@pytest.fixture
def panel(qtbot):
    """A shown panel of a two-dimensional model with three labels."""
    panel = ViewPanel()
    qtbot.addWidget(panel)
    panel.set_model(2, ("a", "b", "c"), has_points=True)
    panel.set_state(ViewState())
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.mark.parametrize("layer", Layer)
def test_each_layer_has_a_switch_that_shows_the_state(panel, layer):
    """A check box shows whether the layer is on, and a click emits the change."""
    heard = []
    panel.layer_wanted.connect(lambda *args: heard.append(args))
    panel.set_state(ViewState(layers=frozenset()))
    assert not panel.layers[layer].isChecked()
    panel.set_state(ViewState(layers=frozenset({layer})))
    assert panel.layers[layer].isChecked()
    assert heard == []
    panel.layers[layer].click()
    assert heard == [(layer, False)]


def test_the_keys_say_what_a_map_is_and_what_it_leaves_out(panel):
    """The legends say that a map is projected or smoothed, or has too few images to draw holes."""
    picture, corners = np.zeros((2, 2, 4), np.uint8), ((-1.0, 1.0), (1.0, -1.0))
    panel.set_map(PosteriorMap(axis_plane((0.0, 0.0)), picture, corners, (), 10_000))
    assert panel.density_legend.unit == "× peak of the prior"
    assert panel.holes_legend.words.startswith("q(z) below 1/10")
    panel.set_map(PosteriorMap(axis_plane((0.0,) * 3), picture, corners, (), 373, True, True))
    assert panel.density_legend.unit == "× peak of the prior, projected; smoothed"
    assert panel.holes_legend.words == "None drawn: 373 images are too few"


def test_showing_axes_wants_nothing(panel):
    """Showing a state emits no signal."""
    heard = []
    panel.axes_wanted.connect(lambda *args: heard.append(args))
    panel.set_model(5, (), has_points=False)
    panel.set_state(ViewState(z=(0.0,) * 5).with_axes(4, 2))
    assert (panel.right.value(), panel.up.value()) == (4, 2)
    assert heard == []


@pytest.mark.parametrize(("latent_dim", "shown"), [(1, False), (2, False), (3, True)])
def test_axes_can_be_chosen_where_there_is_a_choice(panel, latent_dim, shown):
    """With one or two dimensions there is no choice."""
    panel.set_model(latent_dim, (), has_points=False)
    assert panel.axes.isVisible() == shown


def test_without_held_out_images_there_is_nothing_to_switch(panel):
    """Without points, their check boxes are disabled, and say why."""
    panel.set_words(TEST_IMAGES, missing={Layer.POINTS})
    assert not panel.layers[Layer.POINTS].isEnabled()
    assert panel.layers[Layer.POINTS].toolTip().endswith(NO_IMAGES)
    panel.set_words(TEST_IMAGES)
    assert panel.layers[Layer.POINTS].isEnabled()


def test_a_plane_of_no_axes_shows_none(panel):
    """After a change of one box, the other gets the first other axis."""
    heard = []
    panel.axes_wanted.connect(lambda *args: heard.append(args))
    panel.set_model(5, (), False)
    state = ViewState(z=(0.0,) * 5)
    panel.set_state(state.with_plane(plane_through((0.0,) * 5, (1.0,) * 5, (1.0, 2.0, 0.0, 0.0, 0.0))))
    assert (panel.right.text(), panel.up.text()) == ("–", "–")
    assert heard == []
    panel.right.stepUp()
    assert heard == [(0, 1)]
    panel.set_state(state.with_axes(4, 2))
    assert (panel.right.text(), panel.up.text()) == ("4", "2")
    panel.up.setValue(0)
    assert panel.up.text() == "0"
    assert heard == [(0, 1), (4, 0)]


def test_the_slider_of_the_decoded_plane_shows_how_it_is_drawn(panel):
    """Without points the slider shows 100 %, until somebody sets another opacity."""
    slider = panel.opacities[Layer.BACKDROP]
    panel.set_state(ViewState())
    panel.set_model(2, (), has_points=True)
    assert slider.value() == 62
    panel.set_model(2, (), has_points=False)
    assert slider.value() == 100


def test_an_opacity_is_set_by_a_slider_while_its_layer_is_on(panel):
    """Showing a state emits nothing; a move emits the layer and its opacity."""
    heard = []
    panel.opacity_wanted.connect(lambda *args: heard.append(args))
    slider = panel.opacities[Layer.BACKDROP]
    panel.set_state(ViewState(layers=frozenset()))
    assert not slider.isVisible()
    panel.set_state(ViewState(opacities=Opacities(backdrop=0.25)))
    assert slider.isVisible()
    assert (slider.value(), heard) == (25, [])
    slider.setValue(80)
    assert heard == [(Layer.BACKDROP, 0.8)]

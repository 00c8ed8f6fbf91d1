"""The panel passes a state on to the picture and the sections."""

import pytest

from desktop.view.state import ViewState
from desktop.widgets.panels.side_panel import SidePanel


@pytest.fixture
def panel(qtbot):
    """A shown panel of a two-dimensional model with three labels."""
    panel = SidePanel()
    qtbot.addWidget(panel)
    panel.set_model(2, ("a", "b", "c"), has_points=True)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_every_part_shows_the_state(panel):
    """The picture shows z and the view its layers; the path's section is updated by its control."""
    panel.set_state(ViewState(z=(1.0, 2.0), layers=frozenset(), path=((0.0, 0.0), (1.0, 1.0))))
    assert panel.picture.z.text() == "1.0000, 2.0000"
    assert not any(box.isChecked() for box in panel.view.layers.values())


def test_a_section_can_be_brought_to_the_front(panel):
    """A hidden section becomes visible."""
    assert not panel.path.isVisible()
    panel.show_section(panel.path)
    assert panel.path.isVisible()
    assert panel.picture.isVisible()

"""The panel passes a state on to the picture and the sections."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel

from desktop.view.state import ViewState
from desktop.widgets.panels.side_panel import SidePanel


@pytest.fixture
def panel(qtbot):
    """A shown panel of a two-dimensional model with three labels."""
    panel = SidePanel()
    qtbot.addWidget(panel)
    panel.set_model(2, ("a", "b", "c"), has_points=True)
    panel.set_canvas(QLabel("canvas"), QLabel("tools"))
    panel.show_canvas("Your image")
    panel.resize(360, 540)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_every_part_shows_the_state(panel):
    """The picture shows z and the view its layers; the path's section is updated by its control."""
    panel.set_state(ViewState(z=(1.0, 2.0), layers=frozenset(), path=((0.0, 0.0), (1.0, 1.0))))
    assert panel.picture.z.text() == "1.0000, 2.0000"
    assert not any(box.isChecked() for box in panel.view.layers.values())


def test_what_is_wanted_of_a_section_shows_a_hidden_panel(panel):
    """`reveal` takes a key or a body; `show_section` opens the section but leaves the panel hidden."""
    told = []
    panel.switched.connect(told.append)
    panel.set_shown(False)
    panel.show_section(panel.path)
    assert not panel.isVisible()
    panel.reveal("path")
    assert panel.path.isVisible()
    assert told == [False, True]


def test_a_section_can_be_brought_to_the_front(panel):
    """A hidden section becomes visible."""
    assert not panel.path.isVisible()
    panel.show_section(panel.path)
    assert panel.path.isVisible()
    assert panel.picture.isVisible()


@pytest.mark.parametrize("height_px", [440, 540, 1300])
@pytest.mark.parametrize("is_pair", [True, False])
def test_pictures_and_tools_stay_where_the_sections_scroll(panel, qtbot, height_px, is_pair):
    """They keep their position at the end of the sections, which have more than a third of the height."""
    panel.show_canvas("Your image" if is_pair else "")
    panel.resize(360, height_px)
    panel.sections.set_open_keys(("view", "path"))
    bar = panel.scroll_area.verticalScrollBar()
    parts = [panel.picture.picture, panel.picture.mode, panel.picture.z]
    qtbot.wait(30)  # for the layout
    assert panel.scroll_area.height() > 0.36 * height_px
    before = [part.mapTo(panel, QPoint()) for part in parts]
    panel.show_section(panel.path)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: panel.path.visibleRegion().boundingRect().height() > 0)
    assert [part.mapTo(panel, QPoint()) for part in parts] == before
    assert all(part.visibleRegion().boundingRect().size() == part.size() for part in parts)


def test_the_wheel_scrolls_the_sections_from_the_pictures(panel, qtbot, turn_wheel):
    """The pictures do not scroll, so the wheel over them scrolls the sections."""
    panel.sections.set_open_keys(("view", "path"))
    bar = panel.scroll_area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    turn_wheel(panel, panel.picture.picture.geometry().center(), -1)
    assert bar.value() > 0

"""Sections are folded and opened by their headers, and keep their order."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea

from desktop.widgets.common.folding_sections import FoldingSections
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def sections(qtbot):
    """Three sections in a small scroll area; "path" was added before "view", which stands above it."""
    area = QScrollArea()
    qtbot.addWidget(area)
    sections = FoldingSections(("view", "path", "z"))
    for key in ("path", "view", "z"):
        body = QLabel(key)
        body.setFixedHeight(300)
        sections.add(key, key.capitalize(), body, is_open=key == "view", tip=f"All about {key}.")
    area.setWidget(sections)
    area.setWidgetResizable(True)
    area.resize(300, 200)
    area.show()
    qtbot.waitExposed(area)
    sections.area = area
    return sections


def test_they_stand_in_their_order(sections):
    """The sections have the order of the keys, not the order in which they were added."""
    tops = [sections.section(key).y() for key in ("view", "path", "z")]
    assert tops == sorted(tops)
    assert sections.open_keys() == ("view",)


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_a_header_folds_and_opens(sections, qtbot, how):
    """A click or the space bar folds and opens; the accessible name gives the state."""
    header, body = sections.section("view").header, sections.section("view").body
    for is_open in (False, True):
        if how == "mouse":
            qtbot.mouseClick(header, LEFT)
        else:
            qtbot.keyClick(header, Qt.Key.Key_Space)
        assert body.isVisible() == is_open
        assert header.accessibleName() == f"View, {'open' if is_open else 'folded'}"
    assert header.toolTip() == "All about view."


def test_a_section_that_is_shown_comes_into_view(sections, qtbot):
    """It is opened, and the scroll area around scrolls until its header and most of its body are in view."""
    assert sections.show_key("z")
    header = sections.section("z").header
    qtbot.waitUntil(lambda: not header.visibleRegion().isEmpty(), timeout=SOON_MS)
    assert sections.open_keys() == ("view", "z")
    assert not sections.show_key("directions")


def test_a_section_that_is_offered_opens_unless_the_person_folded_it(sections, qtbot):
    """It opens, but stays folded if a click on its header folded it."""
    section = sections.section("path")
    section.offer()
    assert section.is_open
    qtbot.mouseClick(section.header, LEFT)
    section.offer()
    assert not section.is_open
    qtbot.mouseClick(section.header, LEFT)
    section.set_open(False)
    section.offer()
    assert section.is_open, "the person opened it again"


def test_open_sections_can_be_restored(sections):
    """The sections with the given keys are open, all others folded; unknown keys do nothing."""
    sections.set_open_keys(("path", "nothing"))
    assert sections.open_keys() == ("path",)

"""The dialog asks for a figure and says how large it will be."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from desktop.figure.figure import Figure, FileKind, Ground, Part
from desktop.figure.layout import TEXT_SIZE_PX
from desktop.jobs.cost import Cost
from desktop.widgets.dialogs import figure_dialog
from desktop.widgets.dialogs.figure_dialog import DRAWING, FigureDialog
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
POSSIBLE = frozenset({Part.BACKDROP, Part.POINTS, Part.NAMES, Part.CURSOR})


@pytest.fixture
def dialog(qtbot):
    """A shown dialog for a view of the decoded plane and points."""
    dialog = FigureDialog()
    qtbot.addWidget(dialog)
    dialog.set_parts(POSSIBLE, frozenset({Part.BACKDROP, Part.POINTS, Part.NAMES}))
    dialog.set_caption("A model.")
    dialog.show()
    qtbot.waitExposed(dialog)
    yield dialog
    dialog.close()


def test_the_figure_is_wanted_as_it_was_set(dialog, qtbot):
    """The signal carries every setting, without the layers that the view cannot draw."""
    dialog.width_px.setValue(640)
    dialog.height_px.setValue(480)
    dialog.scale.setValue(3)
    dialog.ground.setCurrentText("Dark")
    dialog.opacity.setValue(25)
    dialog.parts[Part.CURSOR].click()
    dialog.parts[Part.POINTS].click()
    dialog.parts[Part.PATH].click()
    dialog.axes.click()
    with qtbot.waitSignal(dialog.wanted, timeout=SOON_MS) as heard:
        qtbot.mouseClick(dialog.save, LEFT)
    parts = frozenset({Part.BACKDROP, Part.CURSOR})
    figure = Figure((640, 480), 3, parts, False, True, "A model.", Ground.DARK, 0.25, caption_gives_way=True)
    assert heard.args == [figure, FileKind.PNG]


def test_vector_files_have_a_size_in_millimetres_and_texts_in_points(dialog):
    """These are sizes in print; a PNG has pixels. Each of the two keeps its own size."""
    dialog.width_px.setValue(640)
    for kind in FileKind:
        dialog.format.setCurrentText(kind.value)
        assert dialog.width_mm.isVisible() == dialog.text_pt.isVisible() == kind.is_vector
        assert dialog.width_px.isVisible() != kind.is_vector
    dialog.width_mm.setValue(85)
    dialog.height_mm.setValue(60)
    dialog.text_pt.setValue(9)
    figure = dialog.figure()
    assert figure.size_mm == pytest.approx((85, 60), abs=0.2)
    assert figure.unit_pt * TEXT_SIZE_PX == 9
    assert dialog.facts.text() == "85 × 60 mm in print, texts of 9 pt; lines and texts are vectors."
    dialog.format.setCurrentText("PNG")
    assert dialog.figure().size_px[0] == 640
    assert dialog.figure().unit_pt is None


def test_a_scale_that_changes_nothing_cannot_be_set(dialog):
    """In an SVG or PDF, small pictures keep all pixels at any scale; large ones keep more at a larger one."""
    dialog.scale.setValue(3)
    for can_be_finer in (True, False):
        dialog.set_parts(POSSIBLE, frozenset({Part.BACKDROP}), can_be_finer)
        for kind in FileKind:
            dialog.format.setCurrentText(kind.value)
            assert dialog.scale.isEnabled() == (can_be_finer or kind is FileKind.PNG)
            assert dialog.figure().scale == (3 if dialog.scale.isEnabled() else 1)
            assert ("nothing to make finer" in dialog.scale.toolTip()) == (not dialog.scale.isEnabled())


def test_a_caption_follows_the_layers_until_somebody_writes_one(dialog, qtbot):
    """A written caption stays unchanged until it is reset or left out."""
    dialog.set_caption("A model. Points.")
    assert dialog.figure().caption == "A model. Points." and dialog.figure().caption_gives_way
    assert not dialog.reset.isVisible()
    dialog.caption.setPlainText("Mine.")
    dialog.set_caption("A model. Contours.")
    assert dialog.figure().caption == "Mine." and not dialog.figure().caption_gives_way
    qtbot.mouseClick(dialog.reset, LEFT)
    assert dialog.figure().caption == "A model. Contours."
    dialog.has_caption.click()
    assert dialog.figure().caption == ""


def test_it_says_the_size_and_what_fits(dialog, monkeypatch):
    """A figure that is too large cannot be saved, and the dialog gives the largest scale that fits."""
    assert dialog.facts.text() == "2,400 × 1,800 px."
    dialog.show_cost(Cost(300, 2.0))
    assert dialog.facts.text() == "2,400 × 1,800 px. Still to decode: 300 pictures, about 10 min."
    monkeypatch.setattr(figure_dialog, "free_memory_bytes", lambda: 100 << 20)
    dialog.scale.setValue(4)
    assert dialog.error.text().endswith("expected at most 0.1 GiB; scale 2 × fits.")
    assert not dialog.save.isEnabled()
    dialog.scale.setValue(2)
    assert (dialog.error.text(), dialog.save.isEnabled()) == ("", True)


def test_what_grey_pictures_alone_can_be_is_not_offered_for_colours(dialog):
    """The box for inverting is shown only for grey pictures."""
    for is_gray in (False, True):
        dialog.set_is_gray(is_gray)
        assert dialog.inverted.isVisible() is is_gray


def test_an_empty_preview_says_that_it_is_being_drawn(dialog):
    """It does so when the dialog opens, and after a change of a figure that could not be drawn."""
    assert dialog.preview.text() == DRAWING
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    dialog.show_preview(image)
    dialog.axes.click()
    assert not dialog.preview.pixmap().isNull(), "until the next one is there"
    dialog.show_error("No.")
    assert dialog.preview.text() == ""
    dialog.axes.click()
    assert dialog.preview.text() == DRAWING


def test_many_changes_are_one(dialog, qtbot):
    """A preview is not drawn for each letter that is typed."""
    heard = []
    dialog.changed.connect(lambda: heard.append(dialog.figure().caption))
    with qtbot.waitSignal(dialog.changed, timeout=SOON_MS):
        qtbot.keyClicks(dialog.caption, "abc ")
    assert len(heard) == 1

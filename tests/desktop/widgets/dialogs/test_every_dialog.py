"""Every dialog fits a window of 900 × 600 pixels: its buttons are in view, and the rest scrolls."""

import inspect
import pkgutil
from importlib import import_module

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QAbstractButton, QDialog, QDialogButtonBox, QMainWindow, QSpinBox

from desktop import widgets
from desktop.models.open_source import open_source
from desktop.widgets.common.fitting_dialog import AROUND_PX, FittingDialog, Scrolled
from desktop.widgets.dialogs.about_model import AboutDialog
from desktop.widgets.dialogs.command_palette import CommandPalette
from desktop.widgets.dialogs.export_dialog import ExportDialog
from desktop.widgets.dialogs.figure_dialog import FigureDialog
from desktop.widgets.dialogs.reading_dialog import ReadingDialog
from desktop.widgets.dialogs.share_dialog import ShareDialog
from desktop.widgets.dialogs.shortcuts_dialog import ShortcutsDialog
from desktop.widgets.dialogs.text_dialog import TextDialog
from tests.desktop.foreign_models import decoder

SMALL, LARGE = QSize(900, 600), QSize(2560, 1440)
LEAST_PX = 560
LONG = "python -m training.fit --recipe best " * 20

# A dialog raises itself, which the offscreen plugin cannot do.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

MAKERS = {
    AboutDialog: lambda window, _: AboutDialog(window, "<br>".join([LONG] * 40)),
    CommandPalette: lambda window, _: CommandPalette(window),
    ExportDialog: lambda window, _: ExportDialog(window),
    FigureDialog: lambda window, _: FigureDialog(window),
    ReadingDialog: lambda window, path: ReadingDialog(open_source(decoder(path / "model.onnx")), window),
    ShareDialog: lambda window, _: ShareDialog(window, [LONG] * 9, [LONG] * 9),
    ShortcutsDialog: lambda window, _: ShortcutsDialog(window),
    TextDialog: lambda window, _: TextDialog(window, "Details", LONG * 40),
}


@pytest.fixture
def shown(qtbot, tmp_path):
    """`shown(kind, size)`: a dialog of this kind over a window of this size."""
    windows, dialogs = [], []

    def show(kind, size):
        window = QMainWindow()
        windows.append(window)  # the window owns the dialog
        qtbot.addWidget(window)
        window.resize(size)
        dialog = MAKERS[kind](window, tmp_path)
        dialogs.append(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        return dialog

    yield show
    for dialog in dialogs:
        dialog.close()


def test_no_dialog_is_left_out():
    """Each dialog class of the window is a FittingDialog, and is tested here."""
    found = set()
    for module in pkgutil.walk_packages(widgets.__path__, "desktop.widgets."):
        classes = inspect.getmembers(import_module(module.name), inspect.isclass)
        found |= {kind for _, kind in classes if issubclass(kind, QDialog)}
    ours = {kind for kind in found if kind.__module__.startswith("desktop.")}
    assert ours - {FittingDialog} == set(MAKERS)


@pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)
def test_a_dialog_fits_a_small_window(shown, kind):
    """It opens within the window with all of its buttons in view, and its last field can be scrolled to."""
    dialog = shown(kind, SMALL)
    assert dialog.minimumSizeHint().height() <= LEAST_PX
    room = SMALL - AROUND_PX
    assert dialog.size() == dialog.size().boundedTo(room)
    for box in dialog.findChildren(QDialogButtonBox):
        for button in box.findChildren(QAbstractButton):
            place = QRect(button.mapTo(dialog, QPoint()), button.size())
            assert button.isVisible()
            assert dialog.rect().contains(place)
    for scrolled in dialog.findChildren(Scrolled):
        bar, body = scrolled.verticalScrollBar(), scrolled.widget()
        assert bar.maximum() + scrolled.viewport().height() >= body.height()
        assert body.width() <= scrolled.viewport().width()  # nothing is cut off at the right


def test_with_room_nothing_scrolls(shown):
    """In a large window the dialog is as high as its form."""
    dialog = shown(FigureDialog, LARGE)
    (scrolled,) = dialog.findChildren(Scrolled)
    assert scrolled.verticalScrollBar().maximum() == 0


def test_a_dialog_grows_with_what_it_shows_within_the_window(shown, qtbot):
    """An added part makes the dialog larger; if it is too large for the window, it scrolls."""
    dialog = shown(FigureDialog, LARGE)
    before = dialog.height()
    dialog.caption.setFixedHeight(dialog.caption.height() + 20)
    qtbot.waitUntil(lambda: dialog.height() == before + 20)
    dialog.caption.setFixedHeight(5000)
    qtbot.waitUntil(lambda: dialog.height() > before + 20)
    assert dialog.height() <= dialog.room_px().height()


def test_the_wheel_scrolls_past_the_fields(shown, turn_wheel):
    """A number under the pointer does not change, and the form scrolls."""
    dialog = shown(FigureDialog, SMALL)
    (scrolled,) = dialog.findChildren(Scrolled)
    box = dialog.scale
    assert isinstance(box, QSpinBox)
    value = box.value()
    turn_wheel(box, QPoint(5, 5), -2)
    assert box.value() == value
    turn_wheel(scrolled.viewport(), QPoint(5, 5), -2)
    assert scrolled.verticalScrollBar().value() > 0

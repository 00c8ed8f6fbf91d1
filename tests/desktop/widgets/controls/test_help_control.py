"""Error messages with details to copy, also for unexpected errors; and the dialogs of the Help menu."""

import sys

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication

from desktop.app.report import device_text
from desktop.view.provenance import program_version
from desktop.widgets.dialogs.text_dialog import TextDialog
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def window(open_window, make_bundle):
    return open_window(make_bundle(name="small"))


@pytest.fixture
def read(window, qtbot):
    """`read()`: the text of the open dialog with its report, which its button copies; then it is closed."""

    def told():
        (dialog,) = window.findChildren(TextDialog)
        qtbot.waitUntil(lambda: "This machine" in dialog.text(), timeout=SOON_MS)
        qtbot.mouseClick(dialog.copy, LEFT)
        text = dialog.text()
        assert QGuiApplication.clipboard().text() == text
        QGuiApplication.clipboard().clear()
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not window.findChildren(TextDialog), timeout=SOON_MS)
        return text

    return told


@pytest.fixture
def unexpected(window, monkeypatch):
    """The window handles unexpected errors; `told` holds those that standard error got too."""
    told = []
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "__excepthook__", lambda kind, error, trace: told.append((kind, error, trace)))
    window.help.tell_unexpected()
    return told


def test_the_details_of_an_error_are_all_of_it(window, qtbot, read):
    """They hold message, kind, versions and device, which a bug report needs."""
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        window.open_path(window.explorer.source.path / "none")
    message = window.message.text()
    qtbot.mouseClick(window.message.details, LEFT)
    text = read()
    assert text.startswith(message)
    assert "BundleError" in text
    assert f"latent plane                 {program_version()}" in text
    assert "onnxruntime" in text
    assert "providers" in text


def test_a_note_has_no_details(window):
    """A note is not an error, so there is nothing to show."""
    window.message.show_note("by the way")
    assert not window.message.details.isVisible()
    window.message.show_message("found a, expected b")
    assert window.message.details.isVisible()


def test_an_error_that_nobody_expected_reaches_the_bar_and_the_program_lives_on(
    window, qtbot, read, unexpected
):
    """The bar shows it with a traceback to copy; it is on standard error too, and the program goes on."""

    def broken():
        return {}["nowhere"]

    # pytest-qt fails a test on what a slot raises; PySide hands exactly this to the hook.
    try:
        broken()
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    assert unexpected[0][0] is KeyError
    expected = "something unexpected went wrong (KeyError: 'nowhere'); the program goes on"
    assert window.message.text() == expected
    qtbot.mouseClick(window.message.details, LEFT)
    text = read()
    assert "Traceback" in text
    assert "in broken" in text
    with qtbot.waitSignal(window.explorer.picture_decoded, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_Right)


def test_what_a_slot_raises_goes_to_the_hook(window, qtbot, unexpected):
    """It holds for timers and for buttons."""
    with qtbot.captureExceptions() as caught:
        sys.excepthook, hook = window.help._on_unexpected, sys.excepthook
        QTimer.singleShot(0, lambda: 1 / 0)
        qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
        sys.excepthook = hook
    assert not caught
    assert "ZeroDivisionError: division by zero" in window.message.text()
    assert unexpected


def test_ctrl_c_closes_the_window(window, unexpected):
    """Ctrl+C in the terminal is not an error."""
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert unexpected
    assert not window.isVisible()


def test_a_fault_in_the_background_is_told_as_one(window, qtbot):
    """An unexpected exception in a worker's step is shown as a fault of the program."""

    def steps():
        raise TypeError("found an int")
        yield

    with qtbot.waitSignal(window.explorer.failed, timeout=SOON_MS):
        window.explorer.worker.request("broken", 0, steps(), print)
    assert (
        window.message.text()
        == "something unexpected went wrong (TypeError: found an int); the program goes on"
    )


def test_about_says_what_the_program_is_and_what_it_runs(window, read):
    """Version, device, the open model, licences and the machine, to copy."""
    window.help.show_about()
    text = read()
    assert text.startswith(f"Latent Plane {program_version()}\n")
    assert f"Runs on {device_text(window.explorer.running_on)}" in text
    assert "a bundle, 'small'" in text
    assert window.explorer.source.sha256 in text
    assert "LGPL" in text
    assert "python" in text


def test_about_works_with_nothing_open(open_window, qtbot):
    """A dialog that is closed before the report arrives leaves nothing running."""
    window = open_window()
    window.help.show_about()
    (dialog,) = window.findChildren(TextDialog)
    assert "No model is open" in dialog.text()
    dialog.close()
    qtbot.waitUntil(lambda: not window.findChildren(TextDialog), timeout=SOON_MS)
    qtbot.wait(50)


def test_escape_hides_the_message(window, qtbot):
    """It works while the plane has the focus."""
    window.message.show_message("found a, expected b")
    qtbot.keyClick(window.plane, Qt.Key.Key_Escape)
    assert not window.message.isVisible()

"""File › Share as a page… writes the open model as one HTML file."""

from PySide6.QtWidgets import QFileDialog

from desktop.widgets.dialogs.share_dialog import ShareDialog
from tests.waiting import SOON_MS


def test_the_menu_writes_a_page(open_window, make_bundle, tmp_path, qtbot, monkeypatch):
    """The dialog says what the page has, and a path is asked for; a message has the size and how to open it.

    The dialog closes when another model is opened, because it is about the one before.
    """
    window = open_window(make_bundle(name="Mine"))
    entry = next(
        action for action in window.menuBar().actions()[0].menu().actions() if "pa&ge" in action.text()
    )
    window.bookmarks._add()
    path = tmp_path / "mine.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    with qtbot.waitSignal(window.page_control.export.written, timeout=SOON_MS):
        entry.trigger()
        dialog = window.findChild(ShareDialog)
        assert any("1 bookmark, " in text for text in dialog.texts())
        dialog.save.click()
        assert window.page_control.progress.label.text() == "writing mine.html"
        assert window.explorer.files.paths == (path,)
    assert window.explorer.files.paths == ()
    text = path.read_text("utf-8")
    assert "<title>Mine – Latent Plane</title>" in text
    assert '"name":"Place 1"' in text
    assert window.message.text().startswith("mine.html (0.")
    assert window.message.text().endswith(" MB) is written: it opens in any browser, and needs nothing else")
    buttons = [button.text() for button in window.message.action_buttons]
    assert buttons == ["Open in browser", "Open its folder"]
    assert window.status.saved.text() == "saved mine.html"
    window.message.dismiss()
    entry.trigger()
    dialog = window.findChild(ShareDialog)
    with qtbot.waitSignal(dialog.rejected, timeout=SOON_MS):
        window.open_path(make_bundle(name="Another"))

"""File › Share as a page… writes the open model as one HTML file."""

from PySide6.QtWidgets import QFileDialog

from tests.waiting import SOON_MS


def test_the_menu_writes_a_page(open_window, make_bundle, tmp_path, qtbot, monkeypatch):
    """The entry asks where, says that it writes, and then how large the page is and how to open it."""
    window = open_window(make_bundle(name="Mine"))
    entry = next(
        action for action in window.menuBar().actions()[0].menu().actions() if "pa&ge" in action.text()
    )
    path = tmp_path / "mine.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    with qtbot.waitSignal(window.page_control.export.written, timeout=SOON_MS):
        entry.trigger()
        assert window.page_control.progress.label.text() == "writing mine.html"
        assert window.explorer.files.paths == (path,)
    assert window.explorer.files.paths == ()
    assert "<title>Mine – Latent Plane</title>" in path.read_text("utf-8")
    assert window.message.text().startswith("mine.html (0.")
    assert window.message.text().endswith(" MB) is written: it opens in any browser, and needs nothing else")
    buttons = [button.text() for button in window.message.action_buttons]
    assert buttons == ["Open in browser", "Open its folder"]

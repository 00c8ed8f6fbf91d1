"""The help menu, the details of an error, and what is told of errors that nobody expected."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.app.report import about_text, machine_report
from desktop.app.worker import Priority
from desktop.widgets.common.actions import add_action
from desktop.widgets.dialogs.shortcuts_dialog import ShortcutsDialog
from desktop.widgets.dialogs.text_dialog import TextDialog

if TYPE_CHECKING:
    from desktop.widgets.main_window import MainWindow


class HelpControl(QObject):
    """Adds the help menu's entries to the window and answers to the message bar's Details."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        add_action(window.menus["help"], "&Shortcuts", "F1", self.show_shortcuts)
        add_action(window.menus["help"], "&About Latent Plane", None, self.show_about)
        add_action(window.menus["view"], "Hide the m&essage", "Esc", window.message.hide)
        window.message.details_wanted.connect(self._show_details)

    def show_shortcuts(self) -> None:
        """The list of shortcuts."""
        ShortcutsDialog(self._window).open()

    def show_about(self) -> None:
        """Version, device, the open model, licences; then the machine, once it has been looked at."""
        device = self._window.device_text()
        self._show_with_machine("About Latent Plane", about_text(self._window.explorer.source, device))

    def tell_unexpected(self) -> None:
        """From now on, an error in what Qt calls reaches the message bar, and the program lives on."""
        sys.excepthook = self._on_unexpected

    def _on_unexpected(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        sys.__excepthook__(kind, error, trace)
        if isinstance(error, Exception):
            self._window.show_error(error, expected=False)
        else:
            self._window.close()

    def _show_details(self, details: str) -> None:
        message = self._window.message.text()
        self._show_with_machine("Details", "\n\n".join(filter(None, [message, details])))

    def _show_with_machine(self, title: str, text: str) -> None:
        dialog = TextDialog(self._window, title, f"{text}\n\nlooking at this machine …")

        def show(report: str) -> None:
            dialog.set_text(f"{text}\n\nThis machine\n\n{report}")

        name = f"report {title}"
        self._window.explorer.worker.request(name, Priority.SAVE, machine_report(), show, of_model=False)
        dialog.finished.connect(lambda _: self._window.explorer.worker.cancel(name))
        dialog.open()

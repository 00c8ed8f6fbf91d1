"""The Help menu, the details of a message, and the report of unexpected errors."""

import sys
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from desktop.app.report import about_text, device_text, machine_report
from desktop.app.worker import Priority
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.controls.shell import Shell


class HelpControl(QObject):
    """Adds the entries of the Help menu, and opens the details of a message.

    Each dialog is imported when it is first opened, so that the window does not wait for it at its start.
    """

    end_wanted = Signal()  # Ctrl+C in the terminal
    escaped = Signal()  # Esc, while there is no message to hide

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        add_action(shell.menus["help"], "About this &model", None, self.show_about_model)
        add_action(shell.menus["help"], "&Shortcuts", "F1", self.show_shortcuts)
        add_action(shell.menus["help"], "&Commands…", "Ctrl+K", self.show_commands)
        add_action(shell.menus["help"], "&About Latent Plane", None, self.show_about)
        message, within = shell.message, [shell.message]
        hide = add_action(shell.menus["view"], "Hide the m&essage", "Esc", self.hide_message)
        name_command(hide, message.close_button)
        add_button(shell.menus["help"], "&Details of the message…", message.details, within=within)
        add_button(shell.menus["help"], "Cop&y the message", message.copy, within=within)
        shell.message.details_wanted.connect(self._show_details)

    def hide_message(self) -> None:
        """Hide the message, or emit `escaped` if there is none."""
        if self._shell.message.isVisible():
            self._shell.message.dismiss()
        else:
            self.escaped.emit()

    def show_shortcuts(self) -> None:
        """Show the list of shortcuts."""
        from desktop.widgets.dialogs.shortcuts_dialog import ShortcutsDialog

        ShortcutsDialog(self._shell.window).open()

    def show_commands(self) -> None:
        """Show the palette of commands."""
        from desktop.widgets.dialogs.command_palette import CommandPalette

        CommandPalette(self._shell.window).open()

    def show_about(self) -> None:
        """Show version, device, the open model and licences; a report on the machine follows."""
        explorer = self._shell.explorer
        about = about_text(explorer.source, device_text(explorer.running_on), explorer.points.text)
        self._show_with_machine("About Latent Plane", about)

    def show_about_model(self) -> None:
        """Show the facts about the open model."""
        from desktop.widgets.dialogs.about_model import show_about

        explorer = self._shell.explorer
        if explorer.source is not None:
            show_about(self._shell.window, explorer.source, device_text(explorer.running_on))

    def tell_unexpected(self) -> None:
        """From now on, show unexpected errors in the message bar instead of ending the program."""
        sys.excepthook = self._on_unexpected

    def _on_unexpected(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        sys.__excepthook__(kind, error, trace)
        if isinstance(error, Exception):
            self._shell.message.show_error(error, expected=False)
        else:
            self.end_wanted.emit()

    def _show_details(self, details: str) -> None:
        message = self._shell.message.text()
        self._show_with_machine("Details", "\n\n".join(filter(None, [message, details])))

    def _show_with_machine(self, title: str, text: str) -> None:
        from desktop.widgets.dialogs.text_dialog import TextDialog

        dialog = TextDialog(self._shell.window, title, f"{text}\n\nCollecting facts about this machine …")

        def show(report: str) -> None:
            dialog.set_text(f"{text}\n\nThis machine\n\n{report}")

        name = f"report {title}"
        self._shell.explorer.worker.request(name, Priority.SAVE, machine_report(), show, of_model=False)
        dialog.finished.connect(lambda _: self._shell.explorer.worker.cancel(name))
        dialog.open()

"""Shows and hides the side panel, and saves which of them it was."""

from PySide6.QtCore import QObject

from desktop.widgets.common.actions import add_action
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.controls.shell import Shell


class PanelControl(QObject):
    """Adds the entry in the view menu, with its key.

    Attributes:
        action: checked while the panel is shown.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self.action = add_action(shell.menus["view"], "&Side panel", "F9", self._switch)
        self.action.setCheckable(True)
        self.action.setChecked(True)
        shell.panel.restored.connect(self.show)
        save_input("panel", shell.panel)

    def show(self, is_shown: bool = True) -> None:
        """Show or hide the panel; without it, the keyboard is the plane's."""
        self.action.setChecked(is_shown)
        self._shell.panel.set_shown(is_shown)
        if not is_shown:
            self._shell.plane.setFocus()

    def _switch(self) -> None:
        self.show(self.action.isChecked())

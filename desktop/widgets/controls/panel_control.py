"""Shows and hides the side panel, saves whether it is shown, and lists its sections in the menu."""

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import follow_presence, name_command
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.controls.shell import Shell


class PanelControl(QObject):
    """Adds an entry for the panel to the View menu, and one for each section while the section is present.

    Attributes:
        action: checked while the panel is shown.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._list_sections(shell.menus["view"].addMenu("Sectio&ns"))
        self.action = add_action(shell.menus["view"], "&Side panel", "F9", self._switch)
        self.action.setCheckable(True)
        self.action.setChecked(True)
        shell.panel.switched.connect(self._on_switched)
        save_input("panel", shell.panel)

    def _list_sections(self, menu: QMenu) -> None:
        panel = self._shell.panel
        for section in panel.sections.all():
            entry = add_action(menu, section.header.text(), None, partial(panel.reveal, section.key))
            name_command(entry, section.header)
            follow_presence(entry, section)

    def _on_switched(self, is_shown: bool) -> None:
        """Check the entry while the panel is shown; when it is hidden, the plane gets the keyboard."""
        self.action.setChecked(is_shown)
        if not is_shown:
            self._shell.plane.setFocus()

    def _switch(self) -> None:
        self._shell.panel.set_shown(self.action.isChecked())

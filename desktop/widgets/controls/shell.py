"""What nearly every control needs of the window."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QMainWindow, QMenu

from desktop.app.explorer import Explorer
from desktop.widgets.common.message_bar import MessageBar
from desktop.widgets.panels.side_panel import SidePanel
from desktop.widgets.plane.plane_view import PlaneView


@dataclass(frozen=True)
class Shell:
    """The parts of the window that controls share. What one control needs of another goes by a signal.

    Attributes:
        explorer: the open model and the state.
        plane: the latent plane.
        panel: the panel beside it.
        menus: by their names: file, edit, view, path, help.
        message: what went wrong, and what people should know.
        window: the parent of dialogs, and what holds the inputs that are kept; nothing else is asked of it.
    """

    explorer: Explorer
    plane: PlaneView
    panel: SidePanel
    menus: Mapping[str, QMenu]
    message: MessageBar
    window: QMainWindow

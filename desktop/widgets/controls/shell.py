"""The parts of the window that most controls need."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QMainWindow, QMenu

from desktop.app.explorer import Explorer
from desktop.widgets.common.message_bar import MessageBar
from desktop.widgets.panels.side_panel import SidePanel
from desktop.widgets.plane.plane_view import PlaneView


@dataclass(frozen=True)
class Shell:
    """The parts of the window that controls share. Controls reach each other by signals only.

    Attributes:
        explorer: the open model and the state.
        plane: the latent plane.
        panel: the panel beside it.
        menus: the menus by name: file, edit, view, pages, select, bookmarks, path, draw, help.
        message: the bar for errors and notes.
        window: the parent of dialogs, and of the inputs that are saved; controls use nothing else of it.
    """

    explorer: Explorer
    plane: PlaneView
    panel: SidePanel
    menus: Mapping[str, QMenu]
    message: MessageBar
    window: QMainWindow

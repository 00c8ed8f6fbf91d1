"""The menu of the plane's layers; each has a digit as its shortcut."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.app.explorer import Explorer
from desktop.app.missing_layers import missing_layers
from desktop.view.state import Layer, ViewState
from desktop.widgets.common.usable import set_usable
from desktop.widgets.panels.view_panel import layer_text, why_missing


class LayersMenu(QMenu):
    """Shows and hides the plane's layers, in the same order as the panel."""

    told = Signal(str)  # which layer a digit or an entry switched

    def __init__(self, explorer: Explorer, parent: QWidget) -> None:
        super().__init__("&Layers", parent)
        self._explorer = explorer
        self.entries: dict[Layer, QAction] = {}
        for number, layer in enumerate(Layer, start=1):
            action = self.addAction(layer.value)
            action.setCheckable(True)
            action.setShortcut(QKeySequence(str(number % 10)))
            action.triggered.connect(lambda on, layer=layer: self._switch(layer, on))
            self.entries[layer] = action
        self._explorer.opened.connect(self._on_opened)
        self._explorer.points_changed.connect(self._on_opened)
        self._explorer.state_changed.connect(self._show)
        self._show(self._explorer.state)

    def _switch(self, layer: Layer, on: bool) -> None:
        self._explorer.set_state(self._explorer.state.with_layer(layer, on))
        name, key = layer_text(layer, self._explorer.points.words), self.entries[layer].shortcut().toString()
        self.told.emit(f"{name}: {'shown' if on else 'hidden'}, {key} {'hides' if on else 'shows'} it")

    def _on_opened(self) -> None:
        missing = missing_layers(self._explorer)
        for layer, action in self.entries.items():
            action.setText(layer_text(layer, self._explorer.points.words).replace("&", "&&"))
            set_usable(action, why_missing(layer) if layer in missing else "")

    def _show(self, state: ViewState) -> None:
        for layer, action in self.entries.items():
            action.setChecked(layer in state.layers)

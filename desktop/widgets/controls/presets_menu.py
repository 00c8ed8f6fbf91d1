"""View › Layer presets: named sets of layers and opacities, built in or saved by people."""

from functools import partial

from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from desktop.app.explorer import Explorer
from desktop.view.layer_presets import BUILT_IN, LayerPreset, preset_of, with_preset
from desktop.widgets.common import settings
from desktop.widgets.common.usable import set_usable

SAVE, REMOVE = "&Save as a preset…", "&Remove"


class PresetsMenu(QMenu):
    """Applies the layers of a preset; this can be undone.

    Attributes:
        dialog: asks for the name of a new preset, or None before it was first opened.
    """

    def __init__(self, explorer: Explorer, parent: QWidget) -> None:
        super().__init__("Layer p&resets", parent)
        self._explorer = explorer
        self._own = settings.layer_presets()
        self.dialog: QInputDialog | None = None
        self._fill()

    def _fill(self) -> None:
        self.clear()
        for number, preset in enumerate((*BUILT_IN, *self._own)):
            if number == len(BUILT_IN):
                self.addSeparator()
            self.addAction(_text(preset)).triggered.connect(partial(self._show, preset))
        self.addSeparator()
        self.addAction(SAVE).triggered.connect(self._ask)
        remove = self.addMenu(REMOVE)
        set_usable(remove.menuAction(), "" if self._own else "You have not saved a preset.")
        for preset in self._own:
            remove.addAction(_text(preset)).triggered.connect(partial(self._remove, preset))

    def _show(self, preset: LayerPreset) -> None:
        self._explorer.set_state(preset.applied(self._explorer.state))

    def _ask(self) -> None:
        if self.dialog is None:
            self.dialog = QInputDialog(self.parentWidget())
            self.dialog.setWindowTitle("Save as a preset")
            self.dialog.setLabelText("Name of these layers with their opacities:")
            self.dialog.textValueSelected.connect(self._add)
        self.dialog.setTextValue("")
        self.dialog.open()

    def _add(self, name: str) -> None:
        if name.strip():
            self._keep(with_preset(self._own, preset_of(self._explorer.state, name)))

    def _remove(self, preset: LayerPreset) -> None:
        self._keep([other for other in self._own if other.name != preset.name])

    def _keep(self, presets: list[LayerPreset]) -> None:
        self._own = presets
        settings.save_layer_presets(presets)
        self._fill()


def _text(preset: LayerPreset) -> str:
    return preset.name.replace("&", "&&")

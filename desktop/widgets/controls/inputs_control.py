"""Sets the further inputs of the open model, such as a class, from the panel and from the menu."""

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from desktop.app.worker import Priority
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.reading.input_values import InputValue, InputValues, in_words, taken
from desktop.view.state import ViewState
from desktop.widgets.common.field_keys import share_keys
from desktop.widgets.common.plain_text import menu_text
from desktop.widgets.common.wheel import leave_wheel_to_scrolling
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.inputs_panel import InputsPanel

NAME = "inputs"
SECTION = "inputs"


class InputsControl(QObject):
    """Joins the section "Inputs" to the explorer; it is there only for models that have further inputs.

    A value that the graph may refuse, because it does not say which it takes, is tried with the picture at
    the cursor before the view has it.
    """

    panel_wanted = Signal()  # the panel is to be shown, if it is hidden

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        self.panel = InputsPanel()
        shell.panel.add_section(
            SECTION, "Inputs", self.panel, "What the model takes besides z, such as a class."
        )
        self._section = shell.panel.sections.section(SECTION)
        self.menu = QMenu("Model &inputs", shell.window)
        shell.menus["view"].addMenu(self.menu)
        self.panel.value_wanted.connect(self._set)
        for changed in (explorer.opened, explorer.renewed, explorer.model_closed):
            changed.connect(self._on_model)
        explorer.state_changed.connect(self._on_state)
        self._on_model()

    def _on_model(self) -> None:
        inputs = self._explorer.inputs
        if self.panel.set_inputs(inputs):
            leave_wheel_to_scrolling(self.panel)
            share_keys(self.panel)
        self.panel.show_values(self._explorer.state.inputs)
        self.menu.clear()
        for other in inputs:
            self.menu.addAction(f"Set {menu_text(other.name)}", partial(self._edit, other.name))
        self.menu.menuAction().setVisible(bool(inputs))
        self._section.setVisible(bool(inputs))
        if inputs:
            self._section.offer()

    def _on_state(self, state: ViewState) -> None:
        self.panel.show_values(state.inputs)

    def _edit(self, name: str) -> None:
        """Show the section, and give the input's box the keyboard."""
        self.panel_wanted.emit()
        self._shell.panel.show_section(self.panel)
        self.panel.edit(name)

    def _set(self, name: str, value: float) -> None:
        explorer = self._explorer
        inputs = explorer.inputs
        changed = tuple(
            InputValue(name, value) if each.name == name else each for each in explorer.state.inputs
        )
        wanted = taken(inputs, changed)
        other = next((each for each in inputs if each.name == name), None)
        explorer.worker.cancel(NAME)
        if other is None or explorer.source is None:
            return
        if not other.is_whole or other.most is not None:
            explorer.change(inputs=wanted)
            return
        decoder = explorer.decoder_with(wanted)
        if decoder is not None:
            explorer.worker.request(
                NAME,
                Priority.PICTURE,
                _try(decoder, explorer.state),
                lambda _: explorer.change(inputs=wanted),
                partial(self._on_refused, wanted),
            )

    def _on_refused(self, wanted: InputValues, error: Exception) -> None:
        """Say that the graph does not take a value, and show the one that stays."""
        words = " ".join(str(error).split())
        stays = in_words(self._explorer.state.inputs)
        self._shell.message.show_message(
            f"the model does not take {in_words(wanted)}; it stays {stays} ({words})"
        )
        self.panel.show_values(self._explorer.state.inputs)


def _try(decoder: KeptDecoder, state: ViewState) -> Iterator[tuple[bool]]:
    decoder.one(state.z)
    yield (True,)

"""Sets the further inputs of the open model, such as a class, from the panel and from the menu."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject
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

SECTION = "inputs"


@dataclass(frozen=True)
class _Trial:
    """A value that is tried, and the value that the input has until then."""

    before: float
    value: float


class InputsControl(QObject):
    """Connects the section "Inputs" to the explorer; only models with further inputs show the section.

    If the graph does not say which values it accepts, a value is tried first: the view gets it only after the
    picture at the cursor was decoded with it.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        self._tried: dict[str, _Trial] = {}  # by the names of the inputs
        self.panel = InputsPanel()
        shell.panel.add_section(
            SECTION, "Inputs", self.panel, "What the model takes besides z, such as a class."
        )
        self._section = shell.panel.sections.section(SECTION)
        self.menu = QMenu("Model &inputs", shell.window)
        shell.menus["view"].addMenu(self.menu)
        self.panel.value_wanted.connect(self._set)
        self.panel.refused.connect(shell.message.show_note)
        for changed in (explorer.opened, explorer.renewed, explorer.model_closed):
            changed.connect(self._on_model)
        explorer.state_changed.connect(self._on_state)
        self._on_model()

    def _on_model(self) -> None:
        inputs = self._explorer.inputs
        self._forget(*self._tried)
        if self.panel.set_inputs(inputs):
            leave_wheel_to_scrolling(self.panel)
            share_keys(self.panel)
        self._show_values()
        self.menu.clear()
        for other in inputs:
            self.menu.addAction(f"Set {menu_text(other.name)}", partial(self._edit, other.name))
        self.menu.menuAction().setVisible(bool(inputs))
        self._section.setVisible(bool(inputs))
        if inputs:
            self._section.offer()

    def _on_state(self, state: ViewState) -> None:
        """Show the values, and end the trial of an input whose value has changed meanwhile, as by undo."""
        now = {each.name: each.value for each in state.inputs}
        self._forget(*(name for name, trial in self._tried.items() if trial.before != now.get(name)))
        self._show_values()

    def _edit(self, name: str) -> None:
        """Show the section, and give the input's box the keyboard."""
        self._shell.panel.reveal(self.panel)
        self.panel.edit(name)

    def _set(self, name: str, value: float) -> None:
        explorer = self._explorer
        other = next((each for each in explorer.inputs if each.name == name), None)
        self._forget(name)
        if other is None or explorer.source is None:
            return
        wanted = taken(explorer.inputs, (InputValue(name, value),))
        if not other.is_whole or other.most is not None:
            explorer.change(inputs=wanted)
            return
        decoder = explorer.decoder_with(wanted)
        if decoder is not None:
            self._tried[name] = _Trial(other.value, value)
            explorer.worker.request(
                _job(name),
                Priority.PICTURE,
                _try(decoder, explorer.state),
                lambda _: self._on_taken(name),
                partial(self._on_refused, name, wanted),
            )

    def _on_taken(self, name: str) -> None:
        """Set the value that was tried; the other inputs keep the values that they have by now."""
        value = InputValue(name, self._tried.pop(name).value)
        self._explorer.change(inputs=taken(self._explorer.inputs, (value,)))

    def _on_refused(self, name: str, wanted: InputValues, error: Exception) -> None:
        """Say that the graph refuses a value, and show the value that stays."""
        self._tried.pop(name, None)
        words = " ".join(str(error).split())
        stays = in_words(self._explorer.state.inputs)
        self._shell.message.show_message(
            f"the model does not take {in_words(wanted)}; it stays {stays} ({words})"
        )
        self._show_values()

    def _forget(self, *names: str) -> None:
        """End the trials of these inputs."""
        for name in names:
            if self._tried.pop(name, None) is not None:
                self._explorer.worker.cancel(_job(name))

    def _show_values(self) -> None:
        """Show the view's values; an input on trial shows the value that is tried."""
        self.panel.show_values(
            tuple(
                InputValue(each.name, self._tried[each.name].value) if each.name in self._tried else each
                for each in self._explorer.state.inputs
            )
        )


def _job(name: str) -> str:
    """The name of an input's trial in the worker; each input has its own, so no trial replaces another's."""
    return f"input {name}"


def _try(decoder: KeptDecoder, state: ViewState) -> Iterator[tuple[bool]]:
    decoder.one(state.z)
    yield (True,)

"""Switches the explorer to the model of the state's epoch, and keeps the models of epochs loaded."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from desktop.app.explorer import Explorer
from desktop.app.worker import Priority
from desktop.models.epochs import Epoch, Loaded, Loader, epochs_of
from desktop.models.opened import Opened
from desktop.view.state import ViewState


class Timeline(QObject):
    """The epochs of the open bundle, and which one is shown.

    Nothing is loaded until an epoch other than the last is shown. Then as many epochs are loaded as can be
    kept, the nearest first.
    """

    epochs_changed = Signal()
    shown_changed = Signal()

    def __init__(self, explorer: Explorer) -> None:
        super().__init__(explorer)
        self._explorer = explorer
        self._loader: Loader | None = None
        self._is_loading = False
        self._models: dict[Epoch, Opened] = {}
        self._errors: dict[Epoch, Exception] = {}
        self.epochs: tuple[Epoch, ...] = ()
        for signal in (explorer.opened, explorer.model_closed):
            signal.connect(self._start_over)
        explorer.renewed.connect(self._on_renewed)
        explorer.state_changed.connect(self._on_state)
        explorer.closed.connect(self._close)

    @property
    def index(self) -> int:
        """The index of the state's epoch; the last index is the bundle's own model."""
        numbers = [epoch.number for epoch in self.epochs]
        epoch = self._explorer.state.epoch
        return numbers.index(epoch) if epoch in numbers else len(numbers) - 1

    def go_to(self, index: int, record: bool = True) -> None:
        """Show the epoch with this index, clipped to the valid range; `record` is as in `set_state`."""
        if self.epochs:
            index = min(max(index, 0), len(self.epochs) - 1)
            is_last = index == len(self.epochs) - 1
            epoch = None if is_last else self.epochs[index].number
            self._explorer.set_state(replace(self._explorer.state, epoch=epoch), record)

    def is_ready(self, index: int) -> bool:
        """Whether the epoch's model is loaded, so that it can be shown at once."""
        return index >= len(self.epochs) - 1 or self.epochs[index] in self._models

    @property
    def is_shown(self) -> bool:
        """Whether the model that decodes is the one of the state's epoch."""
        wanted = self._wanted()
        return self._explorer.model is (None if wanted is None else wanted.model)

    def _close(self) -> None:
        for opened in self._models.values():
            opened.model.close()

    def _start_over(self) -> None:
        self._models.clear()
        self._set_epochs()

    def _on_renewed(self, _opened: Opened) -> None:
        self._set_epochs()
        self._on_state(self._explorer.state)

    def _set_epochs(self) -> None:
        """Read the epochs of the open bundle; unchanged epochs keep their loaded models."""
        self._explorer.opener.cancel("epochs")
        self._loader, self._is_loading = None, False
        self._errors.clear()
        self.epochs = epochs_of(self._explorer.source)
        self._models = {epoch: model for epoch, model in self._models.items() if epoch in self.epochs}
        self.epochs_changed.emit()

    def _wanted(self) -> Opened | None:
        """The model of the state's epoch, if it is loaded."""
        if not self.epochs or self.index == len(self.epochs) - 1:
            return self._explorer.whole
        return self._models.get(self.epochs[self.index])

    def _on_state(self, _state: ViewState) -> None:
        wanted = self._wanted()
        if wanted is not None and wanted.model is not self._explorer.model:
            self._explorer.take_over(wanted)
            self.shown_changed.emit()
        if not self.epochs or (self._loader is None and self.index == len(self.epochs) - 1):
            return
        error = self._errors.get(self.epochs[self.index])
        if error is not None:
            self._go_back(error)
        else:
            self._load()

    def _load(self) -> None:
        """Load the epoch of the state and its neighbours."""
        whole = self._explorer.whole
        assert whole is not None
        if self._loader is None:
            self._loader = Loader(whole, self.epochs, self._explorer.device)
            # The bundle's own model is already open and need not be loaded again.
            self._loader.held = {len(self.epochs) - 1} | {
                index for index, epoch in enumerate(self.epochs) if epoch in self._models
            }
        self._loader.wanted = self.index
        keep = self._loader.to_keep()
        for index in self._loader.held - keep - {len(self.epochs) - 1}:
            self._models.pop(self.epochs[index], None)
            self._loader.held.discard(index)
        if not self._is_loading and keep - self._loader.held:
            self._is_loading = True
            self._explorer.opener.request(
                "epochs",
                Priority.EPOCHS,
                self._loader.steps(),
                self._on_loaded,
                on_end=self._on_end,
                on_dropped=Loaded.close,
            )

    def _on_loaded(self, loaded: Loaded) -> None:
        if loaded.opened is not None:
            self._models[loaded.epoch] = loaded.opened
        elif loaded.error is not None and loaded.is_current:
            self._errors[loaded.epoch] = loaded.error
        self._on_state(self._explorer.state)

    def _on_end(self) -> None:
        self._is_loading = False
        # In the meantime the state may have moved to an epoch that is not loaded yet.
        self._on_state(self._explorer.state)

    def _go_back(self, error: Exception) -> None:
        """Report an epoch that cannot be loaded, and return to the bundle's own model."""
        self._explorer.change(epoch=None)
        self._explorer.failed.emit(error)

"""Shows in the window which model is open."""

from PySide6.QtCore import QObject

from desktop.app.missing_layers import missing_layers
from desktop.models.opened import Opened
from desktop.widgets.common import settings
from desktop.widgets.common.plain_text import title_text
from desktop.widgets.controls.reading_control import ReadingControl
from desktop.widgets.controls.shell import Shell


class ModelControl(QObject):
    """Adapts the window's title, the panel and the reading's dialog to the open model and its points."""

    def __init__(self, shell: Shell, reading: ReadingControl) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._reading = reading
        explorer = shell.explorer
        explorer.opened.connect(self._on_opened)
        explorer.renewed.connect(self._show)
        explorer.points_changed.connect(self._show_points)
        explorer.model_changed.connect(self._show_reading)

    def _on_opened(self, opened: Opened) -> None:
        settings.save_recent(opened.model.source.path)
        self._show(opened)

    def _show(self, opened: Opened) -> None:
        source = opened.model.source
        self._reading.set_source(source)
        self._shell.window.setWindowTitle(f"{title_text(source.name)} — Latent Plane")
        self._show_points()

    def _show_reading(self) -> None:
        """Tell the reading's dialog how the model is read now: its further inputs may have other values."""
        source = self._shell.explorer.source
        if source is not None:
            self._reading.set_source(source)

    def _show_points(self) -> None:
        """Adapt the panel to the model, and to the test images or own pictures that are shown."""
        explorer, panel = self._shell.explorer, self._shell.panel
        points = explorer.points
        panel.set_model(explorer.latent_dim or 0, points.label_names, points.exist)
        panel.view.set_words(points.words, points.encoded_words, missing_layers(explorer))

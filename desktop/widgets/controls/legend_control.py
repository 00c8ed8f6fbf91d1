"""Counts the points of each label for the legend."""

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from desktop.app.explorer import Explorer
from desktop.widgets.common.commands import add_button, follow_presence
from desktop.widgets.panels.legend import Legend
from export.bundle import Posterior


class LegendControl(QObject):
    """Connects the legend to the explorer."""

    def __init__(self, explorer: Explorer, legend: Legend, view: QMenu) -> None:
        super().__init__(legend)
        self._explorer, self._legend = explorer, legend
        self._posterior: Posterior | None = None
        legend.hidden_wanted.connect(lambda hidden: explorer.change(hidden_labels=hidden))
        menu = view.addMenu("Labels")
        add_button(menu, "&Show all labels", legend.all, within=[legend.ends])
        add_button(menu, "&Hide all labels", legend.none, within=[legend.ends])
        follow_presence(menu.menuAction(), legend.ends)
        for others in (explorer.opened, explorer.points_changed):
            others.connect(self._on_points)
        for changed in (explorer.state_changed, explorer.model_changed):
            changed.connect(self._count)

    def _on_points(self) -> None:
        self._posterior = None  # they are counted once the legend has their labels

    def _count(self) -> None:
        posterior = self._explorer.points.posterior
        if posterior is not self._posterior:
            self._posterior = posterior
            labels = None if posterior is None else posterior.labels
            self._legend.set_counts([] if labels is None else np.bincount(labels).tolist())

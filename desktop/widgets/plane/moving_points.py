"""The points on a plane, which can move smoothly to new positions."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation, Signal

from desktop.latent.chart import Chart
from desktop.widgets.plane.point_layer import PlacedPoints, Points


class MovingPoints(QObject):
    """Points that move smoothly if they are replaced by the same number of points.

    Attributes:
        now: the points as they are drawn now.
    """

    moved = Signal()  # emitted after each step of the motion

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = Points(np.empty((0, 2)), None, ())
        self._from, self._to = self.now, self.now
        self._placed: PlacedPoints | None = None
        self._motion = QVariantAnimation(self, startValue=0.0, endValue=1.0)
        self._motion.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._motion.valueChanged.connect(self._move)

    @property
    def is_moving(self) -> bool:
        """Whether the points are moving."""
        return self._motion.state() == QVariantAnimation.State.Running

    def set(self, points: Points, duration_ms: int) -> bool:
        """Show other points, at once or with a motion of `duration_ms`; return whether they move."""
        self._motion.stop()
        moves = duration_ms > 0 and len(points.ab) == len(self.now.ab)
        if moves:
            self._from, self._to = self.now, points
            self._motion.setDuration(duration_ms)
            self._motion.start()
        else:
            self._show(points)
        return moves

    def finish(self) -> None:
        """End the motion, and show the points at their final positions."""
        if self.is_moving:
            self._motion.setCurrentTime(self._motion.duration())

    def placed(self, chart: Chart) -> PlacedPoints:
        """Return the points in a chart's view coordinates."""
        if self._placed is None or self._placed.chart != chart:
            self._placed = self.now.placed(chart)
        return self._placed

    def last_placed(self, chart: Chart) -> PlacedPoints | None:
        """Return the last result of `placed`, if points and chart are still the same."""
        placed = self._placed
        return placed if placed is not None and placed.chart == chart else None

    def _move(self, share: float) -> None:
        ab = self._to.ab if share == 1 else self._from.ab + share * (self._to.ab - self._from.ab)
        self._show(replace(self._to, ab=ab))
        self.moved.emit()

    def _show(self, points: Points) -> None:
        self.now, self._placed = points, None

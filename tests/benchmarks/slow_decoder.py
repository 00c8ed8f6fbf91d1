"""Measures how fast the window responds while a slow decoder works: cursor, pan and zoom.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/slow_decoder.py MODEL.onnx [--events 300]

MODEL takes a second or more per picture, such as one of `real_models.py`. The model is opened, and while the
worker decodes pictures and the plane, mouse events are sent to the plane, one every 20 ms. Prints the
milliseconds from sending an event until the plane is painted with its effect (median, 99 % under, longest),
and the same for the bundle that ships.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from desktop.app.explorer import Explorer
from desktop.base.shipped import shipped_bundle
from desktop.widgets.main_window import MainWindow
from desktop.widgets.plane.plane_view import PlaneView

PAUSE_MS = 20
NO_KEYS = Qt.KeyboardModifier.NoModifier


class Watch:
    """A window that knows whether its plane was painted since an event was sent."""

    def __init__(self, model: Path) -> None:
        self.loop = QEventLoop()
        self.painted = False
        paint = PlaneView.paintEvent

        def plane_painted(view: PlaneView, event: object) -> None:
            paint(view, event)
            self.painted = True
            self.loop.quit()

        PlaneView.paintEvent = plane_painted
        self.window = MainWindow(Explorer("cpu"))
        self.plane = self.window.plane
        self.window.resize(1180, 860)
        self.window.show()
        self.window.explorer.picture_decoded.connect(self.loop.quit)
        self.window.open_path(model)
        while self.window.picture_control.decoded is None:
            self.loop.exec()

    def wait_ms(self, duration_ms: int) -> None:
        """Run the window's event loop for a while."""
        end = time.perf_counter() + duration_ms / 1e3
        while (left_s := end - time.perf_counter()) > 0:
            QTimer.singleShot(max(1, round(1e3 * left_s)), self.loop.quit)
            self.loop.exec()

    def until_painted_ms(self, send: object) -> float:
        """Milliseconds from sending an event to the next painting of the plane."""
        self.painted = False
        start = time.perf_counter()
        send()
        while not self.painted:
            self.loop.exec()
        return 1e3 * (time.perf_counter() - start)

    def mouse(self, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton) -> None:
        """Send a mouse event to the plane."""
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        changed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        place = QPointF(x, y)
        QApplication.sendEvent(
            self.plane, QMouseEvent(kind, place, self.plane.mapToGlobal(place), changed, held, NO_KEYS)
        )

    def wheel(self, x: float, y: float, notches: float) -> None:
        """Turn the wheel over the plane."""
        place, turn = QPointF(x, y), QPoint(0, round(120 * notches))
        none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        QApplication.sendEvent(
            self.plane,
            QWheelEvent(place, self.plane.mapToGlobal(place), QPoint(), turn, none, NO_KEYS, phase, False),
        )

    def measure(self, events: int) -> dict[str, list[float]]:
        """Drag the cursor, drag the plane, and zoom in and out."""
        width, height = self.plane.size_px()
        found: dict[str, list[float]] = {}
        for name, button in (("cursor", Qt.MouseButton.LeftButton), ("pan", Qt.MouseButton.RightButton)):
            self.mouse(QEvent.Type.MouseButtonPress, width / 2, height / 2, button)
            times = []
            for step in range(1, events + 1):
                angle = 2 * np.pi * step / 120
                x, y = width / 2 + 200 * np.sin(angle), height / 2 + 150 * (1 - np.cos(angle))
                times.append(
                    self.until_painted_ms(
                        lambda x=x, y=y, b=button: self.mouse(QEvent.Type.MouseMove, x, y, b)
                    )
                )
                self.wait_ms(PAUSE_MS)
            self.mouse(QEvent.Type.MouseButtonRelease, width / 2, height / 2, button)
            found[name] = times
        found["zoom"] = []
        for step in range(events):
            notches = 1 if step % 20 < 10 else -1
            found["zoom"].append(
                self.until_painted_ms(lambda n=notches: self.wheel(width / 2, height / 2, n))
            )
            self.wait_ms(PAUSE_MS)
        return found


def main() -> None:
    """Measure the model, and the bundle that ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--events", type=int, default=300)
    arguments = parser.parse_args()
    application = QApplication([sys.argv[0]])
    for model in (arguments.model, shipped_bundle()):
        watch = Watch(model)
        decode_s = watch.window.explorer.model.last_decode_ms / 1e3
        for name, times in watch.measure(arguments.events).items():
            print(
                f"{model.name:<20} {decode_s:.3f} s per picture  {name:<7} n {len(times)}  "
                f"median {np.median(times):.1f} ms, 99 % under {np.percentile(times, 99):.1f} ms, "
                f"longest {max(times):.1f} ms",
                flush=True,
            )
        watch.window.close()
    del application


if __name__ == "__main__":
    main()

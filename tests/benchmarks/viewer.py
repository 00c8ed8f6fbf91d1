"""How fast the viewer answers: cold start to the first painted picture, and drag to painted picture.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/viewer.py [BUNDLE] [--drags 300] [--starts 5]

Prints one JSON line each. A drag is timed from sending the mouse event until the side panel has painted
the picture of exactly that z; beside it stands a bare decode of one picture in the same process, the part
that no viewer can do without. Drags are timed twice: at rest, and while the plane behind is decoded anew.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

START = time.perf_counter()
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.explorer import Explorer
from desktop.runtime import Model
from desktop.shipped import shipped_bundle
from desktop.source import open_source
from desktop.widgets.main_window import MainWindow
from desktop.widgets.picture_view import PictureView

IDLE_S = 0.02


class Watch:
    """A window whose painted pictures can be waited for."""

    def __init__(self, bundle: Path) -> None:
        self.loop = QEventLoop()
        self.painted_z: tuple[float, ...] | None = None
        self.backdrops = 0
        original = PictureView.paintEvent

        def paint(view: PictureView, event: object) -> None:
            original(view, event)
            if view is self.window.panel.picture.picture and view.image() is not None:
                self.painted_z = self.window.picture_control.decoded.z
                self.loop.quit()

        PictureView.paintEvent = paint
        self.window = MainWindow(Explorer("auto"))
        self.window.explorer.backdrop_finished.connect(self._backdrop_finished)
        self.window.resize(1180, 860)
        self.window.show()
        self.window.open_path(bundle)
        while self.painted_z is None:
            self.loop.exec()

    def _backdrop_finished(self) -> None:
        self.backdrops += 1
        self.loop.quit()

    def wait_for_backdrop(self) -> None:
        while not self.backdrops:
            self.loop.exec()

    def drag_ms(self, x: float, y: float) -> float:
        """Milliseconds from a mouse move at a pixel of the plane to its painted picture."""
        plane = self.window.plane
        position = QPointF(x, y)
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(
            QEvent.Type.MouseMove, position, plane.mapToGlobal(position), Qt.MouseButton.NoButton, left, none
        )
        start = time.perf_counter()
        QApplication.sendEvent(plane, event)
        while self.painted_z != self.window.explorer.state.z:
            self.loop.exec()
        return 1e3 * (time.perf_counter() - start)


def positions(count: int, size_px: tuple[int, int]) -> np.ndarray:
    """A smooth stroke over the plane, [count, 2] pixels."""
    t = np.linspace(0, 2 * np.pi, count)
    return np.stack([np.cos(3 * t), np.sin(2 * t)], axis=1) * 0.35 * np.array(size_px) + np.array(size_px) / 2


def quantiles(times_ms: list[float]) -> dict[str, float]:
    p50, p99 = np.quantile(times_ms, [0.5, 0.99])
    return {
        "n": len(times_ms),
        "p50_ms": round(p50, 2),
        "p99_ms": round(p99, 2),
        "max_ms": round(max(times_ms), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="?", type=Path, default=shipped_bundle())
    parser.add_argument("--drags", type=int, default=300)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--one-start", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = os.environ.setdefault("XDG_CONFIG_HOME", f"/tmp/latent-plane-benchmark-{os.getpid()}")  # noqa: S108
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
    application = QApplication([])
    if arguments.one_start:
        watch = Watch(arguments.bundle)
        print(json.dumps({"seconds": time.perf_counter() - START}))
        watch.window.close()
        return

    starts_s = []
    command = [sys.executable, __file__, str(arguments.bundle), "--one-start"]
    for _ in range(arguments.starts):
        start = time.perf_counter()
        finished = subprocess.run(command, check=True, capture_output=True, text=True)
        inside = json.loads(finished.stdout)["seconds"]
        starts_s.append((inside, time.perf_counter() - start))
    inside, whole = (np.median(column) for column in zip(*starts_s, strict=True))
    machine = {"machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"}
    spread = {"least_s": round(min(starts_s)[0], 3), "most_s": round(max(starts_s)[0], 3)}
    print(
        json.dumps(
            {
                "cold_start": "imports to first painted picture",
                "n": arguments.starts,
                "median_s": round(inside, 3),
            }
            | spread
            | {"process_median_s": round(whole, 3)}
            | machine
        )
    )

    model = Model(open_source(arguments.bundle))
    z = np.zeros((1, model.latent_dim), np.float32)
    bare = []
    for _ in range(arguments.drags):
        model.decode(z)
        bare.append(model.last_decode_ms)
        time.sleep(0.001)
    print(json.dumps({"bare_decode": "one picture"} | quantiles(bare)))
    model.close()

    watch = Watch(arguments.bundle)
    watch.wait_for_backdrop()
    stroke = positions(arguments.drags, watch.window.plane.size_px())
    at_rest = []
    for x, y in stroke:
        time.sleep(IDLE_S / 4)
        at_rest.append(watch.drag_ms(x, y))
    print(json.dumps({"drag": "at rest"} | quantiles(at_rest)))
    while_decoding = []
    for number, (x, y) in enumerate(stroke):
        if number % 10 == 0:
            viewport = watch.window.explorer.state.viewport
            watch.window.plane.viewport_wanted.emit(viewport.panned(0.01, 0.0))
            application.processEvents()
        while_decoding.append(watch.drag_ms(x, y))
    print(json.dumps({"drag": "while the plane is decoded"} | quantiles(while_decoding)))
    watch.window.close()


if __name__ == "__main__":
    main()

"""Measures the updates per second while drawing: the encoder's figures, and the true posterior on the plane.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/drawing.py [BUNDLE] [--moves 400]

A pen goes round the canvas in a steady stroke, with a mouse event every 8 ms, as from a fast mouse. An update
is a result for one state of the drawing that arrives in the window: encoding with reconstruction, or
posterior with its layer. Prints one JSON line for each kind, and the time and size of the table of
likelihoods over the plane.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPointF, QSettings, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.app.explorer import Explorer
from desktop.base import saved
from desktop.base.shipped import shipped_bundle
from desktop.widgets.main_window import MainWindow

EVENT_MS = 8


def wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def mouse(kind: QEvent.Type, widget: object, x: float, y: float) -> None:
    position = QPointF(x, y)
    button = Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    event = QMouseEvent(
        kind, position, widget.mapToGlobal(position), button, held, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def rate(name: str, times_s: list[float], seconds: float) -> None:
    gaps_ms = 1e3 * np.diff(times_s)
    p50, p99 = np.quantile(gaps_ms, [0.5, 0.99])
    figures = {"n": len(times_s), "updates_a_second": round(len(times_s) / seconds, 1)}
    print(json.dumps({"drawing": name} | figures | {"p50_ms": round(p50, 1), "p99_ms": round(p99, 1)}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="?", type=Path, default=shipped_bundle())
    parser.add_argument("--moves", type=int, default=400)
    arguments = parser.parse_args()
    folder = f"/tmp/latent-plane-benchmark-{os.getpid()}"  # noqa: S108
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
    saved.place = lambda: Path(folder) / "saved.json"
    QApplication([])
    window = MainWindow(Explorer("auto"))
    window.resize(1180, 900)
    window.show()
    window.open_path(arguments.bundle)
    while window.explorer.model is None:
        wait(20)
    wait(2000)
    window.panel.show_section(window.image.panel)
    image, control, canvas = window.image, window.true_posterior, window.image.panel.canvas
    side = canvas.width()

    start = time.perf_counter()
    mouse(QEvent.Type.MouseButtonPress, canvas, 0.3 * side, 0.3 * side)
    mouse(QEvent.Type.MouseButtonRelease, canvas, 0.3 * side, 0.3 * side)
    while control.finder.table is None or control.finder.table.share < 1:
        wait(20)
    table = {
        "seconds": round(time.perf_counter() - start, 2),
        "megabytes": round(control.finder.table.size_bytes / 1e6),
    }
    machine = {"machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"}
    print(json.dumps({"drawing": "table of the plane, 256 × 256"} | table | machine))
    wait(3000)

    encodings: list[float] = []
    posteriors: list[float] = []
    seen: list[object] = [None, None]

    def look() -> None:
        now = time.perf_counter()
        if image.encoded is not seen[0]:
            seen[0] = image.encoded
            encodings.append(now)

    def locate() -> None:
        if control.located is not None and control.located is not seen[1]:
            seen[1] = control.located
            posteriors.append(time.perf_counter())

    clock = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=1)
    clock.timeout.connect(look)
    clock.timeout.connect(locate)
    clock.start()
    begin = time.perf_counter()
    mouse(QEvent.Type.MouseButtonPress, canvas, 0.5 * side, 0.2 * side)
    for move in range(arguments.moves):
        angle = 2 * np.pi * move / 100
        radius = 0.2 + 0.1 * np.sin(angle / 5)
        mouse(
            QEvent.Type.MouseMove,
            canvas,
            (0.5 + radius * np.sin(angle)) * side,
            (0.5 - radius * np.cos(angle)) * side,
        )
        due = begin + (move + 1) * EVENT_MS / 1e3
        wait(max(0, round(1e3 * (due - time.perf_counter()))))
    seconds = time.perf_counter() - begin
    mouse(QEvent.Type.MouseButtonRelease, canvas, 0.5 * side, 0.2 * side)
    clock.stop()
    rate("encoder, reconstruction, ELBO", encodings, seconds)
    rate("true posterior and log p(x), with its layer", posteriors, seconds)
    window.close()


if __name__ == "__main__":
    main()

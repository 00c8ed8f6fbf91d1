"""Measures how fast the viewer responds: start, drags, pans, memory.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/viewer.py [BUNDLE] [--drags 1000] [--rounds 3]
        [--long 100000]

Prints one JSON line per measurement. A start imports modules and collects garbage as `desktop.__main__` does;
all modules are compiled, as pip and a first start leave them. A drag is timed from sending the mouse event
until the side panel has painted the picture of exactly that z. For comparison, a bare decode of one picture
is timed in the same process. Drags are timed at rest, after a pause, and while the zoomed plane is being
decoded. A frame of a pan with 10,000 points is timed from the mouse event until the plane is painted at its
new place. Memory is the process's resident set; its growth is reported in twentieths of a long series of
drags without pauses.
"""

import argparse
import atexit
import gc
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

START = time.perf_counter()
gc.disable()
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

from desktop.base.plain_import import plain_import

with plain_import():
    from PySide6.QtCore import QEvent, QEventLoop, QPointF, QSettings, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.app.explorer import Explorer
from desktop.base import saved
from desktop.base.machine import DeviceName
from desktop.base.shipped import shipped_bundle
from desktop.base.vector import Vector
from desktop.latent.plane import Viewport
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.widgets.common.picture_view import PictureView
from desktop.widgets.main_window import MainWindow
from desktop.widgets.plane.plane_view import PlaneView

SIZE_PX = (1180, 860)
POINT_COUNT = 10_000
PAN_FRAMES = 600
SETTLE_MS, PAUSE_MS = 300, 1500
GIFS = 10


class Watch:
    """A window that can wait for painted pictures."""

    def __init__(self, bundle: Path, device: DeviceName = "auto") -> None:
        self.loop = QEventLoop()
        self.painted_z: Vector | None = None
        self.painted_viewport: Viewport | None = None
        paint_picture, paint_plane = PictureView.paintEvent, PlaneView.paintEvent

        def picture_painted(view: PictureView, event: object) -> None:
            paint_picture(view, event)
            if view is self.window.panel.picture.picture and view.image() is not None:
                self.painted_z = self.window.picture_control.decoded.z
                self.loop.quit()

        def plane_painted(view: PlaneView, event: object) -> None:
            paint_plane(view, event)
            self.painted_viewport = view.projection.viewport
            self.loop.quit()

        PictureView.paintEvent, PlaneView.paintEvent = picture_painted, plane_painted
        self.window = MainWindow(Explorer(device))
        self.explorer, self.plane = self.window.explorer, self.window.plane
        self.window.resize(*SIZE_PX)
        self.window.show()
        gc.freeze()
        gc.enable()
        self.window.open_path(bundle)
        while self.painted_z is None:
            self.loop.exec()

    def settle(self) -> None:
        """Wait until everything is decoded and drawn, then a little longer."""
        while not (self.explorer.tiles.is_complete and self.plane.is_settled):
            self.wait_ms(20)
        self.wait_ms(SETTLE_MS)

    def wait_ms(self, duration_ms: int) -> None:
        """Run the event loop for a while."""
        end = time.perf_counter() + duration_ms / 1e3
        while time.perf_counter() < end:
            QTimer.singleShot(max(1, int(1e3 * (end - time.perf_counter()))), self.loop.quit)
            self.loop.exec()

    def send(self, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton) -> None:
        """Send a mouse event at a pixel of the plane."""
        position = QPointF(x, y)
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        changed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        event = QMouseEvent(
            kind,
            position,
            self.plane.mapToGlobal(position),
            changed,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self.plane, event)

    def drag_ms(self, x: float, y: float) -> float:
        """Return the milliseconds from a mouse move at a pixel of the plane to its painted picture."""
        start = time.perf_counter()
        self.send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.LeftButton)
        while self.painted_z != self.explorer.state.z:
            self.loop.exec()
        return 1e3 * (time.perf_counter() - start)

    def pan_ms(self, frames: int) -> list[float]:
        """Return the milliseconds of each frame of a pan by the right button, painted one after the other."""
        width, height = self.plane.size_px()
        times = []
        self.send(QEvent.Type.MouseButtonPress, width / 2, height / 2, Qt.MouseButton.RightButton)
        for frame in range(1, frames + 1):
            angle = 2 * np.pi * frame / 240
            x, y = width / 2 + 250 * np.sin(angle), height / 2 + 150 * np.sin(2 * angle)
            start = time.perf_counter()
            self.send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.RightButton)
            while self.painted_viewport != self.explorer.state.viewport:
                self.loop.exec()
            times.append(1e3 * (time.perf_counter() - start))
        self.send(QEvent.Type.MouseButtonRelease, width / 2, height / 2, Qt.MouseButton.RightButton)
        return times


def positions(count: int, size_px: tuple[int, int], turns: int = 1) -> np.ndarray:
    """Return a smooth stroke over the plane, [count, 2] pixels."""
    t = np.linspace(0, 2 * np.pi * turns, count)
    return np.stack([np.cos(3 * t), np.sin(2 * t)], axis=1) * 0.35 * np.array(size_px) + np.array(size_px) / 2


def quantiles(times_ms: list[float]) -> dict[str, float]:
    """Return count, median, 99 % quantile, how many medians that is, and maximum."""
    p50, p99 = np.quantile(times_ms, [0.5, 0.99])
    return {
        "n": len(times_ms),
        "p50_ms": round(p50, 2),
        "p99_ms": round(p99, 2),
        "p99_by_p50": round(p99 / p50, 2),
        "max_ms": round(max(times_ms), 2),
    }


def memory_mib() -> float:
    """Return the resident set."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def say(**facts: object) -> None:
    """Print one JSON line."""
    print(json.dumps(facts), flush=True)


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="?", type=Path, default=shipped_bundle())
    parser.add_argument("--drags", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1, help="of the drags")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument(
        "--long", type=int, default=100_000, help="number of drags over which memory must not grow"
    )
    parser.add_argument("--one-start", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = os.environ.setdefault("XDG_CONFIG_HOME", f"/tmp/latent-plane-benchmark-{os.getpid()}")  # noqa: S108
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
    saved.place = lambda: Path(folder) / "saved.json"
    QApplication([])
    if arguments.one_start:
        watch = Watch(arguments.bundle)
        seconds = time.perf_counter() - START
        watch.settle()
        say(seconds=seconds, memory_mib=memory_mib(), closing_at=time.time())
        watch.window.close()
        atexit.register(gc.freeze)  # as the program does
        return
    say(machine=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    starts(arguments.bundle, arguments.starts)
    bare_decodes(arguments.bundle, arguments.drags)

    watch = Watch(arguments.bundle)
    stroke = positions(arguments.drags, watch.plane.size_px())
    for _ in range(arguments.rounds):
        watch.settle()
        watch.wait_ms(PAUSE_MS)
        say(drag="at rest", **quantiles([watch.drag_ms(x, y) for x, y in stroke]))
    for _ in range(arguments.rounds):
        drags_while_decoding(watch, stroke)
    pan(watch)
    gif(watch, folder)
    growth(watch, arguments.long)
    watch.window.close()


def starts(bundle: Path, count: int) -> None:
    """Start new processes, and time imports to first painted picture; then measure memory."""
    command = [sys.executable, __file__, str(bundle), "--one-start"]
    compiled = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(command, check=True, capture_output=True, env=compiled)  # compiles, and is not counted
    seconds, closing, memory = [], [], []
    for _ in range(count):
        finished = subprocess.run(command, check=True, capture_output=True, text=True, env=compiled)
        ended_at = time.time()
        said = json.loads(finished.stdout)
        closing.append(ended_at - said["closing_at"])
        seconds.append(said["seconds"])
        memory.append(said["memory_mib"])
    say(
        cold_start="imports to first painted picture",
        n=count,
        p50_s=round(float(np.median(seconds)), 3),
        least_s=round(min(seconds), 3),
        max_s=round(max(seconds), 3),
        close_to_exit_p50_s=round(float(np.median(closing)), 3),
    )
    say(
        memory="resident set after start",
        n=count,
        p50_mib=round(float(np.median(memory)), 1),
        max_mib=round(max(memory), 1),
    )


def bare_decodes(bundle: Path, count: int) -> None:
    """Time the decoding of one picture, which no viewer can avoid."""
    model = Model(open_source(bundle))
    z = np.zeros((1, model.latent_dim), np.float32)
    bare = []
    for _ in range(count):
        model.decode(z)
        bare.append(model.last_decode_ms)
        time.sleep(0.001)
    model.close()
    say(bare_decode="one picture", **quantiles(bare))


def drags_while_decoding(watch: Watch, stroke: np.ndarray) -> None:
    """Time drags; after every 10, the zoomed view moves to a new part, so that the worker is always busy."""
    times, busy = [], 0
    start = watch.explorer.state.viewport
    for number, (x, y) in enumerate(stroke):
        if number % 10 == 0:
            angle, span = number / 7, start.span / (4 + number / 100)
            center = (start.center[0] + np.cos(angle) * span, start.center[1] + np.sin(angle) * span)
            watch.plane.viewport_wanted.emit(Viewport((float(center[0]), float(center[1])), span))
            QApplication.processEvents()
        busy += not watch.explorer.tiles.is_complete
        times.append(watch.drag_ms(x, y))
    say(
        drag="while a zoomed plane is decoded", decoding_share=round(busy / len(times), 2), **quantiles(times)
    )
    watch.plane.viewport_wanted.emit(start)
    watch.settle()


def pan(watch: Watch) -> None:
    """Time frames painted one after the other, with 10,000 points."""
    draw = np.random.default_rng(0)
    labels = (np.arange(POINT_COUNT) % 10).astype(np.uint8)
    watch.plane.set_points(draw.normal(0, 1.2, (POINT_COUNT, 2)), labels, tuple("0123456789"))
    watch.settle()
    times = watch.pan_ms(PAN_FRAMES)
    fps = round(1e3 * len(times) / sum(times), 1)
    say(pan=f"{POINT_COUNT:,} points, {SIZE_PX[0]} × {SIZE_PX[1]}", fps=fps, **quantiles(times))
    watch.settle()


def gif(watch: Watch, folder: str) -> None:
    """Time a 120-frame GIF of 280 × 280 from request to file, and the decoding alone."""
    # Imported here, because a start does not need them.
    from desktop.film.film import Film
    from desktop.film.writer import BATCH
    from tests.desktop.path_points import path_points

    explorer = watch.window.explorer
    explorer.change(path=((-2.0, 0.0), (0.0, 1.5), (2.0, -1.0)))
    watch.settle()
    place = Path(folder) / "walk.gif"
    place.parent.mkdir(parents=True, exist_ok=True)
    z = path_points(explorer.state.path, 120)
    whole_ms, decode_ms = [], []
    explorer.saved.connect(watch.loop.quit)
    for _ in range(GIFS):
        start = time.perf_counter()
        watch.window.film_control.exports.save(place, Film(frame_count=120, scale=10))
        watch.loop.exec()
        whole_ms.append(1e3 * (time.perf_counter() - start))
        start = time.perf_counter()
        for first in range(0, len(z), BATCH):
            explorer.model.decode(z[first : first + BATCH])
        decode_ms.append(1e3 * (time.perf_counter() - start))
    explorer.saved.disconnect(watch.loop.quit)
    size_bytes = place.stat().st_size
    place.unlink()
    say(gif="120 frames of 280 × 280", size_bytes=size_bytes, **quantiles(whole_ms))
    say(gif="decoding its frames alone", **quantiles(decode_ms))
    explorer.change(path=())


def growth(watch: Watch, count: int) -> None:
    """Measure memory over many drags, after some drags to warm up."""
    part = max(1, count // 20)
    memory = []
    for _ in range(21):
        for x, y in positions(part, watch.plane.size_px(), turns=7):
            watch.drag_ms(x, y)
        memory.append(memory_mib())
    slope = np.polyfit(np.arange(len(memory) - 1), memory[1:], 1)[0]
    say(
        memory_growth="resident set over drags",
        n=20 * part,
        first_mib=round(memory[0], 1),
        last_mib=round(memory[-1], 1),
        max_mib=round(max(memory), 1),
        trend_mib_per_100000=round(float(slope) * 100_000 / part, 2),
    )


if __name__ == "__main__":
    main()

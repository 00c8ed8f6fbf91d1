"""Compares this program with bare ONNX Runtime on decoders of real size, in seconds and memory.

    python tests/benchmarks/real_models.py FOLDER
    python tests/benchmarks/real_size.py FOLDER/*.onnx [--rounds 3]

For each model one process loads it with ONNX Runtime's own settings and decodes one z. Another opens it in
the viewer (offscreen) and ends when the first picture is painted. Prints seconds from the start of the
process to the picture, and the peak memory of the process and its children together (proportional set size,
read every 50 ms), each as the median with the least and the most; then compares both with the targets. Needs
Linux.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

BARE = """
import sys, numpy as np, onnxruntime as ort
options = ort.SessionOptions()
options.log_severity_level = 4
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
draw = np.random.default_rng(0)
feeds = {}
for value in session.get_inputs():
    shape = [size if isinstance(size, int) else 1 for size in value.shape]
    name = value.name.lower()
    if "class" in name:
        feeds[value.name] = np.eye(1, shape[-1], dtype=np.float32)
    elif "trunc" in name:
        feeds[value.name] = np.ones(shape, np.float32)
    else:
        feeds[value.name] = draw.standard_normal(shape, np.float32)
session.run(None, feeds)
print("picture", flush=True)
"""
PICTURE, ERROR = "picture", "error"
LOOK_EVERY_S = 0.05
LIMIT_S = 900.0


def viewer(model: Path) -> None:
    """Open the viewer offscreen, say "picture" once one is painted, and end."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from desktop.vetting.trial_process import start_early

    start_early()  # as `python -m desktop MODEL.onnx` does
    from desktop.models.early_source import open_early

    open_early(model, None)
    from PySide6.QtWidgets import QApplication

    from desktop.app.explorer import Explorer
    from desktop.widgets.common.picture_view import PictureView
    from desktop.widgets.main_window import MainWindow

    application = QApplication([sys.argv[0]])
    window = MainWindow(Explorer("cpu"))
    paint = PictureView.paintEvent

    def painted(view: PictureView, event: object) -> None:
        paint(view, event)
        if view is window.panel.picture.picture and view.image() is not None:
            print(PICTURE, flush=True)
            os._exit(0)  # does not wait for work that still runs

    PictureView.paintEvent = painted

    def failed(error: Exception) -> None:
        print(f"{ERROR} {error}", flush=True)
        os._exit(2)

    window.explorer.open_failed.connect(failed)
    window.explorer.failed.connect(failed)
    window.resize(1180, 860)
    window.show()
    window.open_path(model)
    application.exec()


def held_bytes(pid: int) -> int:
    """The proportional set size of a process and all processes that it started."""
    total = 0
    for process in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)
    return total


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_children(child)]
    return found


def measure(command: list[str]) -> tuple[float, int, str]:
    """Seconds from the start of a command to its line, its peak memory in bytes, and the line."""
    start = time.perf_counter()
    environment = os.environ | {"ORT_DISABLE_TELEMETRY": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    peak, said = 0, b""
    while not said.endswith(b"\n") and time.perf_counter() - start < LIMIT_S:
        peak = max(peak, held_bytes(process.pid))
        said += process.stdout.read() or b""
        if process.poll() is not None:
            said += process.stdout.read() or b""
            break
        time.sleep(LOOK_EVERY_S)
    seconds = time.perf_counter() - start
    process.kill()
    process.wait()
    return seconds, peak, said.decode().strip() or "ended without a word"


def spread(values: list[float], form: str) -> str:
    """The median, and the least and the most."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    """Measure each named model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--viewer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.viewer:
        viewer(arguments.models[0])
        return
    print(f"{os.cpu_count()} cores, {arguments.rounds} rounds in turn; seconds and MiB")
    for model in arguments.models:
        rows: dict[str, list[tuple[float, int]]] = {"bare": [], "this": []}
        said = ""
        for _ in range(arguments.rounds):
            for kind, command in (
                ("bare", [sys.executable, "-c", BARE, str(model)]),
                ("this", [sys.executable, __file__, "--viewer", str(model)]),
            ):
                seconds, peak, line = measure(command)
                rows[kind].append((seconds, peak))
                said = line if line != PICTURE else said
        for kind, found in rows.items():
            times, peaks = [row[0] for row in found], [row[1] / 2**20 for row in found]
            print(
                f"{model.name:<24} {kind:<5} {spread(times, '.2f')} s, {spread(peaks, '.0f')} MiB", flush=True
            )
        bare_s, this_s = (statistics.median(row[0] for row in rows[kind]) for kind in ("bare", "this"))
        bare_mib, this_mib = (
            statistics.median(row[1] / 2**20 for row in rows[kind]) for kind in ("bare", "this")
        )
        print(
            f"{'':<24} this − 1.5 × bare = {this_s - 1.5 * bare_s:+.2f} s (at most 1); "
            f"this − 1.3 × bare = {this_mib - 1.3 * bare_mib:+.0f} MiB (at most 250) {said}",
            flush=True,
        )


if __name__ == "__main__":
    main()

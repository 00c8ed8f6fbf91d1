"""Measures how long the built app takes from the start of its process to the first picture on the plane.

    python tests/benchmarks/app_start.py dist/latent-plane/latent-plane [MODEL …] [--starts 10]

Needs Linux and Xvfb, which keeps its screen in a file. Every 10 ms the middle of the screen is read from that
file, until it has as many levels of grey as decoded digits. Each start has an empty home folder. Any command
that opens the window with a model of digits can be measured, such as `python -m desktop`.
"""

import argparse
import json
import mmap
import os
import shutil
import signal
import statistics
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

WIDTH_PX, HEIGHT_PX = 1400, 1000
DISPLAY = ":97"
GREYS = 40  # texts and points, which appear before the first picture, have fewer levels of grey
LIMIT_S = 60.0
POLL_S = 0.01


def screen(folder: Path) -> np.ndarray:
    """The screen of Xvfb as a live array [height, width] of colours."""
    with (folder / "Xvfb_screen0").open("rb") as file:
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    # An X11 window dump: number 1 is the size of its header, number 20 the number of colours in its map.
    header = struct.unpack(">25I", memory[:100])
    pixels = np.frombuffer(memory, np.uint32, count=WIDTH_PX * HEIGHT_PX, offset=header[0] + 12 * header[19])
    return pixels.reshape(HEIGHT_PX, WIDTH_PX)


def start_s(command: list[str], pixels: np.ndarray) -> float:
    """The seconds from the start of a command until its window has a decoded picture."""
    middle = pixels[HEIGHT_PX // 4 : HEIGHT_PX * 5 // 8 : 9, WIDTH_PX // 7 : WIDTH_PX // 2 : 9]
    with tempfile.TemporaryDirectory() as home:
        variables = os.environ | {"DISPLAY": DISPLAY, "HOME": home}
        for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            variables.pop(name, None)
        start = time.perf_counter()
        process = subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL)
        try:
            while (elapsed := time.perf_counter() - start) < LIMIT_S:
                blue, green, red = middle & 255, middle >> 8 & 255, middle >> 16 & 255
                if len(np.unique(blue[(blue == green) & (green == red)])) > GREYS:
                    return elapsed
                time.sleep(POLL_S)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    raise SystemExit(f"found no picture within {LIMIT_S:.0f} s, expected one; start the command by hand")


def main() -> None:
    """Start the command several times; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=10)
    options, command = parser.parse_known_args()
    if shutil.which("Xvfb") is None:
        raise SystemExit("found no Xvfb, expected it; apt-get install xvfb")
    with tempfile.TemporaryDirectory() as name:
        size = f"{WIDTH_PX}x{HEIGHT_PX}x24"
        server = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", size, "-fbdir", name])
        try:
            while not (Path(name) / "Xvfb_screen0").exists():
                time.sleep(POLL_S)
            time.sleep(1)
            pixels = screen(Path(name))
            seconds = []
            for _ in range(options.starts):
                seconds.append(start_s(command, pixels))
                time.sleep(0.5)
        finally:
            server.terminate()
            server.wait()
    found = {"median_s": statistics.median(seconds), "shortest_s": min(seconds), "longest_s": max(seconds)}
    print(
        json.dumps(
            {name: round(value, 2) for name, value in found.items()}
            | {"starts": len(seconds), "load": os.getloadavg()[0]}
        )
    )


if __name__ == "__main__":
    main()

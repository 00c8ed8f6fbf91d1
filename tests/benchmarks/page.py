"""Measures how fast a page is in Chromium: `python tests/benchmarks/page.py [PAGE.html] [--beside FOLDER]`.

Makes the page of the bundle that ships, unless one is given, and opens it headless, each time in a new
browser. Prints:

- size: of the page's file, or of everything that the other page fetched;
- first picture: from the start of loading to the first `putImageData` of a decoded picture;
- drag: from each of 200 pointer moves to the picture at the new place.

`--beside` is the folder of another page (its index.html), which is served on this machine. The option was
written for cpldcpu/LatentSpaceExplorer, built by its own `vite build`, which also puts its pictures on a
canvas of 28 × 28.
"""

import argparse
import functools
import http.server
import shutil
import statistics
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from export.page.content import Choices, content_of
from export.page.html import page

MNIST = Path(__file__).parents[2] / "artifacts" / "mnist"
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MOVES = 200
# Records the time when a picture of 28 × 28 is put on our page's canvas, or on any canvas of the other page.
WATCH = """
globalThis.pictures = [];
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (image, ...place) {
  put.call(this, image, ...place);
  const own = this.canvas.id === "picture" || !document.getElementById("picture");
  if (image.width === 28 && own) globalThis.pictures.push(performance.now());
};
"""
# Moves the pointer once a frame, waits for the next picture, and records how long it took.
DRAG = """async ([selector, moves, click]) => {
  const target = document.querySelector(selector);
  const box = target.getBoundingClientRect();
  const send = (name, x, y) => {
    const options = { clientX: x, clientY: y, bubbles: true, button: 0, buttons: 1, pointerId: 1 };
    target.dispatchEvent(new PointerEvent(name.replace("mouse", "pointer"), options));
    target.dispatchEvent(new MouseEvent(name, options));
  };
  target.setPointerCapture = () => {};
  const part = (turn) => 0.5 + 0.35 * turn;
  const at = (i) => [box.x + box.width * part(Math.cos(i / 9)), box.y + box.height * part(Math.sin(i / 7))];
  const others = () => new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(0);
  });
  send("mousedown", ...at(0));
  if (click) send("mouseup", ...at(0));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const times = [];
  for (let i = 1; i <= moves; i++) {
    await new Promise(requestAnimationFrame);
    const before = globalThis.pictures.length;
    const start = performance.now();
    send("mousemove", ...at(i));
    while (globalThis.pictures.length === before && performance.now() - start < 2000) await others();
    times.push((globalThis.pictures[before] ?? Infinity) - start);
  }
  send("mouseup", ...at(0));
  return times;
}"""


def measure(browser: Browser, url: str, selector: str, click: bool) -> tuple[float, list[float], int]:
    """The time of the first picture in ms, the drag's times in ms, and the number of bytes fetched."""
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.add_init_script(WATCH)
    fetched = 0

    def count(response) -> None:
        nonlocal fetched
        fetched += int(response.headers.get("content-length", 0)) if response.url.startswith("http") else 0

    tab.on("response", count)
    tab.goto(url)
    first = None
    while first is None:
        tab.wait_for_timeout(50)
        first = tab.evaluate("globalThis.pictures[0]")
    tab.wait_for_timeout(3000)
    times = tab.evaluate(DRAG, [selector, MOVES, click])
    tab.close()
    return first, times, fetched


def report(name: str, url: str, selector: str, rounds: int, click: bool, size: int | None) -> None:
    """Measure one page `rounds` times and print it."""
    firsts, drags, fetched = [], [], 0
    with sync_playwright() as playwright:
        for _ in range(rounds):
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS, chromium_sandbox=False
            )
            first, times, fetched = measure(browser, url, selector, click)
            browser.close()
            firsts.append(first)
            drags += times
    drags.sort()
    first, middle = statistics.median(firsts), statistics.median(drags)
    print(
        f"{name}: {(size or fetched) / 1e6:.2f} MB, first picture median {first:.0f} ms "
        f"({min(firsts):.0f} to {max(firsts):.0f}, n = {rounds}), drag median {middle:.1f} ms, 99 % under "
        f"{drags[int(0.99 * len(drags))]:.1f}, longest {drags[-1]:.1f} (n = {len(drags)})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("page", nargs="?", type=Path)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.page
        if file is None:
            content = content_of(MNIST, Choices())
            file = Path(folder) / "page.html"
            file.write_text(page(content.title, content.facts, content.blocks), encoding="utf-8")
        size = file.stat().st_size
        report("this page", file.resolve().as_uri(), "#plane", arguments.rounds, False, size)
    if arguments.beside is not None:
        handler = functools.partial(Quiet, directory=str(arguments.beside))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}/"
            report("the other page", url, "canvas.cursor-pointer", arguments.rounds, True, None)
            server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without printing requests."""

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    main()

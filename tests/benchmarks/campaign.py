"""A campaign of attacks on the program: mutated files, kills, full disks, many openings. Prints findings.

    python tests/benchmarks/campaign.py [mutations|kills|disk|openings …] [--count 10000] [--kills 200]

    mutations  bundles, graphs, sessions, exports and pictures with some bytes or values changed. Each is read
               as the program reads it, in a child process. A crash, a hang or an exception that the program
               does not answer is a finding: its file is kept, and its seed and number are printed.
    kills      SIGKILL at random moments while a view is saved and while a bundle grows. (For training there
               is `tests/training/test_resume.py`: KILLS=200 in the environment has it kill 200 times.)
    disk       a disk that is full after N bytes, for N from nothing to enough, while a bundle and views are
               written. Each must be the old one, intact, or the new one, complete. Needs root.
    openings   models opened one after the other in one window: memory in tenths of the series.

For 100,000 drags: `tests/benchmarks/viewer.py --long 100000`.
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import contextlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from desktop.base import saved
from export.bundle import BundleError, open_bundle
from tests.benchmarks.mutations import mutations
from tests.desktop.hostile_models import good_model
from tests.desktop.small_bundles import FilmBundle

ROOT = Path(__file__).parents[2]


def _forked(job: Callable[[], None]) -> int:
    """A process that does a job; its id."""
    pid = os.fork()
    if pid == 0:
        try:
            job()
            os._exit(0)
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(2)
    return pid


def _set_last(text: str, content: saved.Content) -> None:
    content["last"] = text


def kills(count: int, seed: int, folder: Path) -> int:
    """Kill a process that saves views, and one that exports a bundle, each half of `count` times."""
    draw = random.Random(seed)  # noqa: S311
    place = folder / "saved.json"
    saved.place = lambda: place
    findings = 0
    for _ in range(count // 2):
        reader, writer = os.pipe()

        def save(writer: int = writer) -> None:
            number = int(saved.read()[0]["last"] or 0)
            while True:
                number += 1
                saved.change(partial(_set_last, str(number)))
                os.write(writer, f"{number}\n".encode())

        pid = _forked(save)
        time.sleep(draw.random() * 0.05)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(writer)
        with os.fdopen(reader) as told:
            reported = [int(line) for line in told if line.endswith("\n")]
        content, note = saved.read()
        kept = int(content["last"] or 0)
        if note or (reported and kept not in (reported[-1], reported[-1] + 1)):
            findings += 1
            print(f"FINDING saved views: reported {reported[-1:]}, found {kept} {note}")
    left = [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]
    print(f"{count // 2} kills while views are saved: {findings} lost; {len(left)} temporary files are left")
    lost = 0
    film = FilmBundle(folder / "film", (1, 12, 12), encoders=True)
    film.write(0)
    whole = {0}
    for number in range(count // 2):
        pid = _forked(partial(film.write, 1 + max(whole)))
        time.sleep(draw.choice([0.05, 0.5]) * draw.random())
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        try:
            bundle = open_bundle(film.path)
            for name in bundle.files:
                bundle.read(name)
            whole.add(len(bundle.manifest["epochs"]))
            film.bundle = bundle
        except BundleError as error:
            lost += 1
            print(f"FINDING bundle {number}: {error}")
            break
    print(f"{count // 2} kills while a bundle grows: {lost} damaged; it grew to epoch {max(whole)}")
    return findings + lost


@contextlib.contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of the given size, mounted at a folder; needs root."""
    place = folder / "disk"
    place.mkdir(exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place)],
        check=True,
        capture_output=True,
    )
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def disk(folder: Path) -> int:
    """Let the disk be full after more and more pages, and check the bundle and the saved views."""
    page = resource.getpagesize()
    findings = full = 0
    sizes = 0
    for pages in range(4, 64):
        sizes += 1
        with small_disk(folder, pages * page) as place:
            film = FilmBundle(place / "film", (1, 12, 12), encoders=True)
            path = place / "saved.json"
            saved.place = lambda path=path: path
            before: int | None = None
            try:
                for last in range(4):
                    film.write(last)
                    before = last
                    saved.change(partial(_set_last, str(last) * 5000))
            except OSError:
                full += 1
            if before is not None:
                bundle = open_bundle(film.path)
                for name in bundle.files:
                    bundle.read(name)
                if len(bundle.manifest["epochs"]) not in (before, before + 1):
                    findings += 1
                    print(f"FINDING {pages} pages: the bundle has {len(bundle.manifest['epochs'])} epochs")
                content, note = saved.read()
                if note or content["last"][:1] not in ("", str(before), str(before - 1)):
                    findings += 1
                    print(f"FINDING {pages} pages: saved {content['last'][:1]}, expected {before}; {note}")
            elif film.path.exists():
                findings += 1
                print(f"FINDING {pages} pages: a part of a bundle is left")
            left = [file.name for file in place.rglob("*.tmp")]
            if left:
                findings += 1
                print(f"FINDING {pages} pages: {left} is left")
    print(f"{sizes} sizes of disk, {full} of them too small: {findings} findings")
    return findings


def openings(count: int, folder: Path) -> int:
    """Open models one after the other in one window, and print its memory in tenths of the series."""
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    from desktop.app.explorer import Explorer
    from desktop.widgets.main_window import MainWindow

    saved.place = lambda: folder / "saved.json"
    application = QApplication.instance() or QApplication([])
    film = FilmBundle(folder / "film", (1, 12, 12), encoders=True)
    film.write(2)
    (folder / "model.onnx").write_bytes(good_model())
    models = [film.path, folder / "model.onnx", ROOT / "artifacts" / "mnist"]
    window = MainWindow(Explorer("cpu"))
    window.show()
    loop = QEventLoop()
    window.explorer.backdrop_finished.connect(loop.quit)
    sizes = []
    for number in range(count):
        window.open_path(models[number % len(models)])
        loop.exec()
        if (number + 1) % (count // 10) == 0:
            sizes.append(_resident_bytes() >> 20)
    print(f"{count} openings of 3 models: resident MiB after each tenth {sizes}")
    window.close()
    assert application is not None
    return 0


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Run the requested parts, by default all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parts = ("mutations", "kills", "disk", "openings")
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=list(parts))
    parser.add_argument("--count", type=int, default=10_000, help="mutated files")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--openings", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    findings = 0
    for part in asked.parts:
        own = folder / part
        own.mkdir()
        findings += {
            "mutations": lambda own=own: mutations(asked.count, asked.seed, own / "files"),
            "kills": lambda own=own: kills(asked.kills, asked.seed, own),
            "disk": lambda own=own: disk(own),
            "openings": lambda own=own: openings(asked.openings, own),
        }[part]()
    print(f"{findings} findings" + (f"; files are in {folder}" if findings else ""))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()

"""A campaign against the program: mutated files, kills, full disks, many openings. Prints what was found.

    python tests/benchmarks/campaign.py [mutations|kills|disk|openings …] [--count 10000] [--kills 200]

    mutations  bundles, graphs, sessions, exports and pictures with some bytes or values changed. Each is read
               as the program reads it, in a child process. A crash, a hang or an exception that the program
               does not answer is a finding: its file is kept, and its seed and number are printed.
    kills      SIGKILL at random moments while a view is saved and while a bundle grows. (For training there
               is `tests/training/test_resume.py`: KILLS=200 in the environment has it kill 200 times.)
    disk       a disk that is full after N bytes, for N from nothing to enough, as a bundle and views are
               written. What was there before is intact, or the new one is there as a whole. Needs root.
    openings   models opened one after the other in one window: memory in tenths of the series.

For 100,000 drags: `tests/benchmarks/viewer.py --long 100000`.
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import collections
import contextlib
import faulthandler
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from desktop.base import saved
from desktop.base.errors import ModelError
from desktop.images.fitting import fit
from desktop.images.note import read_note
from desktop.images.read_image import ImageError, read_image
from desktop.models.model import Model
from desktop.models.source import open_source
from desktop.view.provenance import from_text
from desktop.view.saved_views import read_views
from desktop.view.state_json import state_from_dict
from desktop.widgets.common.settings import recent_models, window_geometry
from export.bundle import MANIFEST_FILE, BundleError, open_bundle
from tests.desktop.hostile_models import good_model
from tests.desktop.small_bundles import FilmBundle

HANG_S = 60
ROOT = Path(__file__).parents[2]
KINDS = ("graphs", "bundles", "sessions", "exports", "pictures")
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e308, float("nan"), float("inf"), 2**63, "", "a" * 100_000, "\0", "../x", "\ud800"),
    *([], {}, [[]] * 50, {"a": {"b": {}}}),
)


def changed_bytes(data: bytes, draw: random.Random) -> bytes:
    """The bytes with one to eight of them replaced, or with a part cut out or doubled."""
    changed = bytearray(data)
    kind = draw.random()
    if kind < 0.7:
        for _ in range(draw.randint(1, 8)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        return bytes(changed)
    start = draw.randrange(len(changed))
    end = min(len(changed), start + draw.randrange(1, 4096))
    return bytes(changed[:start] + changed[end:] if kind < 0.85 else changed[:end] + changed[start:])


def changed_json(content: Any, draw: random.Random) -> Any:
    """A JSON value in which one value, anywhere, is an odd one or gone."""
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    content = json.loads(json.dumps(content))
    walk(content)
    where, key = draw.choice(places)
    if draw.random() < 0.2:
        del where[key]
    else:
        where[key] = draw.choice(ODD_VALUES)
    return content


class Mutations:
    """Files of every kind that the program reads, and how it reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        film = FilmBundle(folder / "film", (1, 12, 12), encoders=True)
        if not film.path.exists():  # every child begins anew, in the same folder
            film.write(1)
        self.bundle = {
            path.relative_to(film.path).as_posix(): path.read_bytes() for path in film.path.rglob("*.*")
        }
        self.exports = {kind: self._export(film.path, kind) for kind in (".png", ".gif", ".webp")}
        self.pictures = {}
        pixels = np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)
        for kind in (".png", ".jpg", ".bmp", ".gif", ".webp"):
            Image.fromarray(pixels).save(folder / f"picture{kind}")
            self.pictures[kind] = (folder / f"picture{kind}").read_bytes()
        state = json.loads(self._state_text())
        self.session = {
            "format": saved.FORMAT,
            "readings": {"0" * 64: {"layout": "nchw"}},
            "models": {"0" * 64: {"path": "/models/a.onnx", "state": state}},
            "last": "0" * 64,
            "controls": {"a": 1, "b": "two"},
            "recent": ["/models/a.onnx"],
            "geometry": "AAAA",
        }

    def _export(self, model: Path, kind: str) -> bytes:
        path = self.folder / f"export{kind}"
        if not path.exists():
            what = ["samples"] if kind == ".png" else ["path", "--z", "0,0", "--z", "1,1"]
            command = [sys.executable, "-m", "desktop.render", what[0], model, *what[1:], "--out", path]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return path.read_bytes()

    def _state_text(self) -> str:
        note = read_note(self.folder / "export.png")
        assert note is not None
        return json.dumps(json.loads(note)["state"])

    def look(self, kind: str, number: int, seed: int) -> str:
        """Make a file and read it. Returns how the program answered; any other exception is a finding."""
        draw = random.Random(f"{seed} {kind} {number}")  # noqa: S311
        try:
            getattr(self, f"_{kind}")(draw)
        except (ModelError, BundleError, ImageError, OSError) as error:
            assert "\n" not in str(error), error
            return "refused"
        return "read"

    def _graphs(self, draw: random.Random) -> None:
        path = self.folder / "mutated.onnx"
        path.write_bytes(changed_bytes(good_model(), draw))
        _decode(path)

    def _bundles(self, draw: random.Random) -> None:
        files = dict(self.bundle)
        manifest = json.loads(files[MANIFEST_FILE])
        kind = draw.random()
        if kind < 0.5:
            manifest = changed_json(manifest, draw)
        else:
            # As somebody would who wants it to be opened: with the right hash.
            name = draw.choice([name for name in files if name != MANIFEST_FILE])
            files[name] = changed_bytes(files[name], draw)
            manifest["files"][name] = {
                "size": len(files[name]),
                "sha256": sha256(files[name]).hexdigest(),
            }
        files[MANIFEST_FILE] = json.dumps(manifest).encode(errors="surrogatepass")
        path = self.folder / "mutated.latent"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        if draw.random() < 0.2:
            path.write_bytes(changed_bytes(path.read_bytes(), draw))
        bundle = open_bundle(path)
        with contextlib.suppress(BundleError):
            bundle.read_posterior()
        _decode(path)

    def _sessions(self, draw: random.Random) -> None:
        text = json.dumps(changed_json(self.session, draw)).encode(errors="surrogatepass")
        if draw.random() < 0.4:
            text = changed_bytes(text, draw)
        path = self.folder / "saved.json"
        path.write_bytes(text)
        saved.place = lambda: path
        views = read_views()
        for model in views.models.values():
            with contextlib.suppress(ValueError):
                state_from_dict(model.state, 2)
        recent_models()
        window_geometry()
        saved.change(lambda content: content.update(last="a"))

    def _exports(self, draw: random.Random) -> None:
        kind = draw.choice(list(self.exports))
        path = self.folder / f"mutated{kind}"
        path.write_bytes(changed_bytes(self.exports[kind], draw))
        note = read_note(path)
        if note is not None:
            with contextlib.suppress(ValueError):
                from_text(note)
        with contextlib.suppress(ValueError):
            from_text(json.dumps(changed_json(json.loads(read_note(self.folder / "export.png") or ""), draw)))
        fit(read_image(path), (1, 28, 28), as_digit=True)

    def _pictures(self, draw: random.Random) -> None:
        kind = draw.choice(list(self.pictures))
        path = self.folder / f"mutated{kind}"
        path.write_bytes(changed_bytes(self.pictures[kind], draw))
        fit(read_image(path), (3, 28, 28), as_digit=False)


def _decode(path: Path) -> None:
    model = Model(open_source(path), "cpu")
    try:
        model.decode(np.zeros((2, model.latent_dim), np.float32))
    finally:
        model.close()


def mutations_child(folder: Path, kind: str, first: int, last: int, seed: int) -> None:
    """Look at some mutations. The number of each is printed before it is looked at."""
    mutations = Mutations(folder)
    for number in range(first, last):
        print(number, flush=True)
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        print(mutations.look(kind, number, seed), flush=True)
        faulthandler.cancel_dump_traceback_later()


def mutations(count: int, seed: int, folder: Path) -> int:
    """Look at `count` mutated files, a fifth of each kind. Returns how many findings there are."""
    findings = 0
    for kind in KINDS:
        answers: collections.Counter[str] = collections.Counter()
        first, last = 0, count // len(KINDS)
        start = time.monotonic()
        while first < last:
            command = [
                sys.executable,
                __file__,
                "--child",
                kind,
                str(first),
                str(last),
                str(seed),
                str(folder),
            ]
            child = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
            )
            out, err = child.communicate()
            lines = out.split()
            answers.update(line for line in lines if not line.isdigit())
            if child.returncode == 0:
                break
            numbers = [int(line) for line in lines if line.isdigit()]
            if not numbers:
                raise SystemExit(f"the child did not start:\n{err}")
            reached = max(numbers)
            findings += 1
            for file in folder.glob("mutated*"):
                shutil.copy(file, folder.parent / f"{kind}-{reached}-{file.name}")
            print(f"FINDING {kind} {reached} (seed {seed}), status {child.returncode}:\n{err[-1500:]}")
            first = reached + 1
        print(
            f"{kind:<10} {answers.total():6,} files: {answers['refused']:,} refused, "
            f"{answers['read']:,} read, {time.monotonic() - start:.0f} s",
            flush=True,
        )
    return findings


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
    """Kill a process that saves, and one that exports, half of `count` times each."""
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
    """A file system of that size, mounted at a folder; needs root."""
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
    """Let the disk be full after ever more pages, and look at what is left of a bundle and of saved views."""
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
    """Run the parts that were asked for, by default all."""
    if sys.argv[1:2] == ["--child"]:
        kind, first, last, seed, folder = sys.argv[2:]
        mutations_child(Path(folder), kind, int(first), int(last), int(seed))
        return
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

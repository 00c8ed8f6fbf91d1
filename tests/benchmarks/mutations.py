"""Makes mutated files of every kind that the program reads, and reads them: a part of the campaign.

Run by `tests/benchmarks/campaign.py`, which starts this file as the child process that reads them:

    python tests/benchmarks/mutations.py KIND FIRST LAST SEED FOLDER
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import collections
import contextlib
import faulthandler
import json
import random
import shutil
import subprocess
import sys
import time
import zipfile
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
from desktop.images.picture_kinds import ImageError
from desktop.images.read_image import read_image
from desktop.models.model import Model
from desktop.models.open_source import open_source
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
    """A JSON value in which one value, at any depth, is replaced by an odd one or removed."""
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
        if not film.path.exists():  # a later child in the same folder finds it
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
            # With the right hash, as an attacker would write it.
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
    """Make and read some mutations. The number of each is printed before it is read."""
    mutations = Mutations(folder)
    for number in range(first, last):
        print(number, flush=True)
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        print(mutations.look(kind, number, seed), flush=True)
        faulthandler.cancel_dump_traceback_later()


def mutations(count: int, seed: int, folder: Path) -> int:
    """Make and read `count` mutated files, a fifth of each kind. Returns the number of findings."""
    findings = 0
    for kind in KINDS:
        answers: collections.Counter[str] = collections.Counter()
        first, last = 0, count // len(KINDS)
        start = time.monotonic()
        while first < last:
            command = [
                sys.executable,
                __file__,
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


if __name__ == "__main__":
    kind, first, last, seed, folder = sys.argv[1:]
    mutations_child(Path(folder), kind, int(first), int(last), int(seed))

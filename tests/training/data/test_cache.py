"""training/data/cache.py: pictures are decoded once, even after an interruption, and stay in their file."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from training.data import cache
from training.data.cache import cached
from training.data.dataset import DatasetError
from training.data.form import Form
from training.data.items import Item, Source
from training.data.open import open_dataset
from training.data.trees import FolderSource

FORM = Form((6, 8), 3)
KILLED = """
import sys, time
from pathlib import Path
from training.data import cache
from training.data.form import Form
from training.data.trees import FolderSource

add = cache._add
def slow_add(*arguments):
    add(*arguments)
    print(arguments[5].seen, flush=True)
    time.sleep(0.01)
cache._add = slow_add
cache.cached(FolderSource(Path(sys.argv[1])), Form((6, 8), 3), Path(sys.argv[2]), progress_seconds=0)
"""


def content(folder):
    """The bytes of a complete cache's files, by name."""
    (place,) = (path for path in folder.iterdir() if path.is_dir())
    return {path.name: path.read_bytes() for path in place.iterdir()}


@pytest.fixture
def pictures(make_pictures):
    """A folder of 60 pictures, one of them damaged."""
    folder = make_pictures("a", "b", count=30)
    (folder / "a/003.png").write_bytes(b"no picture")
    return folder


def test_pictures_are_decoded_once(pictures, places, monkeypatch):
    """The second time only the files' dates are read, and the images stay in their file."""
    first = open_dataset(str(pictures), places=places)
    monkeypatch.setattr(cache, "_build", None)
    second = open_dataset(str(pictures), FORM, places)
    assert isinstance(second.train_images, np.memmap)
    np.testing.assert_array_equal(first.train_images, second.train_images)
    assert dataclasses.replace(first, train_images=0, test_images=0, train_labels=0, test_labels=0) == (
        dataclasses.replace(second, train_images=0, test_images=0, train_labels=0, test_labels=0)
    )


def test_changed_pictures_are_noticed(pictures, places):
    """A missing picture changes the key; a picture that was only touched does not."""
    first = open_dataset(str(pictures), places=places)
    os.utime(pictures / "b/000.png", (1, 1))
    assert open_dataset(str(pictures), places=places).key == first.key
    (pictures / "b/000.png").unlink()
    assert open_dataset(str(pictures), places=places).key != first.key


def test_another_form_is_another_cache(pictures, places):
    """Another size, channels or threshold gives other images, with the same key."""
    keys = set()
    for form, shape, levels in (
        (Form(), (3, 6, 8), 256),
        (Form((4, 4)), (3, 4, 4), 256),
        (Form(channels=1), (1, 6, 8), 256),
        (Form(threshold=0.5), (3, 6, 8), 2),
    ):
        dataset = open_dataset(str(pictures), form, places)
        assert dataset.image_shape == shape
        assert dataset.levels == levels
        assert dataset.train_images.max() == levels - 1 or levels == 256
        keys.add(dataset.key)
    assert len(keys) == 1


def test_a_process_that_was_killed_is_gone_on_with(pictures, tmp_path):
    """After kill -9 the next process decodes only the rest; all files equal those of an undisturbed one."""
    cached(FolderSource(pictures), FORM, tmp_path / "whole")
    command = [sys.executable, "-c", KILLED, pictures, tmp_path / "cut"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while int(process.stdout.readline()) < 25:
            pass
        process.send_signal(signal.SIGKILL)
    (place,) = (path for path in (tmp_path / "cut").iterdir() if path.is_dir())
    seen = json.loads((place / "progress.json").read_text())["seen"]
    assert 20 <= seen < 60
    read = []

    class Counted(FolderSource):
        def items(self):
            for item in super().items():
                yield dataclasses.replace(item, read=lambda item=item: read.append(item.name) or item.read())

    cached(Counted(pictures), FORM, tmp_path / "cut")
    assert len(read) == 60 - seen
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def test_without_a_terminal_lines_say_how_many_are_decoded(pictures, tmp_path, capsys):
    """Now and then; quick ones need none."""
    cached(FolderSource(pictures), FORM, tmp_path / "told", line_seconds=0)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"pictures: {seen} of 60 pictures decoded" for seen in range(1, 61)]
    cached(FolderSource(pictures), FORM, tmp_path / "quick")
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_told_and_what_is_there_is_kept(pictures, tmp_path, file_size_limit):
    """The error names the file; with room again the cache goes on and ends like an undisturbed one."""
    cached(FolderSource(pictures), FORM, tmp_path / "whole")
    with file_size_limit(5000), pytest.raises(OSError, match=r"File too large: '.*train\.images'"):
        cached(FolderSource(pictures), FORM, tmp_path / "full", progress_seconds=0)
    cached(FolderSource(pictures), FORM, tmp_path / "full")
    assert content(tmp_path / "full") == content(tmp_path / "whole")


def test_too_little_room_is_told_before_anything_is_decoded(pictures, tmp_path, monkeypatch):
    """One line says how much room is free and how much is needed."""
    source = FolderSource(pictures)
    source.count = 600
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=8000))
    with pytest.raises(DatasetError, match=r"found 0\.0 MB free, expected 0\.1 MB for 600 decoded"):
        cached(source, FORM, tmp_path / "cache")


def test_others_wait_for_the_one_that_builds(pictures, tmp_path):
    """A rank that may not build opens the cache as soon as it is made; of two builders one makes it."""
    found = []

    def wait():
        found.append(cached(FolderSource(pictures), FORM, tmp_path / "cache", builds=False))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.05)
    assert not found
    built = cached(FolderSource(pictures), FORM, tmp_path / "cache")
    waiting.join()
    assert found[0].key == built.key


def test_a_damaged_cache_is_told(pictures, places):
    """A file that was cut is noticed, and the line says which folder to delete."""
    open_dataset(str(pictures), places=places)
    (images,) = places.cache.glob("*/train.images")
    os.truncate(images, 10)
    with pytest.raises(
        DatasetError, match=rf"^{images.parent}: a file has another size; .* delete this folder"
    ):
        open_dataset(str(pictures), places=places)


def test_large_labels_keep_their_numbers(tmp_path):
    """Labels over 255 are int32."""

    class Many(Source):
        name = where = "many"
        signature = "1"

        def items(self):
            for number in range(40):
                pixels = np.full((1, 2, 2), number, np.uint8)
                yield Item(str(number), 1000 + number, None, lambda pixels=pixels: pixels)

    dataset = cached(Many(), Form(), tmp_path)
    assert dataset.train_labels.dtype == np.int32
    np.testing.assert_array_equal(dataset.train_labels - 1000, dataset.train_images[:, 0, 0, 0])

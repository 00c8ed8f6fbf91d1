"""Decoded pictures on disk: a folder for each source and form, made once and then memory-mapped.

    train.images, test.images    uint8, one image after another
    train.labels, test.labels    int32
    left_out.txt                 a line for each picture that could not be read
    progress.json                while the cache is being made: its progress
    manifest.json                written last: the contents of the complete cache

The files only grow while the cache is being made. If the process is killed, the next one continues from the
last `progress.json`.
"""

import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from training.data.dataset import BINARY, BYTES, Dataset, DatasetError, number_names
from training.data.form import Form
from training.data.items import Item, Source
from training.data.pictures import PictureError
from training.data.reading import Read, completed, no_picture, read_in_order, reason
from training.files import replaced_file
from training.output import warn

VERSION = 1
MANIFEST, PROGRESS, LEFT_OUT = "manifest.json", "progress.json", "left_out.txt"
PARTS = ("train", "test")
FILES = (*(f"{part}.{kind}" for part in PARTS for kind in ("images", "labels")), LEFT_OUT)
PROGRESS_SECONDS = 5.0
LINE_SECONDS = 10.0
# A tenth of the pictures are test images, if the source does not say which.
TEST_SHARE = 10
# A larger share of damaged pictures than this stops the fit, once this number of pictures was looked at.
MOST_LEFT_OUT, LOOKED_AT = 0.1, 200
POLL_SECONDS = 0.2


@dataclass
class Progress:
    """The progress of making a cache.

    Attributes:
        seen: pictures looked at.
        sizes: bytes of each file.
        key: a hash over the content of all images so far and their labels.
        kept: images of each part.
        left_out: pictures that could not be read.
        first: the line in left_out.txt about the first of these.
        other_sizes: pictures whose own size differs from the cache's.
        coloured: coloured pictures that were made grey.
        most_label: the largest label.
    """

    seen: int = 0
    sizes: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(FILES, 0))
    key: str = ""
    kept: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    left_out: int = 0
    first: str = ""
    other_sizes: int = 0
    coloured: int = 0
    most_label: int = 0


def cached(
    source: Source,
    form: Form,
    folder: Path,
    *,
    builds: bool = True,
    progress_seconds: float = PROGRESS_SECONDS,
    line_seconds: float = LINE_SECONDS,
) -> Dataset:
    """The dataset of a source in a form, from its cache in `folder`, which is made first if it is missing.

    Args:
        source: the pictures.
        form: the form that they are given.
        folder: holds all caches.
        builds: whether this process may make the cache; otherwise it waits until another process has made it.
        progress_seconds: seconds between writes of `progress.json`.
        line_seconds: seconds between lines with the number of decoded pictures; printed only if there is no
            terminal for a progress bar.

    Raises DatasetError if too few pictures can be read, or if pictures differ in size or colour and the form
    does not say what to do; OSError if the cache cannot be written.
    """
    whole = completed(source, form)
    if source.levels == BINARY and not whole.threshold:
        whole = dataclasses.replace(whole, threshold=0.5)
    marks = json.dumps([VERSION, dataclasses.astuple(whole), source.signature])
    place = folder / hashlib.sha256(marks.encode()).hexdigest()[:32]
    if builds:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{place}.lock"):
            if not (place / MANIFEST).is_file():
                # Another process may have failed and removed it.
                place.mkdir(exist_ok=True)
                _build(source, form, whole, place, progress_seconds, line_seconds)
    while not (place / MANIFEST).is_file():
        time.sleep(POLL_SECONDS)
    return _open(source, form, whole, place)


def _build(
    source: Source, form: Form, whole: Form, place: Path, progress_seconds: float, line_seconds: float
) -> None:
    """Make the cache of a source. `form` is what was asked for; `whole` also has its size and channels."""
    progress = _progress_of(place)
    _check_room(source, whole, place, progress)
    files: dict[str, BinaryIO] = {}
    bar = tqdm(
        total=source.count,
        initial=progress.seen,
        desc=f"decoding {source.name}",
        unit=" pictures",
        leave=False,
        disable=None,
    )
    try:
        for name in FILES:
            with _named(place / name):
                (place / name).touch()
                os.truncate(place / name, progress.sizes[name])
                files[name] = (place / name).open("ab")
        count = "" if source.count is None else f"{source.count:,} "
        written, told = time.monotonic(), False
        said = written
        items = itertools.islice(source.items(), progress.seen, None)
        side_px = None if form.size is None else max(form.size)
        for item, result in read_in_order(items, whole, side_px, source.sequential):
            _add(item, result, source, form, whole, progress, files, place)
            bar.update()
            if time.monotonic() - written >= progress_seconds:
                if not told:
                    # A quick cache is made without a message.
                    warn(f"{source.name}: decoding {count}pictures into {place}, once")
                    told = True
                _note(progress, files, place)
                written = time.monotonic()
            if bar.disable and time.monotonic() - said >= line_seconds:
                of = f"of {count}" if count else ""
                warn(f"{source.name}: {progress.seen:,} {of}pictures decoded")
                said = time.monotonic()
        _note(progress, files, place)
        _check_enough(source, progress)
    except DatasetError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    finally:
        bar.close()
        for file in files.values():
            # If the disk is full, closing raises the same error again, without the file's name.
            with contextlib.suppress(OSError):
                file.close()
    with replaced_file(place / MANIFEST) as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(progress)), encoding="utf-8")
    (place / PROGRESS).unlink(missing_ok=True)


def _progress_of(place: Path) -> Progress:
    try:
        values: dict[str, Any] = json.loads((place / PROGRESS).read_text(encoding="utf-8"))
        progress = Progress(**values)
        if all((place / name).stat().st_size >= size for name, size in progress.sizes.items()):
            return progress
    except (OSError, ValueError, TypeError):
        pass
    return Progress()


def _check_room(source: Source, whole: Form, place: Path, progress: Progress) -> None:
    """Raise DatasetError if the disk has too little room for the pictures that are still missing."""
    if source.count is None:
        return
    assert whole.size is not None
    assert whole.channels is not None
    needed = (source.count - progress.seen) * (whole.size[0] * whole.size[1] * whole.channels + 4)
    free = shutil.disk_usage(place).free
    if needed > free:
        raise DatasetError(
            f"{place}: found {free / 1e6:,.1f} MB free, expected {needed / 1e6:,.1f} MB for "
            f"{source.count:,} decoded pictures; free some space, or choose another --cache-folder or a "
            "smaller --size"
        )


def _add(
    item: Item,
    result: Read | PictureError | OSError,
    source: Source,
    form: Form,
    whole: Form,
    progress: Progress,
    files: dict[str, BinaryIO],
    place: Path,
) -> None:
    """Add one picture to the files, or its name to left_out.txt."""
    progress.seen += 1
    if isinstance(result, Exception):
        line = f"{item.name}: {reason(result)}"
        progress.left_out += 1
        progress.first = progress.first or line
        _append(files, LEFT_OUT, (line + "\n").encode(errors="backslashreplace"), progress, place)
        if progress.seen >= LOOKED_AT:
            _check_left_out(source, progress)
        return
    part = item.part or ("train" if int.from_bytes(result.digest[:8], "big") % TEST_SHARE else "test")
    progress.other_sizes += result.size != whole.size
    progress.coloured += result.coloured
    _check_form(item.name, result, source, form, whole)
    progress.kept[part] += 1
    progress.most_label = max(progress.most_label, item.label)
    mark = f"{progress.key} {part} {item.label} ".encode() + result.digest
    progress.key = hashlib.sha256(mark).hexdigest()
    _append(files, f"{part}.images", result.pixels.tobytes(), progress, place)
    _append(files, f"{part}.labels", np.int32(item.label).tobytes(), progress, place)


def _append(files: dict[str, BinaryIO], name: str, data: bytes, progress: Progress, place: Path) -> None:
    with _named(place / name):
        files[name].write(data)
    progress.sizes[name] += len(data)


def _note(progress: Progress, files: dict[str, BinaryIO], place: Path) -> None:
    """Write the progress, once all files up to this point are on disk."""
    for name, file in files.items():
        with _named(place / name):
            file.flush()
            os.fsync(file.fileno())
    with replaced_file(place / PROGRESS) as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(progress)), encoding="utf-8")


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Add the file's name to an OSError: the error of a full disk has none."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _check_form(name: str, read: Read, source: Source, form: Form, whole: Form) -> None:
    """Raise DatasetError if a picture differs from the others in a property that the form does not set."""
    assert whole.size is not None
    if form.size is None and read.size != whole.size:
        raise DatasetError(
            f"{source.where}: found pictures of different sizes, {_size(whole.size)} and {_size(read.size)} "
            f"({name}), expected one size; choose it with --size"
        )
    if form.channels is None and whole.channels == 1 and read.coloured:
        raise DatasetError(
            f"{source.where}: found a coloured picture ({name}) after grey ones, expected all grey; choose "
            "--channels 3, or --channels 1 to make all grey"
        )


def _check_left_out(source: Source, progress: Progress) -> None:
    """Raise DatasetError if too many pictures cannot be read."""
    if progress.left_out > MOST_LEFT_OUT * progress.seen:
        raise DatasetError(
            f"{source.where}: found {progress.left_out:,} of {progress.seen:,} pictures that cannot be "
            f"read, expected at most a tenth; mend such files or take them out; the first: {progress.first}"
        )


def _check_enough(source: Source, progress: Progress) -> None:
    """Raise DatasetError if there are too few images to fit and to test."""
    kept = sum(progress.kept.values())
    if not kept:
        raise no_picture(source, progress.first)
    _check_left_out(source, progress)
    if kept == 1:
        raise DatasetError(f"{source.where}: found one picture, expected at least two; add some")
    missing = next((part for part in PARTS if not progress.kept[part]), None)
    if missing is not None:
        words = "test" if missing == "test" else "training"
        raise DatasetError(
            f"{source.where}: found {kept} pictures and no {words} image among them, expected both kinds; "
            "add pictures, or put them into folders train/ and test/"
        )


def _open(source: Source, form: Form, whole: Form, place: Path) -> Dataset:
    """The dataset that a complete cache holds. Raises DatasetError if it is damaged."""
    try:
        progress = Progress(**json.loads((place / MANIFEST).read_text(encoding="utf-8")))
        if any((place / name).stat().st_size != size for name, size in progress.sizes.items()):
            raise ValueError("a file has another size")
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{place}: {error}; expected a complete cache; delete this folder") from error
    if form.size is None and progress.other_sizes:
        raise DatasetError(
            f"{source.where}: found {progress.other_sizes:,} pictures of other sizes than "
            f"{_size(whole.size)}, expected one size; choose it with --size"
        )
    if form.channels is None and whole.channels == 1 and progress.coloured:
        raise DatasetError(
            f"{source.where}: found {progress.coloured:,} coloured pictures after grey ones, expected all "
            "grey; choose --channels 3, or --channels 1 to make all grey"
        )
    assert whole.size is not None
    assert whole.channels is not None
    shape = (whole.channels, *whole.size)
    images = {
        # Copy-on-write, because PyTorch warns of read-only arrays; nobody writes to it.
        part: np.memmap(place / f"{part}.images", np.uint8, "c", shape=(progress.kept[part], *shape))
        for part in PARTS
    }
    small = progress.most_label < BYTES
    labels = {
        part: np.fromfile(place / f"{part}.labels", np.int32).astype(np.uint8 if small else np.int32)
        for part in PARTS
    }
    notes = source.notes
    if progress.left_out:
        line = (
            f"left out {progress.left_out:,} of {progress.seen:,} pictures; {place / LEFT_OUT} names them, "
            f"the first: {progress.first}"
        )
        notes = (*notes, line)
    return Dataset(
        source.name,
        source.label_names or number_names(progress.most_label),
        images["train"],
        labels["train"],
        images["test"],
        labels["test"],
        BINARY if whole.threshold else BYTES,
        progress.key,
        notes,
    )


def _size(size: tuple[int, int] | None) -> str:
    assert size is not None
    # The width comes first, as in --size.
    return f"{size[1]} × {size[0]}"

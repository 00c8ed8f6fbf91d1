"""Reads many pictures from a folder or a zip, one after another; folders inside it are labels. No Qt.

Nothing is unpacked to disk, and only one picture at a time is in memory.
"""

import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from desktop.base.arrays import Array, Bytes
from desktop.images.picture_kinds import (
    FOREIGN_SUFFIXES,
    KINDS_IN_WORDS,
    MAX_FILE_BYTES,
    SUFFIXES,
    ImageError,
)

MAX_LISTED = 200_000  # a folder or a zip may have this many pictures, of which at most `most` are read
MAX_DIRECTORY_BYTES = 64 << 20  # the largest list of entries in a zip, which is read as a whole
MAX_LABELS = 256
NO_FOLDER, OTHERS = "no folder", "others"
HASH_BYTES = 1 << 20
# macOS adds a folder of this name to zips, with a metadata file for each picture that has the same extension.
STRAYS = "__MACOSX"
UTF8_NAME = 0x800  # the flag of a zip's entry
END_RECORD, END_RECORD_BYTES, MAX_COMMENT_BYTES = b"PK\x05\x06", 22, 65_535
# zipfile, zlib and numpy raise these for bad bytes. RuntimeError means encryption or an unknown method.
ZIP_ERRORS = (ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


class PictureSet(ABC):
    """Pictures in a fixed order.

    Attributes:
        path: the folder or the file.
        found: the number of pictures in it; more than `names` has if only some are read.
        names: the names of the pictures that are read.
        labels: uint8 [N], or None.
        label_names: the names of the labels 0, 1, …
    """

    path: Path
    found: int
    names: tuple[str, ...]
    labels: Bytes | None
    label_names: tuple[str, ...]

    @abstractmethod
    def content(self) -> Iterator[bytes]:
        """All bytes that the pictures depend on, in pieces, for a hash. Raises OSError."""

    @abstractmethod
    def pictures(self) -> Iterator[Bytes | ImageError]:
        """Each picture as uint8 [H, W, 4] in the order RGBA, or an error if it cannot be read.

        Raises ImageError if none of the remaining pictures can be read.
        """


class FolderPictures(PictureSet):
    """The picture files in a folder whose names `picture_names` found."""

    def __init__(self, path: Path, most: int, names: Iterable[str]) -> None:
        self.path = path
        files = sorted(names)
        _check_any(files, path, "folder")
        self.found = len(files)
        self.names = tuple(files[row] for row in spread_rows(len(files), most))
        self.labels, self.label_names = number_labels([_folder_of(name) for name in _inside(self.names)])

    def content(self) -> Iterator[bytes]:
        """As in `PictureSet`."""
        for name in self.names:
            yield f"\n{name}\n".encode(errors="surrogateescape")
            file = self.path / name
            try:
                if file.is_file() and file.stat().st_size <= MAX_FILE_BYTES:
                    yield file.read_bytes()
            except OSError:
                yield b"unreadable"

    def pictures(self) -> Iterator[Bytes | ImageError]:
        """As in `PictureSet`."""
        from desktop.images.read_image import read_image  # imports Pillow, so only when pictures are read

        for name in self.names:
            try:
                yield read_image(self.path / name).pixels
            except ImageError as error:
                yield error
            except OSError as error:
                yield ImageError(f"{self.path / name}: {error.strerror or error}")


def picture_names(path: Path, only: Sequence[Path] = ()) -> Iterator[list[str]]:
    """Yield the picture files in a folder and in each folder below it, one folder after another.

    Hidden folders are left out, and links are followed. With `only`, only these files and folders in it are
    read. There is one step per folder, because `path` may be a whole disk. Raises ImageError if there are too
    many pictures.
    """
    yield [file.relative_to(path).as_posix() for file in only if not file.is_dir()]
    count = 0
    for root in [entry for entry in only if entry.is_dir()] if only else [path]:
        for folder, names in _folders(root):
            place = folder.relative_to(path)
            found = [(place / name).as_posix() for name in names if _is_picture_name(name)]
            count += len(found)
            _check_count(count, path)
            yield found


class ZipPictures(PictureSet):
    """The picture files in a zip; entries whose paths lead out of the zip are ignored."""

    def __init__(self, path: Path, most: int) -> None:
        self.path = path
        with path.open("rb") as file:
            entries = {_plain_name(entry): name for name, entry in zip_entries(file, path).items()}
        files = sorted(name for name in entries if _is_picture_name(name) and _is_inside(name))
        _check_count(len(files), path)
        _check_any(files, path, "zip")
        self.found = len(files)
        self.names = tuple(files[row] for row in spread_rows(len(files), most))
        self._entries = {name: entries[name] for name in self.names}
        self.labels, self.label_names = number_labels([_folder_of(name) for name in _inside(self.names)])

    def content(self) -> Iterator[bytes]:
        """As in `PictureSet`."""
        yield from file_content(self.path)

    def pictures(self) -> Iterator[Bytes | ImageError]:
        """As in `PictureSet`."""
        from desktop.images.read_image import decode_image

        with self.path.open("rb") as file, open_archive(file, self.path) as archive:
            for name in self.names:
                where = f"{self.path}: {name}"
                try:
                    info = archive.getinfo(self._entries[name])
                    size = info.file_size
                    if size > MAX_FILE_BYTES:
                        words = f"found {size:,} bytes, expected at most {MAX_FILE_BYTES:,}; make it smaller"
                        raise ImageError(f"{where}: {words}")
                    with archive.open(info) as entry:
                        data = entry.read(size)
                    yield decode_image(data, where).pixels
                except ImageError as error:
                    yield error
                except (*ZIP_ERRORS, KeyError, OSError) as error:
                    yield ImageError(f"{where}: {first_line(error)}; expected an entry that can be unpacked")


def zip_entries(file: IO[bytes], path: Path) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by name. Raises ImageError if `file` is not a zip or its list is too long."""
    kind = "an .npz file" if path.suffix.lower() == ".npz" else "a zip file"
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_RECORD_BYTES - MAX_COMMENT_BYTES))
    tail = file.read()
    place = tail.rfind(END_RECORD)
    if place < 0:
        raise ImageError(f"{path}: found a file that is not a zip, expected {kind}; make it again")
    if int.from_bytes(tail[place + 12 : place + 16], "little") > MAX_DIRECTORY_BYTES:
        words = f"found more entries than {MAX_LISTED:,} pictures need, expected fewer; split it"
        raise ImageError(f"{path}: {words}")
    with open_archive(file, path) as archive:
        return {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}


def open_archive(file: IO[bytes], path: Path) -> zipfile.ZipFile:
    """Open a zip. Raises ImageError if it is damaged."""
    try:
        return zipfile.ZipFile(file)
    except ZIP_ERRORS as error:
        raise ImageError(f"{path}: {first_line(error)}; expected a zip file; make it again") from error


def open_entry(archive: zipfile.ZipFile, name: str, path: Path) -> IO[bytes]:
    """Open one file of a zip. Raises ImageError."""
    try:
        return archive.open(name)
    except ZIP_ERRORS as error:
        raise ImageError(
            f"{path}: {name}: {first_line(error)}; expected an entry that can be read"
        ) from error


def file_content(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in parts. Raises OSError."""
    with path.open("rb") as file:
        while part := file.read(HASH_BYTES):
            yield part


def _is_picture_name(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.lower().endswith(SUFFIXES + FOREIGN_SUFFIXES) and not last.startswith(".")


def _folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder and all folders below it, also linked ones, once each and in order, with file names."""
    seen = set()
    for folder, inner, names in os.walk(root, followlinks=True):
        try:
            status = Path(folder).stat()
        except OSError:  # it has just been removed
            continue
        if (status.st_dev, status.st_ino) in seen:  # a link leads to a folder that was already visited
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name != STRAYS)
        yield Path(folder), names


def _plain_name(entry: zipfile.ZipInfo) -> str:
    """The name of a zip's entry, corrected for UTF-8 without its flag and for backslashes as separators."""
    name = entry.filename
    if not entry.flag_bits & UTF8_NAME:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _is_inside(name: str) -> bool:
    """Whether an entry's path stays inside the zip and is not in the folder that macOS adds."""
    parts = name.split("/")
    return not name.startswith("/") and ".." not in parts and STRAYS not in parts


def _check_any(files: Sequence[str], path: Path, kind: str) -> None:
    if not files:
        raise ImageError(
            f"{path}: found neither pictures nor a bundle's manifest.json in this {kind}, expected "
            f"{KINDS_IN_WORDS} files, in folders named by their labels if they have any"
        )


def _check_count(count: int, path: Path) -> None:
    if count > MAX_LISTED:
        raise ImageError(
            f"{path}: found more than {MAX_LISTED:,} pictures, expected at most that many; choose one of its "
            "folders"
        )


def spread_rows(found: int, most: int) -> Array:
    """Return the rows to read: all, or `most` of them, evenly spaced."""
    return np.arange(found) if found <= most else np.linspace(0, found - 1, most).astype(np.int64)


def _inside(names: Sequence[str]) -> list[str]:
    """The names without the leading folders that all of them share."""
    parts = [PurePosixPath(name).parts for name in names]
    shared = 0
    while min(map(len, parts)) > shared + 1 and len({part[shared] for part in parts}) == 1:
        shared += 1
    return ["/".join(part[shared:]) for part in parts]


def _folder_of(name: str) -> str | None:
    folder, slash, _ = name.partition("/")
    return folder if slash else None


def number_labels(found: Sequence[str | int | None]) -> tuple[Bytes | None, tuple[str, ...]]:
    """Number the labels in order; None if there are none. If there are too many, the rarest share one."""
    if all(label is None for label in found):
        return None, ()
    counts = Counter(found)
    most = MAX_LABELS if len(counts) <= MAX_LABELS else MAX_LABELS - 2
    kept = {label for label, _ in counts.most_common(most)}
    named = sorted(label for label in kept if label is not None)
    order: dict[str | int | None, int] = {label: number for number, label in enumerate(named)}
    names = [str(label) for label in named]
    if None in counts:
        order[None] = len(names)
        names.append(NO_FOLDER)
    if any(label not in order for label in counts):
        names.append(OTHERS)
    return np.array([order.get(label, len(names) - 1) for label in found], np.uint8), tuple(names)


def first_line(error: Exception) -> str:
    """Return an error's text as one short line."""
    return " ".join(str(error).split())[:120] or type(error).__name__

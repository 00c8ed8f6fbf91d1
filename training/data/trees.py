"""Pictures in folders, on disk or in a zip or tar. Folders inside are labels.

`train/` and `test/` are the two parts if both are there. Nothing is unpacked to disk.
"""

import hashlib
import lzma
import os
import tarfile
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from training.data.dataset import DatasetError
from training.data.items import Item, Part, Source

# HEIC cannot be read here; it is listed so that such a file is reported as left out instead of ignored.
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif")
)
# The folder of test images is the first of these that exists.
TESTS = ("test", "val", "valid", "validation")
NO_FOLDER = "no folder"
MAX_FILE_BYTES = 256 << 20  # of one picture, which is read into memory as a whole
# macOS adds a folder of this name to zips; it holds a file with a picture's name, but no picture, for each.
STRAYS = "__MACOSX"
ARCHIVE_ERRORS = (
    ValueError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
)


class Entry(NamedTuple):
    """A picture file: its path inside the tree, a mark that changes if the file does, and how to read it."""

    path: str
    mark: str
    read: Callable[[], bytes]


class TreeSource(Source):
    """The picture files of a tree. Opening it lists their names once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.where = str(path)
        self.name = path.name.partition(".")[0] if path.is_file() else path.name
        shared: list[str] | None = None
        folders: set[tuple[str, ...]] = set()
        marks = hashlib.sha256()
        self.count = 0
        for entry in self._entries():
            marks.update(f"{entry.path}\0{entry.mark}\n".encode(errors="surrogateescape"))
            inside = PurePosixPath(entry.path).parts[:-1]
            # Below the folders that all pictures share, only the names of the part and the label count.
            shared = list(inside) if shared is None else _common(shared, inside)
            folders.add(inside)
            self.count += 1
        if not self.count:
            raise DatasetError(
                f"{path}: found no picture files, expected PNG, JPEG, WebP, BMP, GIF, TIFF or AVIF; "
                "name another folder"
            )
        self.signature = marks.hexdigest()
        tops = {inside[len(shared or []) :][0] for inside in folders if len(inside) > len(shared or [])}
        # If train/ is the only folder, all pictures share it. Beside other folders it may be a label.
        lonely = next((name for name in shared or [] if name in ("train", "test")), None)
        if lonely is not None:
            other = "test" if lonely == "train" else "train"
            raise DatasetError(
                f"{path}: found {lonely}/ and no {other}/, expected both, or neither; add {other}/, or take "
                f"the pictures out of {lonely}/ for a tenth of them as test images"
            )
        self._shared = len(shared or [])
        test = next((name for name in TESTS if name in tops), None)
        self._parts: dict[str, Part] = {}
        if "train" in tops and test is not None:
            self._parts = {"train": "train", test: "test"}
            others = sorted(tops - self._parts.keys())
            if others:
                self.notes = (f"not used beside train/ and {test}/: {', '.join(others)}",)
        names = {self._label(inside) for inside in folders if self._is_used(inside)}
        self.label_names = tuple(sorted(names)) if len(names) > 1 else ()
        self._number = {name: number for number, name in enumerate(self.label_names)}

    def items(self) -> Iterator[Item]:
        """All pictures, in the order of the tree."""
        for entry in self._entries():
            inside = PurePosixPath(entry.path).parts[:-1]
            if not self._is_used(inside):
                continue
            part = self._parts[inside[self._shared]] if self._parts else None
            yield Item(entry.path, self._number.get(self._label(inside), 0), part, entry.read)

    @abstractmethod
    def _entries(self) -> Iterator[Entry]:
        """The picture files, in the same order each time."""

    def _is_used(self, inside: tuple[str, ...]) -> bool:
        """Whether a folder is in one of the two parts, if there are parts."""
        return not self._parts or inside[self._shared : self._shared + 1] in {(part,) for part in self._parts}

    def _label(self, inside: tuple[str, ...]) -> str:
        below = inside[self._shared + bool(self._parts) :]
        return below[0] if below else NO_FOLDER


class FolderSource(TreeSource):
    """The picture files in a folder and its subfolders. Hidden files are left out, links are followed."""

    def _entries(self) -> Iterator[Entry]:
        seen = set()
        for folder, folders, names in os.walk(self._path, followlinks=True):
            place = Path(folder)
            real = os.path.realpath(folder)
            # A link may lead to a folder above it.
            folders[:] = sorted(name for name in folders if not _is_hidden(name)) if real not in seen else []
            if real in seen:
                continue
            seen.add(real)
            for name in sorted(filter(_is_picture, names)):
                file = place / name
                try:
                    status = file.stat()
                    mark = f"{status.st_size} {status.st_mtime_ns}"
                except OSError:
                    mark = "unreadable"
                yield Entry(file.relative_to(self._path).as_posix(), mark, partial(_read_file, file))


class ZipSource(TreeSource):
    """The picture files in a zip."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except ARCHIVE_ERRORS as error:
            raise DatasetError(
                f"{path}: {first_line(error)}; expected a zip of pictures; make it again"
            ) from error
        super().__init__(path)

    def _entries(self) -> Iterator[Entry]:
        for info in sorted(self._archive.infolist(), key=lambda info: info.filename):
            # Zips from Windows may have backslashes in their names.
            name = info.filename.replace("\\", "/")
            if not info.is_dir() and _is_shown(name):
                yield Entry(name, f"{info.file_size} {info.CRC}", partial(self._read, info))

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        _check_size(info.file_size)
        try:
            return self._archive.read(info)
        except ARCHIVE_ERRORS as error:
            raise OSError(f"found an entry that cannot be unpacked ({first_line(error)})") from error


class TarSource(TreeSource):
    """The picture files in a tar, of any compression, in the order of the tar."""

    sequential = True

    def _entries(self) -> Iterator[Entry]:
        try:
            with tarfile.open(self._path) as archive:
                for member in archive:
                    if member.isreg() and _is_shown(member.name):
                        content = archive.extractfile(member)
                        assert content is not None
                        mark = f"{member.size} {member.mtime}"
                        read = partial(_read_member, content, member.size)
                        yield Entry(member.name.removeprefix("./"), mark, read)
        except ARCHIVE_ERRORS as error:
            raise DatasetError(
                f"{self._path}: {first_line(error)}; expected a complete tar of pictures; make or copy it "
                "again"
            ) from error


def _read_file(path: Path) -> bytes:
    _check_size(path.stat().st_size)
    return path.read_bytes()


def _read_member(content: IO[bytes], size_bytes: int) -> bytes:
    _check_size(size_bytes)
    return content.read()


def _check_size(size_bytes: int) -> None:
    """Raise OSError if a file is too large to be a picture."""
    if size_bytes > MAX_FILE_BYTES:
        raise OSError(f"found {size_bytes:,} bytes, expected at most {MAX_FILE_BYTES:,}")


def first_line(error: Exception) -> str:
    """The first line of an error's message: tarfile adds a line for each compression that it tried."""
    return str(error).partition("\n")[0].rstrip(":") or type(error).__name__


def _common(one: list[str], other: tuple[str, ...]) -> list[str]:
    count = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return one[: min(len(one), len(other)) if count is None else count]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == STRAYS


def _is_picture(name: str) -> bool:
    return not _is_hidden(name) and os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122


def _is_shown(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not any(map(_is_hidden, parts)) and _is_picture(parts[-1])

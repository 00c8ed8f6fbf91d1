"""Read and write the named files of a folder, or of the same folder as a zip file.

The container may come from a stranger. Nothing here follows a link, leaves the container, or unpacks more
than expected. A container is written completely or not at all.
"""

import errno
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

# The advice in error messages of the commands.
ADD_OVERWRITE = "add --overwrite"
ZIP_SUFFIX = ".latent"
# What the commands that open a model take.
MODEL_WORDS = f"a bundle (a folder or a {ZIP_SUFFIX} file) or an .onnx file"
# Names with one of these endings are refused for a folder: they are probably meant as a file.
FILE_SUFFIXES = (".onnx", ".pt", ".pth", ".h5", ".keras", ".zip", ".tar", ".gz", ".tgz", ".xz", ".7z")
MAX_FILES = 10_000
MAX_FILE_BYTES = 512 << 20
MAX_TOTAL_BYTES = 2 << 30
# Weights and packed pictures hardly compress. Files up to ALWAYS_ALLOWED_BYTES may compress to any size.
MAX_ZIP_RATIO = 32
ALWAYS_ALLOWED_BYTES = 1 << 20
MAX_DIRECTORY_BYTES = 4 << 20  # of a zip file's list of entries, which is read into memory as a whole
END_RECORD, END_RECORD_64 = b"PK\x05\x06", b"PK\x06\x07"
END_RECORD_BYTES, MAX_COMMENT_BYTES = 22, 65_535
# A temporary sibling's name has at most so many characters of the file's: some file systems allow 143 bytes.
STEM_CHARACTERS = 24
# How often renaming a folder to its final name is tried if other processes replace that one.
RENAME_ATTEMPTS = 10
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class BundleError(Exception):
    """A bundle breaks its format. The text says in which file, what was found and what was expected."""


def check_name(name: str, where: str) -> None:
    """Raise BundleError unless `name` is a plain relative path that stays inside its container."""
    if not SAFE_NAME.fullmatch(name):
        raise BundleError(f"{where}: found the file name {name!r}, expected plain names inside the bundle")


class Folder:
    """The files under a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size_bytes(self, name: str) -> int | None:
        """The size of a file, or None if it does not exist. Raises BundleError for a link or a folder."""
        check_name(name, str(self.path))
        place = self.path
        for part in name.split("/"):
            place = place / part
            if place.is_symlink():
                raise BundleError(f"{self.path}: found a link at {name}, expected a plain file")
        try:
            status = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(
                f"{self.path}: found something other than a file at {name}, expected a plain file"
            )
        return status.st_size

    def read(self, name: str, size_bytes: int) -> bytes:
        """At most `size_bytes` + 1 bytes of a file: one more than expected reveals a longer file."""
        check_name(name, str(self.path))
        with (self.path / name).open("rb") as file:
            return file.read(size_bytes + 1)


class Zip:
    """The files in a zip file. Raises BundleError if it is not one or has entries that are not allowed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                check_zip_directory(file, str(path))
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            if path.suffix.lower() != ZIP_SUFFIX:
                raise BundleError(f"{path}: found another kind of file, expected {MODEL_WORDS}") from error
            raise BundleError(f"{path}: {error}; expected a {ZIP_SUFFIX} file, a zipped bundle") from error
        if len(entries) > MAX_FILES:
            raise BundleError(f"{path}: found {len(entries):,} entries, expected at most {MAX_FILES:,}")
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            if entry.is_dir():
                continue
            check_name(entry.filename, str(path))
            if entry.filename in self._entries:
                raise BundleError(f"{path}: found {entry.filename} twice, expected each file once")
            self._check(entry)
            self._entries[entry.filename] = entry
        total = sum(entry.file_size for entry in self._entries.values())
        if total > MAX_TOTAL_BYTES:
            raise BundleError(f"{path}: found {total:,} bytes unpacked, expected at most {MAX_TOTAL_BYTES:,}")

    def size_bytes(self, name: str) -> int | None:
        """The unpacked size that the zip file claims for a file, or None if the file does not exist."""
        entry = self._entries.get(name)
        return None if entry is None else entry.file_size

    def read(self, name: str, size_bytes: int) -> bytes:
        """At most `size_bytes` + 1 bytes of a file: one more than expected reveals a longer file.

        The zip file may have been replaced since it was opened, so the entry is looked up and checked again.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                entry = archive.getinfo(name)
                self._check(entry)
                with archive.open(entry) as file:
                    return file.read(size_bytes + 1)
        except KeyError as error:
            raise BundleError(
                f"{self.path}: found that {name} is gone, expected it as before; open the bundle again"
            ) from error
        except (zipfile.BadZipFile, EOFError, NotImplementedError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
            raise BundleError(
                f"{self.path}: {name}: {error}; the file is damaged; export it again"
            ) from error

    def _check(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BundleError(f"{self.path}: found a link at {name}, expected a plain file")
        if entry.flag_bits & 1:
            raise BundleError(f"{self.path}: found {name} encrypted, expected a plain file")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(
                f"{self.path}: found {name} compressed by method {entry.compress_type}, "
                "expected it stored or deflated"
            )
        if entry.file_size > max(ALWAYS_ALLOWED_BYTES, MAX_ZIP_RATIO * entry.compress_size):
            raise BundleError(
                f"{self.path}: {name} claims to unpack from {entry.compress_size:,} to "
                f"{entry.file_size:,} bytes, expected at most {MAX_ZIP_RATIO} times as many"
            )


def check_zip_directory(file: IO[bytes], where: str) -> None:
    """Raise BundleError if a zip file's list of entries is too long for a bundle.

    Called before `zipfile`, which reads the whole list and creates an object for every entry.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_RECORD_BYTES - MAX_COMMENT_BYTES))
    tail = file.read()
    place = tail.rfind(END_RECORD)
    directory_bytes = int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0
    if directory_bytes > MAX_DIRECTORY_BYTES or END_RECORD_64 in tail[:place]:
        raise BundleError(
            f"{where}: found more than {MAX_FILES:,} entries, expected at most that many; export it again"
        )


def open_container(path: Path) -> Folder | Zip:
    """The container at `path`. Raises BundleError if there is none."""
    if path.is_dir():
        return Folder(path)
    if path.is_file():
        return Zip(path)
    raise BundleError(f"{path}: found nothing there, expected {MODEL_WORDS}; check the path")


def write_container(path: Path, files: Mapping[str, bytes], overwrite: bool) -> None:
    """Write `files` as a folder, or as a zip file if `path` ends in `.latent`.

    Everything is written to a temporary sibling and flushed; then the sibling is renamed to `path`, or to the
    target of `path` if it is a link. A folder that is replaced is first renamed, and restored if the
    replacement fails.

    Raises BundleError if `path` is taken and `overwrite` is false, OSError if the disk is full or `path`
    cannot be written to. If it raises, nothing at `path` has changed.
    """
    check_target(path, overwrite)
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _sibling(target, "tmp")
    try:
        if path.suffix == ZIP_SUFFIX:
            _write_zip(temporary, files)
            # Another process may have taken the name in the meantime.
            check_target(path, overwrite)
            temporary.replace(target)
        else:
            _write_folder(temporary, files)
            _put_folder(temporary, target, overwrite)
    except OSError as error:
        # The error of a full disk names no file, and people would not know the temporary name.
        error.filename = str(path)
        raise
    finally:
        # An error here would hide the original one.
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with suppress(OSError):
                temporary.unlink()


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder in this order, each in one step; other files there stay.

    All are written to temporary siblings and flushed before the first one is renamed. Raises OSError if the
    disk is full or the folder cannot be written to: if that happens before the first renaming, nothing has
    changed.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for name, data in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = _sibling(place, "tmp")
            staged.append((temporary, place))
            _write_flushed(temporary, data)
        for temporary, place in staged:
            temporary.replace(place)
    except OSError as error:
        error.filename = str(folder)
        raise
    finally:
        for temporary, place in staged:
            with suppress(OSError):
                temporary.unlink()
            _remove_if_empty(place.parent)


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files from a folder, and the folders that become empty."""
    for name in names:
        place = folder / name
        place.unlink(missing_ok=True)
        while (place := place.parent) != folder:
            _remove_if_empty(place)


def names_in(path: Path) -> set[str]:
    """The names in a folder; none if there is no folder, or if another process has just moved it."""
    try:
        return {place.name for place in path.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def check_suffix(path: Path) -> None:
    """Raise BundleError if the name for a new bundle ends like that of another kind of file."""
    if path.suffix.lower() in FILE_SUFFIXES:
        raise BundleError(f"found {str(path)!r}, expected a new folder or a file ending in {ZIP_SUFFIX}")


def check_target(path: Path, overwrite: bool, remedy: str = ADD_OVERWRITE) -> None:
    """Raise BundleError if `write_container` would refuse to write to `path`, OSError if it cannot.

    If `path` is a link, its target is checked. `remedy` tells people how to allow overwriting.
    """
    if path.name in ("", ".."):
        raise BundleError(
            f"{str(path)!r}: found a path that ends in no name, expected a new folder; choose one"
        )
    is_zip = path.suffix == ZIP_SUFFIX
    mode = _mode(path)
    is_folder, is_file = stat.S_ISDIR(mode), stat.S_ISREG(mode)
    if mode and not is_file and not is_folder:
        raise BundleError(f"{path}: found a device or a pipe, expected a new name; choose another")
    if not overwrite and (is_file or (is_folder and names_in(path))):
        found = "a folder that is not empty" if is_folder else "a file"
        raise BundleError(f"{path}: found {found}, expected a new name; choose another or {remedy}")
    if mode and is_folder == is_zip:
        raise BundleError(
            f"{path}: found a {'folder' if is_zip else 'file'} there, expected to replace a "
            f"{'file' if is_zip else 'folder'}; choose another name"
        )

    _check_writable(path)


def _mode(path: Path) -> int:
    """The type and permissions of the file or folder at `path`, 0 if there is none.

    One query for all checks: another process may replace a folder between two queries.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _check_writable(path: Path) -> None:
    """Raise OSError if nothing can be created at `path`; called before an export rather than after it."""
    folder = Path(os.path.realpath(path)).parent
    while not folder.exists():
        folder = folder.parent
    number = 0
    if not folder.is_dir():
        number = errno.ENOTDIR
    elif not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        number = errno.EACCES
    if number:
        raise OSError(number, os.strerror(number), str(path))


def _sibling(path: Path, ending: str) -> Path:
    """A hidden name beside `path` that no other process uses."""
    return path.with_name(f".{path.name[:STEM_CHARACTERS]}.{os.getpid()}.{ending}")


def _put_folder(temporary: Path, target: Path, overwrite: bool) -> None:
    """Rename a folder to its final name, even if other processes put folders there at the same time."""
    for attempt in range(RENAME_ATTEMPTS):
        try:
            with _moved_aside(target):
                temporary.rename(target)
        except OSError as error:
            is_last = attempt == RENAME_ATTEMPTS - 1
            if is_last or error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                raise
            check_target(target, overwrite)
        else:
            return


@contextmanager
def _moved_aside(path: Path) -> Iterator[None]:
    """Rename the folder at `path`; remove it at the end, or restore it if the block raises."""
    if not path.exists():
        yield
        return
    aside = _sibling(path, "old")
    path.rename(aside)
    try:
        yield
    except BaseException:
        try:
            aside.rename(path)
        except OSError:
            # Another process has put its own folder there.
            shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(aside)


def _write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    path.mkdir()
    for name, data in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_flushed(place, data)


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _remove_if_empty(folder: Path) -> None:
    # The system refuses to remove a folder that is not empty.
    with suppress(OSError):
        folder.rmdir()


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    with path.open("wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        file.flush()
        os.fsync(file.fileno())

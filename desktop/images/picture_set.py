"""Opens a set of pictures: a folder, a zip or an `.npz`. No Qt."""

from collections.abc import Generator, Sequence
from pathlib import Path

from desktop.images.picture_arrays import ArrayPictures
from desktop.images.picture_files import (
    FolderPictures,
    PictureSet,
    ZipPictures,
    picture_names,
    zip_entries,
)
from desktop.images.picture_kinds import ImageError

SET_SUFFIXES = (".zip", ".npz")
MODEL_SUFFIXES = (".onnx", ".latent")


def is_picture_set(path: Path) -> bool:
    """Whether a path may hold pictures: a folder or zip without a bundle's manifest, an `.npz` of images."""
    try:
        if path.is_dir():
            return path.suffix.lower() not in MODEL_SUFFIXES and not (path / "manifest.json").exists()
        if path.suffix.lower() not in SET_SUFFIXES or not path.is_file():
            return False
        with path.open("rb") as file:
            names = zip_entries(file, path)
        return "images.npy" in names if path.suffix.lower() == ".npz" else "manifest.json" not in names
    except ImageError:
        return True  # the error message appears when it is opened
    except OSError:
        return False


def open_picture_set(
    path: Path, most: int, known_labels: Sequence[str] = (), only: Sequence[Path] = ()
) -> PictureSet:
    """Open a folder, a zip or an `.npz`. If it has more than `most` pictures, `most` evenly spaced are taken.

    With `only`, only these files and folders in the folder are read. `known_labels` are the names of the
    model's own labels, for an `.npz` whose labels are numbers. Raises ImageError if there are no pictures or
    the arrays have unsupported shapes, and OSError.
    """
    steps = picture_set_steps(path, most, known_labels, only)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: PictureSet = end.value
            return found


def picture_set_steps(
    path: Path, most: int, known_labels: Sequence[str] = (), only: Sequence[Path] = ()
) -> Generator[None, None, PictureSet]:
    """Do the same in steps, one per folder, because a folder may contain very many folders."""
    if path.is_dir():
        names: list[str] = []
        for found in picture_names(path, only):
            names += found
            yield None
        return FolderPictures(path, most, names)
    if path.suffix.lower() == ".npz":
        return ArrayPictures(path, most, known_labels)
    return ZipPictures(path, most)

"""Opens many pictures in one place: a folder, a zip or an `.npz`. No Qt."""

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
        return True  # opening says what is wrong
    except OSError:
        return False


def open_picture_set(
    path: Path, most: int, known_labels: Sequence[str] = (), only: Sequence[Path] = ()
) -> PictureSet:
    """Look into a folder, a zip or an `.npz`. Of more than `most` pictures, `most` are taken, evenly spread.

    Of a folder, `only` are the files and folders in it that are meant, if there are any.
    `known_labels` are the names of the model's own labels, for an `.npz` whose labels are numbers. Raises
    ImageError if there are no pictures or the arrays have other shapes; OSError.
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
    """Do the same in steps, one for each folder, because a folder may hold very many."""
    if path.is_dir():
        names: list[str] = []
        for found in picture_names(path, only):
            names += found
            yield None
        return FolderPictures(path, most, names)
    if path.suffix.lower() == ".npz":
        return ArrayPictures(path, most, known_labels)
    return ZipPictures(path, most)

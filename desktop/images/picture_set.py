"""Opens many pictures in one place: a folder, a zip or an `.npz`. No Qt."""

from collections.abc import Sequence
from pathlib import Path

from desktop.images.picture_arrays import ArrayPictures
from desktop.images.picture_files import FolderPictures, PictureSet, ZipPictures, zip_entries
from desktop.images.read_image import ImageError

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
    if path.is_dir():
        return FolderPictures(path, most, only)
    if path.suffix.lower() == ".npz":
        return ArrayPictures(path, most, known_labels)
    return ZipPictures(path, most)

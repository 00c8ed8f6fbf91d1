"""Opens what --data names in a given form: a named dataset, a folder, an archive, shards or arrays."""

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from training.config import FitConfig
from training.data.arrays import (
    Arrays,
    ArraySource,
    arrays_of,
    content_key,
    idx_files,
    read_idx_file,
    read_idx_folder,
    read_npy,
    read_npz,
    to_dataset,
)
from training.data.dataset import BINARY, Dataset, DatasetError
from training.data.form import Form
from training.data.idx import is_idx
from training.data.items import Source
from training.data.mnist import mnist
from training.data.named import NAMED, find_or_download
from training.data.shards import ShardSource, is_pattern, is_shard
from training.data.trees import FolderSource, TarSource, ZipSource

MNIST = "mnist"
NAMES = (MNIST, *NAMED)
KINDS_IN_WORDS = (
    f"{', '.join(NAMES)}, a folder, zip or tar of pictures, shards such as 'data-{{000..099}}.tar', .npz, "
    ".npy or IDX files"
)
ADDRESS = "://"


@dataclass(frozen=True)
class Places:
    """Where datasets are kept.

    Attributes:
        data: folder of named datasets; None for the user's.
        cache: folder of decoded pictures; None for the user's.
        mirror: address of a folder that has a named dataset's files.
        builds: whether this process may add to the cache; otherwise it waits until another process has.
    """

    data: Path | None = None
    cache: Path | None = None
    mirror: str | None = None
    builds: bool = True


def open_dataset(data: str, form: Form | None = None, places: Places | None = None) -> Dataset:
    """The dataset that `data` names: one of `NAMES`, a path, or a pattern of shards.

    Raises DatasetError if it is missing, damaged or of an unknown kind, OSError if a file cannot be read.
    """
    form, places = form or Form(), places or Places()
    if ADDRESS in data:
        raise DatasetError(
            f"{data}: found an address, expected {KINDS_IN_WORDS}; download it first, then name the file"
        )
    if data == MNIST and _is_own(form, (1, 28, 28)) and not form.threshold:
        return mnist()
    if data == MNIST:
        return _of_arrays(_mnist_arrays(), form, places)
    if data in NAMED:
        arrays = find_or_download(data, places.data, places.mirror, places.builds)
        return _of_arrays(arrays, form, places)
    path = Path(data)
    if path.is_dir():
        files = idx_files(path)
        if files is None:
            return _of_source(lambda: FolderSource(path), form, places)
        return _of_arrays(read_idx_folder(files, path.resolve().name), form, places, _mark(*files))
    if path.is_file():
        return _open_file(path, form, places)
    if is_pattern(data):
        return _of_source(lambda: ShardSource(data), form, places)
    near = get_close_matches(path.name.lower(), NAMES, 1)
    meant = f"did you mean {near[0]!r}?" if near else "check the path"
    raise DatasetError(f"{data}: found no such dataset, folder or file, expected {KINDS_IN_WORDS}; {meant}")


def _open_file(path: Path, form: Form, places: Places) -> Dataset:
    """The dataset that one file holds."""
    ending = path.name.lower()
    if ending.endswith(".npz"):
        return _of_arrays(read_npz(path), form, places, _mark(path))
    if ending.endswith(".npy"):
        return _of_arrays(read_npy(path), form, places, _mark(path))
    if is_idx(path):
        return _of_arrays(read_idx_file(path), form, places, _mark(path))
    if ending.endswith(".zip"):
        return _of_source(lambda: ZipSource(path), form, places)
    if ending.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")):
        shard = is_shard(path)
        return _of_source(lambda: ShardSource(str(path)) if shard else TarSource(path), form, places)
    raise DatasetError(f"{path}: found a file of another kind, expected {KINDS_IN_WORDS}; name another")


def _mnist_arrays() -> Arrays:
    whole = mnist()
    images, test_images = whole.train_images, whole.test_images
    labels, test_labels = whole.train_labels, whole.test_labels
    return arrays_of(whole.name, MNIST, images, labels, test_images, test_labels, whole.label_names)


def with_absolute_path(data: str) -> str:
    """The value of --data with paths made absolute, so that it means the same in another folder."""
    return data if data in NAMES or ADDRESS in data else os.path.abspath(data)  # noqa: PTH100 - a pattern is no Path


def title_of(data: str) -> str:
    """The short name of the dataset that --data names, without the folders above it."""
    if data in NAMED:
        return NAMED[data].title
    return "MNIST" if data == MNIST else Path(data).name


def form_of(config: FitConfig) -> Form:
    """The form of the images of a fit."""
    channels, *size = config.image_shape
    return Form((size[0], size[1]), channels, config.crop, config.threshold, config.background)


def dataset_of(config: FitConfig, places: Places | None = None, data: str | None = None) -> Dataset:
    """Open the dataset of a fit again, from the place in its config or from `data`.

    Raises DatasetError if it has changed since the fit, is missing or is damaged; OSError if a file cannot be
    read.
    """
    data = data or config.dataset
    # The embedded MNIST has no key. The fit refuses a config that asks for another form of it.
    form = Form() if data == MNIST and not config.data_key else form_of(config)
    dataset = open_dataset(data, form, places)
    if dataset.key != config.data_key:
        raise DatasetError(
            f"{data}: found other images than those of the fit, expected the same in the same folders; name "
            f"those with --data, put them back, or fit again (content {dataset.key[:12] or 'of MNIST'}, "
            f"that of the fit {config.data_key[:12] or 'of MNIST'})"
        )
    return dataset


def _of_arrays(arrays: Arrays, form: Form, places: Places, mark: str = "") -> Dataset:
    """The dataset of arrays: without a cache if they have both parts and need no new size or channels.

    `mark` changes if the arrays may have changed; without one, their content is hashed.
    """
    if arrays.test_images is None or not _is_own(form, arrays.images.shape[1:]):
        parts = (arrays.images, arrays.labels, arrays.test_images, arrays.test_labels)
        return _of_source(lambda: ArraySource(arrays, mark or content_key(*parts)), form, places)
    dataset = to_dataset(arrays)
    if not form.threshold or dataset.levels == BINARY:
        return dataset
    from training.data.pictures import thresholded

    return dataclasses.replace(
        dataset,
        train_images=thresholded(dataset.train_images, form.threshold),
        test_images=thresholded(dataset.test_images, form.threshold),
        levels=BINARY,
    )


def _of_source(make: Callable[[], Source], form: Form, places: Places) -> Dataset:
    # Imported only when needed, because it imports Pillow.
    from training.data.cache import cached

    return cached(make(), form, places.cache or _user_cache(), builds=places.builds)


def _user_cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("latent-plane", appauthor=False) / "images"


def _is_own(form: Form, shape: tuple[int, ...]) -> bool:
    """Whether images of this shape keep their size and channels in a form."""
    return form.size in (None, shape[1:]) and form.channels in (None, shape[0])


def _mark(*paths: Path) -> str:
    """A text that changes if the files may have changed."""
    return " ".join(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in paths)

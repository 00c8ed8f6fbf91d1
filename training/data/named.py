"""Datasets with names: where to find or download their files, and how to read them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from training.data.arrays import Arrays, Npz, arrays_of, read_idx_folder
from training.data.cifar import read_cifar
from training.data.dataset import DatasetError

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
# Debian's packages put datasets here.
SYSTEM_FOLDER = Path("/usr/share/datasets")
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Named:
    """A dataset with a name.

    Attributes:
        title: what people call it.
        url: the folder on its authors' server.
        files: the published files, with their checksums.
        unpacked: names that other programs give to a folder with the unpacked files.
        read: the arrays in a folder, or None if the folder does not have them.
    """

    title: str
    url: str
    files: dict[str, str]
    unpacked: tuple[str, ...]
    read: Callable[[Path], Arrays | None]


def find_or_download(name: str, folder: Path | None, mirror: str | None, downloads: bool = True) -> Arrays:
    """The arrays of a named dataset, from files that are already on this machine, or else downloaded.

    Args:
        name: one of `NAMED`.
        folder: where to look, and where to download to; by default the user's data folder.
        mirror: address of a folder that has the same files.
        downloads: whether this process may download; otherwise it waits until another process has.

    Raises DatasetError, OSError.
    """
    named = NAMED[name]
    own = folder if folder is not None else _user_folder()
    while True:
        for place in (own, own / name, SYSTEM_FOLDER / name):
            for below in ("", *named.unpacked):
                arrays = named.read(place / below) if (place / below).is_dir() else None
                if arrays is not None:
                    return arrays
        if downloads:
            break
        time.sleep(POLL_SECONDS)
    # Imported when needed, because hardly any fit downloads.
    from training.data.download import download

    target = own / name
    files = ", ".join(named.files)
    instead = f"put {files} into {target}, or use --data-folder to say where it is, or --mirror"
    for file, checksum in named.files.items():
        if not (target / file).is_file():
            target.mkdir(parents=True, exist_ok=True)
            download(f"{(mirror or named.url).rstrip('/')}/{file}", checksum, target / file, instead)
    arrays = named.read(target)
    if arrays is None:
        raise DatasetError(f"{target}: found files other than those of {named.title}; empty this folder")
    return arrays


def _user_folder() -> Path:
    import platformdirs

    return platformdirs.user_data_path("latent-plane", appauthor=False) / "datasets"


def _idx(title: str, label_names: tuple[str, ...], folder: Path) -> Arrays | None:
    files = []
    for name in IDX_FILES:
        file = next((folder / n for n in (name.removesuffix(".gz"), name) if (folder / n).is_file()), None)
        if file is None:
            return None
        files.append(file)
    return replace(read_idx_folder(tuple(files), title), label_names=label_names)


def _kmnist(label_names: tuple[str, ...], folder: Path) -> Arrays | None:
    files = [
        folder / f"kmnist-{part}-{kind}.npz" for part in ("train", "test") for kind in ("imgs", "labels")
    ]
    if not all(file.is_file() for file in files):
        return _idx("KMNIST", label_names, folder)
    arrays = []
    for file in files:
        with Npz(file) as npz:
            arrays.append(npz.get("arr_0"))
    images, labels, test_images, test_labels = arrays
    return arrays_of("KMNIST", str(folder), images, labels, test_images, test_labels, label_names)


def _cifar(title: str, count: int, folder: Path) -> Arrays | None:
    tens = count == 10
    train = tuple(f"data_batch_{n}" for n in range(1, 6)) if tens else ("train",)
    archive = folder / f"cifar-{count}-python.tar.gz"
    place = archive if archive.is_file() else folder
    if place == folder and not (folder / train[0]).is_file():
        return None
    labels = "labels" if tens else "fine_labels"
    meta = ("batches.meta", "label_names") if tens else ("meta", "fine_label_names")
    return read_cifar(place, title, train, labels, meta)


# The checksums are those that torchvision (datasets/mnist.py) and Keras (datasets/cifar10.py and cifar100.py)
# check.
NAMED = {
    "fashion-mnist": Named(
        "Fashion-MNIST",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        dict(
            zip(
                IDX_FILES,
                (
                    "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "md5:25c81989df183df01b3e8a0aad5dffbe",
                    "md5:bef4ecab320f06d8554ea6380940ec79",
                    "md5:bb300cfdad3c16e7a12a480ee83cd310",
                ),
                strict=True,
            )
        ),
        ("FashionMNIST/raw",),
        partial(
            _idx,
            "Fashion-MNIST",
            (
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
        ),
    ),
    "kmnist": Named(
        "KMNIST",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist",
        dict(
            zip(
                IDX_FILES,
                (
                    "md5:bdb82020997e1d708af4cf47b453dcf7",
                    "md5:e144d726b3acfaa3e44228e80efcd344",
                    "md5:5c965bf0a639b31b8f53240b1b52f4d7",
                    "md5:7320c461ea6c1c855c0b718fb2a4b134",
                ),
                strict=True,
            )
        ),
        ("KMNIST/raw",),
        partial(_kmnist, ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")),
    ),
    "cifar10": Named(
        "CIFAR-10",
        "https://www.cs.toronto.edu/~kriz",
        {"cifar-10-python.tar.gz": "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"},
        ("cifar-10-batches-py",),
        partial(_cifar, "CIFAR-10", 10),
    ),
    "cifar100": Named(
        "CIFAR-100",
        "https://www.cs.toronto.edu/~kriz",
        {
            "cifar-100-python.tar.gz": "sha256:"
            "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
        },
        ("cifar-100-python",),
        partial(_cifar, "CIFAR-100", 100),
    ),
}

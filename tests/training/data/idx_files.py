"""Small images and labels, also as MNIST's four files."""

import gzip

import numpy as np

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 5, 4), np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (40, 5, 4, 3), np.uint8)
LABELS = np.arange(40) % 4


def idx(array):
    """The content of an IDX file."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write_idx(folder, train=IMAGES[:30], test=IMAGES[30:], gzipped=True):
    """MNIST's four files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, images in (("train", train), ("t10k", test)):
        for kind, array in (("images-idx3", images), ("labels-idx1", LABELS[: len(images)])):
            data = idx(array)
            path = folder / f"{name}-{kind}-ubyte{'.gz' * gzipped}"
            path.write_bytes(gzip.compress(data) if gzipped else data)
    return folder

"""training/data/mnist.py: the embedded MNIST is the real one, and damage is reported in one line."""

import gzip
import hashlib
import lzma
from pathlib import Path

import numpy as np
import pytest

from training.data import mnist as module
from training.data.dataset import DatasetError
from training.data.mnist import mnist

ORIGINALS = Path(__file__).parents[4] / "shared/data/mnist"
TRAIN_LABEL_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_LABEL_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
TEST_IMAGES_SHA256 = "89ba780dee8bae72a6e99d565e97bc93a9069e969c7ec81008f4a5cdf9e778a7"
PACKED_SHA256 = "1ed78d835d8742ca662bfbc21257950328b445cb5d9c03e9dad5d0861200e72e"


@pytest.fixture(scope="module")
def embedded():
    """The embedded MNIST."""
    return mnist()


def packed(images: np.ndarray, labels: np.ndarray) -> bytes:
    """The content of `mnist.xz`, unpacked: every image's bits, then every label."""
    return np.packbits(images).tobytes() + labels.tobytes()


def original(name: str, *shape: int) -> np.ndarray:
    """One of MNIST's four original IDX files: magic 0x0000 08 DD, DD big-endian sizes, then the bytes."""
    raw = gzip.decompress((ORIGINALS / f"{name}-ubyte.gz").read_bytes())
    header = bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
    assert raw.startswith(header)
    return np.frombuffer(raw, np.uint8, offset=len(header)).reshape(shape)


def test_it_has_mnists_shapes_and_counts(embedded):
    """60,000 and 10,000 images of 1 × 28 × 28 bytes with as many labels, named 0 to 9."""
    assert embedded.train_images.shape == (60_000, 1, 28, 28)
    assert embedded.test_images.shape == (10_000, 1, 28, 28)
    assert embedded.train_labels.shape == (60_000,)
    assert embedded.test_labels.shape == (10_000,)
    assert embedded.label_names == tuple("0123456789")
    for array in (embedded.train_images, embedded.test_images, embedded.train_labels, embedded.test_labels):
        assert array.dtype == np.uint8


def test_pixels_are_0_and_1(embedded):
    """The images hold only the values 0 and 1."""
    assert np.unique(embedded.train_images).tolist() == [0, 1]
    assert np.unique(embedded.test_images).tolist() == [0, 1]


def test_each_digit_is_as_frequent_as_in_mnist(embedded):
    """The counts of the labels are the published ones, in both parts."""
    assert np.bincount(embedded.train_labels).tolist() == TRAIN_LABEL_COUNTS
    assert np.bincount(embedded.test_labels).tolist() == TEST_LABEL_COUNTS


def test_its_bytes_are_pinned(embedded):
    """The SHA-256 of the held-out images and of everything together are the known ones."""
    assert hashlib.sha256(embedded.test_images.tobytes()).hexdigest() == TEST_IMAGES_SHA256
    assert module.MNIST_SHA256 == PACKED_SHA256


def test_packing_gives_the_embedded_file_again(embedded):
    """The dataset, packed again, is byte for byte the unpacked embedded file."""
    images = np.concatenate([embedded.train_images, embedded.test_images])
    labels = np.concatenate([embedded.train_labels, embedded.test_labels])
    unpacked = lzma.decompress(module.EMBEDDED_MNIST.read_bytes())
    assert packed(images, labels) == unpacked
    assert hashlib.sha256(unpacked).hexdigest() == PACKED_SHA256


def test_the_file_is_small():
    """The embedded file is at most 2 MB."""
    assert module.EMBEDDED_MNIST.stat().st_size <= 2_000_000


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="MNIST's original files are not beside the project")
def test_it_equals_the_thresholded_originals_bit_for_bit(embedded):
    """The embedded images and labels are those of the original files, thresholded at pixel/255 > 0.5."""
    for part, count, images, labels in (
        ("train", 60_000, embedded.train_images, embedded.train_labels),
        ("t10k", 10_000, embedded.test_images, embedded.test_labels),
    ):
        pixels = original(f"{part}-images-idx3", count, 28, 28)
        is_on = np.arange(256) / np.float32(255) > 0.5
        np.testing.assert_array_equal(images[:, 0], is_on[pixels])
        np.testing.assert_array_equal(labels, original(f"{part}-labels-idx1", count))


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda data: data[: len(data) // 2], "Compressed data ended before the end-of-stream marker"),
        (lambda data: b"no xz" + data, "Input format not supported by decoder"),
        (lambda data: lzma.compress(data[:100]), "found SHA-256 "),
        (
            lambda data: lzma.compress(b"\xff" + lzma.decompress(data)[1:], preset=0),
            "found SHA-256 ",
        ),
    ],
    ids=["cut short", "not xz", "other content", "a byte changed"],
)
def test_a_damaged_file_is_refused(tmp_path, monkeypatch, damage, found):
    """A cut, foreign or changed file is refused with its name, what was found and what to do."""
    copy = tmp_path / "mnist.xz"
    copy.write_bytes(damage(module.EMBEDDED_MNIST.read_bytes()))
    monkeypatch.setattr(module, "EMBEDDED_MNIST", copy)
    with pytest.raises(DatasetError) as error:
        mnist()
    assert str(error.value).startswith(f"{copy}: {found}")
    assert "expected" in str(error.value)
    assert str(error.value).endswith("install the package again")


def test_a_missing_file_is_refused(tmp_path, monkeypatch):
    """If the embedded file is missing, the error names it and says what to do."""
    monkeypatch.setattr(module, "EMBEDDED_MNIST", tmp_path / "gone.xz")
    with pytest.raises(DatasetError, match=r"gone\.xz.*No such file.*install the package again$"):
        mnist()

"""training/datasets.py: the embedded MNIST is the real one, and damage is said in one sentence."""

import gzip
import hashlib
import lzma
import re
from pathlib import Path

import numpy as np
import pytest

from training import datasets
from training.datasets import DatasetError, mnist, mnist_from_idx, pack

ORIGINALS = Path(__file__).parents[3] / "shared/data/mnist"
TRAIN_LABEL_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_LABEL_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
TEST_IMAGES_SHA256 = "89ba780dee8bae72a6e99d565e97bc93a9069e969c7ec81008f4a5cdf9e778a7"
PACKED_SHA256 = "1ed78d835d8742ca662bfbc21257950328b445cb5d9c03e9dad5d0861200e72e"


@pytest.fixture(scope="module")
def embedded():
    """The embedded MNIST."""
    return mnist()


def write_idx(path: Path, array: np.ndarray, kind: int = 8) -> None:
    """Write an IDX file as the format's description has it."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes(), 1))


def write_mnist(folder: Path, seed: int = 0) -> dict[str, np.ndarray]:
    """Four IDX files of MNIST's shapes with random bytes in them; returns what was written."""
    noise = np.random.default_rng(seed)
    arrays = {
        "train-images-idx3": noise.integers(0, 256, (60_000, 28, 28), np.uint8),
        "train-labels-idx1": noise.integers(0, 10, 60_000, np.uint8),
        "t10k-images-idx3": noise.integers(0, 256, (10_000, 28, 28), np.uint8),
        "t10k-labels-idx1": noise.integers(0, 10, 10_000, np.uint8),
    }
    for name, array in arrays.items():
        write_idx(folder / f"{name}-ubyte.gz", array)
    return arrays


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
    """Both values occur in the images and no other does."""
    assert np.unique(embedded.train_images).tolist() == [0, 1]
    assert np.unique(embedded.test_images).tolist() == [0, 1]


def test_each_digit_is_there_as_often_as_in_mnist(embedded):
    """The labels' counts are the published ones, in both parts."""
    assert np.bincount(embedded.train_labels).tolist() == TRAIN_LABEL_COUNTS
    assert np.bincount(embedded.test_labels).tolist() == TEST_LABEL_COUNTS


def test_its_bytes_are_pinned(embedded):
    """The SHA-256 of the held-out images and of everything together are the known ones."""
    assert hashlib.sha256(embedded.test_images.tobytes()).hexdigest() == TEST_IMAGES_SHA256
    assert hashlib.sha256(pack(embedded)).hexdigest() == datasets.MNIST_SHA256 == PACKED_SHA256


def test_packing_gives_the_embedded_file_again(embedded):
    """`pack` of what was read is, byte for byte, what the embedded file unpacks to."""
    assert pack(embedded) == lzma.decompress(datasets.EMBEDDED_MNIST.read_bytes())


def test_the_file_is_small():
    """The embedded file is at most 2 MB."""
    assert datasets.EMBEDDED_MNIST.stat().st_size <= 2_000_000


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="MNIST's original files are not beside the project")
def test_it_equals_the_thresholded_originals_bit_for_bit(embedded):
    """The embedded images and labels are those of the original files, thresholded at pixel/255 > 0.5."""
    originals = mnist_from_idx(ORIGINALS)
    np.testing.assert_array_equal(embedded.train_images, originals.train_images)
    np.testing.assert_array_equal(embedded.test_images, originals.test_images)
    np.testing.assert_array_equal(embedded.train_labels, originals.train_labels)
    np.testing.assert_array_equal(embedded.test_labels, originals.test_labels)


@pytest.mark.slow
def test_idx_files_are_read_and_thresholded(tmp_path):
    """From IDX files a pixel of 128 and more becomes 1, of 127 and less 0; labels are taken as they are."""
    written = write_mnist(tmp_path)
    read = mnist_from_idx(tmp_path)
    np.testing.assert_array_equal(read.train_images[:, 0], written["train-images-idx3"] >= 128)
    np.testing.assert_array_equal(read.test_images[:, 0], written["t10k-images-idx3"] >= 128)
    np.testing.assert_array_equal(read.train_labels, written["train-labels-idx1"])
    np.testing.assert_array_equal(read.test_labels, written["t10k-labels-idx1"])


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda data: data[: len(data) // 2], "Compressed data ended before the end-of-stream marker"),
        (lambda data: b"no xz" + data, "Input format not supported by decoder"),
        (lambda data: lzma.compress(lzma.decompress(data)[:-1], preset=0), "found SHA-256 "),
        (
            lambda data: lzma.compress(b"\xff" + lzma.decompress(data)[1:], preset=0),
            "found SHA-256 ",
        ),
    ],
    ids=["cut short", "not xz", "a byte less", "a byte changed"],
)
def test_a_damaged_file_is_refused(tmp_path, monkeypatch, damage, found):
    """A cut, foreign or changed file is refused with its name, what was found and what to do."""
    copy = tmp_path / "mnist.xz"
    copy.write_bytes(damage(datasets.EMBEDDED_MNIST.read_bytes()))
    monkeypatch.setattr(datasets, "EMBEDDED_MNIST", copy)
    with pytest.raises(DatasetError) as error:
        mnist()
    assert str(error.value).startswith(f"{copy}: {found}")
    assert "expected" in str(error.value)
    assert str(error.value).endswith("install the package again")


def test_a_missing_file_is_refused(tmp_path, monkeypatch):
    """Without the embedded file the error names it and says what to do."""
    monkeypatch.setattr(datasets, "EMBEDDED_MNIST", tmp_path / "gone.xz")
    with pytest.raises(DatasetError, match=r"gone\.xz.*No such file.*install the package again$"):
        mnist()


def test_a_missing_idx_file_is_refused(tmp_path):
    """A folder without the IDX files is refused with the first file that is missing."""
    with pytest.raises(DatasetError) as error:
        mnist_from_idx(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'train-images-idx3-ubyte.gz'}: ")
    assert "No such file" in str(error.value)
    assert str(error.value).endswith("expected MNIST's original gzipped IDX file")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"plain text", "Not a gzipped file"),
        (gzip.compress(bytes(5000))[:-20], "Compressed file ended before the end-of-stream marker"),
    ],
    ids=["not gzip", "cut short"],
)
def test_an_idx_file_that_does_not_unpack_is_refused(tmp_path, content, found):
    """An IDX file that is no gzip, or only half of one, is refused with its name and the reason."""
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DatasetError) as error:
        mnist_from_idx(tmp_path)
    assert str(error.value).startswith(f"{path}: {found}")
    assert str(error.value).endswith("expected MNIST's original gzipped IDX file")


@pytest.mark.parametrize(
    ("array", "kind", "begins"),
    [
        (np.zeros((10, 28, 28), np.uint8), 8, "000008030000000a"),
        (np.zeros((60_000, 28, 14), np.uint8), 8, "000008030000ea60"),
        (np.zeros(60_000, np.uint8), 8, "000008010000ea60"),
        (np.zeros((60_000, 28, 28), np.uint8), 9, "000009030000ea60"),
    ],
    ids=["too few images", "narrow images", "labels for images", "signed bytes"],
)
def test_an_idx_file_with_another_header_is_refused(tmp_path, array, kind, begins):
    """Another count, size, rank or type of values is refused with what the file begins with."""
    path = tmp_path / "train-images-idx3-ubyte.gz"
    write_idx(path, array, kind)
    expected = re.escape(
        f"{path}: found {4 + 4 * array.ndim + array.size} bytes beginning {begins}, "
        "expected 47040016 bytes of unsigned bytes shaped (60000, 28, 28)"
    )
    with pytest.raises(DatasetError, match=f"^{expected}$"):
        mnist_from_idx(tmp_path)

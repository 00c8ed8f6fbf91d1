"""training/data/arrays.py and idx.py: images as numpy and IDX files."""

import numpy as np
import pytest
import torch

from tests.training.data.idx_files import COLOURS, IMAGES, LABELS, write_idx
from training.data.dataset import DatasetError
from training.data.form import Form
from training.data.open import open_dataset


def as_set(*images):
    return {image.tobytes() for part in images for image in part}


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
def test_an_npz_with_two_parts_is_taken_as_it_is(tmp_path, places, names):
    """Images, labels and their order are those of the file, in memory, with nothing in the cache."""
    values = (IMAGES[:30], LABELS[:30], IMAGES[30:], LABELS[30:, None])
    np.savez(tmp_path / "my.npz", **dict(zip(names, values, strict=True)))
    dataset = open_dataset(str(tmp_path / "my.npz"), places=places)
    np.testing.assert_array_equal(dataset.train_images[:, 0], IMAGES[:30])
    np.testing.assert_array_equal(dataset.test_images[:, 0], IMAGES[30:])
    np.testing.assert_array_equal(dataset.test_labels, LABELS[30:])
    assert (dataset.name, dataset.levels, dataset.label_names) == ("my", 256, ("0", "1", "2", "3"))
    assert not places.cache.exists()


@pytest.mark.parametrize("ending", ["npz", "npy"])
def test_images_without_parts_are_divided_by_content(tmp_path, places, ending):
    """A tenth of the images are test images; channels may come first or last; labels may be texts."""
    path = tmp_path / f"my.{ending}"
    if ending == "npz":
        np.savez_compressed(path, images=COLOURS, labels=np.array(["b", "a", "d", "c"])[LABELS])
    else:
        np.save(path, COLOURS.transpose(0, 3, 1, 2))
    dataset = open_dataset(str(path), places=places)
    assert dataset.label_names == (("a", "b", "c", "d") if ending == "npz" else ())
    expected = COLOURS.transpose(0, 3, 1, 2)
    assert as_set(dataset.train_images, dataset.test_images) == as_set(expected)
    assert 0 < len(dataset.test_images) < 15
    if ending == "npz":
        row = int(np.flatnonzero((expected == dataset.train_images[0]).all(axis=(1, 2, 3)))[0])
        assert dataset.label_names[dataset.train_labels[0]] == "badc"[LABELS[row]]


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.float32])
def test_images_of_0_and_1_are_binary(tmp_path, places, dtype, split):
    """Binary are uint8 images up to 1, bool, and floats that are only 0 and 1."""
    bits = (IMAGES > 99).astype(dtype)
    parts = {"x_train": bits[:30], "x_test": bits[30:]} if split else {"images": bits}
    np.savez(tmp_path / "bits.npz", **parts)
    dataset = open_dataset(str(tmp_path / "bits.npz"), places=places)
    assert dataset.levels == 2
    assert as_set(dataset.train_images, dataset.test_images) == as_set(
        (IMAGES > 99).astype(np.uint8)[:, None]
    )


def test_floats_become_levels_and_a_threshold_makes_bits(tmp_path, places):
    """Floats from 0 to 1 are k/255; a threshold makes each 0 or 1."""
    shares = IMAGES.astype(np.float64) / 255
    np.savez(tmp_path / "shares.npz", x_train=shares[:30], x_test=shares[30:])
    dataset = open_dataset(str(tmp_path / "shares.npz"), places=places)
    np.testing.assert_array_equal(dataset.train_images[:, 0], IMAGES[:30])
    assert (dataset.levels, dataset.label_names) == (256, ())
    dataset = open_dataset(str(tmp_path / "shares.npz"), Form(threshold=0.3), places)
    np.testing.assert_array_equal(dataset.test_images[:, 0], shares[30:] > 0.3)
    assert dataset.levels == 2


def test_arrays_take_another_size_and_channels(tmp_path, places):
    """Images stay in their part when they get another size or other channels."""
    np.savez(tmp_path / "my.npz", x_train=IMAGES[:30], x_test=IMAGES[30:])
    dataset = open_dataset(str(tmp_path / "my.npz"), Form((8, 8), 3), places)
    assert dataset.train_images.shape == (30, 3, 8, 8)
    assert dataset.test_images.shape == (10, 3, 8, 8)


@pytest.mark.parametrize("gzipped", [True, False])
def test_mnists_four_idx_files(tmp_path, places, gzipped):
    """A folder with MNIST's four files is a dataset, gzipped or not, and so is one file with its labels."""
    folder = write_idx(tmp_path / "letters", gzipped=gzipped)
    dataset = open_dataset(str(folder), places=places)
    np.testing.assert_array_equal(dataset.train_images[:, 0], IMAGES[:30])
    np.testing.assert_array_equal(dataset.test_labels, LABELS[:10])
    assert dataset.name == "letters"
    torch.from_numpy(dataset.train_images)  # warns of images that cannot be written to
    one = open_dataset(str(folder / f"train-images-idx3-ubyte{'.gz' * gzipped}"), places=places)
    assert as_set(one.train_images, one.test_images) == as_set(IMAGES[:30, None])
    assert one.label_names == ("0", "1", "2", "3")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (
            {"images": IMAGES.astype(np.int64)},
            "found images of int64, expected uint8, bool, or floats from 0 to 1",
        ),
        ({"images": IMAGES[0]}, r"found images of the shape \[5, 4\], expected \[N, H, W\]"),
        ({"images": COLOURS[..., :2]}, r"found images of the shape \[40, 5, 4, 2\]"),
        (
            {"images": IMAGES / 1.0},
            "found numbers from 0 to 255 in images 0 to 39, expected floats",
        ),
        ({"images": IMAGES / 127.5 - 1}, "found numbers from -1 to 1"),
        ({"images": np.full((3, 4, 4), np.nan)}, "found numbers from nan to nan"),
        (
            {"images": IMAGES, "labels": LABELS[:9]},
            r"found labels of int64 shaped \[9\], expected .* 40 images",
        ),
        ({"images": IMAGES, "labels": LABELS - 1}, "found labels from -1 to 2, expected numbers from 0"),
        ({"images": IMAGES, "labels": LABELS / 2}, "found labels of float64"),
        ({"x_train": IMAGES, "y_train": LABELS}, "and no x_test, expected x_train and x_test"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, "and no y_test"),
        ({"x_train": IMAGES, "x_test": IMAGES[:, :3]}, r"test images of \[1, 3, 4\], expected one shape"),
        ({"images": IMAGES[:0]}, r"found no images, shape \[0, 5, 4\], expected some"),
        ({"weights": IMAGES}, r"found the arrays weights, expected images \(and labels\), or x_train"),
        ({"images": np.array([{}])}, "images: Object arrays cannot be loaded .* expected an array"),
    ],
)
def test_arrays_that_are_no_images_are_one_line(tmp_path, places, arrays, words):
    """Wrong type, shape or range, labels that do not fit, and a missing part are refused in one line."""
    np.savez(tmp_path / "my.npz", **arrays)
    with pytest.raises(DatasetError, match=words) as error:
        open_dataset(str(tmp_path / "my.npz"), places=places)
    assert str(error.value).startswith(f"{tmp_path}/my.npz: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["my.npz", "my.npy", "my-idx3-ubyte", "my-idx3-ubyte.gz"])
@pytest.mark.parametrize("data", [b"", b"hello, this is none of them", b"\x1f\x8bno gzip"])
def test_a_damaged_file_is_one_line(tmp_path, places, name, data):
    """The error names the damaged file, whatever its content."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(
        DatasetError, match=rf"^{tmp_path}/{name}: [^\n]*expected [^\n]*; [^\n]*$|without pickles"
    ) as error:
        open_dataset(str(tmp_path / name), places=places)
    assert "allow_pickle" not in str(error.value)


def test_missing_or_cut_idx_files_are_one_line(tmp_path, places):
    """The error names the folder and the missing file, or the cut file and the size that was found."""
    folder = write_idx(tmp_path / "letters", gzipped=False)
    labels = folder / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-2])
    with pytest.raises(DatasetError, match=rf"^{labels}: found 8 values, expected 10; copy it again"):
        open_dataset(str(folder), places=places)
    labels.unlink()
    with pytest.raises(DatasetError, match=rf"^{folder}: found no t10k-labels-…-ubyte\.gz, expected MNIST"):
        open_dataset(str(folder), places=places)

"""training/data/trees.py: folders and archives of pictures, their labels and their two parts."""

import re
import shutil
import tarfile

import numpy as np
import pytest
from PIL import Image

from training.data.dataset import DatasetError
from training.data.form import Form
from training.data.open import open_dataset


def sides(dataset):
    """The images of each part, as a set of bytes."""
    return [{image.tobytes() for image in images} for images in (dataset.train_images, dataset.test_images)]


def test_subfolders_are_labels(make_pictures, places):
    """Each picture is in exactly one part, with its folder's name as label; deeper folders do not count."""
    folder = make_pictures("cats", "dogs/brown", "dogs/white")
    dataset = open_dataset(str(folder), places=places)
    assert dataset.name == "pictures"
    assert dataset.label_names == ("cats", "dogs")
    assert dataset.image_shape == (3, 6, 8)
    assert dataset.levels == 256
    labels = np.concatenate([dataset.train_labels, dataset.test_labels])
    assert np.bincount(labels).tolist() == [12, 24]
    train, test = sides(dataset)
    assert len(train | test) == 36
    assert not train & test
    images = np.concatenate([dataset.train_images, dataset.test_images])
    for label, place in ((0, "cats/000.png"), (1, "dogs/white/005.png")):
        pixels = np.asarray(Image.open(folder / place)).transpose(2, 0, 1)
        (row,) = np.flatnonzero((images == pixels).all(axis=(1, 2, 3)))
        assert labels[row] == label


def test_a_picture_keeps_its_side_when_others_come(make_pictures, places):
    """A tenth become test images by their content alone, whatever their names and the other pictures."""
    folder = make_pictures("", count=200)
    train, test = sides(open_dataset(str(folder), places=places))
    assert 8 <= len(test) <= 32
    for file in folder.iterdir():
        file.rename(folder / f"x{file.name}")
    make_pictures("more", count=210)
    train_then, test_then = sides(open_dataset(str(folder), places=places))
    assert train < train_then
    assert test < test_then


@pytest.mark.parametrize("held_out", ["test", "val"])
def test_train_and_test_are_the_split(make_pictures, places, held_out):
    """If both folders are there, they decide, not a hash; labels are folders in them, others are reported."""
    folder = make_pictures("train/a", "train/b", f"{held_out}/a", f"{held_out}/b", count=5)
    make_pictures("extra", count=1)
    dataset = open_dataset(str(folder), places=places)
    assert (len(dataset.train_images), len(dataset.test_images)) == (10, 10)
    assert dataset.label_names == ("a", "b")
    assert dataset.train_labels.tolist() == [0] * 5 + [1] * 5
    assert dataset.notes == (f"not used beside train/ and {held_out}/: extra",)


def test_a_zip_and_a_tar_hold_what_the_folder_holds(make_pictures, places, tmp_path):
    """The archive gives the same images, labels and parts, and in the same order also the same key."""
    folder = make_pictures("cats", "dogs")
    expected = open_dataset(str(folder), places=places)
    for ending in ("zip", "tar", "gztar"):
        archive = shutil.make_archive(str(tmp_path / f"my.{ending}"), ending, tmp_path, "pictures")
        dataset = open_dataset(archive, places=places)
        assert dataset.name == "my"
        assert dataset.label_names == expected.label_names
        assert sides(dataset) == sides(expected)
        assert np.bincount(dataset.train_labels).tolist() == np.bincount(expected.train_labels).tolist()
        assert ending != "zip" or dataset.key == expected.key


def test_what_is_no_picture_is_ignored(make_pictures, places):
    """Notes, hidden files and macOS's extra files count neither as pictures nor as damaged ones."""
    folder = make_pictures("a", "b")
    (folder / "readme.txt").write_text("hello")
    (folder / "a/.hidden.png").write_bytes(b"no")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX/000.png").write_bytes(b"no")
    (folder / "a/up").symlink_to(folder)
    dataset = open_dataset(str(folder), places=places)
    assert dataset.notes == ()
    assert dataset.label_names == ("a", "b")
    assert len(dataset.train_images) + len(dataset.test_images) == 24


def test_damaged_pictures_are_named_and_left_out(make_pictures, places):
    """A note says how many there are and names the first; a file names all of them."""
    folder = make_pictures("a", "b", count=40)
    (folder / "a/000.png").write_bytes((folder / "a/001.png").read_bytes()[:60])
    (folder / "b/007.png").write_bytes(b"")
    dataset = open_dataset(str(folder), places=places)
    assert len(dataset.train_images) + len(dataset.test_images) == 78
    (note,) = dataset.notes
    assert note.startswith("left out 2 of 80 pictures; ")
    assert "the first: a/000.png: found a damaged picture" in note
    (names,) = places.cache.glob("*/left_out.txt")
    assert [line.partition(":")[0] for line in names.read_text().splitlines()] == ["a/000.png", "b/007.png"]


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_a_file_too_large_for_a_picture_is_left_out(make_pictures, places, monkeypatch, tmp_path, kind):
    """Such a file is not read: a few bytes of a zip can unpack to gigabytes."""
    folder = make_pictures("", count=30)
    Image.effect_noise((64, 64), 99).save(folder / "large.png")
    monkeypatch.setattr("training.data.trees.MAX_FILE_BYTES", 2000)
    path = str(folder) if kind == "folder" else shutil.make_archive(str(tmp_path / "my"), kind, folder)
    (note,) = open_dataset(path, Form((6, 8), 3), places).notes
    assert re.search(r"left out 1 of 31 .*large\.png: found [\d,]+ bytes, expected at most 2,000$", note)


def empty(folder):
    folder.mkdir()


def one(folder):
    folder.mkdir()
    Image.new("L", (4, 4)).save(folder / "one.png")


def unreadable(folder):
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.png").write_bytes(b"no picture")


def mixed(folder):
    folder.mkdir()
    for number in range(4, 8):
        Image.new("L", (number, 4)).save(folder / f"{number}.png")


def half_damaged(folder):
    folder.mkdir()
    for number in range(20):
        Image.new("L", (4, 4), number).save(folder / f"{number:02}.png")
        (folder / f"{number:02}.jpg").write_bytes(b"no picture")


def late_colour(folder):
    folder.mkdir()
    for number in range(70):
        Image.new("RGB", (4, 4), (number, number, number)).save(folder / f"{number:02}.png")
    Image.new("RGB", (4, 4), "red").save(folder / "z.png")


def train_alone(folder):
    (folder / "train/a").mkdir(parents=True)
    Image.new("L", (4, 4)).save(folder / "train/a/0.png")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (empty, "found no picture files, expected PNG, JPEG"),
        (one, "found one picture, expected at least two"),
        (
            unreadable,
            "found no picture that can be read; the first: 0.png: found no picture, .*; mend the files",
        ),
        (mixed, r"found pictures of different sizes, 4 × 4 and 5 × 4 \(5.png\), .* choose it with --size"),
        (
            half_damaged,
            "found 20 of 40 pictures .* mend such files or take them out; the first: 00.jpg",
        ),
        (late_colour, r"found a coloured picture \(z.png\) after grey ones, .* --channels 3"),
        (train_alone, "found train/ and no test/, expected both, or neither"),
        (lambda path: path.write_bytes(b"x"), "found a file of another kind, expected mnist, "),
        (str, "found no such dataset, folder or file"),
    ],
)
def test_what_cannot_be_fitted_is_one_line(tmp_path, places, make, words):
    """Each error names the place, says what was found, what was expected and what to do."""
    make(tmp_path / "my.data")
    with pytest.raises(DatasetError, match=words) as error:
        open_dataset(str(tmp_path / "my.data"), places=places)
    assert str(error.value).startswith(str(tmp_path / "my.data"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ending", ["zip", "tar.gz"])
def test_a_damaged_archive_is_one_line(tmp_path, places, make_pictures, ending):
    """A cut archive is refused with its name."""
    folder = make_pictures("a", "b")
    path = tmp_path / f"my.{ending}"
    if ending == "zip":
        shutil.make_archive(str(tmp_path / "my"), "zip", folder)
    else:
        with tarfile.open(path, "w:gz") as archive:
            archive.add(folder, "pictures")
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(DatasetError, match=rf"^{path}: .*expected a .*(zip|tar) of pictures"):
        open_dataset(str(path), places=places)

"""training/data/shards.py: WebDataset shards, streamed one after another."""

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from training.data.dataset import DatasetError
from training.data.open import open_dataset


def write_shard(path, first, count, label=lambda number: {"cls": str(number % 3).encode()}):
    """A shard of some grey pictures with their labels."""
    with tarfile.open(path, "w") as archive:
        for number in range(first, first + count):
            picture = io.BytesIO()
            Image.new("L", (4, 4), number).save(picture, "PNG")
            for ending, data in {"png": picture.getvalue(), **label(number)}.items():
                info = tarfile.TarInfo(f"{number:06}.{ending}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


def levels_and_labels(dataset):
    """The grey level and the label of each image of both parts."""
    images = np.concatenate([dataset.train_images, dataset.test_images])[:, 0, 0, 0]
    labels = np.concatenate([dataset.train_labels, dataset.test_labels])
    return dict(zip(images.tolist(), labels.tolist(), strict=True))


@pytest.mark.parametrize("pattern", ["d-{000..002}.tar", "d-*.tar"])
def test_every_sample_of_every_shard_is_there_once(tmp_path, places, pattern):
    """A pattern with braces or an asterisk names the shards, and `.cls` is the label."""
    for shard in range(3):
        write_shard(tmp_path / f"d-{shard:03}.tar", 20 * shard, 20)
    dataset = open_dataset(str(tmp_path / pattern), places=places)
    assert (dataset.name, dataset.label_names) == ("d", ("0", "1", "2"))
    assert levels_and_labels(dataset) == {number: number % 3 for number in range(60)}
    assert 0 < len(dataset.test_images) < 20


def test_a_single_shard_is_known_by_its_labels(tmp_path, places):
    """A tar that begins with labels is no folder of pictures; "label" in JSON is one, and none is 0."""
    write_shard(
        tmp_path / "one.tar", 0, 30, lambda n: {"json": json.dumps({"label": n} if n else {}).encode()}
    )
    assert levels_and_labels(open_dataset(str(tmp_path / "one.tar"), places=places)) == {
        n: n for n in range(30)
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[: data.rindex(b"IEND")], "found a (shard that ends early|damaged shard)"),
        (lambda data: data[: len(data) // 2 // 512 * 512], "found a shard that ends early"),
        (lambda data: data[1:], "found a (shard that ends early|damaged shard)"),
    ],
)
def test_a_shard_that_ends_early_is_one_line(tmp_path, places, change, words):
    """The error names a shard that is cut within a picture or between two, or is no tar at all."""
    write_shard(tmp_path / "d-0.tar", 0, 20)
    write_shard(tmp_path / "d-1.tar", 20, 20)
    (tmp_path / "d-1.tar").write_bytes(change((tmp_path / "d-1.tar").read_bytes()))
    with pytest.raises(DatasetError, match=rf"^{tmp_path}/d-1.tar: {words}") as error:
        open_dataset(str(tmp_path / "d-{0..1}.tar"), places=places)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("e-{0..1}.tar", "e-0.tar: found no such file, expected a shard; check the pattern"),
        ("e-*.tar", "found no such file, expected shards"),
        ("d-{0..1.tar", "write braces as in"),
    ],
)
def test_a_pattern_without_files_is_one_line(tmp_path, places, pattern, words):
    """A missing shard is named, and so are braces that are not closed."""
    with pytest.raises(DatasetError, match=words):
        open_dataset(str(tmp_path / pattern), places=places)


def test_a_label_that_is_no_number_is_named(tmp_path, places):
    """The error names the sample."""
    write_shard(tmp_path / "d-0.tar", 0, 3, lambda n: {"cls": b"7" if n < 2 else b"cat"})
    with pytest.raises(DatasetError, match=r"d-0\.tar: 000002: found a label that is no whole number from 0"):
        open_dataset(str(tmp_path / "d-{0..0}.tar"), places=places)

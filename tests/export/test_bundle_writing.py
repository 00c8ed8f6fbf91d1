"""export/bundle.py: a bundle is written as a whole, into a free place, or not at all."""

import errno
import re

import numpy as np
import pytest

from export.bundle import check_target, open_bundle, write_bundle
from export.containers import BundleError
from export.manifest import DECODER_FILE
from tests.export.forging import (
    DECODER,
    facts,
    write_small,
)


def test_a_place_that_is_taken_is_refused(target):
    """Without overwriting, the error names the existing bundle, which stays as it is."""
    write_small(target)
    found = "a folder that is not empty" if target.is_dir() else "a file"
    with pytest.raises(BundleError) as error:
        write_small(target, **{DECODER_FILE: b"new"})
    assert str(error.value) == (
        f"{target}: found {found}, expected a new name; choose another or add --overwrite"
    )
    assert open_bundle(target).read(DECODER_FILE) == DECODER


def test_overwriting_replaces_the_whole_bundle(target):
    """Overwriting leaves all of the new files, none of the old ones, and nothing beside the bundle."""
    write_small(target, **{"epochs/001/decoder.onnx": b"old"})
    write_small(target, overwrite=True, **{DECODER_FILE: b"new"})
    bundle = open_bundle(target)
    assert bundle.read(DECODER_FILE) == b"new"
    assert bundle.epochs == ()
    assert not (target / "epochs").exists()
    assert list(target.parent.iterdir()) == [target]


def test_an_empty_folder_is_a_free_place(tmp_path):
    """An empty folder is used without --overwrite."""
    (tmp_path / "b").mkdir()
    assert write_small(tmp_path / "b").name == "Small"


def test_overwriting_spares_a_folder_that_is_no_bundle(tmp_path):
    """--overwrite is refused for a folder that holds something else, whose content stays."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter.txt").write_text("dear")
    for attempt in (check_target, write_small):
        with pytest.raises(BundleError) as error:
            attempt(tmp_path / "home", overwrite=True)
        assert str(error.value) == (
            f"{tmp_path / 'home'}: found a folder that holds something else, "
            "expected a bundle to overwrite; choose another name"
        )
    assert (tmp_path / "home/letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    ("old", "new", "found", "expected"),
    [
        ("b", "b.latent", "folder", "file"),
        ("b.latent", "b", "file", "folder"),
    ],
)
def test_a_folder_never_replaces_a_file_nor_a_file_a_folder(tmp_path, old, new, found, expected):
    """Overwriting a folder by a .latent file, or a file by a folder, is refused."""
    write_small(tmp_path / old).path.rename(tmp_path / new)
    with pytest.raises(BundleError) as error:
        write_small(tmp_path / new, overwrite=True)
    assert str(error.value) == (
        f"{tmp_path / new}: found a {found} there, expected to replace a {expected}; choose another name"
    )


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_a_place_without_a_name_is_refused(name, tmp_path, monkeypatch):
    """A path that ends in no name, such as `.`, is refused."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match=rf"^'{re.escape(name)}': found a path that ends in no name"):
        write_small(tmp_path.__class__(name))


def test_overwriting_a_link_replaces_what_it_leads_to(tmp_path):
    """A link to a bundle stays a link, and its target is replaced."""
    write_small(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    write_small(tmp_path / "link", overwrite=True, **{DECODER_FILE: b"new"})
    assert (tmp_path / "link").is_symlink()
    assert open_bundle(tmp_path / "real").read(DECODER_FILE) == b"new"
    assert open_bundle(tmp_path / "link").read(DECODER_FILE) == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_disk_that_fills_up_leaves_the_old_bundle(target, file_size_limit, exists):
    """If writing fails midway, the old bundle is complete, or there is still none; no partial one stays."""
    if exists:
        write_small(target)
    noise = np.random.default_rng(0).bytes(100_000)
    with pytest.raises(OSError) as error, file_size_limit(20_000):
        write_small(target, overwrite=True, **{DECODER_FILE: noise})
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(target))
    assert list(target.parent.iterdir()) == ([target] if exists else [])
    if exists:
        assert open_bundle(target).read(DECODER_FILE) == DECODER


def test_a_file_that_cannot_be_made_leaves_the_old_bundle(tmp_path):
    """If one of the files cannot be created, the old bundle is complete and no partial one stays."""
    path = tmp_path / "b"
    write_small(path)
    with pytest.raises(OSError):
        write_small(path, overwrite=True, **{"a": b"a file", "a/b": b"below a file"})
    assert list(tmp_path.iterdir()) == [path]
    assert open_bundle(path).read(DECODER_FILE) == DECODER


@pytest.mark.parametrize(
    ("changes", "files", "message"),
    [
        ({"latent_dim": 3}, {}, "found tensors of decoder.onnx z float32 ['N', 2]"),
        ({}, {"../x": b"x"}, "found the file name '../x'"),
        ({}, {"decoder.onnx": b""}, "size_bytes of decoder.onnx: found 0"),
    ],
)
def test_a_bundle_that_would_lie_is_not_written(target, changes, files, message):
    """Facts or names that reading would refuse are refused when writing, and nothing is written."""
    with pytest.raises(BundleError, match=re.escape(message)):
        write_bundle(target, facts(**changes), {DECODER_FILE: DECODER} | files)
    assert list(target.parent.iterdir()) == []

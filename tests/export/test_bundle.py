"""export/bundle.py: a bundle reads back as it was written, and false claims are refused in one sentence."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from export.bundle import PartOfBundleError, bundle_of_file, open_bundle
from export.containers import BundleError
from export.manifest import DECODER_FILE, MANIFEST_FILE, POSTERIOR_FILE, epoch_file
from export.posterior import pack_posterior
from tests.export.forging import (
    COUNT,
    DECODER,
    IMAGE_SHAPE,
    LATENT_DIM,
    edit_manifest,
    posterior,
    refusal,
    swap_file,
    write_small,
    zip_folder,
)


def test_what_is_written_is_read(target):
    """A folder and a .latent file both give back their facts and each file's bytes."""
    written = write_small(
        target, **{epoch_file(12, DECODER_FILE): b"twelve", epoch_file(3, DECODER_FILE): b"3"}
    )
    bundle = open_bundle(target)
    assert bundle.manifest == written.manifest
    assert (bundle.name, bundle.latent_dim, bundle.likelihood) == ("Small", LATENT_DIM, "bernoulli")
    assert bundle.image_shape == IMAGE_SHAPE
    assert set(bundle.files) == {
        "decoder.onnx",
        "posterior.npz",
        "epochs/012/decoder.onnx",
        "epochs/003/decoder.onnx",
    }
    assert bundle.read(DECODER_FILE) == DECODER
    assert bundle.read("epochs/012/decoder.onnx") == b"twelve"
    assert bundle.epochs == (3, 12)
    assert target.is_dir() == (target.suffix == "")


def test_the_manifest_holds_size_and_hash_of_every_file(folder):
    """manifest.json names every other file of the folder with its size and SHA-256, and the format."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    assert manifest["format"] == "latent-plane/1"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == found - {MANIFEST_FILE}
    assert manifest["files"]["decoder.onnx"] == {
        "size_bytes": 360,
        "sha256": "8bfb7b1758663e7d709e9bed3d4984a3ffc13d9aa07f92142654dd6a5a67ecbd",
    }


def test_a_file_that_the_manifest_does_not_name_is_not_read(folder):
    """A file in the folder that is not in the manifest does not belong to the bundle."""
    (folder / "extra.txt").write_text("extra")
    bundle = open_bundle(folder)
    with pytest.raises(BundleError) as error:
        bundle.read("extra.txt")
    assert str(error.value) == f"{folder}: found no extra.txt in manifest.json, expected it there"


@pytest.mark.parametrize(("names", "has_labels"), [([], False), (["cat"], True)])
def test_zeros_without_names_are_no_labels(folder, names, has_labels):
    """Bundles of earlier versions have zeros for images without labels; with a name for 0 they are labels."""
    zeros = dataclasses.replace(posterior(), labels=np.zeros(COUNT, np.uint8))
    swap_file(folder, POSTERIOR_FILE, pack_posterior(zeros))
    edit_manifest(folder, lambda manifest: manifest.update(dataset={"name": "few", "labels": names}))
    assert (open_bundle(folder).read_posterior().labels is not None) == has_labels


def test_a_bundle_that_changes_after_opening_is_noticed(target):
    """Bytes are checked at each reading, so that another bundle in the same place is noticed."""
    bundle = write_small(target)
    write_small(target, overwrite=True, **{DECODER_FILE: DECODER[::-1]})
    with pytest.raises(BundleError, match=re.escape(f"{target}: decoder.onnx: ")):
        bundle.read(DECODER_FILE)


def test_nothing_there_is_refused(tmp_path):
    """A path with nothing there is refused with its name."""
    path = tmp_path / "gone.latent"
    assert refusal(path) == (
        f"{path}: found nothing there, expected a bundle (a folder or a .latent file) or an .onnx file; "
        "check the path"
    )


def test_a_folder_without_manifest_is_refused(tmp_path):
    """A folder without manifest.json is not a bundle."""
    assert refusal(tmp_path) == (
        f"{tmp_path}: found no manifest.json, expected a bundle made by python -m export.onnx"
    )


def test_a_missing_file_is_refused(folder):
    """A file that the manifest names and the folder lacks is refused with its name."""
    (folder / DECODER_FILE).unlink()
    assert refusal(folder) == (
        f"{folder}: found no decoder.onnx, expected it because manifest.json names it; export again"
    )


@pytest.mark.parametrize("size_bytes", [0, 359, 361])
def test_a_wrong_size_is_refused(folder, size_bytes):
    """A file cut short, emptied or grown is refused with both sizes."""
    (folder / DECODER_FILE).write_bytes((DECODER + b"x")[:size_bytes])
    assert refusal(folder) == (
        f"{folder}: decoder.onnx: found {size_bytes} bytes, expected 360; export again"
    )


def test_a_wrong_hash_is_refused(folder):
    """If one byte is changed, the error has both hashes."""
    (folder / DECODER_FILE).write_bytes(b"A" + DECODER[1:])
    assert re.fullmatch(
        re.escape(f"{folder}: decoder.onnx: found SHA-256 ")
        + r"[0-9a-f]{12}…, expected [0-9a-f]{12}…; the file was changed; export again",
        refusal(folder),
    )


@pytest.mark.parametrize("kind", ["file", "folder on the way", "manifest"])
def test_a_link_is_refused(folder, kind):
    """A link in the place of a file, of a parent folder or of the manifest is refused."""
    outside = folder.parent / "outside"
    if kind == "folder on the way":
        name = epoch_file(1, DECODER_FILE)
        (folder / name).parent.mkdir(parents=True)
        swap_file(folder, name, b"epoch")
        (folder / "epochs").rename(outside)
        (folder / "epochs").symlink_to(outside)
    else:
        name = DECODER_FILE if kind == "file" else MANIFEST_FILE
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)
    assert refusal(folder) == f"{folder}: found a link at {name}, expected a plain file"


def test_a_folder_in_the_place_of_a_file_is_refused(folder):
    """A folder called decoder.onnx is refused."""
    (folder / DECODER_FILE).unlink()
    (folder / DECODER_FILE).mkdir()
    assert (
        refusal(folder)
        == f"{folder}: found something other than a file at decoder.onnx, expected a plain file"
    )


def test_a_huge_manifest_is_refused_unread(folder):
    """A manifest over 16 MiB is refused by its size."""
    with (folder / MANIFEST_FILE).open("ab") as file:
        file.truncate((16 << 20) + 1)
    assert refusal(folder) == (
        f"{folder}: found a manifest.json of 16,777,217 bytes, expected at most 16,777,216"
    )


def test_a_real_bundle_opens_as_a_file_too(bundle_path, tmp_path):
    """A bundle's folder that anyone zipped is the same bundle."""
    zipped = open_bundle(zip_folder(bundle_path, tmp_path / "small.latent"))
    folder = open_bundle(bundle_path)
    assert zipped.manifest == folder.manifest
    assert all(zipped.read(name) == folder.read(name) for name in folder.files)


def test_a_file_knows_the_bundle_that_names_it(folder):
    """A file in a subfolder knows it too; a file that the manifest does not name belongs to no bundle."""
    open_bundle(folder)
    assert bundle_of_file(folder / "decoder.onnx") == folder
    (folder / "mine").mkdir()
    for stranger in ("other.onnx", "mine", "mine/decoder.onnx", "manifest.json"):
        assert bundle_of_file(folder / stranger) is None
    (folder / "manifest.json").write_text("{")
    assert bundle_of_file(folder / "decoder.onnx") is None


def test_a_part_of_a_bundle_is_told_for_what_it_is(tmp_path):
    """A manifest opens its bundle; for another file or folder in it, the error names the bundle to open."""
    target = tmp_path / "bundle"
    write_small(target, **{epoch_file(3, DECODER_FILE): b"3"})
    assert open_bundle(target / MANIFEST_FILE).path == target
    for name, what in {
        "posterior.npz": "the posteriors of the test images",
        "decoder.onnx": "a file",
        "epochs": "a folder",
        "epochs/003": "a folder",
    }.items():
        part = target / name
        with pytest.raises(PartOfBundleError) as error:
            open_bundle(part)
        assert str(error.value) == f"{part}: found {what} of a bundle, expected the bundle; open {target}"
        assert error.value.within == target


def test_a_file_that_may_not_be_read_says_what_to_do(folder, ordinary_user, monkeypatch):
    """The refusal names the bundle and its file, and says to change the permissions."""
    folder.parent.chmod(0o755)
    monkeypatch.chdir(folder.parent)  # an ordinary user may not enter the folders above
    (folder / DECODER_FILE).chmod(0)
    with ordinary_user():
        said = refusal(Path(folder.name))
    assert said == (
        f"{folder.name}: {DECODER_FILE}: Permission denied; expected a bundle that can be read; "
        "change its permissions"
    )


def test_a_bundle_s_repr_is_short(folder):
    """In a notebook, a bundle shows its facts in a line or two, without the manifest."""
    said = repr(open_bundle(folder))
    assert "name='Small'" in said
    assert "sha256" not in said
    assert "_container" not in said

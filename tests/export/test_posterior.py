"""export/posterior.py: arrays come back bit for bit, and no file of arrays does harm."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from export import posterior as posterior_module
from export.bundle import open_bundle
from export.containers import BundleError
from export.manifest import POSTERIOR_FILE, epoch_file
from export.posterior import Posterior, pack_posterior, unpack_posterior
from tests.export.forging import COUNT, posterior, swap_file, write_small


@pytest.fixture(params=["small", "small.latent"])
def target(request, tmp_path):
    """The path of a bundle: a folder or a file."""
    return tmp_path / request.param


@pytest.fixture
def folder(tmp_path):
    """A small bundle's folder, to be damaged."""
    write_small(tmp_path / "bundle")
    return tmp_path / "bundle"


def npy(array: np.ndarray) -> bytes:
    """The bytes of an .npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def npy_header(shape: str) -> bytes:
    """An .npy file of float32 whose header claims a shape, with no data after it."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


GOOD = {
    "mean.npy": npy(np.zeros((COUNT, 2), np.float32)),
    "logvar.npy": npy(np.zeros((COUNT, 2), np.float32)),
}


def test_the_posterior_comes_back(target):
    """All arrays come back bit for bit, although the 25 pixels of an image do not fill whole bytes."""
    found = write_small(target).read_posterior()
    expected = posterior()
    for name in ("mean", "logvar", "images", "labels"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert getattr(found, name).dtype == getattr(expected, name).dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_images_of_256_levels_come_back(dtype):
    """Such images are not packed to bits, and labels may be larger than a byte."""
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 3, 4, 5), np.uint8)
    labels = np.arange(COUNT, dtype=dtype) * (9_000 if dtype == np.int32 else 1)
    mean = posterior().mean
    data = pack_posterior(Posterior(mean, mean, images, labels, 256))
    found = unpack_posterior(data, (3, 4, 5), 2, "a", 256)
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)
    assert (found.levels, found.labels.dtype) == (256, dtype)


@pytest.mark.parametrize(("least", "most"), [(-1, 3), (0, 65_536)])
def test_labels_out_of_range_are_refused(least, most):
    """Labels are counted, so a huge one would fill the memory."""
    labels = np.full(COUNT, least, np.int32)
    labels[0] = most
    data = npz(GOOD | {"labels.npy": npy(labels)})
    with pytest.raises(BundleError, match=f"found labels from {least} to {most}, expected numbers from 0 to"):
        unpack_posterior(data, (1, 5, 5), 2, "a")


def test_an_epochs_posterior_has_no_images(tmp_path):
    """A posterior without images and labels can be read; for an epoch that has none the result is None."""
    everything = posterior()
    alone = pack_posterior(Posterior(everything.mean, everything.logvar))
    bundle = write_small(tmp_path / "b", **{epoch_file(1, POSTERIOR_FILE): alone})
    found = bundle.read_posterior(1)
    np.testing.assert_array_equal(found.mean, everything.mean)
    assert (found.images, found.labels) == (None, None)
    assert bundle.read_posterior(2) is None


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"mean.npy": GOOD["mean.npy"]}, "found no array logvar, expected float32 [N, 2]"),
        ({}, "found no array mean, expected float32 [N, 2]"),
        (
            GOOD | {"mean.npy": npy(np.zeros((COUNT, 3), np.float32))},
            "found mean float32 [7, 3], expected float32 [7, 2]",
        ),
        (
            GOOD | {"logvar.npy": npy(np.zeros((COUNT - 1, 2), np.float32))},
            "found logvar float32 [6, 2], expected float32 [7, 2]",
        ),
        (GOOD | {"mean.npy": npy(np.zeros(()))}, "found mean float64 [], expected float32 [0, 2]"),
        (
            GOOD | {"mean.npy": npy(np.zeros((COUNT, 2)))},
            "found mean float64 [7, 2], expected float32 [7, 2]",
        ),
        (
            GOOD | {"labels.npy": npy(np.zeros(COUNT, np.int64))},
            "found labels int64 [7], expected uint8 [7]",
        ),
        (
            GOOD | {"images_packed.npy": npy(np.zeros((COUNT, 3), np.uint8))},
            "found images_packed uint8 [7, 3], expected uint8 [7, 4]",
        ),
        (
            GOOD | {"mean.npy": npy(np.full((COUNT, 2), np.nan, np.float32))},
            "found means or log-variances that are not finite, expected numbers",
        ),
        (
            GOOD | {"logvar.npy": npy(np.full((COUNT, 2), -np.inf, np.float32))},
            "found means or log-variances that are not finite, expected numbers",
        ),
        (
            GOOD | {"mean": b"no array"},
            "found that mean is not an array, expected one written by numpy.savez",
        ),
    ],
)
def test_posterior_arrays_of_another_kind_are_refused(folder, members, message):
    """Missing arrays, other shapes or types, and NaN are refused with what was found and expected."""
    swap_file(folder, POSTERIOR_FILE, npz(members))
    bundle = open_bundle(folder)
    with pytest.raises(BundleError) as error:
        bundle.read_posterior()
    assert str(error.value) == f"{folder}: posterior.npz: {message}"


class Trap:
    """An object that creates a file when it is unpickled."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        """Open the file for writing."""
        return open, (str(self.path), "w")


@pytest.mark.parametrize("form", ["object array", "bare pickle"])
def test_a_pickle_is_refused_and_not_run(folder, form):
    """A pickle, bare or in an array of objects, is refused, and its code does not run."""
    sprung = folder.parent / "sprung"
    if form == "object array":
        data = npz(GOOD | {"mean.npy": npy(np.array([Trap(sprung)], dtype=object))})
    else:
        data = pickle.dumps(Trap(sprung))
    swap_file(folder, POSTERIOR_FILE, data)
    with pytest.raises(BundleError) as error:
        open_bundle(folder).read_posterior()
    assert str(error.value).endswith("; expected arrays written by numpy.savez")
    assert not sprung.exists()


@pytest.mark.parametrize("shape", ["(1000000000000, 2)", "(99999999999999999999, 2)", "(-1, 2)", "(7, 2)"])
def test_an_array_that_claims_what_is_not_there_is_refused(folder, shape):
    """A header that claims terabytes, or slightly more than follows it, is refused."""
    swap_file(folder, POSTERIOR_FILE, npz(GOOD | {"mean.npy": npy_header(shape)}))
    with pytest.raises(BundleError) as error:
        open_bundle(folder).read_posterior()
    assert str(error.value).startswith(f"{folder}: posterior.npz: ")
    assert str(error.value).endswith("; expected arrays written by numpy.savez")


def test_damaged_arrays_are_refused_whatever_the_damage(folder):
    """Each of 400 posteriors with a few changed bytes reads or is refused; no other error gets out."""
    dice = np.random.default_rng(0)
    good = np.frombuffer(pack_posterior(posterior()), np.uint8)
    path = folder / POSTERIOR_FILE
    refused = 0
    for _ in range(400):
        damaged = good.copy()
        damaged[dice.integers(0, len(good), 3)] = dice.integers(0, 256, 3)
        swap_file(folder, path.name, damaged.tobytes())
        bundle = open_bundle(folder)
        try:
            bundle.read_posterior()
        except BundleError:
            refused += 1
    assert 200 < refused < 400


def test_arrays_that_would_fill_the_memory_are_refused(folder, monkeypatch):
    """The sizes of unpacked bits and of unpacked arrays are checked before they are unpacked."""
    monkeypatch.setattr(posterior_module, "MAX_IMAGES_BYTES", COUNT * 25 - 1)
    with pytest.raises(BundleError, match=r"found 7 images of 25 bits, expected at most 174 bits in all"):
        open_bundle(folder).read_posterior()
    monkeypatch.setattr(posterior_module, "MAX_ARRAYS_BYTES", 100)
    with pytest.raises(BundleError, match=r"bytes of arrays, expected at most 100"):
        open_bundle(folder).read_posterior()

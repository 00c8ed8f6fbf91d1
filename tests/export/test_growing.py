"""export/growing.py: a bundle grows, and a reader finds a complete bundle at every moment."""

import errno
import re
import shutil
import threading

import numpy as np
import pytest

from export.bundle import open_bundle
from export.containers import BundleError
from export.growing import grow_bundle, settle_bundle
from tests.export.forging import DECODER, facts, write_small


@pytest.fixture(params=["small", "small.latent"])
def target(request, tmp_path):
    """The path of a bundle: a folder or a file."""
    return tmp_path / request.param


def content(epoch: int) -> dict[str, bytes]:
    """The content of a bundle after an epoch: two files that change, and one per epoch that does not."""
    noise = np.random.default_rng(epoch).bytes
    changing = {"decoder.onnx": noise(20_000 + epoch), "posterior.npz": noise(10_000)}
    return changing | {
        f"epochs/{e:03d}/decoder.onnx": np.random.default_rng(e).bytes(1000) for e in range(epoch + 1)
    }


def grow(bundle, epoch: int):
    """The bundle after one more epoch."""
    return grow_bundle(bundle, facts(name=f"after {epoch}"), content(epoch))


@pytest.fixture
def bundle(target):
    """A bundle after epoch 0."""
    return grow(write_small(target), 0)


def test_a_bundle_grows(bundle, target):
    """The new epoch is there, changed files are as written, and nothing else is left."""
    grown = grow(bundle, 1)
    assert (grown.name, grown.epochs) == ("after 1", (0, 1))
    assert {name: grown.read(name) for name in grown.files} == content(1)
    assert open_bundle(target).manifest == grown.manifest
    assert list(target.parent.iterdir()) == [target]


def test_whoever_read_the_manifest_before_still_reads_its_files(bundle):
    """A bundle that was opened before it grew still gives each of its files, byte for byte."""
    grow(bundle, 1)
    assert {name: bundle.read(name) for name in bundle.files} == content(0)


def test_a_bundle_knows_whether_it_is_current(bundle, target):
    """A bundle that was opened before it grew or was removed is no longer current."""
    assert bundle.is_current()
    grown = grow(bundle, 1)
    assert not bundle.is_current()
    assert grown.is_current()
    target.rename(target.with_name("moved"))
    assert not grown.is_current()


@pytest.mark.parametrize("step", range(1, 6))
def test_a_writer_that_dies_anywhere_leaves_a_whole_bundle(tmp_path, monkeypatch, step):
    """If the process ends after any of its renames, the bundle on disk is the complete old one."""
    bundle = grow(write_small(tmp_path / "b"), 0)
    renames = 0
    real = type(tmp_path).replace

    def replace(self, place):
        nonlocal renames
        renames += 1
        if renames > step:
            raise KeyboardInterrupt
        return real(self, place)

    monkeypatch.setattr(type(tmp_path), "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        grow(bundle, 1)
    monkeypatch.undo()
    found = open_bundle(tmp_path / "b")
    assert found.manifest == bundle.manifest
    assert {name: found.read(name) for name in found.files} == content(0)
    # The bundle can continue to grow from there.
    assert grow(found, 1).epochs == (0, 1)


def test_settling_removes_what_was_before(bundle, target):
    """In the end the bundle holds the manifest and the files that it names, and nothing else."""
    grown = grow(bundle, 1)
    settle_bundle(grown)
    assert open_bundle(target).manifest == grown.manifest
    if target.is_dir():
        names = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
        assert names == {"manifest.json", *grown.files}
        assert not (target / "previous").exists()
    with pytest.raises(BundleError, match=re.escape(f"{target}: decoder.onnx: found ")):
        bundle.read("decoder.onnx")


def test_settling_leaves_another_bundle_alone(bundle, target):
    """A different bundle that has taken its place is not touched."""
    other = write_small(target, overwrite=True)
    settle_bundle(bundle)
    assert open_bundle(target).manifest == other.manifest


def test_an_epoch_that_was_done_again_replaces_the_first(bundle):
    """An epoch's own files may change or go too: the new and the old manifest each have their own files."""
    longer = grow(bundle, 2)
    changed = content(1) | {"epochs/001/decoder.onnx": b"again"}
    grown = grow_bundle(longer, facts(name="again"), changed)
    assert grown.epochs == (0, 1)
    assert grown.read("epochs/001/decoder.onnx") == b"again"
    assert {name: longer.read(name) for name in longer.files} == content(2)


@pytest.mark.parametrize("fate", ["removed", "replaced"])
def test_a_bundle_that_was_taken_away_does_not_grow(bundle, target, fate):
    """If the bundle was removed or replaced by another, nothing is written."""
    if fate == "replaced":
        write_small(target, overwrite=True)
    elif target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()
    with pytest.raises(BundleError) as error:
        grow(bundle, 1)
    assert str(error.value) == (
        f"{target}: found another bundle or none, expected the one that was written last; "
        "leave it in its place while it grows, and export again"
    )
    if fate == "replaced":
        assert open_bundle(target).read("decoder.onnx") == DECODER
    else:
        assert list(target.parent.iterdir()) == []


def test_a_disk_that_fills_up_leaves_the_bundle_as_it_was(bundle, target, file_size_limit):
    """If writing fails midway, the bundle is complete and nothing of the new epoch stays."""
    before = sorted(target.rglob("*"))
    with pytest.raises(OSError) as error, file_size_limit(20_000):
        grow(bundle, 1)
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(target))
    assert sorted(target.rglob("*")) == before
    assert list(target.parent.iterdir()) == [target]
    assert {name: open_bundle(target).read(name) for name in bundle.files} == content(0)


def test_a_reader_at_any_moment_reads_a_whole_bundle(bundle, target):
    """While a bundle grows by 20 epochs, a reader can always open it and read every file, and sees it grow.

    The writer lets the reader finish what it began with the previous manifest, as any real fit does.
    """
    seen: set[int] = set()
    errors: list[BaseException] = []
    finished_round = threading.Semaphore(0)
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                found = open_bundle(target)
                files = {name: found.read(name) for name in found.files}
                assert files == content(found.epochs[-1])
                seen.add(found.epochs[-1])
                finished_round.release()
        except BaseException as error:
            errors.append(error)
            finished_round.release(1000)

    reader = threading.Thread(target=read)
    reader.start()
    grown = bundle
    for epoch in range(1, 21):
        grown = grow(grown, epoch)
        while finished_round.acquire(blocking=False):
            pass
        finished_round.acquire()
    done.set()
    reader.join()
    assert errors == []
    assert len(seen) > 10

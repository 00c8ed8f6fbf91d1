"""export/containers.py: forged zip files are refused, and what is read is limited."""

import os
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

from export import bundle
from export.bundle import open_bundle
from export.containers import (
    BundleError,
    Folder,
    Zip,
    _moved_aside,
    check_target,
    open_container,
    write_container,
)
from export.manifest import DECODER_FILE, MANIFEST_FILE
from tests.export.forging import DECODER, write_small, zip_folder


@pytest.fixture
def folder(tmp_path):
    """A small bundle's folder."""
    return write_small(tmp_path / "bundle").path


@pytest.fixture
def path(tmp_path):
    """The path of the forged file."""
    return tmp_path / "forged.latent"


def refusal(path) -> str:
    """The line with which `open_bundle` refuses a file."""
    with pytest.raises(BundleError) as error:
        open_bundle(path)
    return str(error.value)


def forge_decoder(**claims: int):
    """Make the zip file claim something else about decoder.onnx."""

    def forge(entry: zipfile.ZipInfo) -> None:
        if entry.filename == DECODER_FILE:
            for name, value in claims.items():
                setattr(entry, name, value)

    return forge


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_unforged_file_opens(folder, path, compression):
    """Without forgery the bundle of these tests opens, so each test fails only for its own forgery."""
    assert open_bundle(zip_folder(folder, path, compression=compression)).read(DECODER_FILE) == DECODER


def test_folders_in_a_zip_file_are_passed_over(folder, path):
    """Entries for folders, which many zip programs write, do no harm."""
    assert open_bundle(zip_folder(folder, path, more=(("epochs/", b""),))).epochs == ()


def test_a_name_twice_is_refused(folder, path):
    """Two entries of one name are refused, because readers disagree about which one counts."""
    zip_folder(folder, path, more=((DECODER_FILE, DECODER),))
    assert refusal(path) == f"{path}: found decoder.onnx twice, expected each file once"


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "a\\b", "..\\x", "C:/x"])
def test_a_name_that_leaves_the_folder_is_refused(folder, path, name):
    """An entry whose name would leave the bundle is refused, even if the manifest does not name it."""
    zip_folder(folder, path, more=((name, b"x"),))
    assert refusal(path) == f"{path}: found the file name {name!r}, expected plain names inside the bundle"


def test_a_link_is_refused(folder, path):
    """An entry that says it is a symbolic link is refused."""
    zip_folder(folder, path, forge_decoder(external_attr=0o120777 << 16))
    assert refusal(path) == f"{path}: found a link at decoder.onnx, expected a plain file"


def test_an_encrypted_file_is_refused(folder, path):
    """An encrypted entry is refused before anything is read."""
    zip_folder(folder, path, forge_decoder(flag_bits=1))
    assert refusal(path) == f"{path}: found decoder.onnx encrypted, expected a plain file"


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused(folder, path, compression):
    """Compression methods that can unpack to more than deflate, and need more memory, are refused."""
    zip_folder(folder, path, compression=compression)
    assert refusal(path) == (
        f"{path}: found decoder.onnx compressed by method {compression}, expected it stored or deflated"
    )


def test_a_zip_bombs_claim_is_refused(folder, path):
    """An entry that claims to unpack to far more than weights and pictures do is refused unread."""
    zip_folder(folder, path, forge_decoder(file_size=1 << 30))
    packed = zipfile.ZipFile(path).getinfo(DECODER_FILE).compress_size
    assert refusal(path) == (
        f"{path}: decoder.onnx claims to unpack from {packed} to 1,073,741,824 bytes, "
        "expected at most 32 times as many"
    )


def test_a_zip_bomb_that_hides_its_size_is_not_unpacked(folder, path):
    """64 MB of zeros that claim to be the expected 360 bytes are refused and never fill the memory."""
    with (folder / DECODER_FILE).open("wb") as file:
        file.truncate(64 << 20)
    zip_folder(folder, path, forge_decoder(file_size=len(DECODER)))
    tracemalloc.start()
    try:
        said = refusal(path)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said.startswith(f"{path}: decoder.onnx: ")
    assert peak_bytes < 4 << 20


def test_claims_beyond_all_limits_are_refused(folder, path):
    """Entries that together claim more than 2 GiB are refused before they are read."""

    def forge(entry: zipfile.ZipInfo) -> None:
        entry.file_size, entry.compress_size = 3 << 30, 3 << 30

    zip_folder(folder, path, forge)
    assert refusal(path) == f"{path}: found 9,663,676,416 bytes unpacked, expected at most 2,147,483,648"


def test_too_many_entries_are_refused(path):
    """More than 10,000 entries are refused."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), b"")
    assert refusal(path) == f"{path}: found 10,001 entries, expected at most 10,000"


@pytest.mark.slow
def test_a_list_of_entries_without_end_is_not_read(path):
    """The length of the list is checked first, because each entry would take ten times its size in memory."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"{number:060}", b"")
    tracemalloc.start()
    try:
        said = refusal(path)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said.startswith(f"{path}: found more than 10,000 entries")
    assert peak_bytes < 1 << 20


def test_a_large_entry_is_in_memory_once(folder, path):
    """At the compression of real weights, 60 MB take hardly more than 60 MB of memory."""
    data = np.random.default_rng(0).bytes(2 << 20) + bytes(58 << 20)
    (folder / DECODER_FILE).write_bytes(data)
    zip_folder(folder, path)
    tracemalloc.start()
    try:
        found = Zip(path).read(DECODER_FILE, len(data))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == data
    assert peak_bytes < 2.2 * len(data)


@pytest.mark.parametrize(
    ("content", "found"), [(b"", "File is not a zip file"), (b"plain text", "File is not a zip file")]
)
def test_a_file_that_is_no_zip_is_refused(path, content, found):
    """An empty file, and a file of another kind, are refused with the reason."""
    path.write_bytes(content)
    assert refusal(path) == f"{path}: {found}; expected a .latent file, a zipped bundle"


def test_a_file_cut_short_is_refused(folder, path):
    """A .latent file that was cut off is refused."""
    zip_folder(folder, path)
    path.write_bytes(path.read_bytes()[:-30])
    assert refusal(path).endswith("; expected a .latent file, a zipped bundle")


def test_damaged_content_is_refused(folder, path):
    """Packed bytes that do not unpack are refused with the entry's name."""
    zip_folder(folder, path)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(DECODER_FILE).header_offset + 30 + len(DECODER_FILE)
    data = bytearray(path.read_bytes())
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    said = refusal(path)
    assert said.startswith(f"{path}: decoder.onnx: ")
    assert said.endswith("; the file is damaged; export it again")


def test_damaged_files_are_refused_whatever_the_damage(folder, path):
    """Each of 1,000 files with a few changed bytes opens or is refused; no other error gets out."""
    dice = np.random.default_rng(0)
    good = np.frombuffer(zip_folder(folder, path).read_bytes(), np.uint8)
    refused = 0
    for _ in range(1000):
        damaged = good.copy()
        # Half of the damage goes to the central directory at the end, which describes the rest.
        places = np.where(dice.random(3) < 0.5, dice.integers(0, len(good), 3), -dice.integers(1, 220, 3))
        damaged[places] = dice.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        try:
            open_bundle(path)
        except BundleError:
            refused += 1
    assert 500 < refused < 1000


def test_reading_stops_after_what_was_expected(tmp_path):
    """However long a file is, only one byte more than expected is read, which reveals a longer file."""
    (tmp_path / "f").mkdir()
    (tmp_path / "f/a").write_bytes(b"12345")
    zipped = zip_folder(tmp_path / "f", tmp_path / "z.latent")
    for container in (Folder(tmp_path / "f"), Zip(zipped)):
        assert container.size_bytes("a") == 5
        assert container.size_bytes("b") is None
        assert container.size_bytes("a/b") is None
        assert container.read("a", 2) == b"123"


def test_a_name_is_checked_at_every_door(tmp_path):
    """A folder that is asked directly gives no file outside of itself either."""
    (tmp_path / "f").mkdir()
    (tmp_path / "secret").write_text("secret")
    for ask in (Folder(tmp_path / "f").size_bytes, lambda name: Folder(tmp_path / "f").read(name, 10)):
        with pytest.raises(BundleError, match=r"found the file name '\.\./secret'"):
            ask("../secret")


def test_nothing_there_is_no_container(tmp_path):
    """A path with nothing there, or with neither a file nor a folder, is refused."""
    for path in (tmp_path / "gone", type(tmp_path)("/dev/null")):
        with pytest.raises(BundleError, match="found nothing there, expected a bundle"):
            open_container(path)


def test_missing_parents_are_made(tmp_path):
    """The parent folders of a new container are created."""
    write_container(tmp_path / "a/b/c", {"x": b"1"}, overwrite=False)
    assert (tmp_path / "a/b/c/x").read_bytes() == b"1"


def test_a_folder_that_moved_aside_comes_back(tmp_path):
    """If the replacement of a folder fails or is interrupted, the old folder is restored."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b/x").write_bytes(b"old")
    # In `write_container` this happens only if another process acts between two system calls.
    with pytest.raises(KeyboardInterrupt), _moved_aside(tmp_path / "b"):
        assert not (tmp_path / "b").exists()
        raise KeyboardInterrupt
    assert (tmp_path / "b/x").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("ending", ["", ".latent"])
def test_the_longest_name_that_is_allowed_can_be_written(tmp_path, ending):
    """Neither the new container's temporary name nor the old one's is too long."""
    path = tmp_path / ("日" * 82 + ending)
    for data in (b"1", b"2"):
        write_container(path, {"x": data}, overwrite=True)
        assert open_container(path).read("x", 1) == data
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["", ".latent"])
def test_a_device_or_a_pipe_is_refused(tmp_path, ending):
    """A pipe is not replaced, even with `overwrite`."""
    path = tmp_path / f"pipe{ending}"
    os.mkfifo(path)
    with pytest.raises(BundleError, match="found a device or a pipe, expected a new name"):
        write_container(path, {"x": b"1"}, overwrite=True)
    assert path.is_fifo()


@pytest.mark.parametrize("ending", ["", ".latent"])
def test_a_link_is_followed(tmp_path, ending):
    """The target of a link is created, or with `overwrite` replaced; the link stays."""
    (tmp_path / "disk").mkdir()
    link, real = tmp_path / f"link{ending}", tmp_path / f"disk/real{ending}"
    link.symlink_to(real)
    write_container(link, {"x": b"1"}, overwrite=False)
    with pytest.raises(BundleError, match="add --overwrite"):
        write_container(link, {"x": b"2"}, overwrite=False)
    write_container(link, {"x": b"2"}, overwrite=True)
    assert link.is_symlink()
    assert open_container(real).read("x", 1) == b"2"
    assert list((tmp_path / "disk").iterdir()) == [real]


def test_a_place_that_cannot_be_written_is_known_before_the_work(tmp_path, ordinary_user):
    """The check alone refuses a read-only folder and a path below a file, and its errors have their names."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError) as error:
        check_target(tmp_path / "file/below/a", overwrite=True)
    assert error.value.filename == str(tmp_path / "file/below/a")
    tmp_path.chmod(0o555)
    with ordinary_user(), pytest.raises(PermissionError) as error:
        check_target(tmp_path / "new/a", overwrite=True)
    assert error.value.filename == str(tmp_path / "new/a")


@pytest.mark.parametrize("ending", ["", ".latent"])
def test_processes_that_write_the_same_container_leave_one_of_theirs(tmp_path, ending):
    """Two processes replace one container fifty times without an error, and leave exactly one whole one."""
    path = tmp_path / f"shared{ending}"
    code = (
        "import sys, pathlib; from export.containers import write_container\n"
        "files = {name: sys.argv[2].encode() for name in 'abc'}\n"
        "for _ in range(50): write_container(pathlib.Path(sys.argv[1]), files, True)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, path, word]) for word in ("one", "two")]
    assert [process.wait() for process in processes] == [0, 0]
    container = open_container(path)
    assert {container.read(name, 3) for name in "abc"} in ({b"one"}, {b"two"})
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("check", [check_target, bundle.check_target])
def test_a_folder_that_others_replace_meanwhile_is_not_taken_for_something_else(tmp_path, check):
    """At whatever moment of a replacement a check runs, it sees a folder or nothing."""
    path = tmp_path / "shared"
    write_container(path, {MANIFEST_FILE: b"1"}, overwrite=False)
    code = "import os, sys\nwhile True: os.rename(*sys.argv[1:]); os.rename(*sys.argv[:0:-1])"
    with subprocess.Popen([sys.executable, "-c", code, path, tmp_path / "aside"]) as replacing:
        try:
            while path.exists():
                pass
            for _ in range(5_000):
                check(path, overwrite=True)
            assert replacing.poll() is None
        finally:
            replacing.kill()

"""Files that numpy writes are read, and malicious or damaged files are refused in one line."""

import os
import zipfile

import numpy as np
import pytest

from desktop.latent import number_file
from desktop.latent.number_file import (
    NumberFileError,
    is_number_file,
    read_arrays,
    rows_of,
    write_numbers,
)


def save(path, array, **kwargs):
    np.save(path, array, **kwargs)
    return path


@pytest.mark.parametrize("dtype", ["float16", "float32", "<f8", ">f8", "int8", "uint16", "int64", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_numpy_saves_is_read(tmp_path, dtype, order):
    """Any type of number, byte order and memory order is read; the array has the file's name."""
    array = np.asarray(np.arange(6).reshape(2, 3) % 2, dtype, order=order)
    arrays = read_arrays(save(tmp_path / "walk.npy", array))
    assert list(arrays) == ["walk"]
    assert arrays["walk"].dtype == np.float64
    assert (arrays["walk"] == array).all()


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_an_npz_gives_its_arrays_by_name(tmp_path, write):
    """Arrays come in the order of the file, compressed or not."""
    write(tmp_path / "a.npz", smile=np.ones(3), age=np.zeros((2, 3)))
    arrays = read_arrays(tmp_path / "a.npz")
    assert {name: array.shape for name, array in arrays.items()} == {"smile": (3,), "age": (2, 3)}


def test_what_is_written_is_float32_and_read_again(tmp_path):
    """numpy itself reads [d] and [n, d] back, without pickles."""
    for numbers in ((0.1, -2.0, 3.0), ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))):
        write_numbers(tmp_path / "z.npy", numbers)
        loaded = np.load(tmp_path / "z.npy", allow_pickle=False)
        assert loaded.dtype == np.float32
        assert (loaded == np.asarray(numbers, np.float32)).all()
        assert (read_arrays(tmp_path / "z.npy")["z"] == loaded).all()


def test_the_file_is_told_by_its_name(tmp_path):
    """Upper and lower case are the same; a bundle in one file is a zip, but not a number file."""
    assert is_number_file(tmp_path / "z.NPY")
    assert is_number_file(tmp_path / "z.npz")
    assert not is_number_file(tmp_path / "model.latent")


def objects(path):
    """An array whose pickle would create a folder."""

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(path.with_suffix(".trap")),)

    return save(path, np.array([Trap()], object), allow_pickle=True)


def cut(path):
    save(path, np.ones(1000))
    path.write_bytes(path.read_bytes()[:500])
    return path


def headed(shape):
    """A header that promises this shape, and nothing after it."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return written(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)


def written(data):
    def write(path):
        path.write_bytes(data)
        return path

    return write


def renamed_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no arrays")
    return path


def damaged_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("z.npy", b"\x93NUMPY\x01\x00\xff\xff{")
    return path


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (objects, "found Python objects, expected numbers; save z as float32"),
        (lambda path: save(path, np.array(["a"])), "found the type <U1, expected numbers"),
        (lambda path: save(path, np.ones(3, complex)), "found the type complex128, expected numbers"),
        (lambda path: save(path, np.array([(1, 2.0)], "i4,f8")), "expected numbers"),
        (lambda path: save(path, [1.0, np.nan, np.inf]), "found nan and 1 more, expected finite float32"),
        (lambda path: save(path, [1e39]), "found 1e+39, expected finite float32"),
        (cut, "found 372 bytes of 8,000, expected a complete file"),
        (headed("(-1,)"), "found a damaged array"),
        (headed("(" * 5000), "found a damaged array"),
        (
            headed("(1000000, 131072)"),
            "found 1,048,576,000,000 bytes of numbers, expected at most 268,435,456",
        ),
        (written(b"nothing of the kind"), "found no arrays, expected a file that numpy.save"),
        (written(b""), "found no arrays"),
        (written(b"\x93NUMPY"), "found a damaged array"),
        (written(b"\x93NUMPY\x09\x00rest"), "found a damaged array"),
        (written(b"PK\x03\x04 and no more"), "found a damaged file"),
        (renamed_zip, "found 0 arrays, expected 1 to 4,096"),
        (damaged_zip, "found a damaged array"),
    ],
)
def test_what_is_not_plain_numbers_is_refused_in_one_line(tmp_path, write, words):
    """Pickles are never loaded, and no size in a header is trusted."""
    path = write(tmp_path / "z.npy")
    with pytest.raises(NumberFileError, match=r"^[^\n]+$") as error:
        read_arrays(path)
    assert words in str(error.value)
    assert str(path) in str(error.value)
    assert not path.with_suffix(".trap").exists()


def test_the_bound_holds_for_all_arrays_of_a_file_together(tmp_path, monkeypatch):
    """Neither many small arrays nor compression gets around the limit."""
    monkeypatch.setattr(number_file, "MAX_BYTES", 1000)
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(100), b=np.zeros(100))
    with pytest.raises(NumberFileError, match="found 800 bytes of numbers, expected at most"):
        read_arrays(tmp_path / "a.npz")


def test_folders_and_missing_files_are_told(tmp_path):
    """A folder and a missing file are reported as errors."""
    with pytest.raises(NumberFileError, match="found something other than a regular file"):
        read_arrays(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "no.npy")


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("[0.5, -1, 2e3]", {"z": (3,)}),
        ("[[1, 2], [3, 4], [5, 6]]", {"z": (3, 2)}),
        ("[[[1, 2], [3, 4]]]", {"z": (1, 2, 2)}),
        ('{"cat": [1, 2], "dogs": [[3, 4], [5, 6]], "made by": "me"}', {"cat": (2,), "dogs": (2, 2)}),
    ],
)
def test_json_is_read(tmp_path, text, shapes):
    """JSON may have a list of numbers, a nested list, or an object of named lists."""
    (tmp_path / "z.json").write_text(text)
    arrays = read_arrays(tmp_path / "z.json")
    assert {name: array.shape for name, array in arrays.items()} == shapes
    assert all(array.dtype == np.float64 for array in arrays.values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2", "found damaged JSON (Expecting"),
        ("", "found damaged JSON"),
        ("[" * 100_000, "found damaged JSON"),
        ('{"format": "latent-plane/1"}', "found 0 lists of numbers in the JSON, expected 1 to 4,096"),
        ("[[1, 2], [3]]", "found 0 lists of numbers"),
        ('["a", "b"]', "found 0 lists of numbers"),
        ("[1" + "0" * 400 + "]", "found 0 lists of numbers"),
        ("[1, NaN, Infinity]", "found nan and 1 more, expected finite float32 numbers"),
        ("[1, 2e39]", "found 2e+39, expected finite float32 numbers"),
    ],
)
def test_json_that_holds_no_z_is_refused_in_one_line(tmp_path, text, words):
    """JSON without lists of numbers, or with damaged text, is an error."""
    (tmp_path / "z.json").write_text(text)
    with pytest.raises(NumberFileError, match=r"^[^\n]+$") as error:
        read_arrays(tmp_path / "z.json")
    assert words in str(error.value)


def test_large_json_is_not_read(tmp_path, monkeypatch):
    """The Python objects would take several times as much memory."""
    monkeypatch.setattr(number_file, "MAX_JSON_BYTES", 100)
    (tmp_path / "z.json").write_text("[" + "1, " * 100 + "1]")
    with pytest.raises(NumberFileError, match="found 101 bytes of numbers, expected at most 100"):
        read_arrays(tmp_path / "z.json")


@pytest.mark.parametrize(
    ("shape", "latent_dim", "rows"),
    [
        ((8,), 8, 1),
        ((1, 8), 8, 1),
        ((8, 1), 8, 1),
        ((5, 8), 8, 5),
        ((2, 2, 2), 8, 1),
        ((5, 2, 2, 2), 8, 5),
        ((5,), 1, 5),
        ((5, 1), 1, 5),
        ((5,), 8, None),
        ((8, 5), 8, None),
        ((0, 8), 8, None),
        ((), 8, None),
    ],
)
def test_the_shape_tells_one_z_from_many(shape, latent_dim, rows):
    """An array of d numbers in any shape is one z; entries of d numbers each are many z."""
    found = rows_of(np.zeros(shape), latent_dim)
    assert (None if found is None else len(found)) == rows

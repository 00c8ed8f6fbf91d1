"""A folder, a zip and an .npz give the same pictures and labels; errors are one line."""

import io
import zipfile

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.images.picture_kinds import ImageError
from desktop.images.picture_set import is_picture_set, open_picture_set, picture_set_steps

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 5, 6, 3), np.uint8)
NAMES = ("cat/a.png", "cat/b.png", "cat/deep/c.png", "dog/d.png", "dog/e.png", "eel/f.png")

SHAPES = "expected [N, H, W], [N, H, W, C] or [N, C, H, W] with 1, 3 or 4 channels"
NUMBERS = "expected floats from 0 to 1, or uint8; scale them"


def png(picture):
    return imageio.imwrite("<bytes>", picture, extension=".png", plugin="pillow")


def write_folder(folder, names=NAMES):
    for name, picture in zip(names, PICTURES, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(picture))
    return folder


def write_zip(path, entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def read(path, most=100, known=()):
    found = open_picture_set(path, most, known)
    return found, list(found.pictures())


def refusal(path, most=100):
    with pytest.raises(ImageError) as refused:
        read(path, most)
    assert "\n" not in str(refused.value)
    return str(refused.value).replace(str(path), "PATH")


@pytest.fixture(params=["folder", "zip", "zip in a folder"])
def animals(request, tmp_path):
    """Six pictures in three folders, as a folder or as a zip."""
    if request.param == "folder":
        write_folder(tmp_path / "animals")
        (tmp_path / "animals" / "readme.txt").write_text("no picture")
        (tmp_path / "animals" / ".hidden").mkdir()
        (tmp_path / "animals" / ".hidden" / "x.png").write_bytes(png(PICTURES[0]))
        return tmp_path / "animals"
    shared = "all/animals/" if "in" in request.param else ""
    entries = {shared + name: png(picture) for name, picture in zip(NAMES, PICTURES, strict=True)}
    extra = {"__MACOSX/._a.png": b"", "../cat/out.png": entries[f"{shared}cat/a.png"], "notes.txt": b"x"}
    return write_zip(tmp_path / "animals.zip", entries | extra)


def test_folders_are_labels(animals):
    """The first folder in a path is the label; other files, hidden ones and macOS's strays are ignored."""
    assert is_picture_set(animals)
    found, pictures = read(animals)
    assert found.label_names == ("cat", "dog", "eel")
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 2]
    assert [name.removeprefix("all/animals/") for name in found.names] == list(NAMES)
    for picture, expected in zip(pictures, PICTURES, strict=True):
        assert (picture[..., :3] == expected).all()
        assert (picture[..., 3] == 255).all()


def test_a_flat_folder_has_no_labels(tmp_path):
    """Pictures without a folder have no label; if there are folders too, they share the label "no folder"."""
    flat = write_folder(tmp_path / "flat", [name.rpartition("/")[2] for name in NAMES])
    assert read(flat)[0].labels is None
    mixed = write_folder(tmp_path / "mixed", [*NAMES[:5], "f.png"])
    found, _ = read(mixed)
    assert found.label_names == ("cat", "dog", "no folder")
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 2]


def test_of_too_many_some_are_read_evenly_spread(animals):
    """The first and the last picture are among them, and `found` is the number of all pictures."""
    found, pictures = read(animals, most=3)
    assert found.found == 6
    assert [name.rpartition("/")[2] for name in found.names] == ["a.png", "c.png", "f.png"]
    assert len(pictures) == 3


def test_the_content_decides(tmp_path):
    """The hashed content changes with a picture or a name, but not with the folder's path."""

    def content(folder):
        return b"".join(open_picture_set(folder, 100).content())

    one, two = write_folder(tmp_path / "one"), write_folder(tmp_path / "two")
    assert content(one) == content(two)
    (two / NAMES[0]).write_bytes(png(PICTURES[1]))
    changed = content(two)
    assert content(one) != changed
    (two / NAMES[0]).rename(two / "cat" / "other.png")
    assert content(two) not in (changed, content(one))


def test_an_unreadable_picture_is_an_error_among_pictures(animals, tmp_path):
    """The other pictures are still read, and the error names the file."""
    if animals.is_dir():
        (animals / "cat" / "a.png").write_bytes(b"nothing")
        path, rest = animals, 5
    else:
        path, rest = write_zip(tmp_path / "b.zip", {"cat/a.png": b"nothing", "b.png": png(PICTURES[0])}), 1
    _, pictures = read(path)
    errors = [str(picture) for picture in pictures if isinstance(picture, ImageError)]
    assert len(errors) == 1
    assert errors[0].endswith(
        "a.png: found no picture, expected PNG, JPEG, BMP, GIF, WebP, TIFF or AVIF; save it as one"
    )
    assert len(pictures) == 1 + rest


def test_a_bundle_is_no_picture_set(make_bundle, tmp_path):
    """A bundle's folder or zip, recognised by its manifest, is none, nor is a file of another kind."""
    bundle = make_bundle()
    zipped = {file.name: file.read_bytes() for file in bundle.iterdir()}
    assert not is_picture_set(bundle)
    assert not is_picture_set(write_zip(tmp_path / "bundle.zip", zipped))
    assert not is_picture_set(tmp_path / "missing.npz")
    np.savez(tmp_path / "z.npz", z=np.zeros((3, 2)))
    assert not is_picture_set(tmp_path / "z.npz")
    np.savez(tmp_path / "images.npz", images=PICTURES)
    assert is_picture_set(tmp_path / "images.npz")
    assert not is_picture_set(bundle / "decoder.onnx")


def test_without_pictures_it_says_what_is_expected(tmp_path):
    """An empty folder and a zip without pictures give an error that says so."""
    (tmp_path / "empty").mkdir()
    words = (
        "PATH: found neither pictures nor a bundle's manifest.json in this {}, expected PNG, JPEG, BMP, "
        "GIF, WebP, TIFF or AVIF files, in folders named by their labels if they have any"
    )
    assert refusal(tmp_path / "empty") == words.format("folder")
    assert refusal(write_zip(tmp_path / "a.zip", {"a.txt": b""})) == words.format("zip")


@pytest.mark.parametrize(("suffix", "kind"), [(".zip", "a zip file"), (".npz", "an .npz file")])
def test_a_file_that_is_no_zip_is_refused(tmp_path, suffix, kind):
    """The file's extension does not matter."""
    path = tmp_path / f"file{suffix}"
    path.write_bytes(b"no zip at all")
    assert is_picture_set(path)
    assert refusal(path) == f"PATH: found a file that is not a zip, expected {kind}; make it again"


def test_a_cut_zip_is_refused(tmp_path, monkeypatch):
    """A zip is refused if its list of entries is damaged, or longer than the limit."""
    path = write_zip(tmp_path / "a.zip", {"a.png": png(PICTURES[0])})
    data = path.read_bytes()
    path.write_bytes(data[200:])
    assert "zip file" in refusal(path)
    path.write_bytes(data)
    monkeypatch.setattr("desktop.images.picture_files.MAX_DIRECTORY_BYTES", 10)
    assert "found more entries than 200,000 pictures need" in refusal(path)


def test_an_entry_that_is_too_large_is_not_unpacked(tmp_path, monkeypatch):
    """An entry that is too large counts as a picture that cannot be read."""
    monkeypatch.setattr("desktop.images.picture_files.MAX_FILE_BYTES", 1000)
    path = write_zip(tmp_path / "a.zip", {"big.png": bytes(1001), "small.png": png(PICTURES[0])})
    error, picture = read(path)[1]
    assert str(error) == f"{path}: big.png: found 1,001 bytes, expected at most 1,000; make it smaller"
    assert isinstance(picture, np.ndarray)


@pytest.mark.parametrize(
    ("images", "channels"),
    [
        (PICTURES, (0, 1, 2)),
        (PICTURES.transpose(0, 3, 1, 2).copy(), (0, 1, 2)),
        (PICTURES[..., :1], (0, 0, 0)),
        (PICTURES[..., 0].copy(), (0, 0, 0)),
        ((PICTURES / 255).astype(np.float32), (0, 1, 2)),
        ((PICTURES / 255).astype(np.float16), (0, 1, 2)),
        ((PICTURES[..., 0] / 255).astype(np.float64), (0, 0, 0)),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_each_shape_and_kind_give_the_pictures(tmp_path, images, channels, save):
    """The shapes are [N, H, W], [N, H, W, C] and [N, C, H, W], of bytes or floats, compressed or not."""
    save(tmp_path / "a.npz", images=images)
    found, pictures = read(tmp_path / "a.npz", most=4)
    assert found.found == 6
    assert found.names == ("#0", "#1", "#3", "#5")
    for row, picture in zip((0, 1, 3, 5), pictures, strict=True):
        expected = PICTURES[row][..., list(channels)].astype(int)
        assert np.abs(picture[..., :3] - expected).max() <= (1 if images.dtype == np.float16 else 0)
        assert (picture[..., 3] == 255).all()


def test_an_alpha_channel_and_bits_are_kept(tmp_path):
    """Four channels are red, green, blue and alpha; true is white."""
    four = np.random.default_rng(1).integers(0, 256, (2, 5, 4, 4), np.uint8)
    np.savez(tmp_path / "a.npz", images=four)
    assert (np.stack(read(tmp_path / "a.npz")[1]) == four).all()
    np.savez(tmp_path / "b.npz", images=four[..., 0] > 99)
    assert (np.stack(read(tmp_path / "b.npz")[1])[..., 1] == 255 * (four[..., 0] > 99)).all()


@pytest.mark.parametrize(
    ("labels", "known", "names", "numbers"),
    [
        ([3, 3, 7, 7, 7, 9], (), ("3", "7", "9"), [0, 0, 1, 1, 1, 2]),
        ([0, 2, 1, 1, 0, 2], ("no", "yes", "so"), ("no", "yes", "so"), [0, 2, 1, 1, 0, 2]),
        ([0, 3, 1, 1, 0, 2], ("no", "yes", "so"), ("0", "1", "2", "3"), [0, 3, 1, 1, 0, 2]),
        (["b", "a", "b", "b", "a", "ü"], (), ("a", "b", "ü"), [1, 0, 1, 1, 0, 2]),
        ([-1, 10, 2, 2, 2, 2], (), ("-1", "2", "10"), [0, 2, 1, 1, 1, 1]),
    ],
)
def test_labels_are_numbers_or_texts(tmp_path, labels, known, names, numbers):
    """Numbers that fit the model's own labels take their names."""
    np.savez(tmp_path / "a.npz", images=PICTURES, labels=labels)
    found, _ = read(tmp_path / "a.npz", known=known)
    assert found.label_names == names
    assert found.labels.tolist() == numbers


def test_more_labels_than_a_byte_counts_share_one(tmp_path):
    """The labels with the fewest pictures are merged."""
    labels = [*range(300), *range(100, 300)]
    np.savez(tmp_path / "a.npz", images=np.zeros((500, 2, 2), np.uint8), labels=labels)
    found, _ = read(tmp_path / "a.npz", most=1000)
    assert len(found.label_names) <= 256
    assert found.label_names[-1] == "others"
    assert {str(label) for label in range(100, 300)} <= set(found.label_names)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (
            {"images": np.zeros((4, 784), np.uint8)},
            f"images: found the shape [4, 784], {SHAPES}; reshape it",
        ),
        (
            {"images": np.zeros((4, 2, 28, 28), np.uint8)},
            f"images: found the shape [4, 2, 28, 28], {SHAPES}; reshape it",
        ),
        ({"images": np.zeros((0, 4, 4), np.uint8)}, "images: found no images, expected at least one"),
        (
            {"images": np.zeros((4, 4, 4), np.int32)},
            "images: found int32, expected uint8, or floats from 0 to 1",
        ),
        (
            {"x": np.zeros(3), "y": np.zeros(2)},
            (
                "found the arrays x, y, expected images [N, H, W], [N, H, W, C] or [N, C, H, W]; save them "
                "as images"
            ),
        ),
        (
            {"images": np.array([[[None]]])},
            "images: found Python objects, expected plain numbers; save it with another dtype",
        ),
        (
            {"images": np.zeros((9000, 90, 90), np.uint8, order="F")},
            (
                "images: found 72,900,000 bytes in Fortran's order, expected at most 67,108,864 or C's "
                "order; save numpy.ascontiguousarray of it"
            ),
        ),
        (
            {"images": PICTURES, "labels": np.zeros(5, np.int64)},
            "labels: found int64 [5], expected one whole number or text for each of the 6 images",
        ),
        (
            {"images": np.linspace(-1, 1, 18, dtype=np.float32).reshape(2, 3, 3)},
            f"found numbers from -1 to -0.0588235 in images, {NUMBERS}",
        ),
    ],
)
def test_what_is_wrong_with_arrays_is_said(tmp_path, arrays, words):
    """The error says what was found, what was expected and what to do; nothing is ever unpickled."""
    np.savez(tmp_path / "a.npz", **arrays)
    assert refusal(tmp_path / "a.npz") == f"PATH: {words}"


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_arrays_by_columns_are_read_as_those_by_rows(tmp_path, dtype):
    """Fortran order, in which numpy saves a transposed array, gives the same pictures."""
    pictures = PICTURES if dtype is np.uint8 else PICTURES / 255
    np.savez(tmp_path / "rows.npz", images=pictures.astype(dtype))
    np.savez_compressed(tmp_path / "columns.npz", images=np.asfortranarray(pictures.astype(dtype)))
    (_, rows), (_, columns) = read(tmp_path / "rows.npz"), read(tmp_path / "columns.npz")
    assert len(rows) == len(PICTURES)
    assert all((a == b).all() for a, b in zip(rows, columns, strict=True))


def test_an_array_that_ends_early_is_refused(tmp_path):
    """An array is refused if its header promises more data than there are, or is invalid."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (9**9, 8, 8)}
    )
    path = write_zip(tmp_path / "a.npz", {"images.npy": header.getvalue() + bytes(64)})
    assert refusal(path, most=10) == "PATH: images ends at image 1; save it again"
    columns = header.getvalue().replace(b"False", b"True ").replace(b"387420489", b"3".ljust(9))
    path = write_zip(tmp_path / "c.npz", {"images.npy": columns + bytes(64)})
    assert refusal(path) == "PATH: images ends early; save it again"
    negative = header.getvalue().replace(b" 8, 8", b"-8, 8")
    path = write_zip(tmp_path / "d.npz", {"images.npy": negative + bytes(64)})
    assert refusal(path).endswith(
        "images: found the shape [387420489, -8, 8], expected an array that numpy saved"
    )
    path = write_zip(tmp_path / "b.npz", {"images.npy": b"no array"})
    assert refusal(path).endswith("expected an array that numpy saved")


def test_linked_folders_are_read_once_each(tmp_path):
    """A label can be a link to a folder elsewhere, and a link to a parent folder causes no endless loop."""
    real = write_folder(tmp_path / "real")
    linked = tmp_path / "linked"
    linked.mkdir()
    for label in ("cat", "dog"):
        (linked / label).symlink_to(real / label)
    (linked / "dog" / "back").symlink_to(linked)
    found, pictures = read(linked)
    assert found.label_names == ("cat", "dog")
    assert found.labels.tolist() == [0, 0, 0, 1, 1]
    assert all((picture[..., :3] == PICTURES[row]).all() for row, picture in enumerate(pictures))


def test_a_zip_from_another_system_has_the_same_labels(tmp_path):
    """Windows separates folders by backslashes, others leave out UTF-8's flag, and macOS adds strays."""
    data = png(PICTURES[0])
    names = ("set\\cat\\a.png", "set/d__g/b.png", "set/__MACOSX/cat/a.png", "set/cat/._a.png", "..\\out.png")
    path = write_zip(tmp_path / "a.zip", dict.fromkeys(names, data))
    path.write_bytes(path.read_bytes().replace(b"d__g", "dög".encode()))
    found, pictures = read(path)
    assert found.names == ("set/cat/a.png", "set/dög/b.png")
    assert found.label_names == ("cat", "dög")
    assert all((picture[..., :3] == PICTURES[0]).all() for picture in pictures)
    old = write_zip(tmp_path / "old.zip", {"d_g/b.png": data})
    old.write_bytes(old.read_bytes().replace(b"d_g", "dög".encode("cp437")))
    assert read(old)[0].names == ("dög/b.png",)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_array_that_is_no_picture_is_an_error_among_pictures(tmp_path, bad):
    """NaN or infinity in one image leaves the others as they are."""
    images = np.full((3, 4, 4), 0.5, np.float32)
    images[1, 2, 3] = bad
    np.savez(tmp_path / "a.npz", images=images)
    _, (first, error, last) = read(tmp_path / "a.npz")
    assert (first == last).all()
    assert str(error) == f"{tmp_path / 'a.npz'}: image 1 of images holds NaN or infinity"


def test_a_folder_is_looked_through_in_steps(tmp_path):
    """There is one step per folder, so that a person who dropped a whole disk can cancel."""
    steps = picture_set_steps(write_folder(tmp_path / "animals"), 100)
    for _ in ("animals", "cat", "deep", "dog", "eel"):
        assert next(steps) is None
    steps.close()

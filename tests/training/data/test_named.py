"""training/data/named.py, cifar.py and download.py: datasets with names, found or downloaded."""

import hashlib
import http.server
import pickle
import tarfile
import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.training.data.idx_files import COLOURS, IMAGES, LABELS, write_idx
from training.data import named
from training.data.dataset import DatasetError
from training.data.form import Form
from training.data.mnist import mnist
from training.data.open import open_dataset

# CIFAR's rows: all of red, then green, then blue.
ROWS = np.random.default_rng(3).integers(0, 256, (60, 3072), np.uint8)


@pytest.fixture(autouse=True)
def no_system_folder(monkeypatch, tmp_path):
    """Datasets that are installed on this machine are not found."""
    monkeypatch.setattr(named, "SYSTEM_FOLDER", tmp_path / "system")


def as_python_2_did(value):
    """A pickle in the protocol that Python 2 wrote, with byte strings as texts."""
    return pickle.dumps(value, protocol=2)


def write_cifar10(folder, batch=as_python_2_did):
    """The files of cifar-10-python.tar.gz, each batch with ten images."""
    folder.mkdir(parents=True)
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        part = slice(10 * number, 10 * number + 10)
        (folder / name).write_bytes(
            batch({"data": ROWS[part], "labels": list(range(10)), "batch_label": name})
        )
    (folder / "batches.meta").write_bytes(as_python_2_did({"label_names": [f"kind {n}" for n in range(10)]}))
    return folder


def test_mnist_is_the_embedded_one(places):
    """It is the embedded one to the bit, without a key or a download; in another size it is binary too."""
    dataset = open_dataset("mnist", places=places)
    np.testing.assert_array_equal(dataset.test_images, mnist().test_images)
    assert (dataset.key, dataset.levels) == ("", 2)
    assert not places.data.exists()


def test_a_named_dataset_in_another_form(places):
    """Size and threshold apply to named datasets too."""
    write_idx(places.data)
    dataset = open_dataset("fashion-mnist", Form((8, 8), 3, threshold=0.5), places)
    assert dataset.train_images.shape == (30, 3, 8, 8)
    assert (dataset.levels, set(np.unique(dataset.train_images))) == (2, {0, 1})


@pytest.mark.parametrize("below", ["", "fashion-mnist", "FashionMNIST/raw"])
def test_fashion_mnist_is_found_where_it_lies(places, below):
    """It is found in the folder itself, in a subfolder with its name, and where torchvision puts it."""
    write_idx(places.data / below, gzipped=below != "FashionMNIST/raw")
    dataset = open_dataset("fashion-mnist", places=places)
    np.testing.assert_array_equal(dataset.train_images[:, 0], IMAGES[:30])
    assert (dataset.name, dataset.levels) == ("Fashion-MNIST", 256)
    assert (dataset.label_names[0], dataset.label_names[9]) == ("T-shirt/top", "Ankle boot")


def test_debians_package_is_found(places, tmp_path):
    """Files that apt installed are read even if the user's folders are empty."""
    write_idx(tmp_path / "system/fashion-mnist")
    assert open_dataset("fashion-mnist", places=places).train_images.shape == (30, 1, 5, 4)


def test_kmnist_is_found_in_both_layouts(places):
    """The four npz files, and IDX files."""
    folder = places.data / "kmnist"
    write_idx(folder)
    from_idx = open_dataset("kmnist", places=places)
    for part, rows in (("train", slice(30)), ("test", slice(30, 40))):
        np.savez(folder / f"kmnist-{part}-imgs.npz", IMAGES[rows])
        np.savez(folder / f"kmnist-{part}-labels.npz", LABELS[: len(IMAGES[rows])].astype(np.uint8))
    for path in folder.glob("*ubyte*"):
        path.unlink()
    from_npz = open_dataset("kmnist", places=places)
    assert from_npz.key == from_idx.key
    assert from_npz.label_names == ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


@pytest.mark.parametrize("packed", [True, False])
def test_cifar10_is_read_from_its_pickles(places, tmp_path, packed):
    """The published tar, or its unpacked folder, gives planes of red, green and blue, and label names."""
    folder = write_cifar10((tmp_path if packed else places.data) / "cifar-10-batches-py")
    if packed:
        places.data.mkdir()
        with tarfile.open(places.data / "cifar-10-python.tar.gz", "w:gz") as archive:
            archive.add(folder, folder.name)
    dataset = open_dataset("cifar10", places=places)
    np.testing.assert_array_equal(dataset.train_images.reshape(50, -1), ROWS[:50])
    np.testing.assert_array_equal(dataset.test_images.reshape(10, -1), ROWS[50:])
    assert dataset.image_shape == (3, 32, 32)
    assert dataset.train_labels.tolist() == [*range(10)] * 5
    assert dataset.label_names == tuple(f"kind {n}" for n in range(10))


def test_cifar100_has_its_fine_labels(places):
    """Each part is one file, and the label names are those of the fine labels."""
    folder = places.data / "cifar-100-python"
    folder.mkdir(parents=True)
    for name, part in (("train", slice(50)), ("test", slice(50, 60))):
        batch = {
            "data": ROWS[part],
            "fine_labels": [99] * len(ROWS[part]),
            "coarse_labels": [1] * len(ROWS[part]),
        }
        (folder / name).write_bytes(as_python_2_did(batch))
    (folder / "meta").write_bytes(as_python_2_did({"fine_label_names": [str(n) for n in range(100)]}))
    dataset = open_dataset("cifar100", places=places)
    assert set(dataset.train_labels) == {99}
    assert len(dataset.label_names) == 100


class Evil:
    """An object that runs code when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


def test_a_strangers_pickle_runs_no_code(places, tmp_path):
    """A batch whose pickle asks for anything but arrays is refused, and the error names it."""
    marker = tmp_path / "was run"
    write_cifar10(
        places.data / "cifar-10-batches-py", lambda batch: pickle.dumps({**batch, "data": Evil(marker)})
    )
    with pytest.raises(
        DatasetError, match=r"data_batch_1: found a file that is no batch .*it asks for \w+\.open"
    ):
        open_dataset("cifar10", places=places)
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"no tar", b""])
def test_a_damaged_tar_of_cifar_is_one_line(places, content):
    """The error names the tar and says what to do."""
    places.data.mkdir()
    (places.data / "cifar-10-python.tar.gz").write_bytes(content)
    with pytest.raises(
        DatasetError, match=r"cifar-10-python\.tar\.gz: .*expected a complete tar\.gz; delete it"
    ):
        open_dataset("cifar10", places=places)


class Server:
    """Serves files from memory. The first `cuts` answers end after half of what they announced."""

    def __init__(self, files, cuts=0):
        self.files, self.cuts, self.ranges = files, cuts, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                data = outer.files.get(self.path.rpartition("/")[2])
                if data is None:
                    self.send_error(404)
                    return
                wanted = self.headers.get("Range")
                outer.ranges.append(wanted)
                start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
                self.send_response(206 if wanted else 200)
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                outer.cuts -= 1
                rest = data[start:]
                self.wfile.write(rest[: len(rest) // 2] if outer.cuts >= 0 else rest)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/files"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve(monkeypatch, tmp_path):
    """Start a server of fashion-mnist's files, whose checksums are those expected."""
    folder = write_idx(tmp_path / "server")
    files = {name: (folder / name).read_bytes() for name in named.IDX_FILES}
    sums = {name: f"md5:{hashlib.md5(data).hexdigest()}" for name, data in files.items()}  # noqa: S324
    known = replace(named.NAMED["fashion-mnist"], files=sums)
    monkeypatch.setitem(named.NAMED, "fashion-mnist", known)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    servers = []

    def start(**options):
        servers.append(Server(files, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_files_are_downloaded_once(serve, places, capsys):
    """Files come from a mirror, with one line each; the next time nothing is requested."""
    server = serve()
    dataset = open_dataset("fashion-mnist", places=replace(places, mirror=server.url))
    np.testing.assert_array_equal(dataset.train_images[:, 0], IMAGES[:30])
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 4
    target = places.data / "fashion-mnist/train-images-idx3-ubyte.gz"
    assert printed[0] == f"downloading {server.url}/{target.name} to {target}"
    server.close()
    assert open_dataset("fashion-mnist", places=places).key == dataset.key
    assert {path.suffix for path in target.parent.iterdir()} == {".gz"}


def test_a_rank_that_may_not_download_waits_for_the_files(serve, places):
    """Such a rank requests nothing, and opens the files that another rank has put there."""
    server = serve()
    found = []
    places = replace(places, mirror=server.url)
    wait = threading.Thread(
        target=lambda: found.append(open_dataset("fashion-mnist", places=replace(places, builds=False)))
    )
    wait.start()
    dataset = open_dataset("fashion-mnist", places=places)
    wait.join()
    assert found[0].key == dataset.key
    assert len(server.ranges) == 4


def test_a_download_that_was_interrupted_goes_on(serve, places):
    """The second try requests only the rest of the file."""
    server = serve(cuts=1)
    places = replace(places, mirror=server.url)
    with pytest.raises(DatasetError, match=r"could not be downloaded \(the connection ended after [\d,]+ of"):
        open_dataset("fashion-mnist", places=places)
    assert open_dataset("fashion-mnist", places=places).train_images.shape == (30, 1, 5, 4)
    have = len(server.files["train-images-idx3-ubyte.gz"]) // 2
    assert server.ranges[:2] == [None, f"bytes={have}-"]


def test_a_wrong_checksum_is_one_line_and_nothing_is_kept(serve, places):
    """The file is not there afterwards, and the next try starts anew."""
    server = serve()
    right = server.files["train-images-idx3-ubyte.gz"]
    server.files["train-images-idx3-ubyte.gz"] = right[:-1] + b"x"
    places = replace(places, mirror=server.url)
    with pytest.raises(
        DatasetError, match=r"checksum is not the one expected \(md5:\w+\); nothing was kept; put"
    ) as e:
        open_dataset("fashion-mnist", places=places)
    assert "\n" not in str(e.value)
    assert [*(places.data / "fashion-mnist").iterdir()] == []
    server.files["train-images-idx3-ubyte.gz"] = right
    open_dataset("fashion-mnist", places=places)
    assert server.ranges[1] is None


@pytest.mark.parametrize(
    ("mirror", "words"),
    [
        ("http://127.0.0.1:9", "Connection refused"),
        ("{url}/nowhere/else", "Not Found"),
        ("ftp://127.0.0.1", "found no http or https address"),
    ],
)
def test_without_a_network_one_line_says_where_to_put_the_files(serve, places, mirror, words):
    """The error names the address, the reason, the files and their folder."""
    server = serve()
    server.files.clear()
    with pytest.raises(DatasetError, match=words) as error:
        open_dataset("fashion-mnist", places=replace(places, mirror=mirror.format(url=server.url)))
    assert "\n" not in str(error.value)
    if mirror.startswith("http"):
        files = ", ".join(named.IDX_FILES)
        assert f"; put {files} into {places.data}/fashion-mnist, or use" in str(error.value)


def test_a_mistyped_name_is_answered_with_the_near_one(places):
    """No file of that name: the name that was meant."""
    with pytest.raises(
        DatasetError, match=r"^fashion_mnist: found no such dataset.*did you mean 'fashion-mnist'\?"
    ):
        open_dataset("fashion_mnist", places=places)


def test_the_checksums_are_of_published_kinds():
    """Each file of each dataset has a checksum of 32 or 64 hexadecimal digits."""
    for dataset in named.NAMED.values():
        for checksum in dataset.files.values():
            kind, digits = checksum.split(":")
            assert len(bytes.fromhex(digits)) == {"md5": 16, "sha256": 32}[kind]


def test_colours_of_an_array_survive(places, tmp_path):
    """[N, H, W, 3] becomes [N, 3, H, W], also through the cache."""
    np.savez(tmp_path / "c.npz", x_train=COLOURS[:30], x_test=COLOURS[30:])
    dataset = open_dataset(str(tmp_path / "c.npz"), Form((5, 4), 3), places)
    np.testing.assert_array_equal(dataset.train_images, COLOURS[:30].transpose(0, 3, 1, 2))

"""Fixtures that the tests of the viewer share: small bundles of any shape, a plain decoder, cleaning up."""

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from desktop import render
from desktop.app.explorer import Explorer
from desktop.base import saved, session_folder, watchdog
from desktop.jobs import picture_cache
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.vetting import trial_process
from desktop.widgets.main_window import MainWindow
from export.bundle import DECODER_FILE, ENCODER_FILE, POSTERIOR_FILE, Posterior, pack_posterior, write_bundle
from export.manifest import tensor_facts
from tests.desktop.foreign_models import decoder as foreign_decoder
from tests.desktop.forked_trials import TrialServer
from tests.desktop.forked_viewers import ForkedViewers
from tests.desktop.small_bundles import FilmBundle, decoder_graph, grey_decoder_graph, outputs_of
from tests.waiting import SOON_MS, SOON_S

PROGRESS_BARS = "tqdm_monitor"  # the thread that an export in a test's own process starts once for all


@pytest.fixture(autouse=True)
def settings_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own settings folder, so that nothing is saved in that of the person who runs the tests."""
    folder = tmp_path_factory.mktemp("settings")
    monkeypatch.setattr(saved, "place", lambda: folder / "saved.json")
    monkeypatch.setattr(picture_cache, "folder", lambda: folder / "pictures")
    monkeypatch.setattr(session_folder, "place", lambda: folder / "sessions")
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    return folder


@pytest.fixture(scope="session")
def trial_server() -> Iterator[TrialServer]:
    """The server that forks the processes of trials."""
    server = TrialServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def viewers() -> Iterator[ForkedViewers]:
    """The server that starts viewers without the second that their imports take."""
    server = ForkedViewers()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def forked_trials(
    request: pytest.FixtureRequest, trial_server: TrialServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fork the processes of trials, except in the tests of `vetting`, which start them as the viewer does."""
    if sys.platform == "linux" and request.path.parent.name != "vetting":
        monkeypatch.setattr(trial_process, "_start", trial_server.start)


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check that a test leaves no thread that it started, and no visible window."""
    monkeypatch.setattr(watchdog, "LINGER_S", 0.0)  # the thread ends by itself, but too late for a test
    before = set(threading.enumerate())
    # Garbage of the test before is collected now, because pytest held its fixtures until now. Objects that
    # are left after that are frozen, so that later collections need not look through them.
    gc.collect()
    gc.freeze()
    yield
    # A pool's threads end shortly after the pool is released, and an error's traceback may still hold it.
    deadline = time.monotonic() + SOON_S
    while left := {thread for thread in threading.enumerate() if thread.name != PROGRESS_BARS} - before:
        assert time.monotonic() < deadline, f"left running: {left}"
        gc.collect()
        time.sleep(0.01)
    if (application := QApplication.instance()) is not None:
        shown = [widget for widget in application.topLevelWidgets() if widget.isVisible()]
        assert not shown, f"left open: {shown}"
        # Otherwise the next window's style sheet would be applied to the widgets that are left, too.
        delete_now(*(widget for widget in application.topLevelWidgets() if widget.parent() is None))
        application.setStyleSheet("")


@pytest.fixture
def all_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoders that are opened count as slow, however quick they are."""
    monkeypatch.setattr("desktop.models.bundle_trial._tried", {})
    monkeypatch.setattr("desktop.vetting.trial.COUNTED_WEIGHTS_BYTES", 0)
    monkeypatch.setattr("desktop.vetting.trial.SLOW_MULTIPLY_ADDS", 0)


@pytest.fixture
def slow_decoder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeptDecoder]:
    """A decoder of [1, 8, 8] whose pictures are expected to take five seconds each."""
    request.getfixturevalue("all_are_slow")
    model = Model(open_source(foreign_decoder(tmp_path / "slow.onnx", image_shape=(1, 8, 8))), "cpu")
    model.picture_s = 5.0
    kept = DecodedPictures()
    yield KeptDecoder(model, kept)
    kept.close()
    model.close()


@pytest.fixture(scope="session")
def join_encoders() -> Callable[[], None]:
    """`join_encoders()`: wait until no film is encoded; cancelled encoders end by themselves."""

    def join() -> None:
        for thread in threading.enumerate():
            if thread.name.startswith("animation"):
                thread.join(SOON_S)
                assert not thread.is_alive()

    return join


@pytest.fixture(name="decoder_graph", scope="session")
def decoder_graph_fixture() -> Callable[..., bytes]:
    """`decoder_graph(latent_dim, image_shape, seed, gain)`: the bytes of a small ONNX decoder."""
    return decoder_graph


@pytest.fixture
def make_bundle(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`make_bundle(...)`: the path of a small bundle of any shape, by default one without a posterior."""

    def make(
        latent_dim: int = 2,
        image_shape: tuple[int, int, int] = (1, 12, 12),
        name: str = "small",
        decoder: bytes | None = None,
        encoder: bytes | None = None,
        posterior: Posterior | None = None,
        labels: tuple[str, ...] = (),
        seed: int = 0,
        suffix: str = "",
        likelihood: str = "bernoulli",
        levels: int = 2,
    ) -> Path:
        if decoder is None and likelihood != "bernoulli":
            decoder = grey_decoder_graph(likelihood, latent_dim, image_shape, seed)
        files = {DECODER_FILE: decoder or decoder_graph(latent_dim, image_shape, seed)}
        if encoder is not None:
            files[ENCODER_FILE] = encoder
        if posterior is not None:
            files[POSTERIOR_FILE] = pack_posterior(posterior)
        facts = {
            "name": name,
            "created": "2000-01-01T00:00:00+00:00",
            "image": dict(zip(("channels", "height", "width"), image_shape, strict=True)),
            "latent_dim": latent_dim,
            "likelihood": likelihood,
            "levels": levels,
            "opset": 20,
            "tensors": tensor_facts(image_shape, latent_dim, likelihood, **outputs_of(likelihood)),
            "dataset": {"labels": list(labels)},
        }
        path = tmp_path_factory.mktemp("bundle") / f"{name.replace(' ', '-')}{suffix}"
        return write_bundle(path, facts, files).path

    return make


@pytest.fixture
def make_film(tmp_path: Path) -> Callable[..., FilmBundle]:
    """`make_film(last)`: a bundle with the epochs 0 to `last`, each with another decoder."""

    def make(last: int, name: str = "film", encoders: bool = True) -> FilmBundle:
        film = FilmBundle(tmp_path / name, (1, 12, 12), encoders)
        film.write(last)
        return film

    return make


@pytest.fixture
def labelled_posterior() -> Posterior:
    """60 means in two dimensions: twenty labelled 0 to the left, 1 in the middle, 2 to the right."""
    draw = np.random.default_rng(1)
    labels = np.repeat(np.arange(3, dtype=np.uint8), 20)
    mean = draw.normal(0, 0.1, (60, 2)).astype(np.float32)
    mean[:, 0] += labels.astype(np.float32) - 1
    return Posterior(mean, np.zeros_like(mean), labels=labels)


@pytest.fixture
def make_model() -> Iterator[Callable[..., Model]]:
    """`make_model(path, device)`: an opened model, closed after the test."""
    models: list[Model] = []

    def make(path: Path, device: Any = "cpu") -> Model:
        models.append(Model(open_source(path), device))
        return models[-1]

    yield make
    for model in models:
        model.close()


@pytest.fixture
def kept() -> Iterator[DecodedPictures]:
    """The pictures of a session that slow decoders have decoded."""
    pictures = DecodedPictures()
    yield pictures
    pictures.close()


@pytest.fixture
def plain_decoder() -> Callable[[Path], Callable[[Any], NDArray[np.float32]]]:
    """`plain_decoder(path)(z)`: a bundle's decoder by ONNX Runtime alone, all of z [N, d] at once."""

    def load(path: Path) -> Callable[[Any], NDArray[np.float32]]:
        session = ort.InferenceSession((path / DECODER_FILE).read_bytes(), providers=["CPUExecutionProvider"])

        def decode(z: Any) -> NDArray[np.float32]:
            (probabilities,) = session.run(None, {"z": np.asarray(z, np.float32)})
            return np.asarray(probabilities)

        return decode

    return load


@pytest.fixture(scope="session")
def same_picture() -> Callable[[Any, Any], bool]:
    """`same_picture(a, b)`: equal shapes, and bytes that differ by rounding at most."""

    def same(found: Any, expected: Any) -> bool:
        found, expected = np.asarray(found, np.int16), np.asarray(expected, np.int16)
        return found.shape == expected.shape and int(np.abs(found - expected).max()) <= 1

    return same


@pytest.fixture(scope="session")
def pixels() -> Callable[[QImage], NDArray[np.uint8]]:
    """`pixels(image)`: a QImage as uint8 [H, W, 4], red first."""

    def read(image: QImage) -> NDArray[np.uint8]:
        rgba = image.convertToFormat(QImage.Format.Format_RGBA8888)
        rows = np.frombuffer(rgba.constBits(), np.uint8).reshape(rgba.height(), rgba.bytesPerLine())
        return rows[:, : 4 * rgba.width()].reshape(rgba.height(), rgba.width(), 4).copy()

    return read


@pytest.fixture(scope="session")
def gray(pixels: Callable[[QImage], NDArray[np.uint8]]) -> Callable[[QImage], NDArray[np.uint8]]:
    """`gray(image)`: a gray QImage as uint8 [H, W]."""

    def read(image: QImage) -> NDArray[np.uint8]:
        rgba = pixels(image)
        assert (rgba[..., 0] == rgba[..., 1]).all()
        assert (rgba[..., 0] == rgba[..., 2]).all()
        return rgba[..., 0]

    return read


@pytest.fixture(scope="session")
def gif_frames() -> Callable[[Path], NDArray[np.uint8]]:
    """`gif_frames(path)`: the frames of a gray GIF as uint8 [T, H, W]."""

    def read(path: Path) -> NDArray[np.uint8]:
        with Image.open(path) as gif:
            frames = np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)])
        assert (frames == frames[..., :1]).all()
        return frames[..., 0]

    return read


def delete_now(*objects: QObject) -> None:
    """Delete the C++ side of Qt objects, because signals keep what is connected to them, unseen by Python."""
    for each in objects:
        each.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def make_explorer(qtbot: Any) -> Iterator[Callable[..., Explorer]]:
    """`make_explorer(path)`: an explorer that has opened a bundle, closed after the test."""
    explorers: list[Explorer] = []

    def make(path: Path | None = None) -> Explorer:
        explorer = Explorer("cpu")
        explorers.append(explorer)
        if path is not None:
            with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
                explorer.open(path)
        return explorer

    yield make
    for explorer in explorers:
        explorer.close()
    delete_now(*explorers)
    explorers.clear()
    # What still refers to itself is taken apart here, on the thread that made it.
    gc.collect()


@pytest.fixture
def open_window(qtbot: Any) -> Iterator[Callable[..., MainWindow]]:
    """`open_window(path, size)`: the shown window with a bundle open and its backdrop decoded."""
    windows: list[MainWindow] = []

    def make(path: Path | None = None, size: tuple[int, int] = (900, 800)) -> MainWindow:
        window = MainWindow(Explorer("cpu"))
        windows.append(window)
        qtbot.addWidget(window)
        window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        if path is not None:
            with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
                window.open_path(path)
        return window

    yield make
    for window in windows:
        window.quitting.force()
        window.close()
    delete_now(*(window.explorer for window in windows), *windows)
    windows.clear()
    # What still refers to itself is taken apart here, on the thread that made it.
    gc.collect()


@pytest.fixture
def explorer(
    make_explorer: Callable[..., Explorer], make_bundle: Callable[..., Path], qtbot: Any
) -> Explorer:
    """An explorer with a small bundle open and its first backdrop of 300 × 200 pixels decoded."""
    explorer = make_explorer(make_bundle(name="first"))
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        explorer.set_view_size((300, 200))
    return explorer


@pytest.fixture
def call(run_main: Callable[..., Any]) -> Callable[..., tuple[int, str, str]]:
    """`call(*arguments)`: exit status, standard output and standard error of `desktop.render`.

    Files that test another command have one of their own.
    """

    def run(*arguments: object) -> tuple[int, str, str]:
        ended = run_main(render.main, *arguments)
        return ended.status, ended.out, ended.err

    return run


@pytest.fixture
def refused(run_main: Callable[..., Any]) -> Callable[..., str]:
    """`refused(*arguments)`: its one error line, with status 2 and nothing on standard output."""

    def run(*arguments: object) -> str:
        ended = run_main(render.main, *arguments)
        assert ended.out == ""
        assert ended.error_line.startswith("python -m desktop.render")
        return ended.error_line

    return run

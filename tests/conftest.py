"""Fixtures for the tests of several packages: a small real fit, its bundle, commands, and a full disk.

This file also marks slow tests, which `make check` leaves out.
"""

import atexit
import ctypes
import dataclasses
import fcntl
import gc
import os
import re
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# PyTorch's threads wait for each other by spinning: if other work needs the cores too, two threads take eight
# times as long as one. This is set before the first import of torch, and inherited by subprocesses.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# The packages set this too, but some tests import ONNX Runtime before any of them.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Reference cycles are collected after each file (`memory_given_back`) and test (`nothing_left`). Python's
# default threshold would take a twenty-fifth of the time of a test that opens a window.
gc.set_threshold(20_000)

# In the background, a test run ignores Ctrl-C, and processes that it starts would inherit this.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The commands do this too: without it a worker that has imported PyTorch takes a second longer to end.
atexit.register(gc.freeze)

TRAIN_COUNT, TEST_COUNT = 512, 1000
# A test that has one of these fits a model, opens the window, or starts the viewer or Chromium.
SLOW_FIXTURES = frozenset({"small_mnist", "fitted", "open_window", "viewers", "chromium"})
# A file that imports one of these starts processes (each model is tried in its own process), or has PyTorch
# export a graph.
SLOW_NAMES = frozenset({"subprocess", "open_source", "Trial", "export_decoder"})
# Files that take more than about six seconds of a core.
LONGEST_FILES = re.compile(
    "test_(evaluate|evaluate_command|fit|fitting|follow|follow_command|importance|likelihoods|logbook|"
    "onnx|onnx_command|own|page_in_browser|quadrature|ranks|resume|"
    "image_control|main|main_window_files|main_window_opening|path_control|plane_control|saved_control|"
    r"strangers_folder|time_control|true_posterior|true_posterior_control|wheel)\.py"
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests as slow that fit a model or open the window, and all tests of files with other slow work.

    The longest files come first, then others with slow tests, so that all cores finish at about the same
    time.
    """
    for item in items:
        assert isinstance(item, pytest.Function)
        if SLOW_FIXTURES.intersection(item.fixturenames) or SLOW_NAMES.intersection(vars(item.module)):
            item.add_marker("slow")
    slow_files = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not LONGEST_FILES.fullmatch(item.path.name), item.path not in slow_files))


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Return a folder that one worker builds once, while the others wait for it.

    It is built once per test run, or once for all runs if the environment variable BUILT names a folder.
    """
    root = factory.getbasetemp()
    if "BUILT" in os.environ:
        root = Path(os.environ["BUILT"])
    elif "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = root / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            build(unfinished)
            unfinished.rename(folder)
    return folder


@pytest.fixture(autouse=True, scope="module")
def memory_given_back() -> Iterator[None]:
    """Return freed memory to the system after each file, because the allocator would keep much of it."""
    # Objects from before the file are frozen: collecting through PyTorch's modules would take 0.4 s.
    gc.freeze()
    yield
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


@pytest.fixture(scope="session")
def small_mnist():
    """The first 512 training and 1,000 test images of the embedded MNIST."""
    # Imported here, because most tests of `desktop` never need PyTorch.
    from training.data.mnist import mnist

    whole = mnist()
    return dataclasses.replace(
        whole,
        train_images=whole.train_images[:TRAIN_COUNT],
        train_labels=whole.train_labels[:TRAIN_COUNT],
        test_images=whole.test_images[:TEST_COUNT],
        test_labels=whole.test_labels[:TEST_COUNT],
    )


@pytest.fixture(scope="session")
def run_config():
    """The default recipe with a quarter of its filters, two epochs with small batches at a lower rate.

    A fit of 64 steps on 512 images has to give different pictures at different points.
    """
    from training.config import RECIPES

    return dataclasses.replace(
        RECIPES["default"], epochs=2, batch_size=16, learning_rate=4e-3, filters=(8, 16)
    )


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, small_mnist, run_config) -> Path:
    """The folder of a run of `run_config`. Do not write to it."""

    def build(folder: Path) -> None:
        # Imported only by the worker that builds the run; others need no PyTorch.
        import torch

        from training.fitting import fit

        fit(run_config, torch.device("cpu"), folder, small_mnist)

    return built_once(tmp_path_factory, "small-run", build)


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory: pytest.TempPathFactory, run_folder: Path, small_mnist) -> Path:
    """The bundle folder of that run, with epochs 0 to 2 and 1,000 test images. Do not write to it."""

    def build(folder: Path) -> None:
        from export.onnx import export_run
        from training.runs import read_run

        export_run(read_run(run_folder), folder, "MNIST, small", dataset=small_mnist)

    return built_once(tmp_path_factory, "small-bundle", build)


@dataclass(frozen=True)
class Ended:
    """The result of a command."""

    status: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line on standard error. Fails unless the exit status is 2."""
        assert self.status == 2, self
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        return self.err.rstrip("\n")


@pytest.fixture
def run_main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command's `main` in this process, as its command line would, up to its exit."""

    def run(main: Callable[[], None], *arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["program", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main()
        captured = capsys.readouterr()
        return Ended(exit_info.value.code or 0, captured.out, captured.err)

    return run


@pytest.fixture
def file_size_limit() -> Callable[[int], AbstractContextManager[None]]:
    """`file_size_limit(size_bytes)`: within the context no file can grow beyond this, as on a full disk."""

    @contextmanager
    def limit(size_bytes: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        # Python ignores the signal that comes with this, so that the write fails with an OSError.
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit


@pytest.fixture
def ordinary_user() -> Callable[[], AbstractContextManager[None]]:
    """`ordinary_user()`: within the context, the process has no root rights to write everywhere."""

    @contextmanager
    def no_root() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return no_root

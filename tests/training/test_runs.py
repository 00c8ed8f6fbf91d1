"""training/runs.py: a run folder is created, read and found, and used by one fit at a time."""

import errno
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.training.untrained_run import CONFIG, metrics, untrained_model, untrained_run
from training.config import to_json
from training.runs import (
    LOCK_FILE,
    RunError,
    add_epoch,
    create_run,
    is_fitting,
    load_weights,
    newest_run,
    note_failure,
    only_fit,
    preview_path,
    read_failure,
    read_run,
    save_weights,
    weights_path,
)


@pytest.mark.parametrize("exists", [True, False])
def test_a_run_is_created_in_a_new_or_an_empty_folder(tmp_path, exists):
    """A new run has its config, folders for weights and previews, and no epoch yet."""
    folder = tmp_path / "a" / "run"
    if exists:
        folder.mkdir(parents=True)
    run = create_run(folder, CONFIG)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "previews", "weights"]
    assert (folder / "config.json").read_text() == to_json(CONFIG)
    assert run.metrics == ()
    assert run.epochs == (0,)


def test_a_folder_that_is_not_empty_is_refused(tmp_path):
    """A folder with a file in it is refused by name, and nothing is added to it."""
    (tmp_path / "mine.txt").write_text("mine")
    message = re.escape(
        f"--out {tmp_path}: found a folder that is not empty, expected a new or empty folder; "
        "choose another name"
    )
    with pytest.raises(RunError, match=f"^{message}$"):
        create_run(tmp_path, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_refused(tmp_path):
    """A file in the place of the folder is refused by name, and the file stays."""
    path = tmp_path / "run"
    path.write_text("mine")
    with pytest.raises(RunError, match=re.escape(f"--out {path}: found a file, expected a new or empty")):
        create_run(path, CONFIG)
    assert path.read_text() == "mine"


def test_runs_without_a_name_get_new_names(tmp_path, monkeypatch):
    """Runs created in the same second get different names in artifacts/runs, from time and recipe."""
    monkeypatch.chdir(tmp_path)
    folders = [create_run(None, CONFIG).folder for _ in range(3)]
    assert len(set(folders)) == 3
    for folder in folders:
        assert folder.parent == Path("artifacts/runs")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{6}-default(-\d)?", folder.name)


def test_a_run_is_read_as_it_was_written(tmp_path):
    """Config, metrics and weights come back equal, and each epoch has its own file."""
    written = untrained_run(tmp_path / "run", CONFIG.latent_dim)
    run = read_run(tmp_path / "run")
    assert run == written
    assert run.epochs == (0, 1)
    assert weights_path(run, 1) == tmp_path / "run/weights/epoch-001.safetensors"
    assert preview_path(run, 0) == tmp_path / "run/previews/epoch-000.png"
    for epoch in run.epochs:
        loaded = load_weights(run, epoch)
        for name, tensor in untrained_model(seed=epoch).state_dict().items():
            assert torch.equal(loaded[name], tensor), name


def test_every_added_epoch_is_a_complete_line(tmp_path):
    """Every added epoch is one more line of JSON; the earlier lines stay unchanged."""
    run = untrained_run(tmp_path / "run")
    longer = add_epoch(run, metrics(2))
    lines = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [metrics(1), metrics(2)]
    assert longer.epochs == (0, 1, 2)


def test_the_newest_run_is_the_one_made_last(tmp_path):
    """The newest of several runs is the one whose config was written last, whatever its name."""
    for age, name in enumerate(("b", "c", "a")):
        untrained_run(tmp_path / name)
        os.utime(tmp_path / name / "config.json", (1e9 - age, 1e9 - age))
    assert newest_run(tmp_path) == tmp_path / "b"


def test_the_newest_run_has_a_finished_epoch(tmp_path):
    """A younger run that has no finished epoch, or no config, is skipped."""
    untrained_run(tmp_path / "old")
    os.utime(tmp_path / "old/config.json", (1e9, 1e9))
    create_run(tmp_path / "unfinished", CONFIG)
    untrained_run(tmp_path / "torn")
    (tmp_path / "torn/config.json").unlink()
    assert newest_run(tmp_path) == tmp_path / "old"


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_without_a_finished_run_there_is_no_newest(tmp_path, name):
    """If no run has a finished epoch, the error says which folder was searched and how to make a run."""
    create_run(tmp_path / "unfinished", CONFIG)
    root = tmp_path / name
    message = re.escape(f"{root}: found no run with a finished epoch; make one with python -m training.fit")
    with pytest.raises(RunError, match=f"^{message}$"):
        newest_run(root)


def test_weights_survive_a_disk_that_fills_up(tmp_path, file_size_limit):
    """If the disk is full, saving weights raises an OSError, and the previous weights are intact."""
    path = tmp_path / "w.safetensors"
    save_weights(path, untrained_model())
    before = path.read_bytes()
    with pytest.raises(OSError, match="File too large"), file_size_limit(1000):
        save_weights(path, untrained_model(seed=1))
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["w.safetensors"]


def test_fits_that_start_in_the_same_second_get_folders_of_their_own(tmp_path, monkeypatch):
    """Of eight runs that are created at once, each has its own folder."""
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: create_run(None, CONFIG), range(8)))
    assert len({run.folder for run in runs}) == 8
    assert all((run.folder / "config.json").is_file() for run in runs)


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed(tmp_path, exists):
    """A link leads to the run's folder, also to one that is still to be made."""
    if exists:
        (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to("disk")
    assert create_run(tmp_path / "run", CONFIG).folder == tmp_path / "run"
    assert (tmp_path / "disk/config.json").is_file()
    assert (tmp_path / "run").is_symlink()


def test_a_device_or_a_pipe_is_refused(tmp_path):
    """A run folder is never made where a device or a pipe is."""
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/null"), Path("/dev/full")):
        with pytest.raises(RunError) as error:
            create_run(place, CONFIG)
        assert str(error.value) == (
            f"--out {place}: found something that is no folder, expected a new or empty folder; "
            "choose another name"
        )


def test_a_run_can_have_any_name_and_be_moved(tmp_path):
    """A run whose name is 240 bytes that are not UTF-8 can be created, read, moved and read again."""
    folder = tmp_path / os.fsdecode(b"\xff" * 240)
    run = add_epoch(create_run(folder, CONFIG), metrics(1))
    note_failure(run, ValueError(f"{folder}: no"))
    assert read_run(folder) == run
    assert read_failure(run).endswith("udcff: no")
    folder.rename(tmp_path / "moved")
    assert read_run(tmp_path / "moved").metrics == run.metrics


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path):
    """Windows' Notepad and PowerShell put a byte order mark at the start of files that they save."""
    run = untrained_run(tmp_path / "run", CONFIG.latent_dim)
    for name in ("config.json", "metrics.jsonl"):
        file = run.folder / name
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_run(run.folder).config == CONFIG


def test_one_fit_at_a_time_uses_a_folder(tmp_path):
    """While a fit has a run folder, a second one is refused; afterwards nothing is left of the lock."""
    for _ in range(2):
        with only_fit(tmp_path):
            with pytest.raises(RunError) as error, only_fit(tmp_path):
                pass
            assert str(error.value) == (
                f"{tmp_path}: found another fit that is running there, expected none; wait for its end, or "
                "choose another folder"
            )
    assert list(tmp_path.iterdir()) == []


def test_a_fit_that_was_killed_keeps_no_other_out(tmp_path):
    """A process that is killed while it has a run folder leaves it free for a new run."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom training.runs import only_fit\n"
        "with only_fit(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert killed.returncode == -9
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_FILE]
    assert is_fitting(tmp_path) is False
    with only_fit(tmp_path):
        create_run(tmp_path, CONFIG)
        assert is_fitting(tmp_path) is True
    assert is_fitting(tmp_path) is False
    assert LOCK_FILE not in [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_is_fitted_on_too(tmp_path, monkeypatch, number):
    """Without locks, as on Lustre and some network homes, a fit runs with no lock file and no warning."""
    fcntl = pytest.importorskip("fcntl")

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with only_fit(tmp_path), only_fit(tmp_path):
        assert not is_fitting(tmp_path)
    (tmp_path / LOCK_FILE).touch()
    assert is_fitting(tmp_path) is None
    (tmp_path / LOCK_FILE).unlink()
    monkeypatch.undo()
    with only_fit(tmp_path):
        create_run(tmp_path, CONFIG)

"""training/runs.py: a run folder is created, read and found, and refused if it is half written."""

import dataclasses
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from training.config import RECIPES, to_json
from training.model import ConvVAE
from training.runs import (
    LOCK_FILE,
    REQUIRED_METRICS,
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

CONFIG = dataclasses.replace(RECIPES["default"], filters=(2, 2), epochs=2)


def metrics(epoch: int) -> dict[str, float]:
    """The metrics line of a finished epoch."""
    return dict.fromkeys(REQUIRED_METRICS, 1.5) | {"epoch": epoch}


def small_model(seed: int = 0) -> ConvVAE:
    """A model of the size that the config has."""
    model = ConvVAE(CONFIG.image_shape, CONFIG.filters, CONFIG.latent_dim)
    model.reset_parameters(torch.Generator().manual_seed(seed))
    return model


def finished_run(folder: Path):
    """A run with one finished epoch."""
    run = create_run(folder, CONFIG)
    for epoch in (0, 1):
        save_weights(weights_path(run, epoch), small_model(epoch))
    return add_epoch(run, metrics(1))


@pytest.fixture
def broken_run(run_folder, tmp_path):
    """A copy of the small fit's run, for a test to damage."""
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


def refusal(folder: Path) -> str:
    """The message with which `read_run` refuses a run."""
    with pytest.raises(RunError) as error:
        read_run(folder)
    return str(error.value)


def weights_refusal(folder: Path, epoch: int) -> str:
    """The message with which `load_weights` refuses weights."""
    run = read_run(folder)
    with pytest.raises(RunError) as error:
        load_weights(run, epoch)
    return str(error.value)


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
    written = finished_run(tmp_path / "run")
    run = read_run(tmp_path / "run")
    assert run == written
    assert run.epochs == (0, 1)
    assert weights_path(run, 1) == tmp_path / "run/weights/epoch-001.safetensors"
    assert preview_path(run, 0) == tmp_path / "run/previews/epoch-000.png"
    for epoch in run.epochs:
        loaded = load_weights(run, epoch)
        for name, tensor in small_model(epoch).state_dict().items():
            assert torch.equal(loaded[name], tensor), name


def test_every_added_epoch_is_a_complete_line(tmp_path):
    """Every added epoch is one more line of JSON; the earlier lines stay unchanged."""
    run = finished_run(tmp_path / "run")
    longer = add_epoch(run, metrics(2))
    lines = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [metrics(1), metrics(2)]
    assert longer.epochs == (0, 1, 2)


def test_the_newest_run_is_the_one_made_last(tmp_path):
    """The newest of several runs is the one whose config is youngest, whatever its name."""
    for age, name in enumerate(("b", "c", "a")):
        finished_run(tmp_path / name)
        os.utime(tmp_path / name / "config.json", (1e9 - age, 1e9 - age))
    assert newest_run(tmp_path) == tmp_path / "b"


def test_the_newest_run_has_a_finished_epoch(tmp_path):
    """A younger run that has no finished epoch, or no config, is skipped."""
    finished_run(tmp_path / "old")
    os.utime(tmp_path / "old/config.json", (1e9, 1e9))
    create_run(tmp_path / "unfinished", CONFIG)
    finished_run(tmp_path / "torn")
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


def test_a_missing_run_is_refused(tmp_path):
    """A missing folder is refused with its name and how to make a run."""
    folder = tmp_path / "gone"
    assert refusal(folder) == (
        f"{folder}: found no folder there, expected a run; make one with python -m training.fit"
    )


def test_a_run_without_config_is_refused(broken_run):
    """A run without config.json is refused with that file's name."""
    (broken_run / "config.json").unlink()
    assert refusal(broken_run) == (
        f"{broken_run}: found no config.json, expected a run made by python -m training.fit"
    )


def test_a_bundle_or_pictures_instead_of_a_run_are_told(tmp_path):
    """The error says what was named, and what to do with it."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/manifest.json").write_text("{}")
    assert refusal(tmp_path / "bundle") == (
        f"{tmp_path / 'bundle'}: found a bundle, expected a run; name the run that it was exported from"
    )
    (tmp_path / "b.latent").write_bytes(b"PK")
    assert ": found a bundle, expected a run; " in refusal(tmp_path / "b.latent")
    (tmp_path / "cats and dogs/cats").mkdir(parents=True)
    (tmp_path / "cats and dogs/cats/1.JPG").write_bytes(b"")
    pictures = tmp_path / "cats and dogs"
    assert refusal(pictures) == (
        f"{pictures}: found a folder of pictures, expected a run; make one with "
        f"python -m training.fit --data '{pictures}'"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "Expecting property name"),
        ("[1]", "found a JSON list, expected an object"),
        ("\udcff", "codec can't decode byte 0xff"),
        (
            to_json(CONFIG).replace('"latent_dim": 2', '"latent_dim": "two"'),
            "latent_dim: found 'two', expected a whole number",
        ),
        (to_json(CONFIG).replace('"epochs"', '"epoch"'), "found fields"),
    ],
    ids=["torn", "a list", "no text", "a word for a number", "another field"],
)
def test_a_run_with_another_config_is_refused(broken_run, text, found):
    """A config that is torn or has other fields is refused with its file and the reason."""
    (broken_run / "config.json").write_bytes(text.encode(errors="surrogateescape"))
    said = refusal(broken_run)
    assert said.startswith(f"{broken_run / 'config.json'}: ")
    assert found in said
    assert said.endswith("; expected a run made by python -m training.fit")


@pytest.mark.parametrize("emptied", [True, False])
def test_a_run_without_a_finished_epoch_is_refused(broken_run, emptied):
    """If metrics.jsonl is missing or empty, the error says that the run has no finished epoch."""
    (broken_run / "metrics.jsonl").unlink()
    if emptied:
        (broken_run / "metrics.jsonl").touch()
    assert refusal(broken_run) == (
        f"{broken_run}: found no line in metrics.jsonl, expected one for each finished epoch; "
        "the run ended during its first epoch; continue it with "
        f"python -m training.fit --resume --out {broken_run}"
    )


def test_a_torn_metrics_line_is_refused(broken_run):
    """If the last line of metrics.jsonl is half written, the error names the file and the line."""
    path = broken_run / "metrics.jsonl"
    path.write_text(path.read_text()[:-20])
    said = refusal(broken_run)
    assert said.startswith(f"{path}, line 2: ")
    assert said.endswith("; expected one JSON object; the run is half written, fit again")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({"epoch": 2}, "found no test_elbo_nats, expected epoch, test_elbo_nats, "),
        ([2], "found no epoch, expected epoch, "),
        (None, "found no epoch, expected epoch, "),
        (metrics(7), "found epoch 7, expected 2; "),
        (metrics(2) | {"epoch": "2"}, "found epoch '2', expected 2; "),
    ],
    ids=["fields missing", "a list", "null", "an epoch too far", "a word for a number"],
)
def test_a_metrics_line_of_something_else_is_refused(broken_run, line, found):
    """A line that lacks a required number or has the wrong epoch is refused with file, line and field."""
    path = broken_run / "metrics.jsonl"
    path.write_text(path.read_text().splitlines()[0] + "\n" + json.dumps(line) + "\n")
    said = refusal(broken_run)
    assert said.startswith(f"{path}, line 2: {found}")
    assert said.endswith("fit again")


def test_metrics_that_cannot_be_read_are_refused(broken_run):
    """A folder in the place of metrics.jsonl is refused with its name."""
    path = broken_run / "metrics.jsonl"
    path.unlink()
    path.mkdir()
    said = refusal(broken_run)
    assert said.startswith(f"{path}: ")
    assert "Is a directory" in said


def test_missing_weights_are_refused(broken_run):
    """If an epoch's weights are missing, the error names the file and the epoch."""
    path = broken_run / "weights/epoch-001.safetensors"
    path.unlink()
    said = weights_refusal(broken_run, 1)
    assert said.startswith(f"{path}: ")
    assert "No such file" in said
    assert said.endswith("expected the weights after epoch 1; the run is half written, fit again")


@pytest.mark.parametrize("keep", [0, 7, 300, -1])
def test_truncated_weights_are_refused(broken_run, keep):
    """Weights cut at any length are refused with the name of their file, never read in part."""
    path = broken_run / "weights/epoch-002.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    said = weights_refusal(broken_run, 2)
    assert said.startswith(f"{path}: ")
    assert said.endswith("expected the weights after epoch 2; the run is half written, fit again")


def test_weights_of_another_shape_are_refused(broken_run):
    """Weights of a smaller network are refused with the first parameter that differs and both shapes."""
    path = broken_run / "weights/epoch-002.safetensors"
    save_weights(path, small_model())
    assert weights_refusal(broken_run, 2) == (
        f"{path}: found decoder.conv1.bias shaped (2,), expected (16,) from config.json; fit again"
    )


def test_weights_of_another_network_are_refused(broken_run):
    """A file that lacks a tensor is refused with the tensor's name."""
    path = broken_run / "weights/epoch-002.safetensors"
    state = ConvVAE(filters=(8, 16)).state_dict()
    del state["encoder.dense.bias"]
    save_file(state, path)
    assert weights_refusal(broken_run, 2) == (
        f"{path}: found encoder.dense.bias shaped None, expected (4,) from config.json; fit again"
    )


def test_weights_survive_a_disk_that_fills_up(tmp_path, file_size_limit):
    """If the disk is full, saving weights raises an OSError, and the previous weights are intact."""
    path = tmp_path / "w.safetensors"
    save_weights(path, small_model())
    before = path.read_bytes()
    with pytest.raises(OSError, match="File too large"), file_size_limit(1000):
        save_weights(path, small_model(1))
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
    """A run whose name is 240 bytes that are no UTF-8 is created, read, and read where it was moved to."""
    folder = tmp_path / os.fsdecode(b"\xff" * 240)
    run = add_epoch(create_run(folder, CONFIG), metrics(1))
    note_failure(run, ValueError(f"{folder}: no"))
    assert read_run(folder) == run
    assert read_failure(run).endswith("udcff: no")
    folder.rename(tmp_path / "moved")
    assert read_run(tmp_path / "moved").metrics == run.metrics


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path):
    """Windows' Notepad and PowerShell put one before what they save."""
    run = finished_run(tmp_path / "run")
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
    """As on Lustre and some network homes: no lock, no file in its place, no warning."""
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

"""training/runs.py: a run that is half written, damaged or none is refused with its file and the reason."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import save_file

from tests.training.untrained_run import CONFIG, metrics, untrained_model
from training.config import to_json
from training.model import ConvVAE
from training.runs import RunError, load_weights, read_run, save_weights


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
    """The error says what the path holds and what to do."""
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
    save_weights(path, untrained_model())
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

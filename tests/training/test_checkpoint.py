"""training/checkpoint.py: a saved checkpoint loads unchanged, and any other file is refused."""

import dataclasses
import io
import json
import pickle
from pathlib import Path

import pytest
import torch

from training.checkpoint import FORMAT, Checkpoint, load_checkpoint, save_checkpoint
from training.config import RECIPES, to_json
from training.runs import RunError

CONFIG = dataclasses.replace(RECIPES["default"], filters=(2, 2))
STATE = {"step": 3, "model": {"weight": torch.arange(100.0)}, "optimizer": {0: {"step": torch.tensor(3.0)}}}
CHECKPOINT = Checkpoint(STATE, train_seconds=2.5, epoch_seconds=0.5)
ADVICE = "delete checkpoint.pt to start this run again from the beginning"


@pytest.fixture
def path(tmp_path) -> Path:
    """A checkpoint on disk."""
    save_checkpoint(tmp_path, CONFIG, CHECKPOINT)
    return tmp_path / "checkpoint.pt"


def refusal(path: Path) -> str:
    """The message of the error that a refused checkpoint raises."""
    with pytest.raises(RunError) as error:
        load_checkpoint(path.parent, CONFIG)
    said = str(error.value)
    assert "\n" not in said
    return said


class Unlink:
    """An object that deletes a file when it is unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self):
        return Path.unlink, (self.victim,)


def test_a_checkpoint_comes_back_as_it_was_saved(path):
    """Numbers and tensors come back equal, and the checkpoint is the only file in the folder."""
    found = load_checkpoint(path.parent, CONFIG)
    assert (found.train_seconds, found.epoch_seconds) == (2.5, 0.5)
    assert found.trainer["step"] == 3
    assert torch.equal(found.trainer["model"]["weight"], STATE["model"]["weight"])
    assert found.trainer["optimizer"][0]["step"] == 3
    assert [entry.name for entry in path.parent.iterdir()] == ["checkpoint.pt"]


def test_a_tensor_keeps_its_memory_layout(tmp_path):
    """Channels-last weights come back channels-last: in another layout sums would round differently."""
    weight = torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    save_checkpoint(tmp_path, CONFIG, Checkpoint({"weight": weight}, 0.0, 0.0))
    assert load_checkpoint(tmp_path, CONFIG).trainer["weight"].stride() == weight.stride()


def test_a_folder_without_a_checkpoint_gives_none(tmp_path):
    """A folder without a checkpoint is not an error."""
    assert load_checkpoint(tmp_path, CONFIG) is None


def test_finished_epochs_without_a_checkpoint_are_refused(tmp_path):
    """A folder with finished epochs but no checkpoint is refused: a fit from the beginning would mix two."""
    (tmp_path / "metrics.jsonl").write_text('{"epoch": 1}\n')
    assert refusal(tmp_path / "checkpoint.pt") == (
        f"{tmp_path}: found 1 finished epoch but no checkpoint.pt, expected it to continue from; what is "
        f"finished can still be exported, with python -m export.onnx {tmp_path}; to fit again, choose "
        "another --out"
    )


def test_a_checkpoint_replaces_the_previous_one(path):
    """After two are saved, the second one is loaded."""
    save_checkpoint(path.parent, CONFIG, dataclasses.replace(CHECKPOINT, train_seconds=9.0))
    assert load_checkpoint(path.parent, CONFIG).train_seconds == 9.0


def test_a_full_disk_leaves_the_previous_checkpoint(path, file_size_limit):
    """If the disk is full, the error names the checkpoint, and the previous one is intact."""
    before = path.read_bytes()
    with file_size_limit(len(before) - 1), pytest.raises(OSError, match="File too large") as error:
        save_checkpoint(path.parent, CONFIG, CHECKPOINT)
    assert error.value.filename == str(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.9, 0.99, 0.999])
def test_a_truncated_checkpoint_is_refused(path, share):
    """A checkpoint cut at any length is refused; the error names it and says what to do."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    said = refusal(path)
    assert said.startswith(f"{path}: ")
    assert said.endswith(f"; expected a checkpoint in format {FORMAT}; {ADVICE}")


def test_a_changed_byte_of_a_weight_is_found(path):
    """A checkpoint with one flipped bit in its weights, which PyTorch would load, is refused."""
    data = bytearray(path.read_bytes())
    place = bytes(data).index(STATE["model"]["weight"].numpy().tobytes()) + 201
    data[place] ^= 1
    path.write_bytes(data)
    assert refusal(path) == (
        f"{path}: found a wrong checksum for archive/data/0; "
        f"expected a checkpoint in format {FORMAT}; {ADVICE}"
    )


@pytest.mark.parametrize("place", range(0, 4000, 97))
def test_a_changed_byte_is_never_a_traceback(path, place):
    """Wherever a byte is changed, the checkpoint is either loaded as it was saved or refused."""
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 0xFF
    path.write_bytes(data)
    try:
        found = load_checkpoint(path.parent, CONFIG)
    except RunError as error:
        assert str(error).endswith(ADVICE)
    else:
        assert torch.equal(found.trainer["model"]["weight"], STATE["model"]["weight"])
        assert (found.trainer["step"], found.train_seconds) == (3, 2.5)


@pytest.mark.parametrize(
    "content",
    [None, 3, [1, 2], {}, {"format": FORMAT}, torch.zeros(2), {"format": FORMAT, "config": 3}],
    ids=["None", "a number", "a list", "an empty dict", "no config", "a tensor", "a number as config"],
)
def test_something_else_that_pytorch_saved_is_refused(path, content):
    """A file of torch.save with other content is refused."""
    torch.save(content, path)
    said = refusal(path)
    assert said.startswith(f"{path}: ")
    assert said.endswith(ADVICE)


def test_a_pickle_with_code_does_not_run(path, tmp_path):
    """A checkpoint that would run code when it is unpickled is refused, and the code does not run."""
    victim = tmp_path / "victim"
    victim.touch()
    torch.save({"format": FORMAT, "config": to_json(CONFIG), "trainer": Unlink(victim)}, path)
    assert refusal(path) == (
        f"{path}: found objects other than tensors and plain values; "
        f"expected a checkpoint in format {FORMAT}; {ADVICE}"
    )
    assert victim.exists()
    # The file does run code if it is loaded without care.
    torch.load(path, weights_only=False)
    assert not victim.exists()


def test_a_bare_pickle_with_code_does_not_run(path, tmp_path):
    """A file that is only a pickle is refused, and its code does not run."""
    victim = tmp_path / "victim"
    victim.touch()
    path.write_bytes(pickle.dumps(Unlink(victim)))
    assert refusal(path).startswith(f"{path}: File is not a zip file; ")
    assert victim.exists()


def test_a_checkpoint_of_another_format_is_refused(path):
    """A checkpoint in a later format is refused with the names of both formats."""
    content = {"format": "latent-plane-checkpoint/2", "config": to_json(CONFIG), **vars(CHECKPOINT)}
    torch.save(content, path)
    assert refusal(path) == (
        f"{path}: found a checkpoint in format latent-plane-checkpoint/2, expected {FORMAT}; {ADVICE}"
    )


def test_a_checkpoint_of_another_config_is_refused(tmp_path):
    """A checkpoint of a fit with another seed is refused."""
    save_checkpoint(tmp_path, dataclasses.replace(CONFIG, seed=1), CHECKPOINT)
    assert refusal(tmp_path / "checkpoint.pt") == (
        f"{tmp_path / 'checkpoint.pt'}: found a checkpoint for another config, expected one for the "
        f"config.json beside it; {ADVICE}"
    )


def test_a_checkpoint_older_than_a_config_field_is_read(path):
    """A checkpoint whose config lacks a newer field belongs to the config with that field's default."""
    older = json.loads(to_json(CONFIG))
    del older["precision"]
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "config": json.dumps(older), **vars(CHECKPOINT)}, buffer)
    path.write_bytes(buffer.getvalue())
    assert load_checkpoint(path.parent, CONFIG).train_seconds == 2.5


def test_a_folder_in_its_place_is_an_os_error(tmp_path):
    """An unreadable checkpoint gives the system's error, because deleting it would be wrong advice."""
    (tmp_path / "checkpoint.pt").mkdir()
    with pytest.raises(IsADirectoryError, match=r"checkpoint\.pt"):
        load_checkpoint(tmp_path, CONFIG)

"""Folders in which pythae saved a model: what is refused before anything is opened."""

import json
import pickle

import pytest
import torch

from export.graphs import ExportError
from export.pythae_folder import export_pythae, pythae_folder

CONFIG = {"name": "VAEConfig", "input_dim": [1, 28, 28], "latent_dim": 2, "reconstruction_loss": "bce"}


class Trap:
    """A pickle that leaves a file behind when it is opened."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return open, (self.mark, "w")


@pytest.fixture
def folder(tmp_path):
    """The files of a model, with no weights in them."""
    made = tmp_path / "trained" / "final_model"
    made.mkdir(parents=True)
    (made / "model_config.json").write_text(json.dumps(CONFIG))
    torch.save({"model_state_dict": {}}, made / "model.pt")
    return made


def test_a_folder_is_recognised(folder, tmp_path):
    """Only the model's own folder is recognised, and the one above it that the training prints."""
    assert pythae_folder(folder) == pythae_folder(folder.parent) == folder
    assert pythae_folder(tmp_path) is None


def test_a_pickle_is_not_opened(folder, tmp_path):
    """A folder with a pickle is refused, and the error says what a pickle could do."""
    (folder / "decoder.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "opened")))
    with pytest.raises(ExportError, match=r"found decoder\.pkl, .* can run any program .* add --run-pickles"):
        export_pythae(folder, tmp_path / "b")
    assert not (tmp_path / "opened").exists()


def test_weights_that_run_something_are_refused(folder, tmp_path):
    """`model.pt` is a pickle too, and only weights are read from it."""
    torch.save({"model_state_dict": Trap(tmp_path / "opened")}, folder / "model.pt")
    with pytest.raises(ExportError, match=r"model\.pt: UnpicklingError: .*; expected the weights"):
        export_pythae(folder, tmp_path / "b")
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"name": "VQVAEConfig"}, "found name 'VQVAEConfig', expected one of pythae's VAE, "),
        ({"input_dim": None}, "found input_dim None and latent_dim 2, expected"),
        ({"latent_dim": "2"}, "found input_dim .* and latent_dim '2', expected"),
    ],
)
def test_another_config_is_named(folder, tmp_path, change, words):
    """The message says what was found in which file."""
    (folder / "model_config.json").write_text(json.dumps(CONFIG | change))
    with pytest.raises(ExportError, match=rf"model_config\.json: {words}"):
        export_pythae(folder, tmp_path / "b")

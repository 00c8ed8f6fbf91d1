"""Exports a model that pythae trained, from the folder that pythae saved it in."""

import json
import math
import pickle
from pathlib import Path
from typing import Any

import torch

from export.bundle import Bundle, check_target
from export.graphs import ExportError, in_one_line
from export.own import bundle_of
from training.data.form import Form
from training.data.open import Places, open_dataset, title_of
from training.installed import install_line

CONFIG_FILE, WEIGHTS_FILE = "model_config.json", "model.pt"
# The subfolder in which pythae's training pipeline saves the model, below the folder that it prints.
FINAL_FOLDER = "final_model"
# Models whose encoder gives mean and log-variance of the same z that the decoder takes.
KNOWN = (
    *("VAEConfig", "BetaVAEConfig", "DisentangledBetaVAEConfig", "BetaTCVAEConfig", "FactorVAEConfig"),
    *("INFOVAE_MMD_Config", "IWAEConfig", "MIWAEConfig", "CIWAEConfig", "PIWAEConfig", "MSSSIM_VAEConfig"),
    *("Adversarial_AE_Config", "VAEGANConfig", "VAMPConfig"),
)
LIKELIHOODS = {"bce": "bernoulli", "mse": "gaussian"}
# pythae's squared error is halved, which is a Gaussian of this standard deviation.
SCALE = 1.0


def pythae_folder(folder: Path) -> Path | None:
    """The folder with the model's files if pythae made `folder`, otherwise None."""
    for place in (folder, folder / FINAL_FOLDER):
        if (place / CONFIG_FILE).is_file() and (place / WEIGHTS_FILE).is_file():
            return place
    return None


def export_pythae(
    folder: Path,
    out: Path,
    name: str | None = None,
    overwrite: bool = False,
    data: str | None = None,
    places: Places | None = None,
    runs_pickles: bool = False,
) -> Bundle:
    """Write the model in `folder`, which `pythae_folder` found, as a bundle.

    With `data` the bundle holds its test images and their posterior. Networks that people passed to pythae
    themselves are saved as pickles, and opening a pickle can run any program: they are opened only if
    `runs_pickles` is true.

    Raises ExportError and the errors of `bundle_of` and `open_dataset`.
    """
    check_target(out, overwrite)
    config = _config(folder)
    pickles = sorted(path.name for path in folder.glob("*.pkl"))
    if pickles and not runs_pickles:
        raise ExportError(
            f"{folder}: found {' and '.join(pickles)}, pickles of the model's own classes, which can run any "
            "program when they are opened; expected none from a stranger; if you trust whoever made this "
            "folder, add --run-pickles"
        )
    model = _model(folder)
    shape = config["input_dim"]
    form = Form((shape[1], shape[2]), shape[0]) if len(shape) == 3 else Form()
    dataset = None if data is None else open_dataset(data, form, places)
    if len(shape) != 3:
        if dataset is None or math.prod(dataset.image_shape) != math.prod(shape):
            found = "" if dataset is None else f" and images {list(dataset.image_shape)}"
            raise ExportError(
                f"{folder}: found input_dim {list(shape)}{found}, expected channels, height and width; give "
                "images of as many numbers by --data"
            )
        shape = list(dataset.image_shape)
    likelihood = LIKELIHOODS.get(str(config.get("reconstruction_loss")), "gaussian")
    return bundle_of(
        model.decoder,
        model.encoder,
        out=out,
        images=None if dataset is None else dataset.test_images,
        labels=dataset.test_labels if dataset is not None and dataset.has_labels else None,
        label_names=() if dataset is None else dataset.label_names,
        latent_dim=config["latent_dim"],
        image_shape=shape,
        likelihood=likelihood,
        gives="picture",
        scale=SCALE if likelihood == "gaussian" else None,
        name=name or f"{str(config['name']).removesuffix('Config').rstrip('_')} of pythae",
        dataset="" if dataset is None or data is None else title_of(data),
        overwrite=overwrite,
    )


def _config(folder: Path) -> dict[str, Any]:
    where = folder / CONFIG_FILE
    try:
        config = json.loads(where.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{where}: {error}; expected JSON as pythae writes it") from error
    name = config.get("name") if isinstance(config, dict) else None
    if name not in KNOWN:
        names = ", ".join(known.removesuffix("Config").rstrip("_") for known in KNOWN)
        raise ExportError(
            f"{where}: found name {name!r:.60}, expected one of pythae's {names}, whose decoder takes the z "
            "that the encoder tells; use export.bundle_of for others"
        )
    shape, dims = config.get("input_dim"), config.get("latent_dim")
    sides = shape if isinstance(shape, list) else []
    if not sides or not all(type(side) is int and side > 0 for side in (*sides, dims)):
        raise ExportError(
            f"{where}: found input_dim {shape!r:.60} and latent_dim {dims!r:.60}, expected the images' sides "
            "and a whole number"
        )
    return dict(config)


def _model(folder: Path) -> Any:
    where = folder / WEIGHTS_FILE
    try:
        # Read with `weights_only`, which runs no code, as a check; pythae reads the file again.
        torch.load(where, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise ExportError(
            f"{where}: {in_one_line(error)}; expected the weights as pythae saves them"
        ) from error
    try:
        from pythae.models import AutoModel
    except ImportError as error:
        raise ExportError(
            f"{folder}: found a model of pythae, but it cannot be imported: {in_one_line(error)}; expected "
            f"it in this environment: pip install pythae beside {install_line('export')}"
        ) from error
    try:
        return AutoModel.load_from_folder(str(folder))
    except Exception as error:
        raise ExportError(f"{folder}: pythae cannot open it: {in_one_line(error)}; save it again") from error

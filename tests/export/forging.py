"""Small bundles without a model, and ways to forge them."""

import hashlib
import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from export.bundle import Bundle, open_bundle, write_bundle
from export.containers import BundleError
from export.manifest import DECODER_FILE, MANIFEST_FILE, POSTERIOR_FILE, tensor_facts
from export.posterior import Posterior, pack_posterior

IMAGE_SHAPE, LATENT_DIM, COUNT = (1, 5, 5), 2, 7
DECODER = b"a decoder's bytes " * 20


def facts(**changes: object) -> dict[str, object]:
    """The facts that a manifest must hold."""
    channels, height, width = IMAGE_SHAPE
    return {
        "name": "Small",
        "created": "2026-01-02T03:04:05+00:00",
        "image": {"channels": channels, "height": height, "width": width},
        "latent_dim": LATENT_DIM,
        "likelihood": "bernoulli",
        "opset": 20,
        "tensors": tensor_facts(IMAGE_SHAPE, LATENT_DIM),
    } | changes


def posterior(seed: int = 0) -> Posterior:
    """A posterior with all its arrays. Its 25 pixels do not fill whole bytes."""
    noise = np.random.default_rng(seed)
    mean, logvar = noise.standard_normal((2, COUNT, LATENT_DIM), dtype=np.float32)
    images = noise.integers(0, 2, (COUNT, *IMAGE_SHAPE), np.uint8)
    return Posterior(mean, logvar, images, noise.integers(0, 10, COUNT, np.uint8))


def write_small(path: Path, overwrite: bool = False, **files: bytes) -> Bundle:
    """Write a small bundle, with `files` added to its decoder and posterior."""
    content = {DECODER_FILE: DECODER, POSTERIOR_FILE: pack_posterior(posterior())} | files
    return write_bundle(path, facts(), content, overwrite)


def edit_manifest(folder: Path, edit: Callable[[dict], object]) -> None:
    """Change the manifest of a bundle folder in place, without checking it."""
    path = folder / MANIFEST_FILE
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def swap_file(folder: Path, name: str, data: bytes) -> None:
    """Put other bytes into a bundle folder, with a manifest that agrees with them."""
    (folder / name).write_bytes(data)
    fact = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: fact}))


def zip_folder(
    folder: Path,
    path: Path,
    forge: Callable[[zipfile.ZipInfo], None] | None = None,
    compression: int = zipfile.ZIP_DEFLATED,
    more: tuple[tuple[str, bytes], ...] = (),
) -> Path:
    """Zip a bundle folder and entries of any name. `forge` changes the zip file's record of each entry."""
    with zipfile.ZipFile(path, "w", compression) as archive, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Duplicate name")
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            archive.write(file, file.relative_to(folder).as_posix())
        for name, data in more:
            archive.writestr(name, data)
        # Readers trust the central directory, which is written when the archive is closed.
        for entry in archive.infolist() if forge is not None else ():
            forge(entry)
    return path


def refusal(path: Path) -> str:
    """The one line with which `open_bundle` refuses a bundle."""
    with pytest.raises(BundleError) as error:
        open_bundle(path)
    assert "\n" not in str(error.value)
    return str(error.value)

"""Reads and writes bundles, format version 1, and checks every file. Needs only numpy.

Version 1.1 adds likelihoods with more outputs, and images of 256 levels. Only bundles with these say 1.1.

export/README.md is the specification, with every limit. In short, a bundle is a folder, or the same folder
zipped as one file that ends in `.latent`:

    manifest.json                  MUST   everything that a viewer would otherwise guess
    decoder.onnx                   MUST   z float32 [N, d] → a picture float32 [N, C, H, W] in [0, 1],
                                          and further outputs that the likelihood needs
    encoder.onnx                   MAY    x float32 [N, C, H, W] in [0, 1] → mean, logvar float32 [N, d]
    posterior.npz                  MAY    the held-out images, labels, means, log-variances
    epochs/NNN/decoder.onnx        MAY    the decoder after epoch NNN; 000 is before training
    epochs/NNN/encoder.onnx        MAY    the encoder after epoch NNN
    epochs/NNN/posterior.npz       MAY    means and log-variances after epoch NNN

The manifest MUST hold `format`, `name`, `created`, `image`, `latent_dim`, `likelihood`, `opset`, `tensors`
and `files` (size and SHA-256 of every other file), as export/manifest.py checks. Anything else in it is for
people. Opening checks each file against the manifest, and `Bundle.read` checks the bytes that it returns
once more.

The bundle of a running fit grows in place. While it grows, `previous/NAME` is the file that the previous
manifest calls NAME. A reader looks there if the bytes at NAME are not those that its manifest describes. So
every manifest has all its files at every moment. New files are written first, and the manifest is replaced
last. `previous/` is not in the manifest, and it is removed once the bundle is finished.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from export import containers
from export.containers import (
    ADD_OVERWRITE,
    BundleError,
    Folder,
    Zip,
    open_container,
    write_container,
)
from export.manifest import (
    DECODER_FILE,
    ENCODER_FILE,
    EPOCH_NAME,
    FORMAT,
    MANIFEST_FILE,
    POSTERIOR_FILE,
    allowed_tensors,
    epoch_file,
    label_names,
    make_manifest,
    parse_manifest,
)
from export.other_formats import folder_or_zip_format, format_by_ending, format_of
from export.posterior import Posterior, pack_posterior, unpack_posterior

# The desktop imports only this module, so this module exports all names that the desktop needs.
__all__ = [
    "DECODER_FILE",
    "ENCODER_FILE",
    "FORMAT",
    "MANIFEST_FILE",
    "POSTERIOR_FILE",
    "Bundle",
    "BundleError",
    "PartOfBundleError",
    "Posterior",
    "bundle_of_file",
    "epoch_file",
    "folder_or_zip_format",
    "format_by_ending",
    "format_of",
    "open_bundle",
    "pack_posterior",
    "write_bundle",
]

MAX_MANIFEST_BYTES = 16 << 20
PREVIOUS_FOLDER = "previous"
# How often opening is tried again if the manifest is replaced in the meantime.
OPEN_ATTEMPTS = 10
MOST_FOLDERS = 3  # from a file up to its bundle's folder, as from epochs/001/decoder.onnx


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: every file has been checked against the manifest.

    Attributes:
        path: the folder or `.latent` file.
        name: of the model, for people.
        image_shape: channels, height, width.
        latent_dim: dimensions of z.
        latent_shape: the shape of one z in training, such as (4, 32, 32); its product is `latent_dim`.
        likelihood: of the decoder's output, such as "bernoulli".
        levels: how many values a pixel of the data can have, 2 or 256.
        manifest: the whole manifest, for people.
    """

    path: Path
    name: str
    image_shape: tuple[int, int, int]
    latent_dim: int
    latent_shape: tuple[int, ...]
    likelihood: str
    levels: int
    # Long, so not shown where a bundle is the last value of a notebook's cell.
    manifest: Mapping[str, Any] = field(repr=False)
    _container: Folder | Zip = field(repr=False)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files except the manifest."""
        return tuple(self.manifest["files"])

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epochs that have a decoder of their own, ascending."""
        return tuple(sorted(int(found[1]) for name in self.files if (found := EPOCH_NAME.fullmatch(name))))

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels 0, 1, …; empty if the manifest does not give them."""
        return label_names(self.manifest)

    def tensors(self, graph: str) -> Mapping[str, Any] | None:
        """The inputs and outputs of `decoder.onnx` or `encoder.onnx`; None if the manifest has none."""
        found = self.manifest["tensors"].get(graph)
        return found if found in allowed_tensors(self.manifest, graph) else None

    def read(self, name: str) -> bytes:
        """The bytes of one file, checked against the manifest. Raises BundleError."""
        if name not in self.manifest["files"]:
            raise BundleError(f"{self.path}: found no {name} in {MANIFEST_FILE}, expected it there")
        return _read_checked(self.path, self._container, name, self.manifest["files"][name])

    def is_current(self) -> bool:
        """Whether the manifest on disk is still this one: false once the bundle has grown or is gone."""
        try:
            return bool(json.loads(read_manifest(open_container(self.path), self.path)) == self.manifest)
        except (BundleError, ValueError, RecursionError):
            return False

    def read_posterior(self, epoch: int | None = None) -> Posterior | None:
        """The held-out posterior after `epoch`, or after the whole fit; None if the bundle has none.

        The file of an epoch holds only means and log-variances. Raises BundleError if arrays are missing or
        do not have the shapes that the manifest implies.
        """
        name = POSTERIOR_FILE if epoch is None else epoch_file(epoch, POSTERIOR_FILE)
        if name not in self.files:
            return None
        where = f"{self.path}: {name}"
        found = unpack_posterior(self.read(name), self.image_shape, self.latent_dim, where, self.levels)
        # Bundles of earlier versions hold zeros if the images have no labels.
        if found.labels is not None and not self.label_names and not found.labels.any():
            return replace(found, labels=None)
        return found


def write_bundle(
    path: Path, facts: Mapping[str, Any], files: Mapping[str, bytes], overwrite: bool = False
) -> Bundle:
    """Write `files` with a manifest of `facts`, sizes and checksums, as a folder or a `.latent` file.

    A reader sees the old bundle or the new one. Raises BundleError if `path` is taken and `overwrite` is
    false, or if the facts do not make a valid manifest; OSError if the bundle cannot be written.
    """
    text = make_manifest(path, facts, files)
    check_target(path, overwrite)
    write_container(path, {MANIFEST_FILE: text, **files}, overwrite)
    return open_bundle(path)


def check_target(path: Path, overwrite: bool, remedy: str = ADD_OVERWRITE) -> None:
    """Raise BundleError if `write_bundle` would refuse to write to `path`, OSError if it is not writable.

    Overwriting replaces a bundle, but never a folder that holds something else. `remedy` tells people how to
    allow overwriting.
    """
    containers.check_target(path, overwrite, remedy)
    names = containers.names_in(path)
    if names and MANIFEST_FILE not in names:
        raise BundleError(
            f"{path}: found a folder that holds something else, expected a bundle to overwrite; "
            "choose another name"
        )


class PartOfBundleError(BundleError):
    """A file or a folder of a bundle was found where the bundle was expected.

    Attributes:
        within: the bundle's folder.
    """

    def __init__(self, path: Path, within: Path) -> None:
        what = "the posteriors of the test images" if path.name == POSTERIOR_FILE else "a file"
        what = "a folder" if path.is_dir() else what
        super().__init__(f"{path}: found {what} of a bundle, expected the bundle; open {within}")
        self.within = within


def open_bundle(path: Path) -> Bundle:
    """Open a bundle, or the bundle of a manifest, and check every file that the manifest names.

    Opening starts again if the manifest is replaced in the meantime, as happens while a bundle grows. Raises
    BundleError; for another file in a bundle's folder, PartOfBundleError.
    """
    path = path.parent if path.name == MANIFEST_FILE else path
    within = bundle_of_file(path)
    if within is not None:
        raise PartOfBundleError(path, within)
    for _ in range(OPEN_ATTEMPTS - 1):
        container = open_container(path)
        text = read_manifest(container, path)
        try:
            return _open(path, container, text)
        except BundleError:
            if read_manifest(open_container(path), path) == text:
                raise
    container = open_container(path)
    return _open(path, container, read_manifest(container, path))


def _open(path: Path, container: Folder | Zip, text: bytes) -> Bundle:
    """The bundle whose manifest is `text`, with every file checked."""
    manifest = parse_manifest(text, path)
    for name, fact in manifest["files"].items():
        _read_checked(path, container, name, fact)
    image = manifest["image"]
    return Bundle(
        path=path,
        name=manifest["name"],
        image_shape=(image["channels"], image["height"], image["width"]),
        latent_dim=manifest["latent_dim"],
        latent_shape=tuple(manifest.get("latent_shape", [manifest["latent_dim"]])),
        likelihood=manifest["likelihood"],
        levels=2 if manifest["format"] == FORMAT else manifest.get("levels", 2),
        manifest=manifest,
        _container=container,
    )


def bundle_of_file(path: Path) -> Path | None:
    """The bundle whose manifest names this file, or one in this folder; None if there is none."""
    path = path.absolute()
    for folder in path.parents[:MOST_FOLDERS]:
        try:
            manifest = parse_manifest(read_manifest(Folder(folder), folder), folder)
        except BundleError:
            continue
        name = path.relative_to(folder).as_posix()
        if any(file == name or file.startswith(f"{name}/") for file in manifest["files"]):
            return folder
    return None


def read_manifest(container: Folder | Zip, path: Path) -> bytes:
    """The manifest's bytes. Raises BundleError if there is no manifest or it is too large."""
    try:
        size = container.size_bytes(MANIFEST_FILE)
        if size is None:
            raise BundleError(
                f"{path}: found no {MANIFEST_FILE}, expected a bundle made by python -m export.onnx"
            )
        if size > MAX_MANIFEST_BYTES:
            raise BundleError(
                f"{path}: found a {MANIFEST_FILE} of {size:,} bytes, expected at most {MAX_MANIFEST_BYTES:,}"
            )
        return container.read(MANIFEST_FILE, size)
    except OSError as error:
        raise BundleError(f"{path}: {unreadable(error)}") from error


def unreadable(error: OSError) -> str:
    """The system's words for a file of a bundle that cannot be read, and what to do."""
    denied = isinstance(error, PermissionError)
    to_do = "change its permissions" if denied else "copy the bundle to another place, or export it again"
    return f"{error.strerror or error}; expected a bundle that can be read; {to_do}"


def _read_checked(path: Path, container: Folder | Zip, name: str, fact: Mapping[str, Any]) -> bytes:
    """A file's bytes, checked. If the bundle has grown since, they are read from `previous/`."""
    try:
        return _read_as(path, container, name, fact, name)
    except BundleError:
        try:
            return _read_as(path, open_container(path), f"{PREVIOUS_FOLDER}/{name}", fact, name)
        except BundleError:
            pass
        raise


def _read_as(path: Path, container: Folder | Zip, place: str, fact: Mapping[str, Any], name: str) -> bytes:
    """The bytes at `place`. Raises BundleError if they are not what the manifest says about `name`."""
    size_bytes, sha256 = fact["size_bytes"], fact["sha256"]
    try:
        found_bytes = container.size_bytes(place)
        if found_bytes is None:
            raise BundleError(
                f"{path}: found no {name}, expected it because {MANIFEST_FILE} names it; export again"
            )
        if found_bytes != size_bytes:
            raise BundleError(
                f"{path}: {name}: found {found_bytes:,} bytes, expected {size_bytes:,}; export again"
            )
        data = container.read(place, size_bytes)
    except OSError as error:
        raise BundleError(f"{path}: {name}: {unreadable(error)}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise BundleError(
            f"{path}: {name}: found SHA-256 {found[:12]}…, expected {sha256[:12]}…; "
            "the file was changed; export again"
        )
    return data

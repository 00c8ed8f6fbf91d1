"""The bundle, format version 1: names, shapes, checksums; reading and writing. Needs only numpy.

Version 1.1 adds likelihoods with more outputs, and images of 256 levels. Only bundles with these say 1.1.

export/README.md is the specification, with every limit. In short, a bundle is a folder, or the same folder
zipped as one file that ends in `.latent`:

    manifest.json                  MUST   everything that a viewer would otherwise guess
    decoder.onnx                   MUST   z float32 [N, d] → a picture float32 [N, C, H, W] in [0, 1],
                                          and what else the likelihood needs
    encoder.onnx                   MAY    x float32 [N, C, H, W] in [0, 1] → mean, logvar float32 [N, d]
    posterior.npz                  MAY    the held-out images, labels, means, log-variances
    epochs/NNN/decoder.onnx        MAY    the decoder after epoch NNN; 000 is before training
    epochs/NNN/encoder.onnx        MAY    the encoder after epoch NNN
    epochs/NNN/posterior.npz       MAY    means and log-variances after epoch NNN

The manifest MUST hold `format`, `name`, `created`, `image`, `latent_dim`, `likelihood`, `opset`, `tensors`
and `files` (size and SHA-256 of every other file). Anything else in it is for people. Opening checks each
file against the manifest, and `Bundle.read` checks the bytes that it returns once more.

The bundle of a running fit grows in place. While it grows, `previous/NAME` is the file that the previous
manifest calls NAME. A reader looks there if the bytes at NAME are not those that its manifest describes. So
every manifest has all its files at every moment. New files are written first, and the manifest is replaced
last. `previous/` is not in the manifest, and it is removed once the bundle is finished.

The manifest is checked by hand and not by a library: this module needs only numpy, and most checks compare
one field with another or with a limit, which no schema says more briefly.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export import containers
from export.containers import (
    ADD_OVERWRITE,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_TOTAL_BYTES,
    BundleError,
    Folder,
    Zip,
    check_name,
    open_container,
    write_container,
)
from export.posterior import Posterior, pack_posterior, unpack_posterior

# The desktop imports only this module, so what it needs from the others is exported here.
__all__ = ["Bundle", "BundleError", "Posterior", "open_bundle", "pack_posterior", "write_bundle"]

FORMAT = "latent-plane/1"
# Of bundles that readers of version 1 would misunderstand.
FORMAT_1_1 = "latent-plane/1.1"
FORMATS = (FORMAT, FORMAT_1_1)
BERNOULLI, CONTINUOUS_BERNOULLI = "bernoulli", "continuous-bernoulli"
GAUSSIAN, LOGISTIC = "gaussian", "logistic"
LIKELIHOODS = (BERNOULLI, CONTINUOUS_BERNOULLI, GAUSSIAN, LOGISTIC)
LEVELS = (2, 256)
MANIFEST_FILE = "manifest.json"
DECODER_FILE = "decoder.onnx"
ENCODER_FILE = "encoder.onnx"
POSTERIOR_FILE = "posterior.npz"
MAX_MANIFEST_BYTES = 16 << 20
MAX_LATENT_DIM = 1 << 16
MAX_LATENT_AXES = 8
MAX_IMAGE_SIDE_PX = 1 << 14
REQUIRED = {
    "format": str,
    "name": str,
    "created": str,
    "image": dict,
    "latent_dim": int,
    "likelihood": str,
    "opset": int,
    "tensors": dict,
    "files": dict,
}
PREVIOUS_FOLDER = "previous"
# How often opening is tried if the manifest is replaced meanwhile.
OPEN_ATTEMPTS = 10
EPOCH_NAME = re.compile(r"epochs/(\d{3,6})/decoder\.onnx")


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: every file has been checked against the manifest.

    Attributes:
        path: the folder or `.latent` file.
        name: of the model, for people.
        image_shape: channels, height, width.
        latent_dim: dimensions of z.
        latent_shape: of one z where it was trained, such as (4, 32, 32); its product is `latent_dim`.
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
    manifest: Mapping[str, Any]
    _container: Folder | Zip

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
        return _labels(self.manifest)

    def tensors(self, graph: str) -> Mapping[str, Any] | None:
        """The inputs and outputs of `decoder.onnx` or `encoder.onnx`; None if the manifest has none."""
        found = self.manifest["tensors"].get(graph)
        return found if found in _allowed_tensors(self.manifest, graph) else None

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
        return unpack_posterior(self.read(name), self.image_shape, self.latent_dim, where, self.levels)


def epoch_file(epoch: int, name: str) -> str:
    """The name in the bundle of an epoch's `decoder.onnx`, `encoder.onnx` or `posterior.npz`."""
    return f"epochs/{epoch:03d}/{name}"


def tensor_facts(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    likelihood: str = BERNOULLI,
    shared_scale: bool = False,
    with_mean: bool = False,
) -> dict[str, Any]:
    """Names, dtypes and shapes of both graphs' inputs and outputs, as the manifest holds them.

    With `shared_scale` a Gaussian's `log_scale` is one number for each picture. With `with_mean` a Gaussian
    or logistic decoder also gives the mean, because its picture is the mean clipped to [0, 1].
    """

    def tensor(name: str, *shape: int) -> dict[str, Any]:
        return {"name": name, "dtype": "float32", "shape": ["N", *shape]}

    outputs = [tensor("probabilities" if likelihood == BERNOULLI else "picture", *image_shape)]
    if likelihood == CONTINUOUS_BERNOULLI:
        outputs.append(tensor("logits", *image_shape))
    elif likelihood in (GAUSSIAN, LOGISTIC):
        outputs.append(tensor("log_scale", *((1, 1, 1) if shared_scale else image_shape)))
        outputs += [tensor("mean", *image_shape)] * with_mean
    return {
        DECODER_FILE: {"inputs": [tensor("z", latent_dim)], "outputs": outputs},
        ENCODER_FILE: {
            "inputs": [tensor("x", *image_shape)],
            "outputs": [tensor("mean", latent_dim), tensor("logvar", latent_dim)],
        },
    }


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
    """Raise BundleError if `write_bundle` would refuse to write to `path`, OSError if nobody may write there.

    Overwriting replaces a bundle, but never a folder that holds something else. `remedy` says how.
    """
    containers.check_target(path, overwrite, remedy)
    names = containers.names_in(path)
    if names and MANIFEST_FILE not in names:
        raise BundleError(
            f"{path}: found a folder that holds something else, expected a bundle to overwrite; "
            "choose another name"
        )


def open_bundle(path: Path) -> Bundle:
    """Open a bundle and check every file that its manifest names. Raises BundleError.

    It starts again if the manifest is replaced meanwhile, as happens while a bundle grows.
    """
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
    manifest = _parse_manifest(text, path)
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


def make_manifest(path: Path, facts: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The text of the manifest for `files`. Raises BundleError if reading would refuse it."""
    is_1_1 = facts.get("likelihood") in LIKELIHOODS[1:] or facts.get("levels", 2) != 2
    manifest = dict(facts) | {
        "format": FORMAT_1_1 if is_1_1 else FORMAT,
        "files": {
            name: {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
    }
    text = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
    _parse_manifest(text, path)
    return text


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
        raise BundleError(f"{path}: {error.strerror or error}; expected a bundle that can be read") from error


def _parse_manifest(text: bytes, path: Path) -> dict[str, Any]:
    """Parse the manifest and check every required part of it."""
    where = f"{path}: {MANIFEST_FILE}"
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where}: {error}; expected JSON") from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{where}: found a JSON {type(manifest).__name__}, expected an object")
    found_format = manifest.get("format")
    if found_format not in FORMATS:
        raise BundleError(
            f"{where}: found format {found_format!r}, expected {FORMAT!r} or {FORMAT_1_1!r}; "
            "open it with the version of the program that wrote it, or export the run again"
        )
    for key, kind in REQUIRED.items():
        if type(manifest.get(key)) is not kind:
            raise BundleError(f"{where}: found {key} = {manifest.get(key)!r:.60}, expected a {kind.__name__}")
    _check_unicode(manifest, where)
    _check_range(manifest["latent_dim"], MAX_LATENT_DIM, f"{where}: latent_dim")
    _check_latent_shape(manifest, where)
    for side in ("channels", "height", "width"):
        _check_range(manifest["image"].get(side), MAX_IMAGE_SIDE_PX, f"{where}: image {side}")
    if manifest["image"]["channels"] not in (1, 3, 4):
        raise BundleError(f"{where}: found {manifest['image']['channels']} channels, expected 1, 3 or 4")
    _check_likelihood(manifest, where)
    if len(manifest["files"]) > MAX_FILES:
        raise BundleError(f"{where}: found {len(manifest['files']):,} files, expected at most {MAX_FILES:,}")
    if DECODER_FILE not in manifest["files"]:
        raise BundleError(f"{where}: found no {DECODER_FILE} among its files, expected it there")
    total = 0
    for name, fact in manifest["files"].items():
        check_name(name, where)
        size = fact.get("size_bytes") if isinstance(fact, dict) else None
        _check_range(size, MAX_FILE_BYTES, f"{where}: size_bytes of {name}")
        if not isinstance(fact.get("sha256"), str):
            raise BundleError(
                f"{where}: found sha256 = {fact.get('sha256')!r} for {name}, expected hex digits"
            )
        total += fact["size_bytes"]
    if total > MAX_TOTAL_BYTES:
        raise BundleError(f"{where}: found {total:,} bytes in all, expected at most {MAX_TOTAL_BYTES:,}")
    _check_tensors(manifest, where)
    return manifest


def _labels(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    dataset = manifest.get("dataset")
    labels = dataset.get("labels") if isinstance(dataset, dict) else None
    return tuple(str(label) for label in labels) if isinstance(labels, list) else ()


def _check_unicode(manifest: dict[str, Any], where: str) -> None:
    """Raise BundleError if a text that people see holds half of a character, as JSON's escapes allow."""
    for text in (manifest["name"], *_labels(manifest)):
        if re.search("[\ud800-\udfff]", text):
            raise BundleError(f"{where}: found the text {text!a:.60}, expected whole characters of Unicode")


def _check_range(value: Any, maximum: int, what: str) -> None:
    if type(value) is not int or not 1 <= value <= maximum:
        raise BundleError(f"{what}: found {value!r:.60}, expected a whole number from 1 to {maximum:,}")


def _check_latent_shape(manifest: dict[str, Any], where: str) -> None:
    """The shape of one z, if there is one, has as many numbers as z."""
    latent_dim = manifest["latent_dim"]
    shape = manifest.get("latent_shape", [latent_dim])
    is_shape = (
        isinstance(shape, list)
        and 1 <= len(shape) <= MAX_LATENT_AXES
        and all(type(size) is int and 1 <= size <= latent_dim for size in shape)
        and math.prod(shape) == latent_dim
    )
    if not is_shape:
        raise BundleError(
            f"{where}: found latent_shape = {shape!r:.60}, expected 1 to {MAX_LATENT_AXES} whole numbers "
            f"whose product is latent_dim, {latent_dim:,}; export it again"
        )


def _check_likelihood(manifest: dict[str, Any], where: str) -> None:
    """Version 1.1 has four likelihoods, and images of 2 or 256 levels."""
    likelihood, levels = manifest["likelihood"], manifest.get("levels", 2)
    if manifest["format"] == FORMAT:
        return
    if likelihood not in LIKELIHOODS:
        raise BundleError(
            f"{where}: found likelihood {likelihood!r:.60}, expected {', '.join(LIKELIHOODS[:-1])} "
            f"or {LIKELIHOODS[-1]}; export it again"
        )
    if type(levels) is not int or levels not in LEVELS:
        raise BundleError(f"{where}: found levels = {levels!r:.60}, expected 2 or 256; export it again")
    if likelihood == LOGISTIC and levels == 2:
        raise BundleError(
            f"{where}: found levels = 2, expected 256 for likelihood {LOGISTIC!r}; export it again"
        )


def _allowed_tensors(manifest: Mapping[str, Any], graph: str) -> list[Any]:
    """What the manifest may say about a graph's tensors; the simplest first."""
    image, dims = manifest["image"], manifest["latent_dim"]
    shape = (image["channels"], image["height"], image["width"])
    # In version 1 a decoder gives probabilities alone, whatever its likelihood is called.
    likelihood = BERNOULLI if manifest["format"] == FORMAT else manifest["likelihood"]
    shared = (False, True) if likelihood == GAUSSIAN else (False,)
    with_mean = (False, True) if likelihood in (GAUSSIAN, LOGISTIC) else (False,)
    return [tensor_facts(shape, dims, likelihood, one, mean)[graph] for one in shared for mean in with_mean]


def _check_tensors(manifest: dict[str, Any], where: str) -> None:
    for graph in (DECODER_FILE, ENCODER_FILE):
        allowed = _allowed_tensors(manifest, graph)
        if graph in manifest["files"] and manifest["tensors"].get(graph) not in allowed:
            raise BundleError(
                f"{where}: found tensors of {graph} {_in_words(manifest['tensors'].get(graph))}, "
                f"expected {_in_words(allowed[0])} from image, latent_dim and likelihood"
            )


def _in_words(graph: Any) -> str:
    try:
        sides = (
            ", ".join(f"{tensor['name']} {tensor['dtype']} {tensor['shape']}" for tensor in graph[side])
            for side in ("inputs", "outputs")
        )
        return " → ".join(sides)
    except (TypeError, KeyError):
        return f"{graph!r:.60}"


def _read_checked(path: Path, container: Folder | Zip, name: str, fact: Mapping[str, Any]) -> bytes:
    """A file's bytes, checked. If the bundle has just grown, they are those of the previous file."""
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
        raise BundleError(f"{path}: {name}: {error.strerror or error}; expected to read it") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise BundleError(
            f"{path}: {name}: found SHA-256 {found[:12]}…, expected {sha256[:12]}…; "
            "the file was changed; export again"
        )
    return data

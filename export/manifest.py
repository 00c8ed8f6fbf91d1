"""Writes, reads and checks the manifest of a bundle, format versions 1 and 1.1. Needs no package.

No schema library is used: most checks compare one field with another or with a limit, and a schema would not
be shorter.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export.containers import MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES, BundleError, check_name

FORMAT = "latent-plane/1"
# The format of bundles that readers of version 1 would misunderstand.
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
EPOCH_NAME = re.compile(r"epochs/(\d{3,6})/decoder\.onnx")


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
    parse_manifest(text, path)
    return text


def parse_manifest(text: bytes, path: Path) -> dict[str, Any]:
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


def label_names(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the labels 0, 1, …; empty if the manifest does not give them."""
    dataset = manifest.get("dataset")
    labels = dataset.get("labels") if isinstance(dataset, dict) else None
    return tuple(str(label) for label in labels) if isinstance(labels, list) else ()


def _check_unicode(manifest: dict[str, Any], where: str) -> None:
    """Raise BundleError if a text holds half of a surrogate pair, which JSON's escapes allow."""
    for text in (manifest["name"], *label_names(manifest)):
        if re.search("[\ud800-\udfff]", text):
            raise BundleError(f"{where}: found the text {text!a:.60}, expected whole characters of Unicode")


def _check_range(value: Any, maximum: int, what: str) -> None:
    if type(value) is not int or not 1 <= value <= maximum:
        raise BundleError(f"{what}: found {value!r:.60}, expected a whole number from 1 to {maximum:,}")


def _check_latent_shape(manifest: dict[str, Any], where: str) -> None:
    """Raise BundleError unless the shape of one z, if the manifest has it, has as many numbers as z."""
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
    """Raise BundleError unless a manifest of version 1.1 has one of its likelihoods and 2 or 256 levels."""
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


def allowed_tensors(manifest: Mapping[str, Any], graph: str) -> list[Any]:
    """The values that the manifest may have for a graph's tensors, the simplest first."""
    image, dims = manifest["image"], manifest["latent_dim"]
    shape = (image["channels"], image["height"], image["width"])
    # In version 1 a decoder gives only probabilities, whatever the name of its likelihood.
    likelihood = BERNOULLI if manifest["format"] == FORMAT else manifest["likelihood"]
    shared = (False, True) if likelihood == GAUSSIAN else (False,)
    with_mean = (False, True) if likelihood in (GAUSSIAN, LOGISTIC) else (False,)
    return [tensor_facts(shape, dims, likelihood, one, mean)[graph] for one in shared for mean in with_mean]


def _check_tensors(manifest: dict[str, Any], where: str) -> None:
    for graph in (DECODER_FILE, ENCODER_FILE):
        allowed = allowed_tensors(manifest, graph)
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

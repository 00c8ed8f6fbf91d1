"""Finds the files of weights beside a model (its external data), and refuses weights anywhere else."""

import stat
from collections.abc import Iterable
from pathlib import Path

from onnx import TensorProto, external_data_helper

from desktop.base.errors import ModelError
from desktop.vetting import graph_limits


def external_files(path: Path, tensors: Iterable[TensorProto]) -> list[Path]:
    """The files of a model's external data. Raises ModelError if a tensor is not entirely in one of them."""
    sizes: dict[str, int] = {}
    for tensor in tensors:
        if not external_data_helper.uses_external_data(tensor):
            continue
        facts = {entry.key: entry.value for entry in tensor.external_data}
        place = facts.get("location", "")
        if place not in sizes:
            sizes[place] = _size_beside(path, place)
        size = graph_limits.size_bytes(tensor)
        offset = _whole_number(facts.get("offset", ""), 0)
        length = _whole_number(facts.get("length", ""), size)
        if length != size or offset + length > sizes[place]:
            raise ModelError(
                f"found weights {tensor.name} at bytes {offset:,} to {offset + length:,} of {place}, which "
                f"has {sizes[place]:,} bytes, expected {size:,} bytes within it; export the model again"
            )
    return [path.parent / place for place in sizes]


def _size_beside(path: Path, place: str) -> int:
    """The size of a file of weights, which must be beside the model and whose name begins like the model's.

    A link could lead to any file, so it is refused unless `_is_of_one_store`.
    """
    if Path(place).name != place or place in ("", ".", "..") or "\\" in place or ":" in place:
        raise ModelError(
            f"found weights in {place[:100]!r}, expected them in the model or in a file beside it; "
            "save the model with its weights inside"
        )
    file = path.parent / place
    try:
        status = file.lstat()
    except OSError as error:
        stem = place.partition(".")[0][:100]
        name = "" if place.startswith(path.stem) else f" and name the model {f'{stem}.onnx'!r} as before"
        raise ModelError(
            f"found no file {place[:100]!r}, expected the weights there, beside the model; fetch it too"
            f"{name}, or export the model with its weights inside"
        ) from error
    if not place.startswith(path.stem):
        raise ModelError(
            f"found weights in {place[:100]!r}, expected a file whose name begins with {path.stem!r}; "
            "rename one of them, or save the model with its weights inside"
        )
    if stat.S_ISLNK(status.st_mode) and _is_of_one_store(path, file):
        status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(
            f"found a link or a folder at {place[:100]!r}, expected a regular file of weights; "
            "save the model with its weights inside"
        )
    return status.st_size


def _is_of_one_store(path: Path, weights: Path) -> bool:
    """Whether model and weights are both links into one folder, as in the cache of Hugging Face."""
    return path.is_symlink() and weights.resolve().parent == path.resolve().parent


def _whole_number(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ModelError(
            f"found {text[:40]!r} as an offset or length of weights, expected a whole number; "
            "export the model again"
        )
    return int(text)

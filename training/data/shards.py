"""WebDataset shards: tars in which files with one name and several endings are one sample.

A sample is a picture, and `.cls` or the entry "label" of `.json` is the number of its label.
"""

import glob
import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.data.dataset import DatasetError
from training.data.items import Item, Source
from training.data.trees import ARCHIVE_ERRORS, SUFFIXES, first_line

# A tar ends in at least two blocks of zeros.
END = bytes(1024)
LABEL_ENDINGS = ("cls", "json")
PEEKED_MEMBERS = 16
MAX_LABEL = 2**31 - 1


class ShardSource(Source):
    """The samples of the shards that a pattern such as `data-{000..099}.tar` or `data-*.tar` names."""

    sequential = True

    def __init__(self, pattern: str) -> None:
        self.where, self.name = pattern, re.split(r"[-_]*[.{*]", Path(pattern).name)[0]
        self._paths = _paths(pattern)
        marks = hashlib.sha256()
        for path in self._paths:
            _check_end(path)
            status = path.stat()
            marks.update(f"{path.name}\0{status.st_size} {status.st_mtime_ns}\n".encode())
        self.signature = marks.hexdigest()

    def items(self) -> Iterator[Item]:
        """All samples that have a picture, shard after shard."""
        # Imported here, because that takes a second and most data are not shards.
        from webdataset.tariterators import group_by_keys, tar_file_expander

        for path in self._paths:
            try:
                with path.open("rb") as stream:
                    shard = [{"url": str(path), "stream": stream}]
                    for sample in group_by_keys(tar_file_expander(shard)):
                        item = _item(path, sample)
                        if item is not None:
                            yield item
            except ARCHIVE_ERRORS as error:
                raise DatasetError(
                    f"{path}: found a damaged shard ({first_line(error).partition(' @ ')[0]}), expected a "
                    "complete tar; copy or make it again"
                ) from error


def is_pattern(data: str) -> bool:
    """Whether the text names several files."""
    return "{" in data or "*" in data


def is_shard(path: Path) -> bool:
    """Whether a tar begins like a shard: with files that hold labels."""
    try:
        with tarfile.open(path) as archive:
            names = [member.name for member, _ in zip(archive, range(PEEKED_MEMBERS), strict=False)]
    except ARCHIVE_ERRORS:
        return False
    return any(name.endswith(tuple(f".{ending}" for ending in LABEL_ENDINGS)) for name in names)


def _paths(pattern: str) -> list[Path]:
    from braceexpand import braceexpand

    try:
        names = [name for part in braceexpand(pattern) for name in _matches(part)]
    except ValueError as error:
        raise DatasetError(f"{pattern}: {error}; write braces as in 'data-{{000..099}}.tar'") from error
    if not names:
        raise DatasetError(f"{pattern}: found no such file, expected shards; check the path")
    for name in names:
        if not Path(name).is_file():
            raise DatasetError(f"{name}: found no such file, expected a shard; check the pattern {pattern}")
    return [Path(name) for name in names]


def _matches(name: str) -> list[str]:
    return sorted(glob.glob(name)) if "*" in name else [name]  # noqa: PTH207


def _check_end(path: Path) -> None:
    """Raise DatasetError if an uncompressed tar is cut off: Python reads it without an error."""
    with path.open("rb") as file:
        if path.suffix == ".tar" and file.seek(0, os.SEEK_END) >= len(END):
            file.seek(-len(END), os.SEEK_END)
            if file.read() != END:
                raise DatasetError(
                    f"{path}: found a shard that ends early, expected the end of a tar; copy or make it again"
                )


def _item(path: Path, sample: dict[str, Any]) -> Item | None:
    picture = next((name for name in sample if f".{name}".lower().endswith(tuple(SUFFIXES))), None)
    if picture is None:
        return None
    name = f"{path}: {sample['__key__']}"
    try:
        label = (
            int(sample["cls"])
            if "cls" in sample
            else int(json.loads(sample.get("json", b"{}")).get("label", 0))
        )
        if not 0 <= label <= MAX_LABEL:
            raise ValueError
    except (ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{name}: found a label that is no whole number from 0; mend the shard") from error
    data: bytes = sample[picture]
    return Item(name, label, None, lambda: data)

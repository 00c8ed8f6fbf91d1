"""python -m tests.gpu [--tiny] [PART …]: check training and viewer on CUDA, in at most 8 minutes.

It needs the packages of training and the viewer, but no test tools and no network. `--tiny` runs the same on
the CPU with tiny sizes. PART is the name of a part, such as "steps" or "ten_epochs"; without any, all run.
Exit status 1 if a part failed, 2 if there is no GPU or no such part.
"""

import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.gpu.check import PARTS, outcomes, table
from tests.gpu.place import Place
from training.data.dataset import Dataset
from training.data.mnist import mnist
from training.device import DeviceError, pick_device


def cut(data: Dataset, train: int, test: int) -> Dataset:
    """The first images of a dataset."""
    return dataclasses.replace(
        data,
        train_images=data.train_images[:train],
        train_labels=data.train_labels[:train],
        test_images=data.test_images[:test],
        test_labels=data.test_labels[:test],
    )


def main(is_tiny: bool, names: Sequence[str]) -> int:
    """Run the check, print a JSON line for each part as soon as it is done, and the table at the end."""
    known = {part.run.__name__: part for part in PARTS}
    if unknown := [name for name in names if name not in known]:
        print(f"make gpu: found no part {unknown[0]!r}, expected one of {', '.join(known)}", file=sys.stderr)
        return 2
    parts = [known[name] for name in names] or PARTS
    try:
        device = pick_device("cpu" if is_tiny else "cuda")
    except DeviceError as error:
        print(f"make gpu: {error}", file=sys.stderr)
        return 2
    data = cut(mnist(), 160, 40) if is_tiny else mnist()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for outcome in outcomes(Place(device, data, Path(folder), is_tiny), parts):
            found.append(outcome)
            print(json.dumps(dataclasses.asdict(outcome), default=str), flush=True)
    made = table(found)
    print(made)
    if os.environ.get("OUT"):
        Path(os.environ["OUT"], "gpu.txt").write_text(made + "\n")
    return int(any(outcome.is_failure for outcome in found))


if __name__ == "__main__":
    # `kill_and_resume` starts a process that imports this module again.
    torch.set_num_threads(1 if "--tiny" in sys.argv[1:] else min(8, os.cpu_count() or 1))
    sys.exit(main("--tiny" in sys.argv[1:], [name for name in sys.argv[1:] if name != "--tiny"]))

"""Measures the memory of a fit of few and of many images: it should not grow with their number.

    python tests/benchmarks/data_memory.py [--counts 100000 1000000] [--steps 200] [--folder /tmp]

For each count an `.npy` of random images of 64 × 64 × 3 is written. A process of its own decodes it into a
cache, and another opens the cache and takes some steps of a small fit. The output is the largest resident
memory of each in MB, as the system counts it every 50 ms: anonymous memory, which the process itself has
allocated, and files that are mapped into it. It needs 25 GB of disk for a million images.
"""

import argparse
import contextlib
import dataclasses
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

SIDE_PX = 64
CHUNK = 5000


def write_images(path: Path, count: int) -> None:
    """Random images in an `.npy`, a chunk at a time."""
    numbers = np.random.default_rng(0)
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, SIDE_PX, SIDE_PX, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, CHUNK):
            size = min(CHUNK, count - start) * SIDE_PX * SIDE_PX * 3
            file.write(numbers.integers(0, 256, size, np.uint8).tobytes())


class Memory(threading.Thread):
    """Watches this process's resident memory and keeps the largest values, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = {"RssAnon": 0.0, "RssFile": 0.0, "VmRSS": 0.0}

    def run(self) -> None:
        """Read the memory every 50 ms."""
        while True:
            for line in Path("/proc/self/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in self.most:
                    self.most[name] = max(self.most[name], int(value.split()[0]) / 1000)
            time.sleep(0.05)


def child(step: str, images: Path, cache: Path, steps: int) -> None:
    """Build the cache, or fit from it, and print the largest memory."""
    from training.data.open import Places, open_dataset

    if step == "fit":
        import torch

        from training.config import RECIPES
        from training.loop import Trainer
    memory = Memory()
    memory.start()
    start = time.perf_counter()
    dataset = open_dataset(str(images), places=Places(cache=cache))
    if step == "fit":
        config = dataclasses.replace(
            RECIPES["colour64"], filters=(4, 4, 4, 4), image_shape=dataset.image_shape, latent_dim=2
        )
        trainer = Trainer(config, dataset.train_images, torch.device("cpu"))
        taken = 0

        def count(_size: int) -> None:
            nonlocal taken
            taken += 1
            if taken == steps:
                raise StopIteration

        with contextlib.suppress(StopIteration):
            trainer.train_epoch(count)
    time.sleep(0.1)
    seconds = round(time.perf_counter() - start)
    most = {name: round(value) for name, value in memory.most.items()}
    print(json.dumps({"step": step, "images": len(dataset.train_images), "seconds": seconds, **most}))


def main() -> None:
    """Measure each count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        step, images, cache = arguments.child
        child(step, Path(images), Path(cache), arguments.steps)
        return
    for count in arguments.counts:
        folder = Path(tempfile.mkdtemp(dir=arguments.folder))
        try:
            write_images(folder / "images.npy", count)
            for step in ("build", "fit"):
                places = [str(folder / "images.npy"), str(folder / "cache")]
                command = [
                    sys.executable,
                    __file__,
                    "--steps",
                    str(arguments.steps),
                    "--child",
                    step,
                    *places,
                ]
                subprocess.run(command, check=True)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()

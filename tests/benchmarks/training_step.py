"""Measures how our transposed convolution, mirrored images, kept memory and bfloat16 speed up a step.

    python tests/benchmarks/training_step.py [--steps 60] [--rounds 5]

Each variant trains the default recipe on the CPU in a process of its own, in turn, over several rounds. The
output is the milliseconds per step (median, least and most over the rounds) and the ratio to the unchanged
program in float32.
"""

import argparse
import dataclasses
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import torch
from torch import Tensor, nn

from training.config import RECIPES, Precision
from training.data.mnist import mnist
from training.device import keep_freed_memory
from training.loop import Trainer

VARIANTS = {
    "ours, in float32": {"convolution": "ours", "keep_memory": True, "precision": "float32"},
    "PyTorch's transposed convolution": {
        "convolution": "PyTorch's",
        "keep_memory": True,
        "precision": "float32",
    },
    "PyTorch's, full result cropped": {"convolution": "cut", "keep_memory": True, "precision": "float32"},
    "memory returned to the system": {"convolution": "ours", "keep_memory": False, "precision": "float32"},
    "in bfloat16": {"convolution": "ours", "keep_memory": True, "precision": "bfloat16"},
    "in bfloat16, PyTorch's": {"convolution": "PyTorch's", "keep_memory": True, "precision": "bfloat16"},
}


class CutConvolution(nn.ConvTranspose2d):
    """Keras's "same" with stride 2 done directly: compute 2n + 1 rows and columns, drop the last."""

    def forward(self, x: Tensor) -> Tensor:
        full = nn.functional.conv_transpose2d(x, self.weight, self.bias, stride=2)
        return full[:, :, :-1, :-1]


def step_ms(steps: int, convolution: str, keep_memory: bool, precision: Precision) -> float:
    """The median milliseconds per step, after a warm-up."""
    if keep_memory:
        keep_freed_memory()
    config = dataclasses.replace(RECIPES["default"], precision=precision)
    images = mnist().train_images[: (steps + 10) * config.batch_size]
    trainer = Trainer(config, images, torch.device("cpu"))
    decoder = trainer.model.decoder
    if convolution != "ours":
        for layer in (decoder.conv1, decoder.conv2, decoder.conv3):
            layer.__class__ = nn.ConvTranspose2d
    if convolution == "cut":
        for layer in (decoder.conv1, decoder.conv2):
            layer.__class__ = CutConvolution
    marks = [time.perf_counter()]
    trainer.train_epoch(lambda _: marks.append(time.perf_counter()))
    times = [after - before for before, after in itertools.pairwise(marks)]
    return 1e3 * statistics.median(times[10:])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.variant:
        print(step_ms(arguments.steps, **VARIANTS[arguments.variant]))
        return
    command = [sys.executable, __file__, "--steps", str(arguments.steps), "--variant"]
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(arguments.rounds):
        for name in VARIANTS:
            finished = subprocess.run([*command, name], check=True, capture_output=True, text=True)
            times[name].append(float(finished.stdout))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, PyTorch {torch.__version__}"
    print(
        json.dumps({"machine": machine, "batch": RECIPES["default"].batch_size, "rounds": arguments.rounds})
    )
    for name, values in times.items():
        ratios = [value / base for value, base in zip(values, times["ours, in float32"], strict=True)]
        print(
            json.dumps(
                {
                    "variant": name,
                    "median_ms": round(statistics.median(values), 1),
                    "least_ms": round(min(values), 1),
                    "most_ms": round(max(values), 1),
                    "ratio_median": round(statistics.median(ratios), 2),
                }
            )
        )


if __name__ == "__main__":
    main()

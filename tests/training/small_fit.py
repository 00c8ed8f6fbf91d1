"""`python -m training.fit` on the first images of MNIST, in a process of its own.

    python small_fit.py TRAIN TEST OPTION…    one fit of TRAIN + TEST images, under torchrun or alone
    python small_fit.py TRAIN TEST            a server: for each line on standard input, a JSON list of the
                                              options and of a file for the output, it forks a fit, prints its
                                              process id and, after it has ended, its exit status

Imports take seconds; the server has done them already, so that a fit starts at once.
"""

import dataclasses
import gc
import json
import os
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image

import training.data.open
import training.fit
from training.config import RECIPES
from training.curves import write_curves
from training.loop import Trainer
from training.runs import REQUIRED_METRICS


def run(options: list[str]) -> None:
    """Run the command itself, which exits."""
    sys.argv = ["program", *options]
    training.fit.main()


def import_lazy_modules() -> None:
    """Use PyTorch, Matplotlib and Pillow once, because they import some modules at their first use."""
    Image.init()
    Trainer(RECIPES["tutorial"], training.data.open.mnist().train_images, torch.device("cpu"))
    with tempfile.TemporaryDirectory() as folder:
        write_curves(Path(folder, "curves.png"), "", [dict.fromkeys(REQUIRED_METRICS, 1)])
    # Forked processes share the memory of objects that their garbage collector does not touch.
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Fork a fit for each line on standard input."""
    for line in sys.stdin:
        *options, log = json.loads(line)
        pid = os.fork()
        if pid == 0:
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(output, stream)
            run(options)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    train_count, test_count = map(int, sys.argv[1:3])
    full = training.data.open.mnist()
    small = dataclasses.replace(
        full,
        train_images=full.train_images[:train_count],
        train_labels=full.train_labels[:train_count],
        test_images=full.test_images[:test_count],
        test_labels=full.test_labels[:test_count],
    )
    training.data.open.mnist = lambda: small
    if len(sys.argv) > 3:
        run(sys.argv[3:])
    else:
        import_lazy_modules()
        serve()

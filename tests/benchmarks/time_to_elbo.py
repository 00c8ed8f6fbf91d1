"""Measures the training time to a test ELBO of this project's default recipe and of TensorFlow's tutorial.

    python tests/benchmarks/time_to_elbo.py --tutorial tutorial_tf.py --tutorial-python tf/bin/python

The tutorial is a script that takes `--until ELBO`, prints a JSON line per epoch (`epoch`, `test_elbo_nats`,
`train_seconds`) and stops once it has reached that ELBO; it has its own environment (`pip install
tensorflow-cpu`). This project's fit is the default recipe, planned for `--epochs`. Every `--every` steps the
clock stops and the test ELBO is computed, as the mean over `--draws` posterior samples of each test image;
the fit ends when it first reaches the target. Both run on the same machine, in turn, `--seeds` times. The
tutorial takes no seed, so its runs differ anyway.

On CUDA a step is recorded before the clock starts; `prepare_seconds` is the time that this took.

Without `--tutorial` only this project's fits run.
"""

import argparse
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from typing import Any

import torch

from training.choices import recipe_on
from training.data.mnist import mnist
from training.device import keep_freed_memory, pick_device
from training.held_out import evaluate
from training.loop import Trainer

# Three standard errors of the mean over a tenth of the images.
NEAR_NATS = 5.0


class ReachedError(Exception):
    """The target ELBO is reached."""


def our_seconds(arguments: argparse.Namespace, seed: int) -> dict[str, Any]:
    """The result of one fit of the default recipe to the target."""
    device = pick_device(arguments.device)
    if device.type == "cpu":
        keep_freed_memory()
    dataset = mnist()
    options = {"batch_size": arguments.batch_size, "learning_rate": arguments.learning_rate}
    changes = {name: value for name, value in options.items() if value is not None}
    recipe = recipe_on("default", device, changes)
    config = dataclasses.replace(recipe, epochs=arguments.epochs, seed=seed, **changes)
    trainer = Trainer(config, dataset.train_images, device)
    test_images = torch.from_numpy(dataset.test_images).to(device)
    found: dict[str, Any] = {"seed": seed, "reached": False, "prepare_seconds": round(trainer.prepare(), 3)}
    seconds = 0.0
    start = time.perf_counter()

    def look(_image_count: int) -> None:
        nonlocal seconds, start
        if trainer.step % arguments.every and trainer.step != trainer.step_count:
            return
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds += time.perf_counter() - start
        # A tenth of the images shows whether the target is near; only all of them show that it is reached.
        elbo_nats = evaluate(trainer.fitted, test_images[::10]).elbo_nats
        is_exact = elbo_nats >= arguments.target - NEAR_NATS or trainer.step == trainer.step_count
        if is_exact:
            elbo_nats = evaluate(trainer.fitted, test_images, draws=arguments.draws).elbo_nats
        trainer.model.train()
        found.update(step=trainer.step, train_seconds=round(seconds, 2), test_elbo_nats=round(elbo_nats, 3))
        if is_exact and elbo_nats >= arguments.target:
            found["reached"] = True
            raise ReachedError
        start = time.perf_counter()

    try:
        while trainer.step < trainer.step_count:
            trainer.train_epoch(look)
    except ReachedError:
        pass
    return found


def tutorial_seconds(arguments: argparse.Namespace) -> dict[str, Any]:
    """The result of one run of the tutorial to the target."""
    command = [arguments.tutorial_python, arguments.tutorial, "--until", str(arguments.target)]
    if arguments.data:
        command += ["--data", arguments.data]
    finished = subprocess.run(
        [*command, "--epochs", str(arguments.tutorial_epochs)], check=True, capture_output=True, text=True
    )
    last: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return {**last, "reached": last["test_elbo_nats"] >= arguments.target}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tutorial", help="the tutorial's script")
    parser.add_argument("--tutorial-python", default=sys.executable, help="a Python with TensorFlow")
    parser.add_argument(
        "--tutorial-epochs", type=int, default=20, help="stop the tutorial after this many epochs"
    )
    parser.add_argument("--data", help="folder of MNIST's original files, for the tutorial")
    parser.add_argument("--target", type=float, default=-156.4)
    parser.add_argument("--epochs", type=int, default=1, help="epochs that the default recipe is planned for")
    parser.add_argument("--batch-size", type=int, help="in place of the recipe's")
    parser.add_argument("--learning-rate", type=float, help="in place of the recipe's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--every", type=int, default=25, help="steps between two computations of the test ELBO"
    )
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.seed is not None:
        print(json.dumps(our_seconds(arguments, arguments.seed)))
        return
    machine = f"{platform.machine()}, {os.cpu_count()} cores, PyTorch {torch.__version__}"
    print(json.dumps({"machine": machine, "target_nats": arguments.target}), flush=True)
    ours, theirs = [], []
    for seed in range(arguments.seeds):
        # Each fit has a process of its own, as when a user starts it.
        finished = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--seed", str(seed)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        ours.append(json.loads(finished.stdout))
        print(json.dumps({"this project": ours[-1]}), flush=True)
        if arguments.tutorial:
            theirs.append(tutorial_seconds(arguments))
            print(json.dumps({"tutorial": theirs[-1]}), flush=True)
    for name, runs in (("this project", ours), ("tutorial", theirs)):
        reached = [run["train_seconds"] for run in runs if run["reached"]]
        print(f"{name}: {len(reached)} of {len(runs)} reached {arguments.target}{spread(reached, 'seconds')}")
    ratios = [
        their["train_seconds"] / our["train_seconds"]
        for our, their in zip(ours, theirs, strict=False)
        if our["reached"] and their["reached"]
    ]
    print(f"tutorial / this project{spread(ratios, 'ratio')}")


def spread(values: list[float], what: str) -> str:
    if not values:
        return ""
    return f"; {what}: median {statistics.median(values):.1f}, {min(values):.1f} to {max(values):.1f}"


if __name__ == "__main__":
    main()

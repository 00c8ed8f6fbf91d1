"""The training parts of the GPU check: each is a function of a Place that returns a row of figures."""

import contextlib
import dataclasses
import io
import multiprocessing
import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed

import training.loop
from tests.gpu.place import EnoughError, Place, Row, SkippedError, repeatable, short, take_steps
from training.config import CUDA_STEPS, FitConfig
from training.data.dataset import Dataset
from training.evaluate import evaluate_run
from training.fitting import fit
from training.held_out import evaluate
from training.loop import Trainer
from training.ranks import Ranks

TARGET_NATS = -156.4
NEAR_NATS = 5.0


def machine(place: Place) -> Row:
    """The GPU, the cores, and the versions of PyTorch and CUDA."""
    row: Row = {"torch": torch.__version__, "cores": os.cpu_count()}
    if place.is_cuda:
        found = torch.cuda.get_device_properties(place.device)
        row |= {"gpu": found.name, "memory_gib": round(found.total_memory / 2**30)}
        row |= {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    return row


def time_to_elbo(place: Place) -> Row:
    """Seconds of training to a test ELBO of −156.4, and seconds of preparing, by seed.

    Preparing is everything from the images to the first step. In the first fit of a process it takes most of
    the time.
    """
    row: Row = {}
    plans: dict[str, dict[str, Any]] = {
        "default": CUDA_STEPS["default"],
        "batch 128": {"batch_size": 128, "learning_rate": 1.6e-2},
    }
    for name, changes in plans.items():
        for seed in range(place.size(3, 1)):
            start = time.perf_counter()
            trainer = Trainer(place.config(seed=seed, **changes), place.data.train_images, place.device)
            trainer.prepare()
            place.wait()
            prepare_s = time.perf_counter() - start
            test_images = torch.from_numpy(place.data.test_images).to(place.device)
            train_s, elbo_nats = _train_to(TARGET_NATS, trainer, test_images, place)
            row[f"{name}, seed {seed}"] = {
                "train_s": short(train_s),
                "prepare_s": short(prepare_s),
                "steps": trainer.step,
                "elbo": round(elbo_nats, 2),
            }
    return row


def _train_to(
    target_nats: float, trainer: Trainer, test_images: torch.Tensor, place: Place
) -> tuple[float, float]:
    """Train until the test ELBO, computed every 25 steps, is reached; seconds of training, and the ELBO."""
    elbo_nats, looking_s = -np.inf, 0.0
    place.wait()
    start = time.perf_counter()

    def look(_: int) -> None:
        nonlocal elbo_nats, looking_s
        if trainer.step % 25 and trainer.step < trainer.step_count:
            return
        place.wait()
        begin = time.perf_counter()
        elbo_nats = evaluate(trainer.fitted, test_images[::10]).elbo_nats
        if elbo_nats >= target_nats - NEAR_NATS or trainer.step == trainer.step_count:
            elbo_nats = evaluate(trainer.fitted, test_images, place.size(4, 1)).elbo_nats
        trainer.model.train()
        place.wait()
        looking_s += time.perf_counter() - begin
        if elbo_nats >= target_nats:
            raise EnoughError

    with contextlib.suppress(EnoughError):
        while trainer.step < trainer.step_count:
            trainer.train_epoch(look)
    return time.perf_counter() - start - looking_s, elbo_nats


def steps(place: Place) -> Row:
    """Recorded and unrecorded steps, by batch and precision: times, and the difference of their losses."""
    row: Row = {}
    count = place.size(100, 3)
    variants = {"32": {}, "32 bfloat16": {"precision": "bfloat16"}, "128": {"batch_size": 128}}
    if place.is_tiny:
        variants = {"32": {}}
    for name, changes in variants.items():
        losses = []
        for is_recorded in (True, False):
            trainer = Trainer(place.config(epochs=3, **changes), place.data.train_images, place.device)
            if not is_recorded:
                trainer.step_graph = None
            place.fresh_memory()
            trainer.prepare()
            take_steps(trainer, 3)
            losses.append(trainer.losses_nats[:3].cpu())
            place.wait()
            start = time.perf_counter()
            take_steps(trainer, count)
            host_s = time.perf_counter() - start
            place.wait()
            row[f"batch {name}, {'recorded' if is_recorded else 'unrecorded'}"] = {
                "step_us": short(1e6 * (time.perf_counter() - start) / count),
                "host_us": short(1e6 * host_s / count),
                **place.memory(),
            }
        row[f"batch {name}, largest difference"] = _relative(*losses)
    with repeatable():
        given = []
        for device in (place.device, torch.device("cpu")):
            trainer = Trainer(place.config(), place.data.train_images, device)
            take_steps(trainer, count // 2)
            given.append(trainer.losses_nats[: count // 2].cpu())
    row["against the CPU"] = _relative(*given)
    return row


def kinds(place: Place) -> Row:
    """Recorded and unrecorded steps of other likelihoods and networks, and with images in a file.

    The figures are the differences of their losses.
    """
    row: Row = {}
    count = place.size(40, 3)
    variants: dict[str, tuple[str, dict[str, Any]]] = {
        "mlp, d = 64": ("mlp", {"latent_dim": 64}),
        "continuous-bernoulli": ("default", {"likelihood": "continuous-bernoulli"}),
        "gaussian": ("default", {"likelihood": "gaussian"}),
        "tutorial": ("tutorial", {}),
        "images in a file": ("default", {}),
    }
    for name, (recipe, changes) in variants.items():
        losses = []
        for is_first in (True, False):
            with repeatable(), _in_file(is_first and name == "images in a file"):
                config = place.config(recipe, **changes)
                trainer = Trainer(config, place.data.train_images, place.device)
                if not is_first:
                    trainer.step_graph = None
                trainer.prepare()
                take_steps(trainer, count)
            losses.append(trainer.losses_nats[:count].cpu())
        row[name] = _relative(*losses)
    return row


@contextlib.contextmanager
def _in_file(are_in_file: bool) -> Iterator[None]:
    """Trainers made within the block take images from a file, as if these did not fit on the device."""
    before = training.loop.fits
    if are_in_file:
        training.loop.fits = lambda *_: False
    try:
        yield
    finally:
        training.loop.fits = before


def kernels(place: Place) -> Row:
    """The kernels of a recorded step: their number, their time, and the slowest of them."""
    row: Row = {}
    count = place.size(20, 2)
    for batch_size, learning_rate in ((32, 8e-3), (128, 1.6e-2)):
        config = place.config(epochs=1, batch_size=batch_size, learning_rate=learning_rate)
        trainer = Trainer(config, place.data.train_images, place.device)
        trainer.prepare()
        take_steps(trainer, 1)
        place.wait()
        with torch.profiler.profile(acc_events=True) as profile:
            take_steps(trainer, count)
            place.wait()
        found = [
            event
            for event in profile.key_averages()
            if event.device_type == torch.autograd.DeviceType.CUDA and not event.is_user_annotation
        ]
        found.sort(key=lambda event: -event.self_device_time_total)
        row[f"batch {batch_size}"] = {
            "kernels": short(sum(event.count for event in found) / count),
            "us": short(sum(event.self_device_time_total for event in found) / count),
        }
        for event in found[: place.size(24, 0)]:
            row[f"batch {batch_size}, {event.key[:60]}"] = {
                "times": short(event.count / count),
                "us": short(event.self_device_time_total / count),
            }
    return row


def _relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return short(((found - expected) / expected).abs().max().item())


def ten_epochs(place: Place) -> Row:
    """The command's own fit of ten epochs."""
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        run = fit(
            place.config(epochs=place.size(10, 1), **CUDA_STEPS["default"]),
            place.device,
            place.folder / "ten",
            place.data,
        )
    assert run is not None
    place.kept["run"] = run
    last = run.metrics[-1]
    return {
        "elbo": round(last["test_elbo_nats"], 2),
        "train_s": short(last["train_seconds"]),
        "all_s": short(time.perf_counter() - start),
    }


def wide(place: Place) -> Row:
    """The recipe `wide` for one epoch: speed and memory."""
    return _epoch(place, place.config("wide", epochs=1), place.data)


def colours(place: Place) -> Row:
    """The recipe `colour64` for one epoch on images of noise, 64 × 64 × 3: speed and memory."""
    count = place.size(20_000, 33)
    images = np.random.default_rng(0).integers(0, 256, (count, 3, 64, 64), np.uint8)
    labels = np.zeros(count, np.uint8)
    data = Dataset("noise", (), images, labels, images[:32], labels[:32], levels=256)
    return _epoch(place, place.config("colour64", epochs=1), data)


def _epoch(place: Place, config: FitConfig, data: Dataset) -> Row:
    place.fresh_memory()
    trainer = Trainer(config, data.train_images, place.device)
    prepare_s = trainer.prepare()
    place.wait()
    start = time.perf_counter()
    trainer.train_epoch(lambda _: None)
    place.wait()
    train_s = time.perf_counter() - start
    elbo = evaluate(trainer.fitted, torch.from_numpy(data.test_images).to(place.device)).elbo_nats
    return {
        "train_s": short(train_s),
        "step_us": short(1e6 * train_s / trainer.step),
        "prepare_s": short(prepare_s),
        "elbo": round(elbo, 2),
        **place.memory(),
    }


def evaluation(place: Place) -> Row:
    """All figures of `training.evaluate` on the device, minus those on the CPU."""
    run = place.needed("run", "ten_epochs")
    some = place.size(1000, 20)
    data = dataclasses.replace(
        place.data, test_images=place.data.test_images[:some], test_labels=place.data.test_labels[:some]
    )
    found, seconds = [], []
    for device in (place.device, torch.device("cpu")):
        start = time.perf_counter()
        found.append(
            evaluate_run(
                run,
                device,
                draws=1,
                images=place.size(20, 2),
                samples=place.size(1000, 0),
                step=0.03 if not place.is_tiny else 0.5,
                dataset=data,
            )
        )
        seconds.append(short(time.perf_counter() - start))
    there, here = found
    row: Row = {"seconds": seconds[0], "seconds_on_cpu": seconds[1]}
    row["elbo"] = short(there.bound.elbo_nats - here.bound.elbo_nats)
    for name in ("importance_weighted", "iwae_bound", "quadrature"):
        if getattr(here, name) is not None:
            row[name] = short(getattr(there, name).log_px_nats - getattr(here, name).log_px_nats)
    return row


def kill_and_resume(place: Place) -> Row:
    """A fit that is killed after its first epoch and resumed, compared with an undisturbed one."""
    config = place.config(epochs=2, **({} if place.is_tiny else {"batch_size": 256}))
    with contextlib.redirect_stdout(io.StringIO()):
        whole = fit(config, place.device, place.folder / "whole", place.data)
    folder = place.folder / "killed"
    # A process that has used CUDA cannot be forked.
    context = multiprocessing.get_context("spawn" if place.is_cuda else "fork")
    arguments = config, str(place.device), folder, place.data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process = context.Process(target=_fit_and_be_killed, args=arguments)  # type: ignore[attr-defined]
        process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        raise RuntimeError("the fit in a process of its own took longer than 60 s")
    assert process.exitcode == -signal.SIGKILL, process.exitcode
    with contextlib.redirect_stdout(io.StringIO()):
        resumed = fit(config, place.device, folder, place.data, resume=True)
    assert whole is not None and resumed is not None
    pair = [run.metrics[-1]["test_elbo_nats"] for run in (resumed, whole)]
    return {"epochs": len(resumed.metrics), "elbo": round(pair[0], 3), "difference": short(pair[0] - pair[1])}


def _fit_and_be_killed(config: FitConfig, device: str, folder: Path, data: Dataset) -> None:
    """Fit in this process, which kills itself in the middle of the second epoch."""
    import training.logbook

    count_step = training.logbook.Logbook.count_step

    def kill(logbook: training.logbook.Logbook, image_count: int) -> None:
        count_step(logbook, image_count)
        if len(logbook.run.metrics) == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    training.logbook.Logbook.count_step = kill  # type: ignore[method-assign]
    with contextlib.redirect_stdout(io.StringIO()):
        fit(config, torch.device(device), folder, data)


class OneOfOne(Ranks):
    """A single rank that communicates with itself, because one GPU has only one rank."""

    @property
    def are_several(self) -> bool:
        """True, as if there were other ranks."""
        return True


def ranks(place: Place) -> Row:
    """Recorded steps with an all-reduce (NCCL on CUDA), compared with steps of a single process."""
    if torch.distributed.is_initialized():
        raise SkippedError("this process has ranks already")
    count = place.size(60, 3)
    row: Row = {}
    losses = []
    torch.distributed.init_process_group(
        "nccl" if place.is_cuda else "gloo",
        store=torch.distributed.HashStore(),
        rank=0,
        world_size=1,
        device_id=place.device if place.is_cuda else None,
    )
    try:
        for name, given in (("with an all-reduce", OneOfOne()), ("alone", Ranks())):
            with repeatable():
                trainer = Trainer(place.config(), place.data.train_images, place.device, given)
                trainer.prepare()
                place.wait()
                start = time.perf_counter()
                take_steps(trainer, count)
                place.wait()
            row[f"{name}, step_us"] = short(1e6 * (time.perf_counter() - start) / count)
            losses.append(trainer.losses_nats[:count].cpu())
    finally:
        torch.distributed.destroy_process_group()
    return row | {"largest difference": _relative(*losses)}

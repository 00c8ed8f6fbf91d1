"""python -m export.onnx --follow: it waits for a run, and ends with a complete bundle or without one."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from export.bundle import open_bundle
from export.follow import StoppedError, wait_for_run
from export.onnx import growth_lines, main
from tests.export.forging import write_small
from tests.export.small_runs import PATIENCE_S, epoch_of, finish_epoch
from tests.waiting import wait_until
from training.runs import read_run

pytestmark = pytest.mark.usefixtures("gradients")


def test_a_run_is_waited_for(three_epochs, tmp_path):
    """The command waits for the folder, the config and the first weights, and says so once."""
    folder, said = tmp_path / "run", []
    steps = itertools.count()

    class Stepping(list):
        """A list of stop requests that advances the run by one step at each check."""

        def __bool__(self) -> bool:
            step = next(steps)
            if step == 1:
                folder.mkdir()
            elif step == 2:
                shutil.copy(three_epochs / "config.json", folder)
            elif step == 3:
                (folder / "weights").mkdir()
                shutil.copy(three_epochs / "weights/epoch-000.safetensors", folder / "weights")
            return False

    run = wait_for_run(folder, Stepping(), said.append)
    assert (run.folder, run.epochs) == (folder, (0,))
    assert said == [f"waiting for {folder}; start the run with python -m training.fit --out {folder}"]
    assert next(steps) == 4


def test_without_a_run_the_newest_is_waited_for(young, tmp_path, monkeypatch):
    """If no run is named, any that appears under artifacts/runs is used, with or without a finished epoch."""
    monkeypatch.chdir(tmp_path)
    said: list[str] = []

    class Appearing(list):
        """A list of stop requests that makes a run appear after the first check."""

        def __bool__(self) -> bool:
            (tmp_path / "artifacts").mkdir(exist_ok=True)
            shutil.copytree(young, tmp_path / "artifacts/runs/new", dirs_exist_ok=True)
            return False

    run = wait_for_run(None, Appearing(), said.append)
    assert run.folder == Path("artifacts/runs/new")
    assert said == ["waiting for a run under artifacts/runs; start one with python -m training.fit"]


def test_waiting_can_be_stopped(tmp_path):
    """A request to stop also ends the waiting."""
    with pytest.raises(StoppedError):
        wait_for_run(tmp_path / "gone", [signal.SIGINT], print)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_place_with_something_else_is_no_run(run_main, tmp_path, kind):
    """A file, or a folder that holds something else, is refused at once, because no run will appear there."""
    place = tmp_path / "home"
    if kind == "file":
        place.write_text("dear")
    else:
        place.mkdir()
        (place / "letter.txt").write_text("dear")
    line = run_main(main, place, "--follow", "--out", tmp_path / "b").error_line
    expected = {
        "file": f"{place}: found no folder there, expected a run; make one with python -m training.fit",
        "folder": f"{place}: found no config.json, expected a run made by python -m training.fit",
    }
    assert line == f"python -m export.onnx: {expected[kind]}"


def test_a_target_that_is_taken_is_refused_before_the_waiting(run_main, tmp_path, out):
    """An existing bundle is kept: without --overwrite the command does not even wait."""
    write_small(out)
    line = run_main(main, tmp_path / "gone", "--follow", "--out", out).error_line
    assert line == (
        f"python -m export.onnx: {out}: found a folder that is not empty, expected a new name; "
        "choose another or add --overwrite"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("cut_mnist", "traced_once")
def test_following_a_finished_run_is_the_ordinary_export(run_main, young, three_epochs, out):
    """If all epochs are there, each is exported with its line, and the command ends as usual."""
    for _ in range(3):
        finish_epoch(young, three_epochs)
    ended = run_main(main, young, "--follow", "--out", out, "--name", "Mine")
    assert (ended.status, ended.err) == (0, "")
    first, grows, *epochs, agrees, written, following = ended.out.splitlines()
    assert first == f"exporting {young}, its 3 epochs as they are finished"
    assert grows == f"bundle {out} grows; view it with python -m desktop {out}"
    metrics = read_run(three_epochs).metrics
    assert epochs == [
        "epoch 0/3: before training",
        *(f"epoch {line['epoch']}/3: test ELBO {line['test_elbo_nats']:.2f} nats" for line in metrics),
    ]
    assert agrees.startswith("agrees with PyTorch: probabilities to ")
    assert written.startswith(f"bundle {out}: 15 files, ")
    assert following == f"next: python -m desktop {out}"
    assert epoch_of(open_bundle(out)) == 3


@pytest.mark.slow
@pytest.mark.usefixtures("cut_mnist", "traced_once")
def test_a_signal_ends_the_command_with_a_whole_bundle(run_main, young, out):
    """SIGTERM ends the command with status 130, one line and a bundle that opens."""

    def send_once_it_is_there() -> None:
        wait_until(out.exists)
        os.kill(os.getpid(), signal.SIGTERM)

    sender = threading.Thread(target=send_once_it_is_there)
    sender.start()
    ended = run_main(main, young, "--follow", "--out", out)
    sender.join()
    assert (ended.status, ended.err) == (
        130,
        f"interrupted: {out} is complete, with epochs 0 to 0; the run was not finished\n",
    )
    assert epoch_of(open_bundle(out)) == 0


def test_each_fact_is_told_once_and_an_interruption_last(tmp_path, out):
    """A fit that stops after an epoch is told of below it; what is told already is not told again."""
    last = {"epochs": [{"epoch": 1, "test_elbo_nats": -90.0}]}
    stop = {"stopped": {"after_epoch": 0, "by": "interruption"}}
    half = {"unfinished": {"epoch": 1, "share": 0.5}}
    grown = (
        ((0,), {"epochs": []}),
        ((), half),
        ((), half | stop),
        ((), half),
        ((1,), last | {"stopped": {"after_epoch": 1, "by": "interruption"}}),
        ((), last | {"stopped": {"after_epoch": 1, "by": "error"}}),
    )
    bundle, before, lines = write_small(out), {}, []
    for epochs, facts in grown:
        bundle = replace(bundle, manifest=facts)
        lines.append(growth_lines(before, bundle, epochs, tmp_path / "run", 3))
        before = facts
    resume = f"continue it with python -m training.fit --resume --out {tmp_path / 'run'}, or press Ctrl-C"
    assert lines == [
        [f"bundle {out} grows; view it with python -m desktop {out}", "epoch 0/3: before training"],
        ["epoch 1/3: 50% of it so far"],
        [f"the fit was interrupted before epoch 1 of 3 was finished; {resume}"],
        [],
        ["epoch 1/3: test ELBO -90.00 nats", f"the fit was interrupted after epoch 1 of 3; {resume}"],
        [],
    ]


def test_a_signal_while_waiting_ends_the_command(tmp_path, out):
    """Before there is a run, Ctrl-C ends the real command with status 130; nothing is written."""
    command = (sys.executable, "-W", "error", "-m", "export.onnx", tmp_path / "run", "--follow", "--out", out)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith(f"waiting for {tmp_path / 'run'}; ")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr.read() == "interrupted: nothing was written; the run was not finished\n"
    assert list(tmp_path.iterdir()) == []

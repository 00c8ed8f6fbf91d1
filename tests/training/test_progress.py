"""training/progress.py: what a fit and an evaluation print while they run without a terminal."""

import dataclasses
import re

import torch

from tests.training.untrained_run import untrained_run
from training import progress
from training.config import RECIPES
from training.evaluate import main
from training.fitting import fit
from training.progress import Lines

CPU = torch.device("cpu")


def test_a_line_says_how_much_how_fast_and_how_long(capsys, monkeypatch):
    """Without a total the line has no time left; after the last unit there is no line."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    lines = Lines("work", "tiles", 8, done=2)
    lines.update(1)
    assert re.fullmatch(r"work: 3 of 8 tiles, [\d,.e+]+ tiles/s, \d\d:\d\d left\n", capsys.readouterr().err)
    lines.update(5)
    assert capsys.readouterr().err == ""
    Lines("survey", "tiles", None).update(2000)
    assert re.fullmatch(r"survey: 2,000 tiles, [\d,.e+]+ tiles/s\n", capsys.readouterr().err)


def test_there_is_no_line_before_its_time(capsys, monkeypatch):
    """Short work prints nothing."""
    monkeypatch.setattr(progress, "LINE_SECONDS", float("inf"))
    Lines("work", "tiles", 8).update(1)
    assert capsys.readouterr().err == ""


def test_a_fit_tells_its_steps(small_mnist, tmp_path, capsys, monkeypatch):
    """Without a terminal, each epoch of a fit tells its steps on standard error."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    config = dataclasses.replace(RECIPES["default"], filters=(2, 2), batch_size=10, epochs=2)
    few = dataclasses.replace(small_mnist, train_images=small_mnist.train_images[:35])
    fit(config, CPU, tmp_path / "run", few)
    told = [line.split(" steps,")[0] for line in capsys.readouterr().err.splitlines()]
    assert told == [f"epoch {epoch}/2: {step} of 4" for epoch in (1, 2) for step in (1, 2, 3)]


def test_an_evaluation_tells_its_parts(run_main, tmp_path, monkeypatch):
    """Without a terminal, an evaluation tells how far it is; standard output holds the figures alone."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    untrained_run(tmp_path / "run")
    ended = run_main(main, tmp_path / "run", "--device", "cpu", "--draws", 1, "--samples", 2, "--images", 3)
    assert ended.status == 0
    assert re.search(r"^ELBO: [\d,]+ of 10,000 images, ", ended.err, re.MULTILINE)
    assert "images/s" not in ended.out

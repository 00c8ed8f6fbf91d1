"""The table of selected points."""

import csv

import numpy as np

from desktop.jobs.selection_file import save_csv
from desktop.models.own_posterior import OwnPosterior
from export.bundle import Posterior


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_table_has_every_digit_of_each_point(tmp_path, monkeypatch):
    """Index, label by name, mean and logvar; the numbers read back are the same float32."""
    monkeypatch.setattr("desktop.jobs.selection_file.STEP_NUMBERS", 8)
    draw = np.random.default_rng(0)
    mean, logvar = (draw.normal(0, 1, (9, 2)).astype(np.float32) for _ in "ab")
    posterior = Posterior(mean, logvar, labels=np.arange(9, dtype=np.uint8) % 3)
    *_, path = save_csv(tmp_path / "a.csv", posterior, (1, 5, 7, 8, 99), ("zero", "one"))
    rows = rows_of(path)
    assert [(row["index"], row["label"]) for row in rows] == [
        ("1", "one"), ("5", "2"), ("7", "one"), ("8", "2")
    ]  # fmt: skip
    found = np.array([[row[f"{name}_{k}"] for k in (0, 1)] for row in rows for name in ("mean", "logvar")])
    assert (found.astype(np.float32).reshape(4, 2, 2)[:, 0] == mean[[1, 5, 7, 8]]).all()
    assert (found.astype(np.float32).reshape(4, 2, 2)[:, 1] == logvar[[1, 5, 7, 8]]).all()


def test_own_points_have_names_and_no_spread(tmp_path):
    """A name with a comma stays one cell; z that were brought have no logvar."""
    z = np.zeros((2, 1), np.float32)
    own = OwnPosterior(z, z, names=("a, b.png", "c"), is_z=True)
    *_, path = save_csv(tmp_path / "a.csv", own, (0, 1), ())
    assert rows_of(path) == [
        {"index": "0", "name": "a, b.png", "mean_0": "0.0"},
        {"index": "1", "name": "c", "mean_0": "0.0"},
    ]

"""The table of selected points."""

import csv

import numpy as np
import pytest

from desktop.jobs.selection_file import save_csv
from desktop.latent.named_points import named_points
from desktop.latent.number_file import NumberFileError, is_number_file, read_arrays
from desktop.models.own_posterior import OwnPosterior
from export.bundle import Posterior


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_table_has_every_digit_of_each_point(tmp_path, monkeypatch):
    """The columns are index, label name, mean and logvar; read back, the numbers are the same float32."""
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
    """A name with a comma stays one cell; own z have no logvar."""
    z = np.zeros((2, 1), np.float32)
    own = OwnPosterior(z, z, names=("a, b.png", "c"), is_z=True)
    *_, path = save_csv(tmp_path / "a.csv", own, (0, 1), ())
    assert rows_of(path) == [
        {"index": "0", "name": "a, b.png", "mean_0": "0.0"},
        {"index": "1", "name": "c", "mean_0": "0.0"},
    ]


def test_what_is_saved_is_read_again_as_points_with_their_labels(tmp_path):
    """Each label has the same float32 numbers, without the log-variances."""
    draw = np.random.default_rng(1)
    mean = draw.normal(0, 1, (9, 3)).astype(np.float32)
    posterior = Posterior(mean, mean, labels=np.arange(9, dtype=np.uint8) % 3)
    *_, path = save_csv(tmp_path / "a.csv", posterior, (1, 2, 4, 5), ("zero", "one", "two"))
    assert is_number_file(path)
    points = named_points(read_arrays(path), 3, "a.csv")
    assert points.label_names == ("one", "two")
    assert points.labels.tolist() == [0, 0, 1, 1]
    assert (points.z.astype(np.float32) == mean[[1, 4, 2, 5]]).all()
    path.write_bytes(b"\xff\xfe1,2")
    with pytest.raises(NumberFileError, match=r"a.csv: found no text in UTF-8, expected a CSV"):
        read_arrays(path)
    path.write_text("1,2\n3,1e300\n")
    with pytest.raises(NumberFileError, match=r"a.csv: found 1e\+300, expected finite float32 numbers"):
        read_arrays(path)

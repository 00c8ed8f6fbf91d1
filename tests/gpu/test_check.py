"""The GPU check itself: each part runs on the CPU at tiny sizes, so that it also works on a GPU."""

import dataclasses
import math

import pytest
import torch

from tests.gpu import training_parts
from tests.gpu.check import PARTS, Outcome, Part, outcomes, table
from tests.gpu.place import Place, SkippedError


def tiny(small_mnist, folder):
    """The CPU, with few images."""
    counts = {"train_images": 96, "train_labels": 96, "test_images": 20, "test_labels": 20}
    parts = {name: getattr(small_mnist, name)[:count] for name, count in counts.items()}
    data = dataclasses.replace(small_mnist, **parts)
    return Place(torch.device("cpu"), data, folder, is_tiny=True)


def numbers(row):
    """All numbers of a row."""
    for figure in row.values():
        if isinstance(figure, dict):
            yield from numbers(figure)
        elif isinstance(figure, float):
            yield figure


def test_every_part_gives_figures_on_the_cpu(small_mnist, tmp_path):
    """No part fails or is skipped, all figures are finite, and the CPU agrees with itself."""
    parts = [Part(part.run, 0) for part in PARTS]
    found = {outcome.name: outcome for outcome in outcomes(tiny(small_mnist, tmp_path), parts)}
    assert {name: outcome.why for name, outcome in found.items() if outcome.why} == {}
    assert all(math.isfinite(number) for outcome in found.values() for number in numbers(outcome.row))
    assert found["steps"].row["against the CPU"] == 0
    assert set(found["kinds"].row.values()) == {0}
    assert {of_model["difference"] for of_model in found["other models"].row.values()} == {0}
    assert found["ranks"].row["largest difference"] == 0
    assert found["kill and resume"].row["difference"] == 0
    assert found["evaluation"].row["elbo"] == found["evaluation"].row["quadrature"] == 0
    assert found["agreement"].row["pictures"] == 0
    assert set(found) == {part.name for part in parts}


def test_a_part_that_fails_or_cannot_run_does_not_keep_the_others_from_it():
    """The table says why a figure is missing; parts for which too little time is left are skipped."""

    def broken(_):
        raise ValueError("no such kernel\nat line 3")

    def missing(_):
        raise SkippedError("onnxruntime is not installed")

    def good(_):
        return {"step_us": 3.5, "batch 32": {"s": 1}}

    parts = [Part(broken, 0), Part(missing, 0), Part(good, 0), Part(good, 1000)]
    found = list(outcomes(None, parts, budget_s=100))
    assert [outcome.is_failure for outcome in found] == [True, False, False, False]
    lines = table([dataclasses.replace(outcome, seconds=1) for outcome in found]).splitlines()
    assert lines[0] == "broken                1.0 s  failed: ValueError: no such kernel"
    assert lines[1] == "missing               1.0 s  skipped: onnxruntime is not installed"
    assert lines[2].endswith("step_us                             3.5")
    assert lines[3].endswith("batch 32                            s 1")
    assert lines[4].endswith("skipped: 100 s are left, expected 1000")
    assert table([Outcome("none", 0, {})]) == "none                  0.0 s  "


def test_what_another_part_leaves_is_needed(small_mnist, tmp_path):
    """Without the run of ten epochs there is nothing to evaluate."""
    with pytest.raises(SkippedError, match=r"^needs the result of ten_epochs$"):
        training_parts.evaluation(tiny(small_mnist, tmp_path))


@pytest.mark.gpu
def test_the_whole_check_runs_on_a_gpu(tmp_path, request):
    """No part fails; `make gpu` prints the same as a table."""
    if "gpu" not in request.config.getoption("markexpr"):
        pytest.skip("takes minutes on a GPU: pytest -m gpu, or make gpu")
    if not torch.cuda.is_available():
        pytest.skip("found no CUDA device")
    from training.data.mnist import mnist

    found = list(outcomes(Place(torch.device("cuda", 0), mnist(), tmp_path, is_tiny=False)))
    print(table(found))
    assert [outcome for outcome in found if outcome.is_failure] == []

"""With a slow decoder a sheet says its cost, fills cell by cell, and reuses kept pictures."""

import math

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.images.pixels import to_bytes
from desktop.jobs import sheet_steps as module
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.sheet_steps import EMPTY_GRAY, Sheet, save_sheet, sheet_steps
from desktop.jobs.sheets import Plan

Z = np.float32([[0, 0], [1, 0], [0, 1], [1, 1], [2, 2]])
PLAN = Plan(Z, 3, ("a",) * 5)


def decoded(decoder, z):
    """All pictures, in steps."""
    return np.concatenate([piece[1] for piece in decoder.pieces(z)])


@pytest.fixture(autouse=True)
def every_sheet_is_told(monkeypatch):
    """An unfinished sheet comes after each picture."""
    monkeypatch.setattr(module, "BETWEEN_S", -1.0)


def of_kind(steps, kind):
    return [step for step in steps if isinstance(step, kind)]


def test_what_costs_much_is_not_begun(slow_decoder):
    """The sheet has empty cells, and its cost comes last."""
    *_, sheet, cost = sheet_steps(slow_decoder, PLAN, most_s=10)
    assert isinstance(cost, Cost)
    assert cost.in_words() == "5 pictures, about 25 s"
    assert sheet.missing == 5
    assert (sheet.picture[:7, :7] == EMPTY_GRAY).all()
    assert (sheet.picture[7] == 0).all()
    assert (sheet.picture[8:, 16:] == 0).all()
    assert not slow_decoder.has(Z[0])


def test_progress_is_told_and_what_is_decoded_shows(slow_decoder):
    """The progress grows by one picture each time, with the time that the others will take."""
    steps = list(sheet_steps(slow_decoder, PLAN))
    progress = of_kind(steps, Progress)
    assert [(one.done, one.total) for one in progress] == [(1, 5), (2, 5), (3, 5), (4, 5)]
    assert [one.left_s > 0 for one in progress] == [True] * 4
    sheets = of_kind(steps, Sheet)
    assert [sheet.missing for sheet in sheets] == [4, 3, 2, 1, 0]
    first = to_bytes(decoded(slow_decoder, Z[:1]))[0]
    assert (sheets[0].picture[:8, :8] == first).all()
    assert (sheets[0].picture[:7, 8:15] == EMPTY_GRAY).all()


def test_a_second_try_goes_on(slow_decoder):
    """Pictures from the first try are on the sheet at once, in their cells, and cost nothing."""
    steps = sheet_steps(slow_decoder, PLAN)
    while slow_decoder.cost(Z).pictures > 3:
        next(steps)
    steps.close()
    *_, sheet, cost = sheet_steps(slow_decoder, PLAN, most_s=0)
    assert (cost.pictures, sheet.missing) == (3, 3)
    *_, whole = sheet_steps(slow_decoder, PLAN, most_s=math.inf)
    assert (whole.picture[:8, :16] == sheet.picture[:8, :16]).all()
    assert whole.missing == 0


def test_a_large_sheet_is_shown_smaller_and_saved_in_full(slow_decoder, tmp_path):
    """The size in the window is bounded; the file has every pixel."""
    *_, small = sheet_steps(slow_decoder, PLAN, most_px=12)
    assert small.is_reduced
    assert small.picture.shape == (8, 12)
    *_, full = sheet_steps(slow_decoder, PLAN)
    assert not full.is_reduced
    assert full.picture.shape == (16, 24)
    *_, path = save_sheet(slow_decoder, PLAN, tmp_path / "a.png", 2)
    assert imageio.imread(path).shape == (32, 48)

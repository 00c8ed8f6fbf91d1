"""The pages' jobs decode with the open model, by the state and the bundle."""

import math
from dataclasses import replace

import numpy as np
import pytest

from desktop.app import pages
from desktop.jobs.cost import Cost, Progress
from desktop.jobs.sheet_steps import Sheet
from desktop.jobs.sheets import KnownScores, Order, Scores
from desktop.latent.plane import manifold_grid
from desktop.latent.prior import NORMAL
from desktop.view.first_view import corners
from tests.desktop.foreign_models import decoder


def sheet_of(steps) -> Sheet:
    """The last result of a job."""
    *_, last = steps
    assert isinstance(last, Sheet)
    return last


@pytest.fixture
def with_images(make_explorer, make_bundle, labelled_posterior):
    """An explorer with a bundle that has test images."""
    images = np.zeros((len(labelled_posterior.mean), 1, 12, 12), np.uint8)
    posterior = replace(labelled_posterior, images=images)
    return make_explorer(make_bundle(posterior=posterior, labels=("a", "b", "c")))


def test_without_a_model_there_is_nothing_to_decode(make_explorer):
    """That holds for all pages."""
    explorer = make_explorer()
    assert pages.samples_steps(explorer, 2, 0) is None
    assert pages.manifold_steps(explorer, 2) is None
    assert pages.traversals_steps(explorer, 2, 3) is None
    assert pages.reconstructions_steps(explorer, KnownScores(), Order.FILE, 2) is None


def test_the_manifold_is_of_the_plane_that_is_looked_at(explorer):
    """Here the plane is spanned by two axes of the state."""
    explorer.state = replace(explorer.state, plane=explorer.state.with_axes(1, 0).plane)
    sheet = sheet_of(pages.manifold_steps(explorer, 3))
    assert (sheet.z == manifold_grid(explorer.state.plane, 3)).all()


def test_on_a_plane_through_samples_the_manifold_is_around_them(make_explorer, tmp_path):
    """The three samples lie within the grid; on axes, the grid is at the prior's quantiles again."""
    explorer = make_explorer(decoder(tmp_path / "model.onnx", latent_dim=20))
    sheet = sheet_of(pages.manifold_steps(explorer, 3))
    plane = explorer.state.plane
    grid, samples = plane.project(sheet.z), plane.project(corners(20, NORMAL, 0))
    step = grid[1, 0] - grid[0, 0]
    assert (samples > grid.min(axis=0) - step / 2).all()
    assert (samples < grid.max(axis=0) + step / 2).all()
    np.testing.assert_allclose(plane.embed(grid), sheet.z, atol=1e-4)
    explorer.state = explorer.state.with_axes(1, 0)
    sheet = sheet_of(pages.manifold_steps(explorer, 3))
    assert (sheet.z == manifold_grid(explorer.state.plane, 3)).all()


def test_traversals_go_through_the_cursor(explorer):
    """In each row one number changes, and the others are those of the cursor."""
    explorer.state = explorer.state.moved_to((0.25, -0.5))
    sheet = sheet_of(pages.traversals_steps(explorer, 2, 5))
    assert sheet.z.reshape(2, 5, 2)[0, :, 1] == pytest.approx(-0.5)
    assert sheet.z.reshape(2, 5, 2)[1, :, 0] == pytest.approx(0.25)


def test_samples_are_those_of_the_seed(explorer):
    """The same seed gives the same pictures."""
    first, same, other = (sheet_of(pages.samples_steps(explorer, 2, seed)) for seed in (4, 4, 5))
    assert (first.picture == same.picture).all()
    assert (first.z != other.z).any()


def test_reconstructions_need_images(with_images, explorer):
    """With images, progress comes first, then the scores, then the sheet."""
    assert pages.reconstructions_steps(explorer, KnownScores(), Order.FILE, 2) is None
    steps = pages.reconstructions_steps(with_images, KnownScores(), Order.FILE, 2)
    progress, *told, sheet = [step for step in steps if step is not None]
    assert isinstance(progress, Progress)
    assert progress.done == 0
    assert sum(isinstance(step, Scores) for step in told) == 1
    assert np.allclose(sheet.z, with_images.points.posterior.mean[: len(sheet.z)])


def test_in_the_order_of_the_file_only_what_is_shown_is_compared(with_images):
    """The other images wait until an order needs them."""
    known = KnownScores()
    sheet = sheet_of(pages.reconstructions_steps(with_images, known, Order.FILE, 1))
    assert len(sheet.z) == 2
    assert all("ELBO" in caption for caption in sheet.captions)
    assert np.isnan(known.values).tolist() == [False] * 2 + [True] * (len(known.values) - 2)
    assert known.scores is None
    sheet_of(pages.reconstructions_steps(with_images, known, Order.WORST, 1))
    assert not np.isnan(known.scores.elbo).any()


@pytest.mark.usefixtures("all_are_slow")
def test_a_slow_decoder_compares_nothing_in_the_order_of_the_file(with_images):
    """Only its pictures are decoded, if they do not take too long; another order yields its cost first."""
    with_images.model.picture_s = 5.0
    steps = pages.reconstructions_steps(with_images, KnownScores(), Order.FILE, 1, most_s=11.0)
    assert all("ELBO" not in caption for caption in sheet_of(steps).captions)
    with_images.model.picture_s = 5.0
    (cost,) = pages.reconstructions_steps(with_images, KnownScores(), Order.WORST, 1, most_s=11.0)
    assert cost.pictures == len(with_images.points.posterior.mean)


def test_a_busy_moment_before_is_no_reason_to_ask(with_images):
    """A quick decoder starts, however long its earlier runs took."""
    with_images.model.picture_s = 5.0
    sheet = sheet_of(pages.reconstructions_steps(with_images, KnownScores(), Order.WORST, 1, most_s=11.0))
    assert not sheet.missing


def test_what_turns_out_to_take_long_asks_and_keeps_what_it_has(with_images, monkeypatch):
    """The cost is that of the rest, which goes on when it is wanted; after a stop it is only told."""
    monkeypatch.setattr("desktop.jobs.sheets.TRY_S", 0.0)
    count, known = len(with_images.points.posterior.mean), KnownScores()
    with_images.model.picture_s = 0.02  # steps of one picture
    *_, cost = pages.reconstructions_steps(with_images, known, Order.WORST, 1, most_s=1e-9)
    assert isinstance(cost, Cost)
    assert cost.pictures == len(known.missing(count)) == count - 1
    (stopped,) = pages.reconstructions_steps(with_images, known, Order.WORST, 1, most_s=0.0)
    assert stopped.pictures == count - 1
    sheet_of(pages.reconstructions_steps(with_images, known, Order.WORST, 1, most_s=math.inf))
    assert known.scores is not None

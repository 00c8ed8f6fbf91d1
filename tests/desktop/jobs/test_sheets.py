"""Sheets are decoded step by step, and each cell has its z and its caption."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop.images.pixels import tile, to_bytes
from desktop.images.room import RoomError
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.jobs.sheet_steps import sheet_steps
from desktop.jobs.sheets import (
    PAIR_GAP_PX,
    KnownScores,
    Order,
    Scores,
    by_rate,
    held_out_scores,
    manifold_plan,
    reconstructions_plan,
    samples_plan,
    scores_cost,
    traversals_plan,
)
from desktop.latent.elbo import rate_nats
from desktop.latent.plane import axis_plane, manifold_grid, sample_prior
from export.bundle import Posterior
from tests.desktop.foreign_models import sliced


def decoder_of(model):
    """A decoder of this model, without kept pictures, because it is quick."""
    return KeptDecoder(model, DecodedPictures())


def sheet_of(model, plan):
    """Return the sheet, which is yielded last."""
    return list(sheet_steps(decoder_of(model), plan))[-1]


def scores_of(model, posterior):
    """Return the scores, which are yielded last."""
    return list(held_out_scores(decoder_of(model), posterior))[-1]


def test_samples_are_the_priors_with_nothing_before_the_last_step(
    bundle_path, make_model, plain_decoder, same_picture
):
    """More pictures than fit into a step are joined in order."""
    model = make_model(bundle_path)
    *before, sheet = sheet_steps(decoder_of(model), samples_plan(model, 7, 3))
    z = sample_prior(49, 2, 3)
    assert len(before) >= 3
    assert set(before) == {None}
    assert same_picture(sheet.picture, tile(to_bytes(plain_decoder(bundle_path)(z)), 7))
    assert (sheet.rows, sheet.columns) == (7, 7)
    assert (sheet.z == z).all()
    assert sheet.captions[1].startswith("sample 2\nz = ")


def test_the_manifold_lies_in_its_plane(make_bundle, make_model):
    """In three dimensions, the grid follows the chosen axes through the plane's origin."""
    plane = axis_plane((0.5, 0.0, 0.0), 2, 1)
    sheet = manifold_plan(make_model(make_bundle(latent_dim=3)), plane, 4)
    assert (sheet.z == manifold_grid(plane, 4)).all()
    assert (sheet.z[:, 0] == 0.5).all()


def test_a_traversal_moves_one_number_a_row(make_bundle, make_model, plain_decoder, same_picture):
    """It goes from −3 to 3, and the other numbers stay."""
    path = make_bundle(latent_dim=4)
    z = (0.5, -0.5, 1.0, 2.0)
    model = make_model(path)
    sheet = sheet_of(model, traversals_plan(model, z, (2, 0), 5))
    assert (sheet.rows, sheet.columns) == (2, 5)
    expected = np.tile(np.float32(z), (2, 5, 1))
    expected[0, :, 2] = expected[1, :, 0] = [-3, -1.5, 0, 1.5, 3]
    assert (sheet.z.reshape(2, 5, 4) == expected).all()
    assert same_picture(sheet.picture, tile(to_bytes(plain_decoder(path)(sheet.z)), 5))
    assert sheet.captions[1].startswith("z2 = −1.50\n")
    assert sheet.plan.row_titles == ("z2", "z0")
    assert sheet.plan.column_titles == ("−3.0", "−1.5", "0.0", "1.5", "3.0")
    assert sheet.plan.marked == (3, 7), "nearest to 1.0 and to 0.5"
    with_rates = traversals_plan(model, z, (2, 0), 5, posterior=Posterior(np.eye(1, 4), np.zeros((1, 4))))
    assert with_rates.row_titles == ("z2\n0.00 nats", "z0\n0.50 nats")


def test_dimensions_come_by_their_rate():
    """The dimension with the highest rate is first; without test images, they are sorted by number."""
    draw = np.random.default_rng(0)
    mean = (draw.normal(size=(50, 3)) * [0.1, 2, 1]).astype(np.float32)
    assert by_rate(Posterior(mean, np.zeros_like(mean)), 3) == (1, 2, 0)
    assert by_rate(None, 3) == (0, 1, 2)


@pytest.fixture
def held_out(make_bundle, make_model):
    """A model, and thirty test images from its decoder at means that its encoder could give."""
    path = make_bundle(image_shape=(1, 6, 6))
    model = make_model(path)
    draw = np.random.default_rng(0)
    mean = draw.normal(size=(30, 2)).astype(np.float32)
    images = (draw.random((30, 1, 6, 6)) < model.decode(mean)).astype(np.uint8)
    labels = np.arange(30, dtype=np.uint8) % 10
    return model, Posterior(mean, np.full((30, 2), -4, np.float32), images, labels)


def test_the_worst_images_come_first_beside_their_reconstructions(held_out, same_picture):
    """They are ranked by the ELBO from one draw each; the original is to the left of its reconstruction."""
    model, posterior = held_out
    scores = scores_of(model, posterior)
    sheet = sheet_of(model, reconstructions_plan(posterior, scores, Order.WORST, 3))
    ranked = np.argsort(scores.elbo)[:18]
    assert (np.diff(scores.elbo[ranked]) >= 0).all()
    assert (sheet.z == posterior.mean[ranked]).all()
    assert (sheet.rows, sheet.columns) == (6, 3)
    for index, image in ((0, ranked[0]), (4, ranked[4])):
        top, left = index // 3 * (6 + PAIR_GAP_PX), index % 3 * (12 + PAIR_GAP_PX)
        pair = sheet.picture[top : top + 6, left : left + 12]
        assert (pair[:, :6] == posterior.images[image, 0] * 255).all()
        assert same_picture(pair[:, 6:], to_bytes(model.decode(posterior.mean[[image]]))[0])
    assert sheet.captions[0].startswith(
        f"test image {ranked[0]}, label {posterior.labels[ranked[0]]}\nELBO by one draw "
    )
    names = [f"kind {label}" for label in range(5)]  # the labels 5 to 9 have no name
    captions = reconstructions_plan(posterior, scores, Order.FILE, 3, names).captions
    assert [text.splitlines()[0] for text in captions[4:6]] == [
        "test image 4, label kind 4",
        "test image 5, label 5",
    ]


def test_the_bound_is_rate_and_distortion(held_out):
    """ELBO = −(rate + distortion); for a narrow posterior, a draw's distortion is close to the mean's."""
    model, posterior = held_out
    scores = scores_of(model, posterior)
    assert scores.elbo == pytest.approx(-(scores.rate + scores.distortion))
    assert scores.rate == pytest.approx(rate_nats(posterior.mean, posterior.logvar).sum(1))
    at_mean = -model.source.likelihood.nats(posterior.images, model.decode_parameters(posterior.mean))
    assert scores.distortion.mean() == pytest.approx(at_mean.mean(), rel=0.1)


@pytest.mark.parametrize(("order", "first"), [(Order.BEST, 2), (Order.WORST, 0), (Order.FILE, 0)])
def test_pairs_are_ordered_by_the_scores(held_out, order, first):
    """The best or the worst first, or as in the file."""
    _, posterior = held_out
    elbo = np.arange(30.0) - (np.arange(30) > 2) * 0.5 - 100
    elbo[2] = 0
    scores = Scores(elbo, elbo * 0, -elbo)
    assert (reconstructions_plan(posterior, scores, order, 2).z[0] == posterior.mean[first]).all()


def test_without_images_there_is_nothing_to_reconstruct(bundle_path, make_model):
    """The error says so."""
    posterior = Posterior(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="found no test images"):
        scores_of(make_model(Path(bundle_path)), posterior)


def test_a_sheet_that_does_not_fit_into_memory_is_refused_in_words(make_model, tmp_path):
    """A plan holds the z of all its pictures; the error says how many fit."""
    model = make_model(sliced(tmp_path / "decoder.onnx", 1 << 20))
    words = "found 81 pictures with 1,048,576 numbers each, expected at most 64 so that they fit into memory"
    with pytest.raises(RoomError, match=words):
        samples_plan(model, 9, 0)
    sheet = sheet_of(model, samples_plan(model, 2, 0))
    assert (sheet.z == sample_prior(4, 1 << 20, 0)).all()


@pytest.mark.parametrize("likelihood", ["binary", "grey"])
def test_scores_go_on_from_what_is_known(likelihood, make_bundle, make_model, labelled_posterior):
    """A second run costs only the missing images, and gives the same scores as a single run."""
    draw = np.random.default_rng(2).random((60, 1, 12, 12), np.float32)
    images = (draw > 0.5).astype(np.uint8) if likelihood == "binary" else (255 * draw).astype(np.uint8)
    posterior = replace(labelled_posterior, images=images)
    model = make_model(make_bundle(posterior=posterior))
    decoder, known = decoder_of(model), KnownScores()
    for _ in held_out_scores(decoder, posterior, known, 0.0):
        if scores_cost(decoder, posterior, known).pictures < 40:
            break
    left = scores_cost(decoder, posterior, known).pictures
    assert 0 < left < 40
    assert known.scores is None
    (*steps, scores) = held_out_scores(decoder, posterior, known, 0.0)
    assert steps[0].done == 60 - left
    assert steps[-1].done == 60
    assert known.scores is scores
    np.testing.assert_allclose(scores.merit, scores_of(model, posterior).merit, rtol=1e-5)
    assert scores_cost(decoder, posterior, known).pictures == 0


def test_the_comparison_tells_its_progress_from_the_start(bundle_path, make_model):
    """The first progress comes before any comparison and gives the number of images; the scores come last."""
    model = make_model(bundle_path)
    mean = np.zeros((45, 2), np.float32)
    images = np.zeros((45, 1, 28, 28), np.uint8)
    first, *_, last = held_out_scores(decoder_of(model), Posterior(mean, mean, images), tells_from_s=0.0)
    assert (first.done, first.total) == (0, 45)
    assert isinstance(last, Scores)

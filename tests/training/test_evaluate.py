"""training/evaluate.py: every figure with its error, as a table and as JSON."""

import dataclasses
import json
import math
import re

import pytest
import torch

from tests.training.untrained_run import untrained_run
from training.config import RECIPES
from training.device import describe_device
from training.evaluate import EvaluationError, decode_batch, evaluate_run, weighted_count
from training.evaluation import Comparison, to_json, to_table
from training.fitting import fit
from training.runs import RunError, weights_path

CPU = torch.device("cpu")
BOUND = {
    "elbo_nats",
    "elbo_standard_error_nats",
    "rate_nats",
    "rate_standard_error_nats",
    "distortion_nats",
    "distortion_standard_error_nats",
    "bits_per_dimension",
    "images",
    "draws",
    "seed",
    "seconds",
}
ACTIVE = {"count", "threshold", "variances"}
WEIGHTED = {
    "log_px_nats",
    "standard_error_nats",
    "monte_carlo_error_nats",
    "bits_per_dimension",
    "images",
    "samples",
    "seed",
    "effective_samples_least",
    "effective_samples_median",
    "largest_error_nats",
    "seconds",
}
QUADRATURE = {
    "log_px_nats",
    "standard_error_nats",
    "bits_per_dimension",
    "images",
    "step",
    "change_mean_nats",
    "change_largest_nats",
    "half_width",
    "points",
    "seconds",
}
COMPARISON = {"mean_nats", "monte_carlo_error_nats", "largest_nats", "images"}
ALWAYS = {
    "run",
    "epoch",
    "dataset",
    "image_shape",
    "latent_dim",
    "likelihood",
    "device",
    "bound",
    "active_units",
}


@pytest.fixture(scope="module")
def few(small_mnist):
    """200 held-out images."""
    return dataclasses.replace(small_mnist, test_images=small_mnist.test_images[:200])


@pytest.fixture(scope="module")
def fitted_run(few, tmp_path_factory):
    """A real fit of a small network: twelve epochs on 512 images, after which its encoder is still poor."""
    config = dataclasses.replace(RECIPES["default"], epochs=12, filters=(8, 8), start_spread=False)
    return fit(config, CPU, tmp_path_factory.mktemp("runs") / "fitted", few)


@pytest.fixture(scope="module")
def fitted(fitted_run, small_mnist):
    """The evaluation of that run: 100 images by quadrature, 10 by importance weighting."""
    some = dataclasses.replace(small_mnist, test_images=small_mnist.test_images[:100])
    return evaluate_run(fitted_run, CPU, draws=2, images=10, samples=1000, step=0.1, dataset=some)


@pytest.fixture(scope="module")
def standard(fitted_run, few):
    """The evaluation of that run on all 200 images, with one draw and no importance weighting."""
    return evaluate_run(fitted_run, CPU, draws=1, samples=0, step=0.1, dataset=few)


def test_the_two_estimates_of_log_p_agree(fitted):
    """On a real fit, log p(x) by importance weights and by quadrature agree within 4 standard errors."""
    found = fitted.importance_weighted_minus_quadrature
    assert found.images == fitted.importance_weighted.images == 10
    assert abs(found.mean_nats) <= 4 * found.monte_carlo_error_nats
    assert found.monte_carlo_error_nats == fitted.importance_weighted.monte_carlo_error_nats < 0.1
    assert abs(found.mean_nats) <= found.largest_nats


def test_the_iwae_bound_shows_a_poor_encoder(fitted):
    """With draws from q(z|x) log p(x) is lower on average, and for one image by more than a nat."""
    difference = fitted.iwae_bound_minus_quadrature
    assert difference.mean_nats < -0.1
    assert difference.largest_nats > 1
    assert fitted.iwae_bound.log_px_nats < fitted.importance_weighted.log_px_nats


def test_of_more_images_than_fit_as_numbers_only_some_get_the_quadrature(fitted_run, few, monkeypatch):
    """A GPU gets such images in batches, but the quadrature needs all that it integrates at once."""
    monkeypatch.setattr("training.evaluate.fits", lambda *_, number_bytes: number_bytes == 1)
    found = evaluate_run(fitted_run, CPU, draws=1, images=3, samples=0, step=0.2, dataset=few)
    assert (found.quadrature.images, found.bound.images) == (3, 200)
    assert "the first 3 images, step 0.2" in to_table(found)


@pytest.mark.parametrize(("errors", "said"), [(3.9, False), (4.1, True)])
def test_missed_mass_is_reported(fitted, errors, said):
    """A figure more than four errors below the quadrature is followed by a remark that explains it."""
    low = Comparison(-errors, 1.0, 9.0, 20)
    for name, words in (
        ("importance_weighted_minus_quadrature", "the proposal misses mass, trust the quadrature"),
        ("iwae_bound_minus_quadrature", "samples from q(z|x) miss mass"),
    ):
        zero = Comparison(0.0, 1.0, 9.0, 20)
        nothing = dataclasses.replace(
            fitted, importance_weighted_minus_quadrature=zero, iwae_bound_minus_quadrature=zero
        )
        assert (words in to_table(dataclasses.replace(nothing, **{name: low}))) is said


def test_log_p_exceeds_the_elbo(fitted):
    """On the same images log p(x) by quadrature is above the ELBO, and has fewer bits per dimension."""
    assert fitted.quadrature.images == fitted.bound.images == 100
    assert fitted.quadrature.log_px_nats > fitted.bound.elbo_nats
    assert fitted.quadrature.bits_per_dimension < fitted.bound.bits_per_dimension
    for part, nats in (
        (fitted.quadrature, fitted.quadrature.log_px_nats),
        (fitted.bound, fitted.bound.elbo_nats),
        (fitted.importance_weighted, fitted.importance_weighted.log_px_nats),
    ):
        assert part.bits_per_dimension == pytest.approx(-nats / 784 / math.log(2))


def test_halving_the_step_is_reported(fitted):
    """Halving the step to 0.1 changed a broad fit's log p(x) by less than 0.01 nats on average."""
    assert fitted.quadrature.step == 0.1
    assert abs(fitted.quadrature.change_mean_nats) < 0.01
    assert abs(fitted.quadrature.change_mean_nats) <= fitted.quadrature.change_largest_nats
    assert fitted.quadrature.half_width >= 5


def test_the_bound_is_the_one_of_training(fitted_run, standard):
    """With one draw, ELBO, rate and distortion equal the metrics that the fit wrote for its last epoch."""
    written = fitted_run.metrics[-1]
    assert standard.bound.images == 200
    for name in ("elbo_nats", "rate_nats", "distortion_nats"):
        assert getattr(standard.bound, name) == pytest.approx(written[f"test_{name}"], abs=1e-3)


def test_the_json_has_every_figure(fitted):
    """The JSON, in ASCII, is one object with every part, all figures as numbers, epoch, shape and device."""
    assert to_json(fitted).isascii()
    found = json.loads(to_json(fitted))
    assert found.keys() == ALWAYS | {
        "importance_weighted",
        "iwae_bound",
        "quadrature",
        "importance_weighted_minus_quadrature",
        "iwae_bound_minus_quadrature",
    }
    parts = {
        "bound": BOUND,
        "active_units": ACTIVE,
        "importance_weighted": WEIGHTED,
        "iwae_bound": WEIGHTED,
        "quadrature": QUADRATURE,
        "importance_weighted_minus_quadrature": COMPARISON,
        "iwae_bound_minus_quadrature": COMPARISON,
    }
    for name, keys in parts.items():
        assert found[name].keys() == keys
        numbers = [value for key, value in found[name].items() if key != "variances"]
        assert all(type(value) in (int, float) for value in numbers), name
    assert (found["epoch"], found["latent_dim"], found["image_shape"]) == (12, 2, [1, 28, 28])
    assert found["device"] == describe_device(CPU)
    assert found["active_units"]["count"] == sum(v > 0.01 for v in found["active_units"]["variances"])


def test_the_table_has_the_figures_of_the_json(fitted):
    """The table has every main figure with its error, in aligned columns."""
    table = to_table(fitted)
    lines = table.split("\n\n")[1].splitlines()
    for name, nats, error in (
        ("ELBO", fitted.bound.elbo_nats, fitted.bound.elbo_standard_error_nats),
        ("  rate", fitted.bound.rate_nats, fitted.bound.rate_standard_error_nats),
        ("  distortion", fitted.bound.distortion_nats, fitted.bound.distortion_standard_error_nats),
        (
            "log p(x), importance-weighted",
            fitted.importance_weighted.log_px_nats,
            fitted.importance_weighted.standard_error_nats,
        ),
        ("IWAE bound", fitted.iwae_bound.log_px_nats, fitted.iwae_bound.standard_error_nats),
        ("log p(x), quadrature", fitted.quadrature.log_px_nats, fitted.quadrature.standard_error_nats),
    ):
        (line,) = (line for line in lines if line.startswith(name + " "))
        assert re.fullmatch(rf" +{re.escape(f'{nats:.3f}')} +{error:.3f}( .*)?", line[len(name) :])
        assert line.index(f"{nats:.3f}") + len(f"{nats:.3f}") == 44
    assert "the first 10 images, 1,000 samples from a proposal fitted to each" in table
    assert "the first 10 images, 1,000 samples from q(z|x)" in table
    assert "importance-weighted − quadrature on the same 10 images" in table
    assert "active units: 2 of 2" in table


def test_without_a_plane_there_is_no_quadrature(tmp_path, few):
    """With three latent dimensions the JSON has no quadrature and no comparison, but everything else."""
    found = evaluate_run(untrained_run(tmp_path / "run"), CPU, draws=1, samples=2, images=5, dataset=few)
    assert json.loads(to_json(found)).keys() == ALWAYS | {"importance_weighted", "iwae_bound"}
    assert "quadrature" not in to_table(found)
    assert len(found.active_units.variances) == 3


def test_without_samples_there_are_no_importance_weights(tmp_path, few):
    """With samples 0 there is neither an importance-weighted figure nor a comparison."""
    run = untrained_run(tmp_path / "run", latent_dim=2)
    fewer = dataclasses.replace(few, test_images=few.test_images[:20])
    found = evaluate_run(run, CPU, draws=1, samples=0, step=0.1, dataset=fewer)
    assert json.loads(to_json(found)).keys() == ALWAYS | {"quadrature"}
    assert "importance" not in to_table(found)


def test_a_dead_unit_is_not_counted(tmp_path, few):
    """A latent dimension whose posterior mean is the same for every image is not active."""
    run = untrained_run(tmp_path / "run", dead=True)
    units = evaluate_run(run, CPU, draws=1, samples=0, dataset=few).active_units
    assert units.variances[0] == 0
    assert units.count == sum(variance > 0.01 for variance in units.variances) < 3


def test_the_epoch_decides_the_weights(tmp_path, few):
    """By default the last finished epoch is evaluated; epoch 0 has other weights and another ELBO."""
    run = untrained_run(tmp_path / "run")
    last, same, first = (
        evaluate_run(run, CPU, epoch=epoch, draws=1, samples=0, dataset=few) for epoch in (None, 1, 0)
    )
    assert (last.epoch, same.epoch, first.epoch) == (1, 1, 0)
    assert last.bound.elbo_nats == same.bound.elbo_nats != first.bound.elbo_nats


@pytest.mark.parametrize(
    ("asked", "device", "available", "expected"),
    [(None, "cpu", 200, 100), (None, "cpu", 30, 30), (None, "cuda", 2000, 1000), (150, "cpu", 200, 150)],
)
def test_the_number_of_weighted_images_fits_the_machine(asked, device, available, expected):
    """By default it is 1,000 on CUDA and 100 elsewhere, and never more than there are."""
    assert weighted_count(asked, torch.device(device), available) == expected


def test_a_missing_epoch_is_refused(tmp_path):
    """An epoch that the run does not have is refused, and the message says which ones it has."""
    run = untrained_run(tmp_path / "run")
    message = f"{run.folder}: found no epoch 2, expected one from 0 to 1; choose another --epoch"
    with pytest.raises(RunError, match=f"^{re.escape(message)}$"):
        evaluate_run(run, CPU, epoch=2)


def test_weights_that_are_not_finite_are_refused(tmp_path, few):
    """A network that gives nan is refused, and the message names the file of its weights."""
    run = untrained_run(tmp_path / "run", broken=True)
    with pytest.raises(EvaluationError) as error:
        evaluate_run(run, CPU, draws=1, samples=2, dataset=few)
    assert str(error.value) == (
        f"{weights_path(run, 1)}: found an ELBO of nan, expected a finite number; "
        "choose another --epoch or fit again"
    )


def test_larger_networks_decode_fewer_at_once():
    """The batch shrinks as the activations grow, but never below one, and is larger on a GPU."""
    sizes = [
        decode_batch(dataclasses.replace(RECIPES["default"], filters=filters), CPU)
        for filters in ((2, 2), (32, 64), (512, 512), (4096, 4096))
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1
    assert 50 <= sizes[1] <= 200
    assert decode_batch(RECIPES["default"], torch.device("cuda")) > 10 * sizes[1]

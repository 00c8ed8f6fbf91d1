"""Every likelihood and network from images to a bundle: fit, evaluation, export, and what the bundle says."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from export.exporter import held_out_places
from export.manifest import FORMAT_1_1
from export.onnx import export_run
from export.parity import session
from training.choices import fitted_to_data
from training.config import RECIPES
from training.data.dataset import Dataset
from training.evaluate import evaluate_run
from training.evaluation import to_json, to_table
from training.fitting import fit
from training.networks import network_of
from training.runs import load_weights

CPU = torch.device("cpu")
# Bernoulli and the convolutional network are everywhere else in the tests.
CASES = {
    "continuous-bernoulli": ("conv", (1, 11, 9), 2),
    "gaussian": ("conv", (3, 9, 10), 3),
    "logistic": ("mlp", (1, 9, 8), 2),
}


def blobs(image_shape: tuple[int, int, int], levels: int, count: int) -> np.ndarray:
    """Blurred spots in the left half, each with a colour of its own; uint8 [count, C, H, W]."""
    channels, height, width = image_shape
    noise = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width]
    row, column = noise.uniform(0, height, count), noise.uniform(0, width / 2, count)
    squares = (rows - row[:, None, None]) ** 2 + (columns - column[:, None, None]) ** 2
    spots = np.exp(-squares / (height * width / 20))[:, None]
    colours = noise.uniform(0.3, 1, (count, channels, 1, 1))
    return np.rint(spots * colours * (levels - 1)).astype(np.uint8)


@pytest.fixture(scope="module", params=CASES)
def fitted(request, tmp_path_factory):
    """The run of a small fit, its images and its bundle."""
    likelihood, levels = request.param, 256
    network, image_shape, latent_dim = CASES[likelihood]
    images = blobs(image_shape, levels, 96)
    labels = np.arange(96, dtype=np.uint8) % 3
    dataset = Dataset("blobs", ("a", "b", "c"), images[:64], labels[:64], images[64:], labels[64:], levels)
    config = dataclasses.replace(
        RECIPES["default"],
        epochs=3,
        batch_size=16,
        latent_dim=latent_dim,
        likelihood=likelihood,
        network=network,
        filters=(6, 4),
        warp_share=0.0,
        flip_share=0.5,
        shift_px=1,
    )
    given = {"likelihood"} | ({"filters"} if network == "mlp" else set())
    config = fitted_to_data(config, image_shape, levels, given)
    folder = tmp_path_factory.mktemp(request.param)
    run = fit(config, CPU, folder / "run", dataset)
    bundle = export_run(run, folder / "bundle", "blobs", dataset=dataset)
    return run, dataset, bundle


def test_the_fit_improves_and_is_finite(fitted):
    """The test ELBO rises from the first epoch to the last."""
    run, _, _ = fitted
    assert run.metrics[-1]["test_elbo_nats"] > run.metrics[0]["test_elbo_nats"]


def test_the_bundle_says_what_it_is(fitted):
    """Likelihood and levels are the config's, and the bundle is of version 1.1."""
    run, dataset, bundle = fitted
    assert bundle.manifest["format"] == FORMAT_1_1
    assert (bundle.likelihood, bundle.levels) == (run.config.likelihood, run.config.levels)
    posterior = bundle.read_posterior()
    np.testing.assert_array_equal(posterior.images, dataset.test_images)
    np.testing.assert_array_equal(posterior.labels, dataset.test_labels)


def test_the_decoder_gives_the_picture_first(fitted):
    """The decoder's outputs are those of the manifest, and the first is PyTorch's picture in [0, 1]."""
    run, _, bundle = fitted
    decoder = session(bundle.read("decoder.onnx"))
    told = bundle.tensors("decoder.onnx")["outputs"]
    z = np.random.default_rng(0).standard_normal((5, run.config.latent_dim), dtype=np.float32)
    found = decoder.run(None, {"z": z})
    assert [output.name for output in decoder.get_outputs()] == [output["name"] for output in told]
    for array, output in zip(found, told, strict=True):
        assert array.dtype == np.float32
        assert array.shape == (5, *output["shape"][1:])
    assert 0 <= found[0].min() <= found[0].max() <= 1
    model = network_of(run.config)
    model.load_state_dict(load_weights(run, 3))
    with torch.inference_mode():
        expected = model.likelihood.picture(model.decoder(torch.from_numpy(z))).numpy()
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_all_figures_of_evaluation_agree(fitted):
    """log p(x) is above the ELBO; for a plane, importance weighting and quadrature agree."""
    run, dataset, _ = fitted
    found = evaluate_run(run, CPU, images=4, samples=100, draws=2, step=0.1, dataset=dataset)
    weighted = found.importance_weighted
    assert weighted.log_px_nats > found.iwae_bound.log_px_nats - 1
    is_counted = run.config.likelihood == "logistic"
    assert (found.bound.bits_per_dimension is not None) is is_counted
    assert ("bits_per_dimension" in json.loads(to_json(found))["bound"]) is is_counted
    assert ("of a density of x" in to_table(found)) is not is_counted
    if run.config.latent_dim == 2:
        assert found.quadrature.images == (4 if run.config.likelihood == "logistic" else 32)
        compared = found.importance_weighted_minus_quadrature
        assert abs(compared.mean_nats) < 5 * compared.monte_carlo_error_nats + 0.05


def test_a_bundle_holds_some_of_many_images():
    """At most 10,000 images and 16 MB of pixels, a fixed random sample; all images if they are fewer."""
    places = held_out_places((10_000, 3, 64, 64), 256)
    assert len(places) == 16_000_000 // (3 * 64 * 64)
    assert (np.diff(places) > 0).all()
    assert abs(places.mean() - 5000) < 300
    np.testing.assert_array_equal(places, held_out_places((10_000, 3, 64, 64), 256))
    np.testing.assert_array_equal(held_out_places((10_000, 1, 28, 28), 2), np.arange(10_000))
    assert len(held_out_places((70_000, 1, 8, 8), 2)) == 10_000

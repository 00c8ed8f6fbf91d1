"""The ELBO of an image comes from the encoder and the decoder."""

from dataclasses import replace

import numpy as np
import pytest

from desktop.base.shipped import shipped_bundle
from desktop.images.data_look import DataLook
from desktop.images.picture_kinds import ImageError
from desktop.images.pixels import write_png
from desktop.jobs.encode import DRAWS, Encoded, encode, fit_image, locate, posterior_nodes
from desktop.latent.true_posterior import LikelihoodTable
from tests.desktop.small_bundles import encoder_graph

MNIST = DataLook(levels=2, is_mnist=True, ground=(0.0,))


def test_the_bound_of_a_held_out_image_is_that_of_many_draws(make_model):
    """Rate in closed form and distortion by quadrature are within four standard errors of 4,000 draws."""
    model = make_model(shipped_bundle())
    posterior = model.source.bundle.read_posterior()
    x = posterior.images[7].astype(np.float32)
    (encoded,) = encode(model, x)
    mean, logvar = model.encode(x[None])
    assert (encoded.mean == mean[0]).all()
    rate = 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar).sum()
    assert encoded.rate_nats == pytest.approx(rate, rel=1e-5)
    noise = np.random.default_rng(0).standard_normal((4000, 2)).astype(np.float32)
    p = np.clip(model.decode(mean + np.exp(0.5 * logvar) * noise).astype(np.float64), 1e-7, 1 - 1e-7)
    nats = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum((1, 2, 3))
    error = nats.std() / 4000**0.5
    assert encoded.distortion_nats == pytest.approx(nats.mean(), abs=4 * error)
    assert encoded.elbo_nats == -(encoded.rate_nats + encoded.distortion_nats)


def test_of_draws_the_bound_has_a_standard_error(make_bundle, make_model):
    """The standard error equals the spread of estimates from other draws; quadrature has none."""
    shape = 1, 6, 6
    x = (np.random.default_rng(0).random(shape) < 0.4).astype(np.float32)
    model = make_model(make_bundle(4, shape, encoder=encoder_graph(shape, 0, 4)))
    (encoded,) = encode(model, x)
    mean, logvar = model.encode(x[None])
    noise = np.random.default_rng(1).standard_normal((200, DRAWS, 4), dtype=np.float32)
    z = mean + np.exp(0.5 * logvar) * np.concatenate([noise, -noise], axis=1)
    nats = model.source.likelihood.nats(x[None], model.decode_parameters(z.reshape(-1, 4)))
    assert encoded.error_nats == pytest.approx(nats.reshape(200, -1).mean(1).std(), rel=0.4)
    (exact,) = encode(make_model(make_bundle(2, shape, encoder=encoder_graph(shape, 0))), x)
    assert exact.error_nats is None


def test_without_a_known_likelihood_there_is_no_bound(make_model):
    """Mean, rate and reconstruction are still computed."""
    model = make_model(shipped_bundle() / "decoder.onnx")
    (encoded,) = encode(model, np.zeros((1, 28, 28), np.float32))
    assert encoded.distortion_nats is None
    assert encoded.elbo_nats is None
    assert encoded.reconstruction == pytest.approx(model.decode(encoded.mean[None])[0], abs=1e-6)


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_nodes_have_the_moments_of_the_normal(dimensions):
    """The weights add up to one and give the mean and, in one and two dimensions, the variance."""
    mean = np.arange(dimensions, dtype=np.float32)
    logvar = np.linspace(-2, 1, dimensions, dtype=np.float32)
    nodes, weights = posterior_nodes(mean, logvar)
    assert weights.sum() == pytest.approx(1)
    assert weights @ nodes == pytest.approx(mean, abs=1e-5)
    spread = weights @ (nodes - mean) ** 2
    assert spread == pytest.approx(np.exp(logvar), rel=1e-4 if dimensions < 3 else 0.5)


def test_a_file_is_fitted_in_one_step(tmp_path):
    """A picture is read and fitted; any other file is refused."""
    image = np.zeros((28, 28), np.uint8)
    image[4:20, 12:15] = 255
    write_png(tmp_path / "a.png", image)
    (found,) = fit_image(tmp_path / "a.png", (1, 28, 28), MNIST)
    assert (found.pixels[0] * 255 == image).all()
    (tmp_path / "b.png").write_text("no")
    with pytest.raises(ImageError, match="found no picture"):
        next(fit_image(tmp_path / "b.png", (1, 28, 28), MNIST))


def test_a_located_posterior_is_drawn_where_its_mass_is(make_bundle, make_model):
    """The picture's peak is the most likely z, and the 95 % contour encloses it."""
    model = make_model(make_bundle(image_shape=(1, 8, 8)))
    z = np.float32([[0.7, -0.4]])
    x = (model.decode(z)[0] > 0.5).astype(np.float32)
    table = LikelihoodTable(model.decode_parameters, 4.5, model.image_shape, 64)
    for _ in table.build():
        pass
    located = [step for step in locate(table, x, np.ones((8, 8), bool)) if step is not None][-1]
    picture = located.picture
    assert picture.picture[..., 3].max() == 235
    peak_row, peak_column = np.unravel_index(picture.picture[..., 3].argmax(), picture.picture.shape[:2])
    assert picture.peak == (picture.a[peak_column], picture.b[peak_row])
    best = max(located.posterior.parts, key=lambda part: part.log_joint.max())
    row, column = np.unravel_index(best.log_joint.argmax(), best.log_joint.shape)
    assert picture.peak == pytest.approx(
        (best.a[column], best.b[row]), abs=best.step + picture.a[1] - picture.a[0]
    )
    (outer, *_) = picture.contours[1]
    assert outer[:, 0].min() < picture.peak[0] < outer[:, 0].max()
    assert outer[:, 1].min() < picture.peak[1] < outer[:, 1].max()


def test_a_gap_is_of_one_image(make_bundle, make_model):
    """There is no gap between log p(x) of one image and the ELBO of another, as while a person draws."""
    model = make_model(make_bundle(image_shape=(1, 8, 8)))
    x = (model.decode(np.zeros((1, 2), np.float32))[0] > 0.5).astype(np.float32)
    table = LikelihoodTable(model.decode_parameters, 4.5, model.image_shape, 64)
    for _ in table.build():
        pass
    located = [step for step in locate(table, x, np.ones((8, 8), bool)) if step is not None][-1]
    zeros = np.zeros(2, np.float32)
    encoded = Encoded(x.copy(), zeros, zeros, x, 1.0, 20.0)
    assert not located.is_too_low(encoded)
    assert located.gap_nats(encoded) == pytest.approx(located.posterior.log_px_nats + 21)
    assert located.gap_nats(Encoded(1 - x, zeros, zeros, x, 1.0, 20.0)) is None
    # A first estimate below the ELBO is no log p(x) yet, and no negative gap.
    nats = -located.posterior.log_px_nats
    high, low = (Encoded(x, zeros, zeros, x, 1.0, nats - 1 + below) for below in (-3.0, 3.0))
    for change_nats in (None, 5.0):
        early = replace(located, posterior=replace(located.posterior, change_nats=change_nats))
        assert early.is_too_low(high) and early.gap_nats(high) is None
        assert not early.is_too_low(low)
        assert early.gap_nats(low) == (None if change_nats is None else pytest.approx(3.0))

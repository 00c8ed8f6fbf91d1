"""The nearest held-out images agree with the plain definitions."""

import numpy as np
import pytest

from desktop.latent.elbo import logits_of
from desktop.latent.likelihood import Family, Likelihood, Parameters
from desktop.latent.nearest import nearest_by_likelihood, nearest_by_picture, nearest_by_z


def last(steps):
    """The final result of the steps, and how many steps came before it."""
    found = list(steps)
    assert all(step is None for step in found[:-1])
    return found[-1], len(found) - 1


@pytest.mark.parametrize("dims", [1, 2, 64])
def test_nearest_by_z_is_by_distance_of_the_means(dims):
    """The result equals that of sorting all distances, for a space of any dimension."""
    mean = np.random.default_rng(0).normal(size=(500, dims)).astype(np.float32)
    z = tuple(float(value) for value in mean[17] + 0.01)
    found, _ = last(nearest_by_z(mean, z, 5))
    distances = np.linalg.norm(mean - np.array(z), axis=1)
    assert [neighbour.index for neighbour in found] == np.argsort(distances)[:5].tolist()
    assert [n.distance for n in found] == pytest.approx(np.sort(distances)[:5].tolist(), rel=1e-4)


def test_far_out_there_are_nearest_images_too():
    """If squares overflow in float32, the distance is still finite, without a warning."""
    mean = np.float32([[0, 0], [-1e30, 0], [1e30, 0]])
    found, _ = last(nearest_by_z(mean, (3e38, 0.0), 1))
    assert found[0].index == 2
    assert found[0].distance == pytest.approx(3e38)


@pytest.mark.parametrize("shape", [(1, 6, 5), (3, 4, 4)])
def test_nearest_by_picture_is_by_likelihood(shape):
    """Images are sorted by −log p(x|z) of the Bernoulli likelihood, least first, in grey and in colour."""
    draw = np.random.default_rng(0)
    images = (draw.random((300, *shape)) < 0.5).astype(np.uint8)
    probabilities = draw.random(shape).astype(np.float32)
    probabilities.flat[:3] = [0.0, 1.0, 0.5]
    found, _ = last(nearest_by_picture(images, probabilities, 7))
    nats = -Likelihood(Family.BERNOULLI).nats(
        images, Parameters(np.repeat(logits_of(probabilities)[None], 300, axis=0))
    )
    assert [neighbour.index for neighbour in found] == np.argsort(nats)[:7].tolist()
    assert [n.distance for n in found] == pytest.approx(np.sort(nats)[:7].tolist(), rel=1e-4)


def test_it_comes_in_short_steps():
    """Ten thousand pictures of 28 × 28 take about twenty steps."""
    images = np.zeros((10_000, 1, 28, 28), np.uint8)
    _, steps = last(nearest_by_picture(images, np.full((1, 28, 28), 0.5, np.float32), 5))
    assert 15 <= steps <= 30


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_images_than_asked_for_are_all_of_them(count):
    """No images give an empty result."""
    mean = np.arange(count * 2, dtype=np.float32).reshape(count, 2)
    found, _ = last(nearest_by_z(mean, (0.0, 0.0), 5))
    assert [neighbour.index for neighbour in found] == list(range(count))


@pytest.mark.parametrize("family", Family)
def test_the_most_likely_images_of_any_likelihood_come_first(family):
    """The distance is −log p(x|z) in nats, of images with 256 levels."""
    draw = np.random.default_rng(3)
    likelihood = Likelihood(family, 256)
    images = draw.integers(0, 256, (200, 3, 5, 4), np.uint8)
    scale = None if family.has_logits else np.full((1, 3, 5, 4), -1, np.float32)
    parameters = Parameters(draw.normal(0.5, 1, (1, 3, 5, 4)).astype(np.float32), scale)
    found, _ = last(nearest_by_likelihood(images, likelihood, parameters, 4))
    nats = np.array([-likelihood.nats(image[None] / np.float32(255), parameters)[0] for image in images])
    assert [neighbour.index for neighbour in found] == np.argsort(nats)[:4].tolist()
    assert found[0].distance == pytest.approx(nats.min())

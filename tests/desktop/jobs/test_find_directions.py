"""The directions that change the picture most are found by decoding, in short steps."""

from itertools import islice
from threading import Event

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from desktop.jobs.find_directions import Progress, find_directions
from desktop.latent.directions import Directions

Z = (0.3, -0.2, 0.1, 0.0, 0.5)


@pytest.fixture
def path(make_bundle):
    """A decoder sigmoid(z · W + b) of five dimensions and 144 pixels."""
    return make_bundle(latent_dim=5)


def test_the_real_decoders_directions_are_found(path, make_model, plain_decoder):
    """The expected directions are numpy's SVD of a Jacobian from small differences in a plain session."""
    *steps, found = find_directions(make_model(path), Z, 5)
    progress = [step for step in steps if step is not None]
    assert isinstance(found, Directions)
    decode, step = plain_decoder(path), 1e-2
    axes = np.eye(5) * step
    jacobian = (decode(Z + axes).astype(np.float64) - decode(Z - axes)).reshape(5, -1) / (2 * step)
    left, singular, _ = np.linalg.svd(jacobian, full_matrices=False)
    assert found.start == Z
    assert found.shares == pytest.approx(singular**2 / np.sum(singular**2), rel=0.05)
    assert abs(found.units[0] @ left[:, 0]) > 0.98
    assert all(isinstance(step, Progress) for step in progress)
    assert [step.done for step in progress] == sorted(step.done for step in progress)
    assert (progress[-1].done, progress[-1].total, progress[-1].left_s) == (10, 10, 0)


def test_the_strongest_direction_changes_the_picture_more_than_any_axis(path, make_model, plain_decoder):
    """A small step along it is compared with the same step along each axis."""
    *_, found = find_directions(make_model(path), Z, 5)
    decode = plain_decoder(path)

    def change(unit):
        return float(np.linalg.norm(decode([Z + 0.01 * unit]) - decode([Z])))

    assert change(found.units[0]) > max(change(axis) for axis in np.eye(5))
    assert change(found.units[-1]) < min(change(axis) for axis in np.eye(5))


def test_a_search_takes_many_short_steps(make_bundle, make_model):
    """No step decodes more than twenty pictures, and the same seed finds the same directions."""
    model = make_model(make_bundle(latent_dim=100))
    z = (0.0,) * 100
    first, again, other = (
        [step for step in find_directions(model, z, 40, seed) if step is not None] for seed in (1, 1, 2)
    )
    done = [0, *(step.done for step in first[:-1])]
    assert max(np.diff(done)) <= 20
    assert done[-1] == 80
    assert (first[-1].units == again[-1].units).all()
    assert not np.allclose(first[-1].units[0], other[-1].units[0])


def test_a_search_that_is_stopped_has_what_the_probes_so_far_give(make_bundle, make_model, plain_decoder):
    """The probes cover a random part of the dimensions; the directions are zero in all other dimensions."""
    path = make_bundle(latent_dim=100)
    enough, z = Event(), (0.1,) * 100
    search = find_directions(make_model(path), z, 100, enough=enough)
    done = [step.done for step in islice((s for s in search if s is not None), 3)][-1] // 2
    enough.set()
    found = next(search)
    assert found.tried == f"{done} of 100 dimensions tried"
    tried = np.flatnonzero(np.abs(found.units).max(axis=0) > 1e-12)
    assert len(tried) == done < 50
    assert tried.max() > 50
    assert list(search) == []
    decode, axes = plain_decoder(path), np.eye(100)[tried] * 1e-2
    jacobian = (decode(z + axes).astype(np.float64) - decode(z - axes)).reshape(done, -1) / 2e-2
    left, singular, _ = np.linalg.svd(jacobian, full_matrices=False)
    assert abs(found.units[0][tried] @ left[:, 0]) > 0.98
    assert found.shares[0] == pytest.approx(singular[0] ** 2 / np.sum(singular**2), rel=0.05)


@pytest.mark.parametrize("gain", [1e-5, 1, 300])
def test_the_step_fits_the_decoder(make_bundle, make_model, decoder_graph, gain):
    """Decoders that change little or much with z have the directions of the Jacobian at 0, sigmoid'(b)·W."""
    graph = decoder_graph(5, (1, 12, 12), gain=gain)
    arrays = {a.name: numpy_helper.to_array(a) for a in onnx.load_from_string(graph).graph.initializer}
    *_, found = find_directions(make_model(make_bundle(latent_dim=5, decoder=graph)), (0.0,) * 5, 5)
    here = 1 / (1 + np.exp(-arrays["bias"].astype(np.float64)))
    left, singular, _ = np.linalg.svd(arrays["weights"] * here * (1 - here), full_matrices=False)
    assert np.abs(np.sum(found.units * left.T, axis=1)) == pytest.approx(np.ones(5), abs=0.05)
    assert found.shares == pytest.approx(singular**2 / np.sum(singular**2), rel=0.05)

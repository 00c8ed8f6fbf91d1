"""A second model follows the open one, and their pictures at the cursor are compared."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from desktop.app.comparison import Comparison, same_points
from desktop.images.drawing import blank
from desktop.latent.plane import Viewport
from desktop.view.comparison import Other
from desktop.view.state import Layer
from tests.desktop.small_bundles import encoder_graph
from tests.waiting import SOON_MS

SHAPE = (1, 12, 12)
SEEN = Viewport((0.5, 0.5), 2.0)


@pytest.fixture
def compare(make_explorer):
    """`compare(path)`: a comparison that is shown, of a model with no second one yet."""

    def make(path):
        first = make_explorer(path)
        comparison = Comparison(first, first)
        comparison.found = []
        comparison.compared.connect(comparison.found.append)
        comparison.set_shown(True)
        return comparison

    return make


@pytest.fixture
def differ(qtbot):
    """`differ(comparison, a, b)` waits for the difference of these pictures."""

    def wait(comparison, a, b):
        expected = (b - a)[0, 0]
        qtbot.waitUntil(
            lambda: (
                bool(comparison.found)
                and comparison.found[-1] is not None
                and np.allclose(comparison.found[-1].numbers, expected, atol=1e-5)
            ),
            timeout=SOON_MS,
        )

    return wait


def test_another_model_follows_cursor_and_view(compare, differ, make_bundle, plain_decoder):
    """Wherever the cursor goes, the difference is that of both decoders there."""
    paths = make_bundle(seed=1), make_bundle(seed=2)
    comparison = compare(paths[0])
    decoders = [plain_decoder(path) for path in paths]
    comparison.open(Other(paths[1]))
    differ(comparison, *(decode([(0, 0)]) for decode in decoders))
    comparison.first.change(z=(0.5, -1.0), viewport=SEEN)
    assert comparison.second.state.z == (0.5, -1.0)
    assert comparison.second.state.viewport == SEEN
    differ(comparison, *(decode([(0.5, -1.0)]) for decode in decoders))
    assert comparison.other == Other(paths[1])


def test_while_nobody_looks_it_stays_where_it_is(compare, differ, make_bundle, plain_decoder, qtbot):
    """B follows again as soon as the comparison is shown."""
    paths = make_bundle(seed=1), make_bundle(seed=2)
    comparison = compare(paths[0])
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(paths[1]))
    comparison.set_shown(False)
    comparison.first.change(z=(2.0, 2.0))
    assert comparison.second.state.z == (0.0, 0.0)
    comparison.set_shown(True)
    differ(comparison, *(plain_decoder(path)([(2.0, 2.0)]) for path in paths))


def test_another_epoch_of_the_open_model(compare, differ, make_film):
    """B is first the first epoch after training began; its timeline changes that; A keeps its epoch."""
    film = make_film(3)
    comparison = compare(film.path)
    comparison.open_epoch()
    differ(comparison, film.decode(3, [(0, 0)]), film.decode(1, [(0, 0)]))
    assert (comparison.first.state.epoch, comparison.second.state.epoch) == (None, 1)
    comparison.timeline.go_to(2)
    differ(comparison, film.decode(3, [(0, 0)]), film.decode(2, [(0, 0)]))
    comparison.open(Other(film.path, 0))  # open already: no file is read again
    assert comparison.second.state.epoch == 0
    differ(comparison, film.decode(3, [(0, 0)]), film.decode(0, [(0, 0)]))


def test_what_was_saved_is_opened_once_somebody_looks(compare, make_film, qtbot):
    """It opens with its epoch, and after the open model."""
    film = make_film(3)
    comparison = compare(None)
    comparison.keep(Other(film.path, 2))
    assert comparison.other == Other(film.path, 2)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.first.open(film.path)
    assert comparison.second.state.epoch == 2


def test_the_drawing_is_encoded_by_both_if_it_fits(compare, make_bundle, qtbot):
    """A model of another image size gives no ELBO of the drawing."""
    bundle = make_bundle(encoder=encoder_graph(SHAPE, 0))
    comparison = compare(bundle)
    comparison.encode(replace(blank(SHAPE), pixels=np.eye(12, dtype=np.float32)[None]))
    comparison.open(Other(make_bundle(encoder=encoder_graph(SHAPE, 1), seed=5)))
    qtbot.waitUntil(lambda: comparison.encoded is not None, timeout=SOON_MS)
    expected = comparison.second.model.encode(np.eye(12, dtype=np.float32)[None, None])[0]
    assert comparison.encoded.mean == pytest.approx(expected[0])
    assert comparison.is_comparable
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(image_shape=(1, 8, 8), latent_dim=3)))
    assert comparison.encoded is None
    assert not comparison.is_comparable


def test_the_true_posterior_by_b_is_found_while_somebody_looks_at_it(compare, make_bundle, qtbot):
    """It comes after all other work of B's worker, and only while the comparison and its layer are shown."""
    comparison = compare(make_bundle())
    comparison.finder.side = 32
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(seed=5)))
    comparison.set_shown(False)
    comparison.encode(replace(blank(SHAPE), pixels=np.eye(12, dtype=np.float32)[None]))
    assert comparison.finder.table is None
    comparison.set_shown(True)
    qtbot.waitUntil(
        lambda: comparison.finder.located is not None and comparison.finder.located.posterior.is_converged,
        timeout=SOON_MS,
    )
    state = comparison.first.state
    comparison.first.set_state(state.with_layer(Layer.TRUE_POSTERIOR, on=False))
    assert comparison.finder.located is None
    comparison.first.set_state(state)
    qtbot.waitUntil(lambda: comparison.finder.located is not None, timeout=SOON_MS)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(latent_dim=3)))
    assert comparison.finder.located is comparison.finder.table is None


def test_after_b_is_closed_its_images_are_not_in_memory(compare, make_bundle, labelled_posterior, qtbot):
    """That holds although they were compared with A's before."""
    images = np.zeros((60, *SHAPE), np.uint8)
    posterior = replace(labelled_posterior, images=images)
    comparison = compare(make_bundle(posterior=posterior))
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(posterior=posterior, seed=1)))
    assert comparison.has_same_points
    held = weakref.ref(comparison.second.points.posterior.images)
    comparison.close_second()
    assert not comparison.has_same_points

    def is_gone():
        gc.collect()
        return held() is None

    qtbot.waitUntil(is_gone, timeout=SOON_MS)


def test_a_file_that_cannot_be_opened_leaves_b_as_it_was(compare, make_bundle, tmp_path, qtbot):
    """B's explorer emits the error."""
    comparison = compare(make_bundle())
    good = make_bundle(seed=3)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(good))
    with qtbot.waitSignal(comparison.second.open_failed, timeout=SOON_MS):
        comparison.open(Other(tmp_path / "nothing.onnx"))
    assert comparison.other == Other(good)


@pytest.fixture
def labelled(labelled_posterior):
    """The posterior with an image for each mean."""
    images = np.random.default_rng(0).integers(0, 2, (60, 1, 12, 12), np.uint8)
    return replace(labelled_posterior, images=images)


def test_the_same_images_are_the_same_points(make_explorer, make_bundle, labelled):
    """Their places do not matter; a different image or label makes them different points."""
    first = make_explorer(make_bundle(posterior=labelled))
    assert same_points(first, make_explorer(make_bundle(posterior=replace(labelled, mean=-labelled.mean))))
    images, labels = labelled.images.copy(), labelled.labels.copy()
    images[59], labels[0] = 1 - images[59], 2
    assert not same_points(first, make_explorer(make_bundle(posterior=replace(labelled, images=images))))
    assert not same_points(first, make_explorer(make_bundle(posterior=replace(labelled, labels=labels))))
    assert not same_points(first, make_explorer(make_bundle()))

"""The explorer holds model and state, and requests only what changed."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from desktop.app.saving import note_of
from desktop.app.worker import Priority
from desktop.images.pixels import BEHIND_GRAY, over_gray, to_bytes
from desktop.jobs.tiles import reduced
from desktop.latent.plane import Viewport, axis_plane
from desktop.latent.prior import NORMAL, Prior, PriorKind
from desktop.models.opened import open_model
from desktop.reading.input_values import InputValue
from desktop.view.first_view import first_view, fitted_view
from desktop.view.provenance import from_text
from desktop.view.state import Layer, start_state
from export.bundle import BundleError, Posterior
from tests.desktop.foreign_models import conditional, decoder
from tests.waiting import SOON_MS, SOON_S

SIZE_PX = (300, 200)


class Heard:
    """Records the names of the explorer's signals in the order of their arrival."""

    def __init__(self, explorer, *names):
        self.events = []
        for name in names:
            getattr(explorer, name).connect(lambda *_, name=name: self.events.append(name))


def test_opening_gives_the_model_and_decodes_the_picture_and_the_backdrop(
    make_explorer, bundle_path, qtbot, plain_decoder
):
    """The view contains the test images' means, and the cursor is well inside it."""
    explorer = make_explorer()
    assert explorer.source is None
    explorer.set_view_size(SIZE_PX)
    arrived = []
    explorer.opened.connect(arrived.append)
    explorer.picture_decoded.connect(arrived.append)
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        explorer.open(bundle_path)
    opened, decoded = arrived
    assert explorer.source.name == opened.model.source.name == "MNIST, small"
    start = start_state(2)
    assert explorer.state.z == decoded.z == fitted_view(start, explorer.state.viewport).z
    assert decoded.probabilities == pytest.approx(plain_decoder(bundle_path)([decoded.z])[0], abs=1e-6)
    left, bottom, right, top = explorer.state.viewport.edges(SIZE_PX)
    mean = opened.posterior.mean
    assert ((mean > [left, bottom]) & (mean < [right, top])).mean() > 0.9


@pytest.mark.parametrize("latent_dim", [1, 3, 8])
def test_the_state_starts_anew_in_the_models_dimensions(make_explorer, make_bundle, latent_dim):
    """The cursor has a coordinate per latent dimension, all zero; the plane is on the first two axes."""
    explorer = make_explorer(make_bundle(latent_dim=latent_dim))
    assert explorer.state.z == (0.0,) * latent_dim
    assert explorer.state.plane.axes == (0, min(1, latent_dim - 1))


def test_a_bundle_that_cannot_be_opened_leaves_everything_as_it_was(explorer, tmp_path, qtbot):
    """Model and state stay, only the failure is emitted, and the model still decodes."""
    explorer.set_state(explorer.state.at((0.5, 0.25)))
    bundle, state = explorer.source, explorer.state
    heard = Heard(explorer, "opened", "state_changed", "failed")
    with qtbot.waitSignal(explorer.open_failed, timeout=SOON_MS) as failure:
        explorer.open(tmp_path / "no")
    assert isinstance(failure.args[0], BundleError)
    assert explorer.source is bundle
    assert explorer.state is state
    assert heard.events == []
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        explorer.set_state(state.at((1.0, 1.0)))


def test_another_bundle_takes_the_place_of_the_first(explorer, make_bundle, qtbot):
    """Hidden layers stay hidden; cursor, path and view are reset."""
    changed = replace(
        explorer.state, layers=frozenset({Layer.POINTS}), path=((1.0, 1.0),), viewport=Viewport((5, 5), 1)
    )
    explorer.set_state(changed)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(name="second", latent_dim=3))
    assert explorer.source.name == "second"
    assert explorer.state == replace(start_state(3), layers=frozenset({Layer.POINTS}))


def test_the_last_of_several_openings_wins(explorer, make_bundle, qtbot):
    """If two bundles are requested at once, only the second is opened."""
    names = []
    explorer.opened.connect(lambda opened: names.append(opened.model.source.name))
    first, second = make_bundle(name="a"), make_bundle(name="b")
    explorer.open(first)
    explorer.open(second)
    qtbot.waitUntil(lambda: names == ["b"], timeout=SOON_MS)
    qtbot.wait(50)
    assert names == ["b"]


@pytest.mark.parametrize(
    ("change", "picture", "backdrop"),
    [
        ({"z": (1.0, 0.5)}, True, False),
        ({"viewport": Viewport((1.0, 0.0), 2.0)}, False, True),
        ({"plane": axis_plane((0.0, 0.0), 1, 0)}, False, True),
        (
            {"layers": frozenset({Layer.BACKDROP}), "hidden_labels": frozenset({1}), "path": ((0.0, 0.0),)},
            False,
            False,
        ),
    ],
)
def test_a_change_decodes_what_changed_and_nothing_else(explorer, qtbot, change, picture, backdrop):
    """In two dimensions, moving the cursor decodes a picture, and moving the view decodes the backdrop."""
    heard = Heard(explorer, "state_changed", "picture_decoded", "backdrop_finished")
    explorer.set_state(replace(explorer.state, **change))
    expected = ["state_changed"] + ["picture_decoded"] * picture + ["backdrop_finished"] * backdrop
    qtbot.waitUntil(lambda: heard.events == expected, timeout=SOON_MS)
    qtbot.wait(50)
    assert heard.events == expected


def test_the_same_state_again_does_nothing(explorer, qtbot):
    """No signal is emitted and nothing is decoded."""
    heard = Heard(explorer, "state_changed", "picture_decoded", "backdrop_finished")
    explorer.set_state(replace(explorer.state))
    explorer.set_view_size(SIZE_PX)
    qtbot.wait(50)
    assert heard.events == []


def test_moving_off_the_plane_decodes_it_again(make_explorer, make_bundle, qtbot):
    """In three dimensions, a cursor with another third coordinate is on another plane."""
    explorer = make_explorer(make_bundle(latent_dim=3))
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        explorer.set_view_size(SIZE_PX)
    heard = Heard(explorer, "picture_decoded", "backdrop_finished")
    explorer.set_state(explorer.state.moved_to((0.0, 0.0, 1.0)))
    qtbot.waitUntil(lambda: heard.events == ["picture_decoded", "backdrop_finished"], timeout=SOON_MS)
    explorer.set_state(explorer.state.at((1.0, 1.0)))
    qtbot.waitUntil(lambda: len(heard.events) == 3, timeout=SOON_MS)
    qtbot.wait(50)
    assert heard.events[2:] == ["picture_decoded"]


def test_what_is_in_view_is_there_when_the_backdrop_is_finished(explorer, qtbot):
    """Every tile of the finest level that overlaps the view is in the cache."""
    view = Viewport((1.0, -1.0), 3.0)
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        explorer.set_state(replace(explorer.state, viewport=view))
    cut = explorer.tiles.shown
    level = cut.pyramid.level(view.units_per_px(SIZE_PX))
    tiles = cut.pyramid.meeting(view.edges(SIZE_PX), level)
    assert len(tiles) > 1
    assert all(explorer.tiles.cache.get(cut.space, tile) is not None for tile in tiles)


def test_tiles_of_transparent_pictures_are_mixed_with_grey(make_explorer, make_bundle, qtbot):
    """Pictures stand out from the background, whether they are black or white."""
    explorer = make_explorer(make_bundle(image_shape=(4, 12, 12)))
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        explorer.set_view_size(SIZE_PX)
    cut, view = explorer.tiles.shown, explorer.state.viewport
    tile = cut.pyramid.meeting(view.edges(SIZE_PX), cut.pyramid.level(view.units_per_px(SIZE_PX)))[0]
    places, _ = cut.places([tile])
    z = cut.chart.z(places)
    picture = reduced(to_bytes(explorer.model.decode(z[:1])), cut.pyramid.picture_px)
    height, width = picture.shape[1:3]
    found = explorer.tiles.cache.get(cut.space, tile)[:height, :width]
    assert np.abs(found.astype(int) - over_gray(picture, BEHIND_GRAY)[0]).max() <= 1


def test_of_many_cursor_positions_the_last_is_always_shown(explorer, qtbot):
    """Pictures may be skipped, but never the last one, and they arrive in order."""
    seen = []
    explorer.picture_decoded.connect(lambda decoded: seen.append(decoded.z))
    for step in range(200):
        explorer.set_state(explorer.state.at((step / 100, 0.0)))
    qtbot.waitUntil(lambda: seen[-1:] == [explorer.state.z], timeout=SOON_MS)
    assert seen == sorted(seen)


def test_without_a_model_nothing_is_asked_for(make_explorer, qtbot):
    """Before a model is open, changes do nothing and raise nothing."""
    explorer = make_explorer()
    heard = Heard(explorer, "picture_decoded", "backdrop_finished")
    explorer.set_view_size(SIZE_PX)
    explorer.set_state(explorer.state.at((1.0, 1.0)))
    qtbot.wait(50)
    assert heard.events == []


def test_a_bare_model_of_many_dimensions_starts_at_a_sample(make_explorer, tmp_path):
    """The state is the first view for the prior of the model's reading."""
    explorer = make_explorer(decoder(tmp_path / "model.onnx", latent_dim=20, metadata={"prior": "uniform"}))
    prior = Prior(PriorKind.UNIFORM)
    assert explorer.prior == prior
    assert explorer.state == first_view(20, prior)


def test_a_bundle_of_many_dimensions_without_test_images_starts_at_a_sample(make_explorer, make_bundle):
    """As for a bare model, the plane goes through three samples, and R moves it to three others."""
    explorer = make_explorer(make_bundle(latent_dim=12))
    assert explorer.state == first_view(12)
    explorer.draw_z()
    assert explorer.state == first_view(12, seed=1)
    assert explorer.samples_viewport == explorer.home == explorer.state.viewport


def spread(*deviations, seed=0):
    """The posterior of 300 images whose means have these standard deviations around 1."""
    mean = np.random.default_rng(seed).normal(1, deviations, (300, len(deviations))).astype(np.float32)
    return Posterior(mean, np.zeros_like(mean))


def test_in_more_than_two_dimensions_a_bundle_starts_at_the_principal_axes(make_explorer, make_bundle):
    """The cursor is at the image nearest to the middle, with all in view; Home returns only on these axes."""
    posterior = spread(1, 3, 0.5, 2)
    explorer = make_explorer(make_bundle(latent_dim=4, posterior=posterior))
    begun = explorer.state
    assert np.abs(begun.plane.u.array).argmax() == 1
    assert np.abs(begun.plane.v.array).argmax() == 3
    middle = np.linalg.norm(posterior.mean - posterior.mean.mean(axis=0), axis=1).argmin()
    assert begun.z == pytest.approx(posterior.mean[middle])
    assert begun.viewport == begun.chart.around(begun.plane.project(posterior.mean))
    assert [words.split(",")[0] for words in begun.plane.words] == [
        "1st principal axis",
        "2nd principal axis",
    ]
    explorer.draw_z()
    explorer.change(viewport=Viewport((9.0, 9.0), 0.1))
    assert explorer.home.center == pytest.approx(begun.viewport.center)
    assert explorer.home.span == pytest.approx(begun.viewport.span)
    explorer.set_state(begun.with_axes(2, 3))
    assert explorer.home == Viewport()
    assert explorer.state.plane.words == ("", "")


@pytest.mark.parametrize("dims", [1, 2])
def test_in_up_to_two_dimensions_home_is_the_view_in_which_a_bundle_opened(make_explorer, make_bundle, dims):
    """Test images beyond the prior's span are in view again."""
    explorer = make_explorer(make_bundle(latent_dim=dims, posterior=spread(*[4] * dims)))
    begun = explorer.state.viewport
    assert begun.span > 2 * Viewport().span
    explorer.change(viewport=Viewport((9.0, 9.0), 0.1))
    assert explorer.home == begun


def test_a_bundle_that_grows_keeps_the_principal_axes(make_explorer, make_bundle):
    """The new means have other axes, but the old ones stay, with all means in view, at any z."""
    explorer = make_explorer(make_bundle(latent_dim=3, posterior=spread(3, 2, 1)))
    explorer.set_state(explorer.state.moved_to((0.3, -1.7, 2.1)))
    begun = explorer.state
    (grown,) = open_model(make_bundle(latent_dim=3, posterior=spread(1, 2, 5), seed=1), None, "cpu")
    explorer.renew(grown)
    around = begun.chart.around(begun.plane.project(grown.posterior.mean))
    assert around != begun.viewport
    assert explorer.state == replace(begun, viewport=around)


def test_a_random_z_is_another_sample_and_comes_home(make_explorer, tmp_path):
    """Each draw is the next seed's first view; home is the view of its samples."""
    explorer = make_explorer(decoder(tmp_path / "model.onnx", latent_dim=20))
    explorer.draw_z()
    explorer.draw_z()
    assert explorer.state == first_view(20, seed=2)
    explorer.change(viewport=Viewport())
    assert explorer.home == first_view(20, seed=2).viewport


def test_another_prior_starts_another_view(make_explorer, tmp_path, qtbot):
    """The cursor goes to a sample of the new prior; the path and the layers stay."""
    path = decoder(tmp_path / "model.onnx", latent_dim=2, metadata={})
    explorer = make_explorer(path)
    explorer.change(path=((0.1, 0.2),), layers=frozenset({Layer.PRIOR}))
    before = explorer.state
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(path, {"prior": "normal"})
    assert explorer.state == before, "the same prior, which is no guess any more"
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(path, {"prior": "uniform"})
    fresh = first_view(2, Prior(PriorKind.UNIFORM))
    assert explorer.state == replace(fresh, path=before.path, layers=before.layers)


def test_a_state_from_elsewhere_takes_the_models_prior(make_explorer, tmp_path):
    """An export may have another prior; the one of the model's reading is drawn."""
    explorer = make_explorer(decoder(tmp_path / "model.onnx"))
    explorer.set_state(replace(explorer.state, z=(1.0, 1.0), prior=Prior(PriorKind.SPHERE)))
    assert explorer.state.z == (1.0, 1.0)
    assert explorer.state.prior == NORMAL


def test_a_model_with_the_same_decoder_shows_its_plane(explorer, make_bundle, qtbot):
    """A copy of the open model has the same tiles; they are shown like those of any model."""
    copy = make_bundle(name="copy")
    heard = Heard(explorer, "opened")
    explorer.tiles.shown_changed.connect(lambda: heard.events.append("tiles shown"))
    with qtbot.waitSignal(explorer.backdrop_finished, timeout=SOON_MS):
        explorer.open(copy)
    assert heard.events == ["opened", "tiles shown"]


def test_closing_does_not_wait_for_a_picture(explorer):
    """The model's run is stopped, in the way in which the watchdog stops long runs."""
    stopped, entered = threading.Event(), threading.Event()
    found = []

    def run():
        with explorer.model._sessions._watchdog.watch(stopped.set):
            entered.set()
            found.append(stopped.wait(SOON_S))
        yield

    explorer.worker.request("long", Priority.PICTURE, run(), pytest.fail)
    assert entered.wait(SOON_S)
    explorer.close()
    assert found == [True]


def test_a_quick_picture_is_asked_for_before_the_window_takes_the_state_over(explorer, qtbot):
    """When a move is announced, its picture has already been requested."""
    idle = []
    explorer.state_changed.connect(lambda _: idle.append(explorer.worker.is_idle))
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)
    held = explorer.model.decode
    go_on = threading.Event()

    def decode(*arguments, **options):
        assert go_on.wait(SOON_S)
        return held(*arguments, **options)

    explorer.model.decode = decode
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        explorer.change(z=(0.5, 0.5))
        assert idle == [False]
        go_on.set()


def test_a_model_that_is_closed_leaves_nothing(explorer, make_bundle, qtbot):
    """There is no model, point or tile, as at the start; the next model opens as usual."""
    with qtbot.waitSignals([explorer.model_closed, explorer.model_changed], timeout=SOON_MS):
        explorer.close_model()
    assert explorer.source is explorer.model is explorer.decoder is explorer.tiles.shown is None
    explorer.change(z=(1.0, 1.0))  # and it is not decoded
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        explorer.open(make_bundle(seed=4))


def picture_of(label, z=(0.0, 0.0)):
    """The picture that `conditional` gives for a class."""
    row = np.linspace(-3, 3, 320, dtype=np.float32)[80 * label : 80 * label + 80].reshape(1, 8, 10)
    assert z == (0.0, 0.0)
    return 1 / (1 + np.exp(-row))


def test_the_class_is_part_of_the_view(make_explorer, qtbot, tmp_path):
    """Setting the class decodes with it and puts it into the note; invalid values change nothing.

    Opened again, the file keeps it, unless it is opened with another.
    """
    path = conditional(tmp_path / "model.onnx")
    explorer = make_explorer(path)
    assert explorer.state.inputs == (InputValue("label", 0), InputValue("strength", 1))
    at_mean = replace(explorer.state, plane=axis_plane((0.0, 0.0))).at((0, 0))
    explorer.set_state(at_mean)
    steps, pictures = [], []
    explorer.stepped.connect(lambda *states: steps.append(states))
    explorer.picture_decoded.connect(pictures.append)
    with qtbot.waitSignal(explorer.picture_decoded, timeout=SOON_MS):
        explorer.change(inputs=(InputValue("label", 2),))
    assert explorer.state.inputs == (InputValue("label", 2), InputValue("strength", 1))
    qtbot.waitUntil(
        lambda: pictures[-1].probabilities == pytest.approx(picture_of(2), abs=1e-6), timeout=SOON_MS
    )
    assert [before.inputs[0].value for before, _ in steps] == [0]
    explorer.change(inputs=(InputValue("label", 9), InputValue("other", 1)))
    assert len(steps) == 1, "nothing changed"
    model = explorer.model
    explorer.change(inputs=tuple(explorer.state.inputs[:1]))
    assert explorer.model is model, "the same values again are the same model"
    assert from_text(note_of(explorer, "picture")).state.inputs == explorer.state.inputs
    for overrides, label in ((None, 2), ({"set label": "3"}, 3)):
        with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
            explorer.open(path, overrides)
        assert explorer.state.inputs[0].value == label
        assert explorer.model.source.reading.other_inputs[0].value == label

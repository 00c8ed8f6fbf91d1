"""Own pictures replace the test images, follow the epochs, and can be removed."""

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.app.own_pictures import OwnPictures
from desktop.app.timeline import Timeline
from desktop.images.picture_kinds import ImageError
from desktop.latent.named_points import NamedPoints
from desktop.models.opened import Opened
from desktop.view.state import Layer
from tests.waiting import SOON_MS


@pytest.fixture
def pictures(tmp_path):
    """Thirty pictures of twelve by twelve pixels in two folders."""
    draw = np.random.default_rng(3)
    for number in range(30):
        folder = tmp_path / "pictures" / ("left" if number < 12 else "right")
        folder.mkdir(parents=True, exist_ok=True)
        picture = draw.integers(0, 256, (12, 12), np.uint8)
        imageio.imwrite(folder / f"{number:02}.png", picture, extension=".png", plugin="pillow")
    return tmp_path / "pictures"


@pytest.fixture
def film(make_film):
    """A bundle with the epochs 0 to 2, each with its encoder, and 40 test images."""
    return make_film(2)


@pytest.fixture
def explorer(make_explorer, film):
    """An explorer with that bundle open."""
    return make_explorer(film.path)


@pytest.fixture
def shown(explorer, pictures, qtbot):
    """The own pictures that the explorer shows."""
    own = OwnPictures(explorer)
    with qtbot.waitSignal(own.shown, timeout=SOON_MS):
        own.show(pictures)
    return own


@pytest.mark.usefixtures("shown")
def test_they_take_the_place_of_the_test_images(explorer):
    """The points have their posteriors, images, labels and names; the view is fitted to them."""
    x = (explorer.points.posterior.images > 0).astype(np.float32)
    mean, _ = explorer.model.encode(x)
    np.testing.assert_allclose(explorer.points.posterior.mean, mean, atol=1e-5)
    assert explorer.points.label_names == ("left", "right")
    assert np.bincount(explorer.points.posterior.labels).tolist() == [12, 18]
    assert Layer.POINTS in explorer.state.layers
    seen = explorer.state.viewport
    assert seen == explorer.state.chart.around(explorer.state.plane.project(mean))


def test_pins_and_hidden_labels_of_the_others_are_gone(explorer, pictures, qtbot):
    """Their numbers would refer to other images."""
    explorer.change(pinned=(3, 5), hidden_labels=frozenset({1}))
    own = OwnPictures(explorer)
    with qtbot.waitSignal(own.shown, timeout=SOON_MS):
        own.show(pictures)
    assert (explorer.state.pinned, explorer.state.hidden_labels) == ((), frozenset())


def test_removing_them_shows_the_test_images_again(explorer, shown, film):
    """The bundle's labels are back, too."""
    shown.remove()
    assert (explorer.points.posterior.mean == film.posterior(2).mean).all()
    assert explorer.points.label_names == ("no", "yes")
    assert explorer.points.own is None


@pytest.mark.usefixtures("shown")
def test_another_model_starts_without_them(explorer, make_bundle, qtbot):
    """Own pictures belong to the model that encoded them."""
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(name="other"))
    assert explorer.points.own is None
    assert explorer.points.posterior is None
    assert explorer.points.label_names == ()


@pytest.mark.usefixtures("shown")
def test_every_epoch_encodes_them_with_its_own_encoder(explorer, qtbot):
    """Until they are encoded there are no points; an epoch that was shown before has them at once."""
    timeline = Timeline(explorer)
    timeline._start_over()
    last = explorer.points.posterior
    timeline.go_to(0)
    qtbot.waitUntil(lambda: explorer.model is not explorer.whole.model, timeout=SOON_MS)
    assert explorer.points.posterior is None
    qtbot.waitUntil(lambda: explorer.points.posterior is not None, timeout=SOON_MS)
    x = (last.images > 0).astype(np.float32)
    np.testing.assert_allclose(explorer.points.posterior.mean, explorer.model.encode(x)[0], atol=1e-5)
    assert np.abs(explorer.points.posterior.mean - last.mean).max() > 0.01
    timeline.go_to(2)
    assert explorer.points.posterior is last


@pytest.mark.usefixtures("shown")
def test_an_epoch_that_is_shown_before_the_encoding_has_ended_is_encoded_too(explorer, shown, qtbot):
    """The end of the first encoding may arrive after the epoch's model does."""
    timeline = Timeline(explorer)
    timeline._start_over()
    timeline.go_to(0)
    qtbot.waitUntil(lambda: explorer.model is not explorer.whole.model, timeout=SOON_MS)
    shown._end()
    qtbot.waitUntil(lambda: explorer.points.posterior is not None, timeout=SOON_MS)


def test_cancelling_leaves_everything_as_it_was(explorer, pictures, qtbot):
    """The test images stay, and nothing arrives later."""
    own = OwnPictures(explorer)
    before = explorer.points.posterior
    told = []
    own.progressed.connect(told.append)
    own.show(pictures)
    own.cancel()
    qtbot.waitUntil(lambda: explorer.opener.is_idle, timeout=SOON_MS)
    qtbot.wait(50)
    assert explorer.points.posterior is before
    assert told[-1] is None


def test_a_failure_is_told_and_leaves_everything_as_it_was(explorer, tmp_path, qtbot):
    """The failure here is an empty folder."""
    (tmp_path / "empty").mkdir()
    own = OwnPictures(explorer)
    before = explorer.points.posterior
    with qtbot.waitSignal(explorer.failed, timeout=SOON_MS) as failed:
        own.show(tmp_path / "empty")
    assert isinstance(failed.args[0], ImageError)
    assert explorer.points.posterior is before


def test_a_model_without_an_encoder_has_no_points(explorer, shown, make_model, make_bundle, qtbot):
    """An epoch may have no encoder: `unencoded` is emitted, and at the last epoch the points are back."""
    last = explorer.points.posterior
    without = Opened(make_model(make_bundle(name="without")), None)
    with qtbot.waitSignal(shown.unencoded, timeout=SOON_MS):
        explorer.take_over(without)
    assert explorer.points.posterior is None
    explorer.take_over(None)
    assert explorer.points.posterior is last


@pytest.mark.usefixtures("shown")
def test_reloading_the_model_encodes_them_again(explorer, qtbot):
    """The file may have changed."""
    before = explorer.points.posterior
    with qtbot.waitSignal(explorer.renewed, timeout=SOON_MS):
        explorer.reload()
    qtbot.waitUntil(lambda: explorer.points.posterior is not None, timeout=SOON_MS)
    assert explorer.points.posterior is not before
    np.testing.assert_allclose(explorer.points.posterior.mean, before.mean, atol=1e-5)
    assert explorer.points.label_names == ("left", "right")


def test_own_z_are_points_at_every_epoch(explorer, film, qtbot):
    """The points stay where they are, and each epoch's decoder makes its own thumbnails."""
    own, z = OwnPictures(explorer), np.random.default_rng(0).normal(size=(30, 2))
    own.show_z(NamedPoints(z, tuple(map(str, range(30)))), "z.npy")
    assert explorer.points.posterior.images is None, "the points do not wait for their pictures"
    timeline = Timeline(explorer)
    timeline._start_over()
    for epoch in (2, 0):
        timeline.go_to(epoch)
        if epoch == 0:
            qtbot.waitUntil(lambda: explorer.model is not explorer.whole.model, timeout=SOON_MS)
        qtbot.waitUntil(lambda: explorer.points.posterior is not None, timeout=SOON_MS)
        qtbot.waitUntil(lambda: explorer.points.posterior.images is not None, timeout=SOON_MS)
        found = explorer.points.posterior
        assert np.abs(found.images / 255 - film.decode(epoch, found.mean)).max() < 0.6 / 255
        assert (found.mean == z.astype(np.float32)).all()
    assert (explorer.points.encoded.mean == film.posterior(0).mean).all(), "densities are of the test images"


def test_a_cancelled_decoding_keeps_the_points(explorer, qtbot):
    """The points have no thumbnails then."""
    own, told = OwnPictures(explorer), []
    own.progressed.connect(told.append)
    own.show_z(NamedPoints(np.zeros((5000, 2)), tuple(map(str, range(5000)))), "z.npy")
    qtbot.waitUntil(lambda: any(told), timeout=SOON_MS)
    own.cancel()
    assert told[-1] is None
    assert len(explorer.points.posterior.mean) == 5000
    assert explorer.points.posterior.images is None

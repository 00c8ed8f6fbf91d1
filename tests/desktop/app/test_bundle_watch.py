"""The program follows the open bundle as it grows, and other changes on disk have no effect."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from desktop.app import bundle_watch
from desktop.app.bundle_watch import BundleWatch
from desktop.latent.plane import Viewport
from export.bundle import open_bundle
from tests.waiting import SOON_MS

Z = np.array([(0.5, -1.0)], np.float32)


@pytest.fixture
def watch(make_explorer, qtbot):
    """`watch(path)` returns an explorer that has a bundle open, with its watch."""

    def open_path(path) -> BundleWatch:
        explorer = make_explorer()
        watched = BundleWatch(explorer)
        with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
            explorer.open(path)
        return watched

    return open_path


def without_events(monkeypatch) -> None:
    """Turn off file events, as on a network file system, so that only polling works."""
    monkeypatch.setattr(bundle_watch, "POLL_MS", 50)
    monkeypatch.setattr(BundleWatch, "_watch", lambda _self: None)


@pytest.mark.parametrize("events", [True, False])
@pytest.mark.parametrize("name", ["film", "film.latent"])
def test_a_bundle_that_grows_is_followed(make_film, watch, qtbot, monkeypatch, name, events):
    """A folder or a file grows twice, with or without events; each time the new model is opened."""
    if events:
        monkeypatch.setattr(bundle_watch, "POLL_MS", 60_000)
    else:
        without_events(monkeypatch)
    film = make_film(1, name)
    watched = watch(film.path)
    explorer = watched.parent()
    explorer.change(z=(0.5, -1.0), viewport=Viewport(span=3.0))
    before = explorer.state
    opened_again: list[object] = []
    explorer.opened.connect(opened_again.append)
    for last in (2, 3):
        with qtbot.waitSignal(watched.grown, timeout=SOON_MS):
            film.write(last)
        assert explorer.source.bundle.epochs == tuple(range(last + 1))
        np.testing.assert_allclose(explorer.model.decode(Z), film.decode(last, Z), atol=1e-6)
    assert explorer.state == before
    assert opened_again == []


def test_a_view_of_all_test_images_stays_one(make_film, watch, qtbot, monkeypatch):
    """Until people change the view, it follows the test images, which are close together at first."""
    monkeypatch.setattr(bundle_watch, "POLL_MS", 50)
    film = make_film(1)
    watched = watch(film.path)
    explorer = watched.parent()
    before = explorer.state
    assert before.viewport == before.chart.around(film.posterior(1, whole=True).mean)
    steps: list[object] = []
    explorer.stepped.connect(lambda *_: steps.append(None))
    with qtbot.waitSignal(watched.grown, timeout=SOON_MS):
        film.write(2)
    fitting = before.chart.around(film.posterior(2, whole=True).mean)
    assert before.viewport != fitting == explorer.state.viewport
    assert steps == []


def test_what_is_half_written_is_waited_for(make_film, watch, qtbot, monkeypatch):
    """While the bundle is missing or damaged, nothing is reported; once it is intact, it is opened."""
    monkeypatch.setattr(bundle_watch, "POLL_MS", 100)
    film = make_film(1)
    watched = watch(film.path)
    explorer = watched.parent()
    errors: list[Exception] = []
    explorer.failed.connect(errors.append)
    explorer.open_failed.connect(errors.append)
    aside = film.path.with_name("aside")
    film.path.rename(aside)
    qtbot.wait(300)
    film.path.mkdir()
    (film.path / "manifest.json").write_text("{")
    qtbot.wait(300)
    np.testing.assert_allclose(explorer.model.decode(Z), film.decode(1, Z), atol=1e-6)
    shutil.rmtree(film.path)
    aside.rename(film.path)
    with qtbot.waitSignal(watched.grown, timeout=SOON_MS):
        film.write(2)
    assert explorer.source.bundle.epochs == (0, 1, 2)
    assert errors == []


def test_a_bundle_that_is_only_touched_is_not_opened_again(make_film, watch, qtbot, monkeypatch):
    """Other files, and the same manifest written again, do not reopen the bundle."""
    monkeypatch.setattr(bundle_watch, "POLL_MS", 50)
    film = make_film(1)
    watched = watch(film.path)
    grown: list[None] = []
    watched.grown.connect(lambda: grown.append(None))
    model = watched.parent().model
    text = (film.path / "manifest.json").read_bytes()
    (film.path / "manifest.json").write_bytes(text)
    (film.path / "note.txt").write_text("mine")
    (film.path.parent / "other").mkdir()
    qtbot.wait(500)
    assert grown == []
    assert watched.parent().model is model


def test_a_bundle_of_other_dimensions_in_its_place_is_opened(make_film, make_bundle, watch, qtbot):
    """Another model under the same name is opened like any other, with a new state."""
    film = make_film(1)
    watched = watch(film.path)
    explorer = watched.parent()
    explorer.change(z=(0.5, -1.0))
    other = make_bundle(latent_dim=3)
    shutil.rmtree(film.path)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        shutil.move(other, film.path)
    assert explorer.state.z == (0.0, 0.0, 0.0)
    assert explorer.model.latent_dim == 3


def test_numbers_of_test_images_go_if_these_are_others(make_bundle, labelled_posterior, watch, qtbot):
    """With the same test images, a reload keeps selection and pins; with others, only z and the view stay."""
    path = make_bundle(posterior=labelled_posterior, labels=("a", "b", "c"))
    others = replace(labelled_posterior, labels=labelled_posterior.labels[::-1].copy())
    explorer = watch(path).parent()
    explorer.change(selected=(3,), pinned=(1,), z=(0.5, -1.0), viewport=Viewport(span=3.0))
    before = explorer.state
    for posterior, expected in (
        (labelled_posterior, before),
        (others, replace(before, selected=(), pinned=())),
    ):
        made = make_bundle(posterior=posterior, labels=("a", "b", "c"))
        if made != path:
            shutil.rmtree(path)
            shutil.copytree(made, path)
        with qtbot.waitSignal(explorer.renewed, timeout=SOON_MS):
            explorer.reload()
        assert explorer.state == expected


def test_the_bundle_that_was_closed_is_watched_no_more(make_film, watch, qtbot, monkeypatch):
    """After another bundle was opened, changes of the earlier one have no effect."""
    monkeypatch.setattr(bundle_watch, "POLL_MS", 50)
    film, other = make_film(1), make_film(1, "other")
    watched = watch(film.path)
    explorer = watched.parent()
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(other.path)
    film.write(2)
    qtbot.wait(400)
    assert explorer.source.path == other.path
    assert open_bundle(film.path).epochs == (0, 1, 2)

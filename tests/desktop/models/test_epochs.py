"""models/epochs.py: the models of a bundle's epochs, and their numbers in the manifest."""

import numpy as np
import pytest

from desktop.base.machine import Device
from desktop.models.epochs import (
    Loader,
    elbos_nats,
    epoch_in_words,
    epochs_of,
    load_epoch,
    stop_in_words,
    whole_elbo_nats,
)
from desktop.models.open_source import open_epoch, open_source
from desktop.models.opened import Opened
from export.bundle import BundleError, open_bundle
from export.growing import grow_bundle

Z = np.array([(0.5, -1.0), (0.0, 0.0), (2.0, 1.0)], np.float32)


def next_number(steps) -> int:
    """The number of the epoch that is loaded next."""
    loaded = next(steps)
    loaded.opened.model.close()
    return loaded.epoch.number


@pytest.fixture
def opened(make_model):
    """`opened(film)`: the bundle's own model."""

    def open_film(film) -> Opened:
        model = make_model(film.path)
        return Opened(model, model.source.bundle.read_posterior())

    return open_film


def test_the_epochs_are_those_with_a_decoder(make_film, make_bundle):
    """Each has its number and its test ELBO, except that epoch 0 has no ELBO; a bundle may have no epochs."""
    film = make_film(3)
    epochs = epochs_of(open_source(film.path))
    assert [(epoch.number, epoch.elbo_nats) for epoch in epochs] == [
        (0, None),
        (1, -190.0),
        (2, -180.0),
        (3, -170.0),
    ]
    assert len({epoch.hashes for epoch in epochs}) == 4
    assert epochs_of(open_source(make_bundle())) == ()
    assert epochs_of(None) == ()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (None, {}),
        ("ten", {}),
        ([1, None, "x", {}], {}),
        ([{"epoch": 1, "test_elbo_nats": float("nan")}, {"epoch": 2, "test_elbo_nats": -5}], {2: -5.0}),
        ([{"epoch": "1", "test_elbo_nats": -1.0}, {"epoch": True, "test_elbo_nats": -1.0}], {}),
        ([{"epoch": 1}, {"test_elbo_nats": -1.0}, {"epoch": 3, "test_elbo_nats": "-1"}], {}),
        ([{"epoch": 1, "test_elbo_nats": 10**400}, {"epoch": 2, "test_elbo_nats": float("-inf")}], {}),
    ],
)
def test_what_a_manifest_says_of_epochs_may_be_anything(make_film, said, found):
    """The figures are for people, so anything that is not a number is skipped."""
    film = make_film(1)
    film.write(1, epochs=said)
    assert elbos_nats(open_bundle(film.path)) == found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (0.413, "−190.00 ± 0.41 nats"),
        (None, "−190.00 nats"),
        ("0.4", "−190.00 nats"),
        (-0.4, "−190.00 nats"),
        (float("nan"), "−190.00 nats"),
    ],
)
def test_an_elbo_is_told_with_its_standard_error(make_film, said, words):
    """Manifests of older versions have no standard error, and a stranger's may hold anything."""
    film = make_film(1)
    metrics = {"epoch": 1, "test_elbo_nats": -190.0, "test_elbo_error_nats": said}
    film.write(1, epochs=[metrics], metrics=metrics)
    source = open_source(film.path)
    assert epoch_in_words(epochs_of(source), 1) == f"epoch 1 of 1: test ELBO {words}"
    error = said if words.endswith("± 0.41 nats") else None
    assert whole_elbo_nats(source.bundle) == (-190.0, error)


@pytest.mark.parametrize(
    ("said", "fit", "words"),
    [
        ({"after_epoch": 3, "by": "error"}, {"epochs": 9}, "The fit ended in an error after epoch 3 of 9."),
        ({"after_epoch": 3, "by": "interruption"}, None, "The fit was interrupted after epoch 3."),
        (
            {"after_epoch": 0, "by": "interruption"},
            {"epochs": 9},
            "The fit was interrupted before epoch 1 of 9 was finished.",
        ),
        ({"after_epoch": -1, "by": "error"}, None, ""),
        ({"after_epoch": "3", "by": "error"}, None, ""),
        ({"after_epoch": 3, "by": ["error"]}, None, ""),
        ({"after_epoch": 3}, None, ""),
        ("yes", None, ""),
        (None, None, ""),
    ],
)
def test_a_fit_that_has_stopped_is_told(make_film, said, fit, words):
    """The manifest must say so with plausible values."""
    film = make_film(1)
    film.write(1, stopped=said, fit=fit)
    assert stop_in_words(open_source(film.path)) == words


def test_nothing_is_told_of_a_fit_that_goes_on(make_film):
    """Nothing is told without an open model either."""
    assert stop_in_words(open_source(make_film(1).path)) == ""
    assert stop_in_words(None) == ""


@pytest.mark.parametrize(
    ("fit", "last"),
    [
        ({"epochs": 60}, 60),
        ({"epochs": 1}, 2),
        ({"epochs": "9"}, 2),
        ({"epochs": True}, 2),
        (7, 2),
        (None, 2),
    ],
)
def test_a_fit_that_goes_on_or_was_ended_has_more_epochs_than_its_bundle(make_film, fit, last):
    """The words count the planned epochs, if the manifest gives their number."""
    film = make_film(2)
    film.write(2, fit=fit)
    assert (
        epoch_in_words(epochs_of(open_source(film.path)), 1) == f"epoch 1 of {last}: test ELBO −190.00 nats"
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"epoch": 1, "share": 0.42}, "epoch 1 of 1: 42 % of it"),
        ({"epoch": 1, "share": 0.999}, "epoch 1 of 1: 99 % of it"),
        ({"epoch": 1, "share": 7.0}, "epoch 1 of 1: test ELBO −190.00 nats"),
        ({"epoch": "1", "share": 0.5}, "epoch 1 of 1: test ELBO −190.00 nats"),
        (["epoch", 1], "epoch 1 of 1: test ELBO −190.00 nats"),
    ],
)
def test_an_epoch_that_is_not_finished_is_said_to_be_none(make_film, said, words):
    """The words give the share of its steps; an invalid share is ignored."""
    film = make_film(1)
    film.write(1, unfinished=said)
    assert epoch_in_words(epochs_of(open_source(film.path)), 1) == words


def test_an_epochs_model_is_its_own(make_film, opened):
    """Decoder, encoder and means belong to the epoch; images and labels belong to the bundle."""
    film = make_film(2)
    whole = opened(film)
    epoch = epochs_of(whole.model.source)[1]
    loaded = load_epoch(whole, epoch, "cpu")
    np.testing.assert_allclose(loaded.model.decode(Z), film.decode(1, Z), atol=1e-6)
    images = whole.posterior.images.astype(np.float32)
    assert not np.allclose(loaded.model.encode(images)[0], whole.model.encode(images)[0])
    np.testing.assert_array_equal(loaded.posterior.mean, film.posterior(1).mean)
    assert loaded.posterior.images is whole.posterior.images
    assert loaded.posterior.labels is whole.posterior.labels
    loaded.model.close()


def test_without_an_epochs_encoder_nothing_is_encoded_there(make_film, opened):
    """The last epoch's encoder is not used instead: its means would belong to another space."""
    film = make_film(1, encoders=False)
    loaded = load_epoch(opened(film), epochs_of(open_source(film.path))[0], "cpu")
    assert not loaded.model.has_encoder
    loaded.model.close()


def test_an_epochs_graph_is_looked_into_like_the_bundles_own(make_film, decoder_graph):
    """A graph of other dimensions instead of an epoch's decoder is refused with a message."""
    film = make_film(1)
    bundle = film.bundle
    files = {name: bundle.read(name) for name in bundle.files}
    files["epochs/000/decoder.onnx"] = decoder_graph(3, (1, 12, 12), 0)
    grow_bundle(bundle, bundle.manifest, files)
    with pytest.raises(BundleError) as error:
        open_epoch(open_source(film.path), 0)
    assert str(error.value) == (
        f"{film.path}: epochs/000/decoder.onnx: found the inputs z float32 [N, 3], expected z float32 "
        "[N, 2], as the manifest says; export it again"
    )


def test_an_epochs_encoder_that_the_manifest_does_not_describe_is_refused(make_film):
    """A bundle may have encoders only for epochs, but its manifest must still describe their inputs."""
    film = make_film(1)
    bundle = film.bundle
    files = {name: bundle.read(name) for name in bundle.files if name != "encoder.onnx"}
    tensors = {name: facts for name, facts in bundle.manifest["tensors"].items() if name == "decoder.onnx"}
    grown = grow_bundle(bundle, bundle.manifest | {"tensors": tensors}, files)
    with pytest.raises(BundleError) as error:
        open_epoch(open_source(grown.path), 0)
    assert str(error.value) == (
        f"{film.path}: manifest.json: found no valid tensors of encoder.onnx, expected them because there is "
        "epochs/000/encoder.onnx; export it again"
    )


def test_the_wanted_epoch_is_loaded_first(make_film, opened):
    """Its neighbours follow, later ones first; epochs that are held already are left out."""
    whole = opened(make_film(6))
    epochs = epochs_of(whole.model.source)
    loader = Loader(whole, epochs, "cpu")
    loader.held = {6}
    loader.wanted = 3
    steps = loader.steps()
    order = [next_number(steps) for _ in range(3)]
    loader.wanted = 0
    order += [next_number(steps) for _ in range(3)]
    assert order == [3, 4, 2, 0, 1, 5]
    assert list(steps) == []


def test_only_so_many_are_kept(make_film, opened, monkeypatch):
    """If models are large, only the nearest epochs are kept."""
    monkeypatch.setattr("desktop.models.epochs.KEPT_BYTES", 1)
    whole = opened(make_film(6))
    loader = Loader(whole, epochs_of(whole.model.source), "cpu")
    loader.wanted = 5
    assert loader.to_keep() == {4, 5, 6}
    steps = loader.steps()
    assert {next_number(steps) for _ in range(3)} == {4, 5, 6}
    assert list(steps) == []


def test_on_a_gpu_few_epochs_are_kept(make_film, opened, monkeypatch):
    """That holds for small graphs, too, because their sessions are large."""
    monkeypatch.setattr("desktop.models.epochs.KEPT_ON_CUDA", 4)
    whole = opened(make_film(6))
    epochs = epochs_of(whole.model.source)
    assert Loader(whole, epochs, "auto").to_keep() == set(range(7))
    whole.model._sessions.device = Device("cuda", "CUDA")
    loader = Loader(whole, epochs, "auto")
    loader.wanted = 6
    assert loader.to_keep() == {3, 4, 5, 6}


def test_an_epoch_that_is_gone_is_an_error_of_that_epoch(make_film, opened):
    """The other epochs are still loaded; the error says whether the bundle is still in its place."""
    film = make_film(3)
    whole = opened(film)
    (film.path / "epochs/001/decoder.onnx").unlink()
    loader = Loader(whole, epochs_of(whole.model.source), "cpu")
    found = {loaded.epoch.number: loaded for loaded in loader.steps()}
    for number in (0, 2, 3):
        found[number].opened.model.close()
    assert str(found[1].error).startswith(f"{film.path}: found no epochs/001/decoder.onnx")
    assert found[1].is_current

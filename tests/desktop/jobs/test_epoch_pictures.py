"""The same z is decoded by the model of each epoch, and kept if the decoder is slow."""

import numpy as np
import pytest

from desktop.jobs.epoch_pictures import epoch_pictures, epoch_pictures_cost
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.models.epochs import epochs_of
from desktop.models.opened import Opened

Z = np.random.default_rng(0).normal(size=(45, 2)).astype(np.float32)


@pytest.fixture
def opened(make_model):
    """`opened(film)`: the bundle's own model."""

    def open_film(film) -> Opened:
        model = make_model(film.path)
        return Opened(model, model.source.bundle.read_posterior())

    return open_film


def test_a_film_has_a_picture_of_each_epoch(make_film, opened, kept):
    """Each is decoded at the same z, in order, by its own decoder; steps give None while it decodes."""
    film = make_film(3)
    whole = opened(film)
    steps = list(epoch_pictures(whole, "cpu", Z, kept))
    pictures = [(epoch.number, found) for epoch, found in steps if found is not None]
    assert [number for number, _ in pictures] == [0, 1, 2, 3]
    for number, found in pictures:
        np.testing.assert_allclose(found, film.decode(number, Z), atol=1e-6)
    assert len(steps) > 2 * len(pictures)
    some = epochs_of(whole.model.source)[1:2]
    assert {epoch.number for epoch, _ in epoch_pictures(whole, "cpu", Z, kept, some)} == {1}


def test_what_a_slow_decoder_decoded_is_not_decoded_again(make_film, opened, kept, request):
    """After a cancelled film only the missing pictures cost time, and each is the one of its epoch."""
    request.getfixturevalue("all_are_slow")
    film, z, models = make_film(2), Z[:4], []
    whole = opened(film)
    epochs = epochs_of(whole.model.source)
    decoder = KeptDecoder(whole.model, kept)
    assert epoch_pictures_cost(decoder, z, epochs).pictures == 12
    for epoch, found in epoch_pictures(whole, "cpu", z, kept, epochs, models.append):
        if epoch.number == 1 and found is None:
            break
    assert 4 <= epoch_pictures_cost(decoder, z, epochs).pictures <= 7  # one step of the second epoch is done
    assert models[0] is not models[2]
    assert models[1] is None
    found = [found for _, found in epoch_pictures(whole, "cpu", z, kept, epochs) if found is not None]
    assert epoch_pictures_cost(decoder, z, epochs).pictures == 0
    for epoch, pictures in zip(epochs, found, strict=True):
        np.testing.assert_allclose(pictures, film.decode(epoch.number, z), atol=1e-6)

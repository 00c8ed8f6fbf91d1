"""A slow decoder decodes one picture per step, and none twice; a quick decoder keeps no pictures."""

import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.paths import PathKind, even_walk, path_curve
from desktop.latent.plane import sample_prior
from desktop.models import device_choice
from desktop.models.sessions import InterruptedDecodeError
from tests.desktop.foreign_models import decoder, sliced

Z = np.float32([[0.5, 0.5], [1, -1], [0.5, 0.5], [2, 0]])


def decoded(decoder, z):
    """All pictures, in steps."""
    return np.concatenate([piece[1] for piece in decoder.pieces(z)])


@pytest.fixture
def decoded_z(slow_decoder, monkeypatch):
    """The z that the model was asked for."""
    asked, decode = [], slow_decoder.model.decode

    def heard(z, **options):
        asked.extend(z.tolist())
        return decode(z, **options)

    monkeypatch.setattr(slow_decoder.model, "decode", heard)
    return asked


def test_each_picture_is_a_step_and_none_is_decoded_twice(slow_decoder, decoded_z):
    """That holds within a request and for later requests."""
    pictures = decoded(slow_decoder, Z)
    assert decoded_z == [[0.5, 0.5], [1, -1], [2, 0]]
    assert [len(piece[1]) for piece in slow_decoder.pieces(Z)] == [1] * 4
    assert (decoded(slow_decoder, Z) == pictures).all()
    assert len(decoded_z) == 3
    assert (pictures[0] == pictures[2]).all()
    assert (pictures[0] != pictures[1]).any()


def test_the_cost_is_that_of_what_is_missing(slow_decoder):
    """Kept pictures cost nothing, and a z that comes twice costs once."""
    cost = slow_decoder.cost(Z)
    assert (cost.pictures, cost.seconds) == (3, 15.0)
    decoded(slow_decoder, Z[:1])
    assert slow_decoder.cost(Z).pictures == 2
    assert slow_decoder.is_there(Z) == [True, False, True, False]


def test_the_first_picture_is_that_of_the_trial(slow_decoder, decoded_z):
    """The picture of the trial is kept as soon as the decoder is opened."""
    first = slow_decoder.model.source.first
    assert (slow_decoder.one(first.z).picture == first.picture).all()
    assert decoded_z == []


def test_an_interrupted_step_begins_again(slow_decoder, monkeypatch):
    """Between the attempts, the thread that takes the steps can do something else."""
    decode, calls = slow_decoder.model.decode, []

    def interrupted_once(z, may_be_interrupted):
        calls.append(z)
        if len(calls) == 2:
            raise InterruptedDecodeError("interrupted")
        return decode(z, may_be_interrupted=may_be_interrupted)

    monkeypatch.setattr(slow_decoder.model, "decode", interrupted_once)
    starts = [None if piece is None else piece[0] for piece in slow_decoder.pieces(Z[:2])]
    assert starts == [0, None, 1]


def test_a_quick_decoder_keeps_nothing(make_model, tmp_path):
    """Decoding again is quicker than keeping."""
    kept = DecodedPictures()
    quick = KeptDecoder(make_model(decoder(tmp_path / "quick.onnx")), kept)
    decoded(quick, Z)
    assert quick.cost(Z).pictures == 4
    assert not quick.has(Z[0])
    assert quick.in_memory(Z[0]) is None


def test_a_vector_and_a_row_of_numbers_have_the_same_picture(slow_decoder):
    """That holds whichever came first, in float32 or float64."""
    shown = slow_decoder.one(Vector((0.1, 0.2)))
    assert slow_decoder.in_memory(np.float32([0.1, 0.2])) is shown
    assert slow_decoder.in_memory(Vector(np.float32([0.1, 0.2]))) is shown
    assert slow_decoder.in_memory(Vector((0.1, 0.2001))) is None


def test_the_z_of_a_path_cost_as_those_of_an_array(slow_decoder):
    """The z of a path are computed one by one, and cost the same."""
    z = even_walk(path_curve([(0.0, 0.0), (1.0, 0.0)], PathKind.STRAIGHT, False)).frames(5)
    assert slow_decoder.cost(z).pictures == slow_decoder.cost(z[:]).pictures == 5
    decoded(slow_decoder, z[:2])
    assert slow_decoder.missing(slow_decoder.keys(z)) == 3
    assert slow_decoder.is_there(z) == [True, True, False, False, False]
    assert [piece[0] for piece in slow_decoder.pieces(z)] == [0, 1, 2, 3, 4]


def test_long_z_come_in_small_steps(make_model, tmp_path):
    """The z of a step take at most 64 MiB, together with their pictures."""
    quick = KeptDecoder(make_model(sliced(tmp_path / "long.onnx", 1 << 20)), DecodedPictures())
    quick.model.picture_s = 1e-4
    assert quick.step_pictures == 15


@pytest.mark.parametrize("long_ms", [0.0, 1e9])
def test_a_long_first_run_of_a_quick_decoder_is_the_first_picture(
    make_bundle, make_model, monkeypatch, long_ms
):
    """Its z is not decoded again; a short run is not kept, and the picture is the same."""
    monkeypatch.setattr(device_choice, "LONG_MS", long_ms)
    model = make_model(make_bundle())
    kept = KeptDecoder(model, DecodedPictures())
    assert (model.first is not None) == (long_ms == 0)
    z = Vector(sample_prior(1, 2, 0)[0])
    (expected,) = model.decode(np.asarray(z, np.float32)[None])
    monkeypatch.setattr(model, "decode", None if long_ms == 0 else model.decode)
    np.testing.assert_array_equal(kept.one(z).picture, expected)

"""A slow decoder runs once while it is opened, and this picture is shown first."""

import numpy as np
import onnxruntime as ort
import pytest

from desktop.base.errors import ModelError
from desktop.base.vector import Vector
from desktop.jobs.decode import decode_picture
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder
from desktop.latent.plane import sample_prior
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.reading.reading import ValueRange
from desktop.view.first_view import first_view
from tests.desktop.foreign_models import decoder


@pytest.mark.usefixtures("all_are_slow")
def test_a_slow_decoder_runs_once_and_its_picture_is_kept(tmp_path):
    """The picture is at a sample; a batch size of one is certain, and the rest is read as usual."""
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    assert source.reading.batch == 1
    assert "batch" not in source.reading.guesses
    assert (source.reading.image_shape, source.reading.value_range) == ((1, 8, 10), ValueRange.UNIT)
    z = sample_prior(1, 2, seed=0)
    assert source.first.z == tuple(z[0].tolist())
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert source.first.picture == pytest.approx(session.run(None, {"latent": z})[0][0], abs=1e-6)
    assert source.first.seconds > 0


@pytest.mark.usefixtures("all_are_slow")
@pytest.mark.parametrize("prior", ["normal", "uniform", "sphere:4"])
def test_the_first_picture_is_that_of_the_first_view(tmp_path, prior):
    """In more than 8 dimensions the window starts at the trial's z, so that nothing is decoded twice."""
    path = decoder(tmp_path / "decoder.onnx", latent_dim=20)
    source = open_source(path, {"prior": prior})
    assert first_view(20, source.reading.prior).z == source.first.z


def test_a_quick_decoder_keeps_no_picture(tmp_path):
    """Decoding again takes no noticeable time."""
    source = open_source(decoder(tmp_path / "decoder.onnx"))
    assert source.first is None
    assert source.reading.batch is None


@pytest.mark.usefixtures("all_are_slow")
def test_a_slow_decoder_loads_its_weights_when_something_else_is_decoded(tmp_path):
    """The first picture needs no weights; another z is decoded on all cores."""
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    model = Model(source, "cpu")
    decoder_of_model = KeptDecoder(model, DecodedPictures())
    (decoded,) = decode_picture(decoder_of_model, source.first.z)
    assert (decoded.probabilities == source.first.picture).all()
    assert model._loaded is None
    (other,) = decode_picture(decoder_of_model, Vector((0.5, -1.5)))
    assert model._loaded is not None
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"latent": np.array([[0.5, -1.5]], np.float32)})
    assert other.probabilities == pytest.approx(expected[0], abs=1e-6)
    model.close()


@pytest.mark.usefixtures("all_are_slow")
def test_a_file_that_is_replaced_before_it_is_loaded_is_not_loaded(tmp_path, monkeypatch):
    """The file that would run is not the one that was tried; a message of one line says so."""
    monkeypatch.setattr("desktop.vetting.onnx_file.LARGE_BYTES", 0)
    path = decoder(tmp_path / "decoder.onnx")
    source = open_source(path)
    assert source.decoder == path
    model = Model(source, "cpu")
    decoder(path, last="Tanh", shift=1.0)
    with pytest.raises(ModelError, match="found that it was changed while it was opened; open it again"):
        model.decode(np.zeros((1, 2), np.float32))
    model.close()

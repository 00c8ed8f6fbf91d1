"""Weights are found in files beside a model, and refused anywhere else."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from desktop.base.errors import ModelError
from desktop.vetting.onnx_file import read_model_file
from desktop.vetting.trial import Trial
from tests.desktop.hostile_models import external, good_nodes


@pytest.mark.parametrize("name", ["model.data", "model.onnx.data", "model_weights.bin"])
def test_weights_in_a_file_beside_the_model_are_loaded_from_there(tmp_path, name):
    """ONNX Runtime gets the path, the weights are counted, and the hash covers both files."""
    _, (weights, _) = good_nodes()
    raw = weights.raw_data
    path = tmp_path / "model.onnx"
    path.write_bytes(external(name))
    (tmp_path / name).write_bytes(raw)
    file = read_model_file(path)
    assert file.graph == path
    assert file.weights_bytes >= len(raw)
    assert file.size_bytes == path.stat().st_size + len(raw)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    z = np.ones((1, 2), np.float32)
    with Trial(file.graph, "m") as trial:
        assert np.array_equal(trial.run({"z": z}, ["out"])["out"], session.run(None, {"z": z})[0])
    (tmp_path / name).write_bytes(raw[:-1] + b"\x00")
    assert read_model_file(path).sha256 != file.sha256


def test_a_model_in_a_cache_of_links_is_loaded(tmp_path):
    """Hugging Face's cache has links to one folder of blobs for the model and its weights.

    A link of such a model that leads to any other folder is refused.
    """
    _, (weights, _) = good_nodes()
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "1f2e"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    (blobs / "c6ed").write_bytes(external("model.onnx_data"))
    (blobs / "b879").write_bytes(weights.raw_data)
    path = snapshot / "model.onnx"
    path.symlink_to("../../blobs/c6ed")
    (snapshot / "model.onnx_data").symlink_to("../../blobs/b879")
    file = read_model_file(path)
    with Trial(file.graph, "m") as trial:
        assert trial.run({"z": np.ones((1, 2), np.float32)}, ["out"])["out"].size > 0
    (tmp_path / "secret.txt").write_bytes(weights.raw_data)
    (snapshot / "model.onnx_data").unlink()
    (snapshot / "model.onnx_data").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(ModelError, match="found a link or a folder at"):
        read_model_file(path)


@pytest.mark.parametrize(
    "place",
    ["/etc/passwd", "../model.data", "sub/model.data", "", ".", "..", "C:model.data", "a\\model.data"],
)
def test_weights_anywhere_else_are_refused_unread(refused, place):
    """Absolute paths, paths above or below, and empty ones are refused."""
    assert "expected them in the model or in a file beside it" in refused(external(place))


def test_weights_under_another_name_missing_short_or_by_link_are_refused(refused, tmp_path):
    """Files that do not belong to the model are not read; the error names the missing file and what helps."""
    (tmp_path / "secret.txt").write_bytes(bytes(512))
    assert "expected a file whose name begins with 'model'" in refused(external("secret.txt"))
    assert "expected the weights there, beside the model; fetch it too" in refused(external("model.data"))
    lost = refused(external("decoder.onnx.data"))
    assert "found no file 'decoder.onnx.data', expected the weights there, beside the model" in lost
    assert "fetch it too and name the model 'decoder.onnx' as before, or export the model with its" in lost
    (tmp_path / "model.data").symlink_to(tmp_path / "secret.txt")
    assert "found a link or a folder at 'model.data'" in refused(external("model.data"))
    (tmp_path / "model.data").unlink()
    (tmp_path / "model.data").write_bytes(bytes(100))
    assert "at bytes 0 to 512 of model.data, which has 100 bytes" in refused(external("model.data"))


def test_a_place_in_a_file_is_a_whole_number(refused, tmp_path):
    """An offset or length that is negative, huge or not a number is refused."""
    (tmp_path / "model.data").write_bytes(bytes(512))
    for key, value in (("offset", "-4"), ("length", "9" * 40), ("offset", "4.5")):
        model = onnx.load_from_string(external("model.data"))
        model.graph.initializer[0].external_data.add(key=key, value=value)
        assert "expected a whole number" in refused(model.SerializeToString())

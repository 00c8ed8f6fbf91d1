"""Files and folders of other formats are recognised, with advice how to get ONNX; none is unpickled."""

import io
import zipfile

import pytest

from desktop.base.errors import ModelError
from desktop.models.open_source import open_source
from export.bundle import BundleError

OLD_PYTORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02"
SAFETENSORS = (60).to_bytes(8, "little") + b'{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  '


def refused(path):
    with pytest.raises(ModelError) as caught:
        open_source(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: found ")
    assert "\n" not in message
    assert ", expected " in message
    assert "; " in message
    return message.removeprefix(f"{path}: found ")


@pytest.mark.parametrize(
    ("name", "content", "kind", "advice"),
    [
        ("old.pth", OLD_PYTORCH, "an old checkpoint of PyTorch", "torch.onnx.export"),
        (
            "g.pkl",
            b"\x80\x04ctorch_utils.persistence\n",
            "a pickle of StyleGAN",
            "torch.onnx.export",
        ),
        ("g.pkl", b"\x80\x03cdnnlib.tflib.network\nNetwork", "a pickle of StyleGAN", "torch.onnx.export"),
        ("m.pkl", b"\x80\x04\x95csklearn.neural_network\n", "a pickle of scikit-learn", "skl2onnx"),
        ("m.joblib", b"\x78\x5e\xc4\xbd\x0b\x94", "a pickle of joblib (scikit-learn?)", "skl2onnx"),
        ("m.pkl", b"\x80\x04\x95cos\nsystem\n", "a pickle", "export its decoder to ONNX"),
        ("m.h5", b"\x89HDF\r\n\x1a\n" + bytes(20), "an HDF5 file (Keras?)", "call its decoder once"),
        ("m.safetensors", SAFETENSORS, "weights without their network (safetensors)", "export the decoder"),
        ("m.onnx", SAFETENSORS, "weights without their network (safetensors)", "export the decoder"),
        ("m.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(20), "a TensorFlow Lite model", "--tflite"),
        ("m.ort", b"\x1c\x00\x00\x00ORTM" + bytes(20), "a model in ONNX Runtime's own format", "the .onnx"),
        ("m.gguf", b"GGUF\x03\x00\x00\x00", "a GGUF file", "take the model from which it was made"),
        ("frozen.pb", b"\x0a\x20\x0a\x01z\x12\x0bPlaceholder", "a graph of TensorFlow", "--graphdef"),
        (
            "m.mlmodel",
            b"\x08\x05\x12\x04\x0a\x02hi",
            "a Core ML model",
            "take the model from which it was made",
        ),
        ("m.msgpack", b"\x81\xa6params\x80", "weights of a JAX network", "jax2onnx"),
        ("m.ckpt", b"\x00\x00\x01\x02model", "a checkpoint of TensorFlow or PyTorch", "export the decoder"),
        ("m.pt", b"\x01\x02\x03", "no checkpoint of PyTorch that is whole", "torch.onnx.export"),
    ],
)
def test_a_file_is_told_by_content_or_else_by_ending(tmp_path, name, content, kind, advice):
    """The message says what the file is and how to convert it to ONNX."""
    path = tmp_path / name
    path.write_bytes(content)
    message = refused(path)
    assert message.startswith(f"{kind}, expected ")
    assert advice in message


@pytest.mark.parametrize(
    ("name", "entries", "kind", "advice"),
    [
        (
            "checkpoint.pt",
            ["archive/data.pkl", "archive/data/0"],
            "a PyTorch checkpoint",
            "load these weights",
        ),
        ("last.ckpt", ["archive/data.pkl"], "a PyTorch checkpoint", "load these weights"),
        (
            "script.pt",
            ["m/data.pkl", "m/code/m.py", "m/constants.pkl"],
            "a TorchScript model",
            "torch.jit.load",
        ),
        (
            "m.pt2",
            ["m/models/model.json", "m/version"],
            "an exported program of PyTorch",
            "torch.export.load",
        ),
        ("m.keras", ["metadata.json", "config.json", "model.weights.h5"], "a Keras model", "format='onnx'"),
        ("m.onnx", ["archive/data.pkl"], "a PyTorch checkpoint", "load these weights"),
    ],
)
def test_a_zip_is_told_by_the_names_in_it(tmp_path, name, entries, kind, advice):
    """A checkpoint or a Keras model is not mistaken for a broken bundle."""
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        for entry in entries:
            archive.writestr(entry, b"content")
    message = refused(path)
    assert message.startswith(f"{kind}, expected ")
    assert advice in message


def test_an_exported_program_is_told_though_it_holds_a_checkpoint(tmp_path):
    """torch.export.save stores the sample inputs as a checkpoint, whose names can be read in the file too."""
    inputs = io.BytesIO()
    with zipfile.ZipFile(inputs, "w") as archive:
        archive.writestr("archive/data.pkl", b"inputs")
    with zipfile.ZipFile(tmp_path / "m.pt2", "w") as archive:
        archive.writestr("m/data/weights/weight_0", b"weights")
        archive.writestr("m/models/model.json", b"{}")
        archive.writestr("m/data/sample_inputs/model.pt", inputs.getvalue())
    assert refused(tmp_path / "m.pt2").startswith("an exported program of PyTorch, expected ")


def test_a_saved_model_is_told_as_a_folder_and_as_its_file(tmp_path):
    """Both messages name tf2onnx with the folder."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/saved_model.pb").write_bytes(b"\x08\x01\x12\x0a\x0a\x08")
    assert refused(tmp_path / "saved").startswith("a SavedModel of TensorFlow, expected ")
    assert refused(tmp_path / "saved/saved_model.pb").startswith("a SavedModel of TensorFlow, expected ")
    assert "--saved-model FOLDER" in refused(tmp_path / "saved/saved_model.pb")


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.safetensors", "model_index.json"])
def test_a_folder_of_diffusers_is_told(tmp_path, name):
    """The messages for a network and a pipeline name diffusers; a bundle with such a file stays one."""
    (tmp_path / name).write_bytes(SAFETENSORS)
    assert refused(tmp_path).startswith("a folder of diffusers, expected ")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(BundleError):
        open_source(tmp_path)


def test_other_folders_and_zips_are_opened_as_bundles(tmp_path):
    """Their errors say what a bundle needs; a zip with a manifest is a bundle, whatever else it contains."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(BundleError):
        open_source(tmp_path / "folder")
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("manifest.json", b"{}")
        archive.writestr("extra/data.pkl", b"")
    with pytest.raises(BundleError):
        open_source(tmp_path / "some.zip")


def test_pictures_and_runs_are_told(tmp_path):
    """The messages name the command for pictures or runs; other folders get no such message."""
    run = tmp_path / "a run"
    (run / "weights").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    (run / "curves.png").write_bytes(b"")
    assert refused(run) == (
        f"a run, expected a bundle or an ONNX model; export it with python -m export.onnx '{run}'"
    )
    (run / "config.json").unlink()
    with pytest.raises(BundleError, match="found no manifest"):
        open_source(run)
    pictures = tmp_path / "pictures"
    (pictures / "cats").mkdir(parents=True)
    (pictures / "cats/1.JPG").write_bytes(b"")
    advice = (
        f"fit a model to it with python -m training.fit --data {pictures}, or drop it on the window of an "
        "open model"
    )
    assert refused(pictures) == f"folders of pictures, expected a bundle or an ONNX model; {advice}"
    assert refused(pictures / "cats").startswith("a folder of pictures, expected ")
    for name in ("pictures.zip", "pictures.npz"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("1.jpeg" if name.endswith(".zip") else "images.npy", b"")
    assert refused(tmp_path / "pictures.zip").startswith("a zip of pictures, expected ")
    assert refused(tmp_path / "pictures.npz").startswith("arrays of NumPy, expected ")
